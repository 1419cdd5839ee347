//! Key of the accounts: what signs tokens, and hashes codes so that nobody finds them by trying.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::store::{SealedSetting, Store, StoreError, setting_or_make};

pub const ACCOUNT_KEY: SealedSetting = SealedSetting::new("account key");

/// Clones are the same.
#[derive(Clone)]
pub struct AccountKey(Arc<[u8; 32]>);

impl AccountKey {
    /// The key in the store; a new store gets one. While the disk refuses writes, one is good until the next start.
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let key = setting_or_make(store, ACCOUNT_KEY.name(), rand::random()).await?;
        Ok(Self(Arc::new(key)))
    }

    /// A keyed hash of parts, for one purpose.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return rand::random();
        };
        for part in [purpose.as_bytes()].iter().chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The signature of a token, as HS256 makes it with a key of its own.
    pub fn token_mac(&self, signed: &[u8]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.mac("token", &[])) else {
            return rand::random();
        };
        mac.update(signed);
        mac.finalize().into_bytes().into()
    }

    #[cfg(test)]
    pub fn fixed() -> Self {
        Self(Arc::new([7; 32]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_key_is_made_once_and_its_hashes_differ_by_purpose_and_part() {
        let store = Store::temporary().await.unwrap();
        let key = AccountKey::open(&store).await.unwrap();
        let again = AccountKey::open(&store).await.unwrap();
        let hash = key.mac("a", &[b"bc", b"d"]);
        assert_eq!(again.mac("a", &[b"bc", b"d"]), hash);
        for other in [key.mac("a", &[b"b", b"cd"]), key.mac("b", &[b"bc", b"d"])] {
            assert_ne!(other, hash);
        }
    }
}

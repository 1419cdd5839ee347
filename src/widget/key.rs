//! Key of the widget: what signs visitors' tokens.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `WidgetKey` | `visitors` | [`WidgetKey`], sealed |

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::store::{Record, Scope, Store, StoreError, Table, Tree};

/// The only record of its table.
#[derive(Clone, Serialize, Deserialize)]
pub struct WidgetKey([u8; 32]);

impl Record for WidgetKey {
    const TABLE: Table = Table {
        tree: Tree::sealed(198, "WidgetKey"),
        owner: "widget",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl WidgetKey {
    /// The key in the store; a new store gets one. While the disk refuses writes, one is good until the next start.
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let at = Self::key().text("visitors");
        let mut transaction = store.transaction();
        loop {
            if let Some(known) = transaction.get(&at).await? {
                return Ok(known);
            }
            let made = Self(rand::random());
            transaction.put(&at, &made).await?;
            match transaction.commit().await {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) if error.is_of_the_disk() => return Ok(made),
                Err(error) => return Err(error),
            }
            return match store.durable().await {
                Err(error) if !error.is_of_the_disk() => Err(error),
                _ => Ok(made),
            };
        }
    }

    /// The signature of a token, as HS256 makes it.
    pub fn mac(&self, signed: &[u8]) -> [u8; 32] {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return rand::random();
        };
        mac.update(signed);
        mac.finalize().into_bytes().into()
    }

    #[cfg(test)]
    pub fn fixed(byte: u8) -> Self {
        Self([byte; 32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_key_is_made_once() {
        let store = Store::temporary().await.unwrap();
        let (one, other) =
            (WidgetKey::open(&store).await.unwrap(), WidgetKey::open(&store).await.unwrap());
        assert_eq!(one.mac(b"x"), other.mac(b"x"));
        assert_ne!(one.mac(b"x"), WidgetKey::fixed(0).mac(b"x"));
    }
}

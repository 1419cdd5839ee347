//! Signed links to one file, valid for a while without a credential: an `<img>` sends none. Knows nothing of HTTP,
//! nor of the files.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    domain::{Clock, Timestamp},
    store::{SealedSetting, Store, StoreError, setting_or_make},
};

pub const LINK_KEY: SealedSetting = SealedSetting::new("media link key");
/// Links made within this many seconds are the same, so that browsers can cache the file.
const STEP: i64 = 60;
/// In the place of a session in links to files of the library, which belong to none.
const NO_SESSION: Uuid = Uuid::nil();

/// Signs links and checks them. Clones are the same.
#[derive(Clone)]
pub struct MediaLinks {
    key: Arc<[u8; 32]>,
    clock: Clock,
    life: Duration,
}

/// The signed part of a link: its end in seconds since 1970, and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub expires: i64,
    pub signature: String,
}

/// Why a link is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLink {
    Wrong,
    Expired,
}

impl MediaLinks {
    /// Opens with the key in the store; a new store gets one. While the disk refuses writes, links are valid until
    /// the next start.
    pub async fn open(store: &Store, clock: Clock, life: Duration) -> Result<Self, StoreError> {
        let key = setting_or_make(store, LINK_KEY.name(), rand::random()).await?;
        Ok(Self { key: Arc::new(key), clock, life })
    }

    /// Signs a link to the file of a message. The session is named by its UUID: a later session of the same name
    /// may have a message of the same UUID. None when links are switched off.
    pub fn sign(&self, session: Uuid, message: Uuid) -> Option<Signed> {
        if self.life.is_zero() {
            return None;
        }
        let life = i64::try_from(self.life.as_secs()).unwrap_or(i64::MAX);
        let end = self.clock.now().as_second().saturating_add(life);
        let expires = end.saturating_add(STEP - 1) / STEP * STEP;
        let signature = BASE64.encode(self.mac(session, message, expires)?.finalize().into_bytes());
        Some(Signed { expires, signature })
    }

    /// Signs a link to a file of the library, for a time of its own: it stands in a message, where nobody makes it again.
    pub fn sign_file(&self, file: Uuid, life: Duration) -> Option<Signed> {
        let own = Self { life, ..self.clone() };
        if self.life.is_zero() { None } else { own.sign(NO_SESSION, file) }
    }

    /// Checks a link to a file of the library.
    pub fn check_file(&self, file: Uuid, signed: &Signed) -> Result<(), BadLink> {
        self.check(NO_SESSION, file, signed)
    }

    pub fn check(&self, session: Uuid, message: Uuid, signed: &Signed) -> Result<(), BadLink> {
        let given = BASE64.decode(&signed.signature).map_err(|_| BadLink::Wrong)?;
        let mac = self.mac(session, message, signed.expires).ok_or(BadLink::Wrong)?;
        // In constant time.
        mac.verify_slice(&given).map_err(|_| BadLink::Wrong)?;
        let is_over = |now: Timestamp| signed.expires <= now.as_second();
        if self.life.is_zero() || is_over(self.clock.now()) {
            return Err(BadLink::Expired);
        }
        Ok(())
    }

    /// None never happens: HMAC takes a key of any length.
    fn mac(&self, session: Uuid, message: Uuid, expires: i64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).ok()?;
        mac.update(b"media link\0");
        mac.update(session.as_bytes());
        mac.update(message.as_bytes());
        mac.update(&expires.to_be_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    const LIFE: Duration = Duration::from_secs(900);

    #[tokio::test]
    async fn a_link_opens_one_file_until_it_ends_also_after_a_restart() {
        let (store, clock) =
            (Store::temporary().await.unwrap(), Clock::manual(from_seconds(1_001)));
        let links = MediaLinks::open(&store, clock.clone(), LIFE).await.unwrap();
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let (session, later) = (Uuid::new_v4(), Uuid::new_v4());
        let signed = links.sign(session, one).unwrap();
        assert_eq!(signed.expires, 1_920);
        assert_eq!(links.check(session, one, &signed), Ok(()));
        assert_eq!(links.check(session, other, &signed), Err(BadLink::Wrong));
        assert_eq!(links.check(later, one, &signed), Err(BadLink::Wrong), "another session");
        let longer = Signed { expires: signed.expires + 60, ..signed.clone() };
        assert_eq!(links.check(session, one, &longer), Err(BadLink::Wrong));
        for wrong in ["", "!", "AAAA", &links.sign(session, other).unwrap().signature] {
            let altered = Signed { signature: wrong.to_owned(), ..signed.clone() };
            assert_eq!(links.check(session, one, &altered), Err(BadLink::Wrong));
        }
        let again = MediaLinks::open(&store, clock.clone(), LIFE).await.unwrap();
        assert_eq!(again.sign(session, one), Some(signed.clone()));
        let elsewhere = Store::temporary().await.unwrap();
        let elsewhere = MediaLinks::open(&elsewhere, clock.clone(), LIFE).await.unwrap();
        assert_eq!(elsewhere.check(session, one, &signed), Err(BadLink::Wrong));
        clock.advance(Duration::from_secs(919));
        assert_eq!(again.check(session, one, &signed), Err(BadLink::Expired));
        let long = again.sign_file(one, LIFE * 10).unwrap();
        assert_eq!(again.check_file(one, &long), Ok(()));
        assert_eq!(again.check(session, one, &long), Err(BadLink::Wrong), "of the library alone");
        assert_eq!(again.check_file(other, &long), Err(BadLink::Wrong));
        let off = MediaLinks::open(&store, clock, Duration::ZERO).await.unwrap();
        assert_eq!(off.sign(session, one), None);
    }
}

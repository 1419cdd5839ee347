//! Sealing key: authenticated encryption of single values, and an id that reveals nothing of the key.
//!
//! A sealed value is a version byte, the key's id, a nonce and what was sealed with its tag. The place of
//! the value is authenticated with it.

use std::fmt;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{AeadInOut, inout::InOutBuf},
};
use sha2::{Digest, Sha256};

use crate::vault::{
    error::VaultError,
    key_id::{ID, KeyId},
};

/// The version byte of sealed values. Values that are not sealed have others.
const VERSION: u8 = 3;
const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = 1 + ID + NONCE;

#[derive(Clone)]
pub struct Key {
    bytes: [u8; KEY],
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Key({})", self.id)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Key {
    pub fn random() -> Self {
        Self::of(rand::random())
    }

    fn of(bytes: [u8; KEY]) -> Self {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(b"wagate vault key id\0")
            .chain_update(bytes)
            .finalize()
            .into();
        let mut id = [0; ID];
        id.copy_from_slice(&digest[..ID]);
        Self { bytes, id: KeyId(id), cipher: XChaCha20Poly1305::new(&bytes.into()) }
    }

    /// Reads a key as people and tools write 32 bytes: base64 of either alphabet.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let all = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
        let bytes = all.iter().find_map(|alphabet| alphabet.decode(text).ok())?;
        bytes.try_into().ok().map(Self::of)
    }

    /// As [`Self::read`] reads it.
    pub fn text(&self) -> String {
        STANDARD.encode(self.bytes)
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    pub fn seal(&self, place: &[u8], clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        // Random nonces of this length never meet.
        let nonce: [u8; NONCE] = rand::random();
        let mut sealed = Vec::with_capacity(HEAD + clear.len() + TAG);
        sealed.push(VERSION);
        sealed.extend(self.id.0);
        sealed.extend(nonce);
        sealed.extend(clear);
        let body = InOutBuf::from(&mut sealed[HEAD..]);
        let tag = self.cipher.encrypt_inout_detached(&nonce.into(), place, body);
        sealed.extend(tag.map_err(|_| VaultError::Broken)?);
        Ok(sealed)
    }

    /// Opens what this key sealed at this place.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (head, body) = sealed.split_at_checked(HEAD).ok_or(VaultError::Broken)?;
        let (body, tag) = body.split_last_chunk::<TAG>().ok_or(VaultError::Broken)?;
        let nonce = head.last_chunk::<NONCE>().ok_or(VaultError::Broken)?;
        let mut clear = body.to_vec();
        let opened = self.cipher.decrypt_inout_detached(
            &(*nonce).into(),
            place,
            InOutBuf::from(clear.as_mut_slice()),
            &(*tag).into(),
        );
        opened.map_err(|_| VaultError::Broken)?;
        Ok(clear)
    }
}

/// The key that a value is sealed with; none for one that is not sealed.
pub fn key_of(value: &[u8]) -> Option<KeyId> {
    let is_long_enough = HEAD + TAG <= value.len();
    let id = value.strip_prefix(&[VERSION])?.first_chunk::<ID>()?;
    is_long_enough.then_some(KeyId(*id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_read_as_tools_write_it() {
        let key = Key::of([0xFB; KEY]);
        for alphabet in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let text = format!(" {}\n", alphabet.encode([0xFB; KEY]));
            assert_eq!(Key::read(&text), Some(key.clone()), "{text}");
        }
        assert_eq!(Key::read(&key.text()).map(|read| read.bytes), Some(key.bytes));
        for wrong in
            ["", "password", &STANDARD.encode([1; KEY - 1]), &STANDARD.encode([1; KEY + 1])]
        {
            assert_eq!(Key::read(wrong), None, "{wrong}");
        }
        let shown = format!("{key:?} {}", key.id());
        assert!(!shown.contains(&key.text()) && shown.contains(&key.id().to_string()), "{shown}");
        assert_eq!(key.id().to_string().parse(), Ok(key.id()));
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_bytes() {
        let key = Key::random();
        assert_ne!(key.seal(b"p", b"x").unwrap(), key.seal(b"p", b"x").unwrap());
        assert_ne!(key.id(), Key::random().id());
    }

    proptest! {
        #[test]
        fn a_value_opens_at_its_place_with_its_key_and_nowhere_else(
            clear in prop::collection::vec(any::<u8>(), 0..200), place in "[a-z]{0,9}", other in "[a-z]{0,9}",
        ) {
            let key = Key::random();
            let sealed = key.seal(place.as_bytes(), &clear).unwrap();
            prop_assert_eq!(key_of(&sealed), Some(key.id()));
            prop_assert_eq!(sealed.len(), clear.len() + HEAD + TAG);
            prop_assert_eq!(&key.open(place.as_bytes(), &sealed).unwrap(), &clear);
            prop_assert_eq!(key.open(other.as_bytes(), &sealed).is_ok(), other == place);
            prop_assert!(Key::random().open(place.as_bytes(), &sealed).is_err());
        }

        #[test]
        fn whatever_is_changed_or_cut_off_does_not_open(
            clear in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0..8_u8,
        ) {
            let key = Key::random();
            let sealed = key.seal(b"place", &clear).unwrap();
            let at = at.index(sealed.len());
            prop_assert!(key.open(b"place", &sealed[..at]).is_err());
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            let is_of_this_key = key_of(&changed) == Some(key.id());
            prop_assert!(!is_of_this_key || key.open(b"place", &changed).is_err());
            let longer = [sealed.as_slice(), &[0]].concat();
            prop_assert!(key.open(b"place", &longer).is_err());
        }

        #[test]
        fn what_is_not_sealed_has_no_key(value in prop::collection::vec(any::<u8>(), 0..100)) {
            let is_sealed = key_of(&value).is_some();
            prop_assert_eq!(is_sealed, value.first() == Some(&VERSION) && HEAD + TAG <= value.len());
        }
    }
}

//! Keys that seal secrets at rest: authenticated encryption (XChaCha20-Poly1305) of single values, and
//! the file that the key lies in.
//!
//! ```text
//!  no key ──make──▶ [A] ──begin──▶ [B, A] ──use_newest──▶ [B, A] ──drop_former──▶ [B]
//!                          A still seals       B seals, A still opens
//! ```
//!
//! A sealed value names its key and is bound to its place, so that a value that was moved does not open.
//! The module knows no storage: which values are sealed, and when the last one has a new key, is the
//! business of its user. It never makes a key where values are sealed with one that it does not have.

mod file;
mod key;
mod keyring;

use std::{io, path::Path};

pub use self::{
    key::{KeyId, key_of},
    keyring::{Keyring, Keys, Source},
};

pub use crate::private::MASTER_KEY as KEY_FILE;
/// The settings of a key, and the variables that set them.
const SETTING: &str = "vault.key (WAGATE_VAULT__KEY)";
const FORMER_SETTING: &str = "vault.former_key (WAGATE_VAULT__FORMER_KEY)";

/// Why there is no key, or why it does not fit.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: String, source: io::Error },
    #[error("{file} cannot be written: {source}")]
    Unwritable { file: String, source: io::Error },
    #[error(
        "{file} holds no key: its content is damaged. Put it back from a backup of this folder; do not \
         delete it, since the secrets in the store are sealed with the key that it held"
    )]
    DamagedFile { file: String },
    #[error("{setting} must be 32 bytes in base64, as `openssl rand -base64 32` prints them")]
    BadSetting { setting: &'static str },
    #[error(
        "the secrets in the store are sealed with key {needed}, and there is {found}. Put {file} back as it \
         was (it is in each backup that says so), or set {SETTING} to that key"
    )]
    Missing { needed: KeyId, found: String, file: String },
    #[error(
        "the key is set by {SETTING}. To change it, set {FORMER_SETTING} to the present key and {SETTING} \
         to a new one, and start the gateway: it seals everything with the new key"
    )]
    SetBySettings,
    #[error("a sealed value does not open: it was changed, or moved from another place")]
    Broken,
    #[error("there is no key yet")]
    NoKey,
}

impl VaultError {
    fn unreadable(file: &Path, source: io::Error) -> Self {
        Self::Unreadable { file: file.display().to_string(), source }
    }

    fn unwritable(file: &Path, source: io::Error) -> Self {
        Self::Unwritable { file: file.display().to_string(), source }
    }
}

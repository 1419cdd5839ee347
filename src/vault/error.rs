//! Errors of the vault: the key is missing, unreadable or does not fit.

use std::{io, path::Path};

use crate::vault::key_id::KeyId;

/// The settings of a key, and the variables that set them.
pub const SETTING: &str = "vault.key (WAGATE_VAULT__KEY)";
pub const FORMER_SETTING: &str = "vault.former_key (WAGATE_VAULT__FORMER_KEY)";

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
    pub fn unreadable(file: &Path, source: io::Error) -> Self {
        Self::Unreadable { file: file.display().to_string(), source }
    }

    pub fn unwritable(file: &Path, source: io::Error) -> Self {
        Self::Unwritable { file: file.display().to_string(), source }
    }
}

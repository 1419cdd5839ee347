//! Failure of the store, and what callers get of it.

use crate::{
    domain::{Error, ErrorCode, Subject},
    vault::VaultError,
};

/// The layout that this version writes and reads.
pub const SCHEMA: u64 = 3;

/// A failure of the disk or of what lies on it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("another wagate is using this folder; stop it first, or choose another --data folder")]
    InUse,
    #[error(
        "it was written by a newer wagate (layout {found}, this one knows {SCHEMA}); use that version or newer"
    )]
    NewerVersion { found: u64 },
    #[error(
        "it must be brought to a newer layout first, for which {needed} MiB must be free beside it and \
         {free} MiB are; make room, or move the data folder to a larger disk"
    )]
    NoRoomToMigrate { needed: u64, free: u64 },
    #[error("its content is damaged: {0}")]
    Corrupt(String),
    #[error("the disk refuses: {0}")]
    Disk(String),
    #[error("the disk has too little room left")]
    Full,
    #[error(transparent)]
    Vault(VaultError),
    #[error("something else changed the same record at the same time")]
    Conflict,
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Broken => Self::Corrupt(error.to_string()),
            VaultError::Unwritable { .. } => Self::Disk(error.to_string()),
            error => Self::Vault(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        // What the disk says is for the operator's log, not for callers.
        match error {
            StoreError::Full => {
                tracing::warn!("the disk has too little room left: a write was refused");
                Self::new(
                    ErrorCode::StorageFull,
                    "the disk of the gateway has too little room left",
                )
            }
            StoreError::Disk(_) => {
                tracing::error!(%error, "the store failed");
                let message = "the disk of the gateway refuses; whether this was done is not known";
                Self::new(ErrorCode::Unavailable, message).about(Subject::Store)
            }
            StoreError::Conflict => {
                tracing::warn!("a record was changed by others again and again");
                let message = "too many changes of the same thing at once; try again";
                Self::new(ErrorCode::Unavailable, message).about(Subject::Store)
            }
            StoreError::Vault(VaultError::SetBySettings) => {
                Self::new(ErrorCode::Conflict, error.to_string())
                    .detail("reason", "key_in_settings")
            }
            StoreError::InUse
            | StoreError::NewerVersion { .. }
            | StoreError::NoRoomToMigrate { .. }
            | StoreError::Corrupt(_)
            | StoreError::Vault(_) => {
                tracing::error!(%error, "the store failed");
                Self::internal("the store failed; the log says why")
            }
        }
    }
}

impl StoreError {
    /// Whether the disk is at fault, and the same may succeed when it is well again.
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Disk(_) | Self::Full)
    }
}

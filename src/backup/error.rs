//! Errors of backups, and blocking work.

use std::{io, path::Path};

use crate::{
    domain::{Error, ErrorCode},
    store::StoreError,
};

/// Why a backup or a restore failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{what}: {source}")]
    Disk { what: String, source: io::Error },
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Refused(String),
}

impl BackupError {
    pub fn disk(what: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Disk { what: what.as_ref().display().to_string(), source }
    }

    pub fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        tracing::error!(%error, "the backup failed: {error}");
        Self::new(ErrorCode::Internal, "the backup failed; the log says why")
    }
}

/// Runs blocking work on a thread of its own.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(BackupError::Refused(format!("the work ended early: {error}"))))
}

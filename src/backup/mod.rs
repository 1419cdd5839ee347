//! Backups: everything that the gateway keeps in one file, taken while it runs or when it does not.
//!
//! ```text
//!  command ──▶ remote ──▶ POST /api/v1/backup ──▶ service ─┐   the gateway runs
//!     │                                                    ▼
//!     └────────── the folder itself, locked ───────────▶ take ──▶ archive (writer)
//!  command ──▶ restore ──▶ archive (reader) ──▶ a folder aside ──▶ in place
//! ```
//!
//! The store is taken at one moment. What lies beside it (files, profiles, the simulated network)
//! is taken after that, so that it knows at least what the store knows, as WhatsApp itself does. It
//! refuses to know what any record means: the store is bytes here.

mod archive;
mod aside;
mod command;
mod layout;
mod manifest;
mod pairs;
mod reader;
mod remote;
mod restore;
mod room;
mod service;
mod take;

use std::{io, path::Path};

pub use self::{
    command::{Gateway, Progress, back_up},
    manifest::{Manifest, Part, Profile, Secrets},
    restore::{Restored, restore},
    service::{Backups, BackupsParts, Download},
};
use crate::{
    domain::{Error, ErrorCode},
    store::StoreError,
};

/// What becomes of the profiles of sessions whose browser is running. All others are copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profiles {
    /// Each browser is closed in order, one after the other, copied, and opened again.
    #[default]
    Stop,
    /// They are left out: the sessions need a new scan after a restore.
    Stopped,
    /// No profile is copied at all.
    None,
}

impl Profiles {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Stopped => "stopped",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Profiles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Stop, Self::Stopped, Self::None];
        let known = all.into_iter().find(|profiles| profiles.as_str() == text);
        known.ok_or_else(|| "must be stop, stopped or none".to_owned())
    }
}

/// Why there is no backup, or nothing was restored.
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
    fn disk(what: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Disk { what: what.as_ref().display().to_string(), source }
    }

    fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        tracing::error!(%error, "the backup failed: {error}");
        Self::new(ErrorCode::Internal, "the backup failed; the log says why")
    }
}

/// Removes what a backup left in the data folder that was cut off. Only for who holds the folder.
pub fn clear_left_over(data: &Path) {
    aside::clear(data, take::ASIDE);
}

/// Runs work that blocks where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(BackupError::Refused(format!("the work ended early: {error}"))))
}

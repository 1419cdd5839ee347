//! Why a gateway did not start, and how long a start waits for a folder that is still held.

use std::{net::SocketAddr, time::Duration};

use crate::{
    domain::{Error, ErrorCode, Subject},
    store::StoreError,
};

/// How long a gateway that is just stopping may still hold the data folder, and how often it is tried.
pub const STORE_WAIT: Duration = Duration::from_secs(2);
pub const STORE_LOOK: Duration = Duration::from_millis(50);

/// Why the gateway did not start, in words for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the store in {folder} cannot be opened: {source}")]
    Store { folder: String, source: StoreError },
    #[error("cannot make the folder {folder}: {source}")]
    Folder { folder: String, source: std::io::Error },
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the simulated page cannot be served: {0}")]
    Door(std::io::Error),
    /// A setting that only shows itself to be wrong when it is used.
    #[error("the settings are wrong: {0}")]
    Setting(String),
    #[error("{0}")]
    Part(#[from] Error),
}

impl StartError {
    /// Whether the disk is at fault, and a later start may succeed.
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.is_of_the_disk(),
            Self::Folder { .. } => true,
            Self::Part(error) => {
                error.code == ErrorCode::StorageFull || error.subject == Some(Subject::Store)
            }
            Self::Listen { .. } | Self::Door(_) | Self::Setting(_) => false,
        }
    }
}

//! Why a gateway did not start, and how long a start waits for a folder that is still held.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

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
    #[error("cannot write to the folder {folder}: {source}{}", access_advice(source, folder))]
    Folder { folder: String, source: std::io::Error },
    #[error("cannot listen on {address}: {source}{}", port_advice(source))]
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
            // Somebody has to give it the folder: waiting does not help.
            Self::Folder { source, .. } => source.kind() != ErrorKind::PermissionDenied,
            Self::Part(error) => {
                error.code == ErrorCode::StorageFull || error.subject == Some(Subject::Store)
            }
            Self::Listen { .. } | Self::Door(_) | Self::Setting(_) => false,
        }
    }
}

/// What to do where the folder belongs to somebody else.
fn access_advice(source: &std::io::Error, folder: &str) -> String {
    if source.kind() != ErrorKind::PermissionDenied {
        return String::new();
    }
    let user = rustix::process::geteuid().as_raw();
    format!(
        ". The gateway runs as user {user}: give it the folder with 'sudo install --directory --owner={user} \
         --mode=0700 {folder}', or choose another with --data"
    )
}

fn port_advice(source: &std::io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::AddrInUse => {
            ". Stop the program that listens there, or choose another port with --port"
        }
        ErrorKind::PermissionDenied => {
            ". Ports below 1024 are for root: choose a higher one with --port, and let a reverse proxy listen there"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn an_error_names_the_user_and_the_remedy() {
        let folder = |kind: ErrorKind| StartError::Folder {
            folder: "/srv/wagate".to_owned(),
            source: io::Error::from(kind),
        };
        let denied = folder(ErrorKind::PermissionDenied);
        let user = rustix::process::geteuid().as_raw();
        let said = denied.to_string();
        assert!(
            said.contains(&format!("runs as user {user}")) && said.contains("/srv/wagate'"),
            "{said}"
        );
        assert!(!denied.is_of_the_disk());
        let full = folder(ErrorKind::StorageFull);
        assert!(full.is_of_the_disk() && !full.to_string().contains("sudo"), "{full}");
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        for (kind, advice) in
            [(ErrorKind::AddrInUse, "--port"), (ErrorKind::PermissionDenied, "1024")]
        {
            let said = StartError::Listen { address, source: io::Error::from(kind) }.to_string();
            assert!(said.contains(advice), "{said}");
        }
    }
}

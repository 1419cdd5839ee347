//! Layout of the media folder: a folder for each session, and one for uploads.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::domain::SessionId;

/// The folder of uploads. No session can have such a name.
const UPLOADS: &str = ".outgoing";
/// The folder of the library.
const LIBRARY: &str = ".library";

/// Clones are the same folder.
#[derive(Clone, Debug)]
pub struct MediaFolder(PathBuf);

impl MediaFolder {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn of_session(&self, session: &SessionId) -> PathBuf {
        self.0.join(session.as_str())
    }

    /// The path of a message's file within the folder of its session.
    pub fn of_message(&self, session: &SessionId, key: &str) -> PathBuf {
        // A key has letters, digits, dots and hyphens only; the prefix keeps it from being a lone dot.
        self.of_session(session).join(format!("m-{key}"))
    }

    pub fn of_uploads(&self) -> PathBuf {
        self.0.join(UPLOADS)
    }

    /// The path of a file of the library, by the hash of its content; without one, their folder.
    pub fn of_library(&self, sha256: &str) -> PathBuf {
        self.0.join(LIBRARY).join(sha256)
    }

    /// The sessions that have a folder.
    pub async fn sessions(&self) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        let Ok(mut folders) = tokio::fs::read_dir(&self.0).await else { return sessions };
        while let Ok(Some(folder)) = folders.next_entry().await {
            let name = folder.file_name();
            let name = name.to_str().filter(|name| ![UPLOADS, LIBRARY].contains(name));
            sessions.extend(name.and_then(|name| SessionId::of_stored(name).ok()));
        }
        sessions
    }

    pub async fn remove_session(&self, session: &SessionId) {
        remove_folder(&self.of_session(session)).await;
    }
}

async fn remove_folder(folder: &Path) {
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let folder = folder.display();
            tracing::error!(%error, "the media folder {folder} could not be removed");
        }
        _ => (),
    }
}

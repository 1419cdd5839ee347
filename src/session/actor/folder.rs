//! Folder of one session on the disk, with the profile of its engine.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{domain::SessionId, driver::EngineFactory};

const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

pub struct SessionFolder {
    path: PathBuf,
}

impl SessionFolder {
    pub fn new(sessions: &Path, session: &SessionId) -> Self {
        Self { path: sessions.join(session.as_str()) }
    }

    pub fn profile(&self) -> PathBuf {
        self.path.join("profile")
    }

    /// Deletes the folder. A start that was cancelled may have left a browser that still writes to it: the
    /// engine ends that browser first.
    pub async fn delete(&self, engine: Option<&dyn EngineFactory>) -> io::Result<()> {
        if let Some(engine) = engine {
            engine.release(&self.profile()).await;
        }
        for _ in 1..TRIES {
            match self.delete_once().await {
                Ok(()) => return Ok(()),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        self.delete_once().await
    }

    async fn delete_once(&self) -> io::Result<()> {
        match tokio::fs::remove_dir_all(&self.path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_deleted_with_its_profile_and_once_more_without_error() {
        let sessions = tempfile::tempdir().unwrap();
        let folder = SessionFolder::new(sessions.path(), &"shop".parse().unwrap());
        std::fs::create_dir_all(folder.profile()).unwrap();
        folder.delete(None).await.unwrap();
        assert!(!folder.path.exists() && sessions.path().exists());
        folder.delete(None).await.unwrap();
    }
}

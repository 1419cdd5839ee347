//! Files of messages: fetched from the engine when first asked for, then kept.

use std::path::PathBuf;

use crate::{
    domain::{Command, Error, MessageId, SessionId, Subject},
    messaging::Messaging,
};

/// A file of a message on the gateway's disk.
#[derive(Clone, Debug)]
pub struct StoredMedia {
    pub path: PathBuf,
    pub mime: String,
    pub filename: Option<String>,
}

impl Messaging {
    /// The file of a message. Fetched from the engine when it is not here yet.
    pub async fn media(&self, session: &SessionId, id: &MessageId) -> Result<StoredMedia, Error> {
        self.supervisor.get(session)?;
        let no_file = || Error::not_found(Subject::Media, "this message has no file");
        let message = self.store.messages().get(session, id).await?.ok_or_else(|| {
            Error::not_found(Subject::Message, "there is no such message")
                .detail("messageId", id.to_string())
        })?;
        let media = message.media.ok_or_else(no_file)?;
        let folder = self.media_dir.join(session.as_str());
        // A key holds letters, digits, dots and hyphens alone; the prefix keeps it from being a dot.
        let path = folder.join(format!("m-{}", id.key));
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            let failed = |error: std::io::Error| {
                Error::internal(format!("the file cannot be kept: {error}"))
            };
            tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
            let into = folder.join(format!(".{}.part", uuid::Uuid::new_v4().simple()));
            let command = Command::DownloadMedia { message: id.clone(), into: into.clone() };
            let fetched = self.order(session, command).await;
            if let Err(error) = fetched {
                let _ = tokio::fs::remove_file(&into).await;
                return Err(error);
            }
            tokio::fs::File::open(&into).await.map_err(failed)?.sync_all().await.map_err(failed)?;
            tokio::fs::rename(&into, &path).await.map_err(failed)?;
        }
        Ok(StoredMedia { path, mime: media.mime, filename: media.filename })
    }

    /// A place for a file that a caller sends, to be removed after the send.
    pub async fn upload_place(&self) -> Result<PathBuf, Error> {
        let folder = self.media_dir.join("outgoing");
        tokio::fs::create_dir_all(&folder).await.map_err(|error| {
            Error::internal(format!("the media folder cannot be made: {error}"))
        })?;
        Ok(folder.join(uuid::Uuid::new_v4().simple().to_string()))
    }

    /// When the gateway was asked; for answers that carry a time.
    pub fn now(&self) -> crate::domain::Timestamp {
        self.clock.now()
    }
}

//! Files of messages: fetched from the engine when first asked for, then kept.

use std::path::PathBuf;

use crate::{
    domain::{Command, Content, Error, MessageId, SessionId, Subject, command::OutgoingMedia},
    messaging::Messaging,
};

/// Where files lie that callers send. No session bears such a name.
pub const UPLOADS: &str = ".outgoing";

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
        let id = &self.message_name(session, id).await?;
        let no_file = || Error::not_found(Subject::Media, "this message has no file");
        let message = self.store.messages().get(session, id).await?.ok_or_else(|| {
            Error::not_found(Subject::Message, "there is no such message")
                .detail("messageId", id.to_string())
        })?;
        let media = message.media.ok_or_else(no_file)?;
        let (folder, path) = self.place(session, &id.key);
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

    /// Takes over a file that is to be sent: it lies where that of the message is looked for, for as
    /// long as the message is there.
    pub(in crate::messaging) async fn keep(
        &self,
        session: &SessionId,
        key: &str,
        content: Content,
    ) -> Result<Content, Error> {
        let Content::Media(media) = content else { return Ok(content) };
        let (folder, path) = self.place(session, key);
        let kept = async {
            tokio::fs::create_dir_all(&folder).await?;
            tokio::fs::File::open(&media.path).await?.sync_all().await?;
            tokio::fs::rename(&media.path, &path).await
        };
        kept.await.map_err(|error| Error::internal(format!("the file cannot be kept: {error}")))?;
        Ok(Content::Media(OutgoingMedia { path, ..media }))
    }

    /// A session's folder, and in it the file of a message.
    fn place(&self, session: &SessionId, key: &str) -> (PathBuf, PathBuf) {
        let folder = self.media_dir.join(session.as_str());
        // A key holds letters, digits, dots and hyphens alone; the prefix keeps it from being a dot.
        let path = folder.join(format!("m-{key}"));
        (folder, path)
    }

    /// A place for a file that a caller sends; the send takes it from there.
    pub async fn upload_place(&self) -> Result<PathBuf, Error> {
        self.store.admit()?;
        let folder = self.media_dir.join(UPLOADS);
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

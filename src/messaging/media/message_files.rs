//! Files of messages: fetched from the engine at the first request, then stored.

use std::path::{Path, PathBuf};

use crate::{
    domain::{Command, Content, Error, MessageId, SessionId, Subject, command::OutgoingMedia},
    messaging::{
        engines::Engines, identities::canonical_message, media::folder::MediaFolder,
        stored::MessagingTables,
    },
    store::Store,
};

/// A file of a message on the gateway's disk.
#[derive(Clone, Debug)]
pub struct StoredMedia {
    pub path: PathBuf,
    pub mime: String,
    pub filename: Option<String>,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct MessageFiles {
    store: Store,
    engines: Engines,
    folder: MediaFolder,
}

impl MessageFiles {
    pub fn new(store: Store, engines: Engines, folder: MediaFolder) -> Self {
        Self { store, engines, folder }
    }

    /// The file of a message. It is fetched from the engine if the gateway does not have it yet.
    pub async fn get(&self, session: &SessionId, id: &MessageId) -> Result<StoredMedia, Error> {
        self.engines.session(session)?;
        let id = &canonical_message(&self.store, session, id).await?;
        let no_file = || Error::not_found(Subject::Media, "this message has no file");
        let message = self.store.messages().get(session, id).await?.ok_or_else(|| {
            Error::not_found(Subject::Message, "there is no such message")
                .detail("messageId", id.to_string())
        })?;
        let media = message.media.ok_or_else(no_file)?;
        let (folder, path) =
            (self.folder.of_session(session), self.folder.of_message(session, &id.key));
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            tokio::fs::create_dir_all(&folder).await.map_err(not_stored)?;
            let into = folder.join(format!(".{}.part", uuid::Uuid::new_v4().simple()));
            let command = Command::DownloadMedia { message: id.clone(), into: into.clone() };
            let fetched = self.engines.carry_out(session, command).await;
            if let Err(error) = fetched {
                let _ = tokio::fs::remove_file(&into).await;
                return Err(error);
            }
            let file = tokio::fs::File::open(&into).await.map_err(not_stored)?;
            file.sync_all().await.map_err(not_stored)?;
            tokio::fs::rename(&into, &path).await.map_err(not_stored)?;
        }
        Ok(StoredMedia { path, mime: media.mime, filename: media.filename })
    }

    /// Moves a file that came in to the path of its message's file, before the message is taken in.
    pub async fn put(&self, session: &SessionId, key: &str, file: &Path) -> Result<(), Error> {
        let moved = async {
            tokio::fs::create_dir_all(&self.folder.of_session(session)).await?;
            tokio::fs::File::open(file).await?.sync_all().await?;
            tokio::fs::rename(file, self.folder.of_message(session, key)).await
        };
        moved.await.map_err(not_stored)
    }

    /// Moves a file that is to be sent to the path of its message's file. It stays there as long as the message.
    pub async fn adopt(
        &self,
        session: &SessionId,
        key: &str,
        content: Content,
    ) -> Result<Content, Error> {
        let Content::Media(media) = content else { return Ok(content) };
        let path = self.folder.of_message(session, key);
        let moved = async {
            tokio::fs::create_dir_all(&self.folder.of_session(session)).await?;
            tokio::fs::File::open(&media.path).await?.sync_all().await?;
            tokio::fs::rename(&media.path, &path).await
        };
        moved.await.map_err(not_stored)?;
        Ok(Content::Media(OutgoingMedia { path, ..media }))
    }
}

fn not_stored(error: std::io::Error) -> Error {
    Error::internal(format!("the file could not be stored: {error}"))
}

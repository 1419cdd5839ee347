//! The end of a session: what waits to be sent is cancelled, and all that mirrors its account is wiped.

use std::{io::ErrorKind, path::Path};

use crate::{
    domain::{Error, EventBody, SessionId, SessionRef},
    messaging::{Ingest, Messaging, media::UPLOADS},
    store::{Batch, StoreError},
};

impl Messaging {
    /// Cancels all that waits to be sent, with an event for each message. Nothing of the session is under way
    /// when it returns.
    pub async fn cancel_all(&self, session: &SessionRef) -> Result<(), Error> {
        self.outbox.cancel_all(session).await
    }

    /// Wipes the outbox, the mirror and the files of a session that is being removed, in small commits: others
    /// go on meanwhile. Done again after it was cut off, it wipes the rest.
    pub async fn wipe(&self, session: &SessionRef) -> Result<(), Error> {
        self.store.outbox_queue().clear(session).await?;
        self.store.outbox().clear(&session.id).await?;
        let lock = self.ingest.lock_of(&session.id);
        let held = lock.lock().await;
        self.store.sessions().wipe(&session.id).await?;
        drop(held);
        wipe_folder(&self.media_dir.join(session.id.as_str())).await;
        Ok(())
    }

    /// Removes the files of sessions that are not there: an older gateway left them, or a file that was on its
    /// way when its session was removed.
    pub async fn sweep_files(&self) -> Result<(), Error> {
        let Ok(mut folders) = tokio::fs::read_dir(&self.media_dir).await else { return Ok(()) };
        while let Ok(Some(folder)) = folders.next_entry().await {
            let name = folder.file_name();
            let Some(id) = name.to_str().filter(|name| *name != UPLOADS) else { continue };
            let Ok(id) = id.parse::<SessionId>() else { continue };
            if self.store.sessions().get(&id).await?.is_none() {
                wipe_folder(&folder.path()).await;
            }
        }
        Ok(())
    }
}

impl Ingest {
    /// Tells that messages will not be sent, all in one commit.
    pub async fn tell_cancelled(
        &self,
        session: &SessionId,
        events: Vec<EventBody>,
    ) -> Result<(), StoreError> {
        let lock = self.lock_of(session);
        let _held = lock.lock().await;
        self.log.append(session, events, Batch::new()).await?;
        Ok(())
    }

    /// Nothing is written for this session any more: what is in memory for it goes.
    pub(in crate::messaging) fn forget(&self, session: &SessionId) {
        self.backlog.forget(session);
        while self.waiting.next(session).is_some() {}
        self.forget_lock_of(session);
    }
}

async fn wipe_folder(folder: &Path) {
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let folder = folder.display();
            tracing::error!(%error, "the files in {folder} cannot be removed");
        }
        _ => (),
    }
}

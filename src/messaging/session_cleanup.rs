//! Cleanup of a session that is removed: cancels its sends, and wipes its outbox, mirror and files.

use crate::{
    domain::{Error, SessionRef},
    messaging::{
        inbound::{event_writer::EventWriter, ingest::Ingest},
        media::folder::MediaFolder,
        outbound::outbox::Outbox,
        stored::{self, MessagingTables},
    },
    session::SessionTables,
    store::Store,
};

/// Clones are the same service.
#[derive(Clone)]
pub struct SessionCleanup {
    store: Store,
    writer: EventWriter,
    outbox: Outbox,
    folder: MediaFolder,
}

impl SessionCleanup {
    pub fn new(store: Store, ingest: &Ingest, outbox: Outbox, folder: MediaFolder) -> Self {
        Self { store, writer: ingest.writer().clone(), outbox, folder }
    }

    /// Cancels all waiting messages, with an event for each. No message is in flight on return.
    pub async fn cancel_sends(&self, session: &SessionRef) -> Result<(), Error> {
        self.outbox.cancel_all(session).await
    }

    /// Wipes the outbox, the mirror and the files of a session, in small commits, so that others can write
    /// meanwhile. After an interruption it can run again.
    pub async fn wipe(&self, session: &SessionRef) -> Result<(), Error> {
        self.store.outbox_queue().clear(session).await?;
        self.store.outbox().clear(&session.id).await?;
        let held = self.writer.lock(&session.id).await;
        stored::wipe(&self.store, &session.id).await?;
        drop(held);
        self.folder.remove_session(&session.id).await;
        Ok(())
    }

    /// Removes the files of sessions that do not exist: an older version left them, or a download ended after the
    /// removal.
    pub async fn sweep_files(&self) -> Result<(), Error> {
        for session in self.folder.sessions().await {
            if self.store.sessions().get(&session).await?.is_none() {
                self.folder.remove_session(&session).await;
            }
        }
        Ok(())
    }
}

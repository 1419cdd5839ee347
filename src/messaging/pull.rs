//! What is read from a session that has just become ready: its contacts, its chats, what it missed.

use crate::{
    domain::{Command, Error, Reply},
    messaging::{Ingest, backfill::Backfill, catching_up, identity, odd_reply, unread},
    session::SessionHandle,
};

/// Chats and contacts are read from a session in pages of this size.
const PAGE: usize = 500;

impl Ingest {
    /// Reads all chats and contacts of a session that has just become ready, and what it missed.
    pub(in crate::messaging) async fn pull(&self, handle: &SessionHandle) -> Result<(), Error> {
        let connection = catching_up::connection(&self.store, handle.id()).await?;
        self.pull_contacts(handle).await?;
        let mut chats = Vec::new();
        for offset in (0..).step_by(PAGE) {
            let Reply::Chats(page) = handle.execute(Command::Chats { offset, limit: PAGE }).await?
            else {
                return Err(odd_reply());
            };
            let is_last = page.len() < PAGE;
            chats.extend(page);
            if is_last {
                break;
            }
        }
        identity::name_chats(&self.store, handle.id(), &mut chats).await?;
        let mut wanted = Vec::with_capacity(chats.len());
        for chat in chats {
            if !self.is_ignored(handle.id(), Some(&chat.id)).await? {
                wanted.push(chat);
            }
        }
        let chats = wanted;
        Backfill { store: &self.store, ingest: self, handle }.run(&chats).await?;
        // Last, since the engine's own counts are right whatever was counted before.
        let session = handle.id();
        let lock = self.lock_of(session);
        let _held = lock.lock().await;
        for page in chats.chunks(PAGE) {
            let mut work = self.store.transaction();
            loop {
                let store = work.store();
                for chat in page {
                    let chat = unread::with_later(store, session, chat).await?;
                    self.put_chat_in(store, session, &chat).await?;
                }
                if work.commit().await? {
                    break;
                }
            }
        }
        let mut work = self.store.transaction();
        loop {
            catching_up::end(work.store(), session, connection, &chats).await?;
            if work.commit().await? {
                return Ok(());
            }
        }
    }

    async fn pull_contacts(&self, handle: &SessionHandle) -> Result<(), Error> {
        for offset in (0..).step_by(PAGE) {
            let Reply::Contacts(mut contacts) =
                handle.execute(Command::Contacts { offset, limit: PAGE }).await?
            else {
                return Err(odd_reply());
            };
            self.contacts(handle.id(), &mut contacts).await?;
            if contacts.len() < PAGE {
                break;
            }
        }
        Ok(())
    }
}

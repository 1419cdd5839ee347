//! Initial sync of a session that became ready: contacts, the backfill of missed events, then chats.

use crate::{
    domain::{Chat, Command, Error, Reply},
    messaging::{
        engines::unexpected_reply,
        identities,
        inbound::{
            backfill_buffer::BackfillBuffer,
            contact_writer::ContactWriter,
            event_writer::EventWriter,
            locally_changed::{LocallyChanged, Watch},
            mirror::Mirror,
            receipt_writer::ReceiptWriter,
            retry_writer::RetryWriter,
            unread,
        },
        read_only_chats::is_ignored,
        stored::MessagingTables,
        sync::{backfill::Backfill, backfill_writer::BackfillWriter, checkpoint},
    },
    session::SessionHandle,
};

/// Chats and contacts of one request to the engine.
const PAGE: usize = 500;

pub struct InitialSync {
    writer: EventWriter,
    retries: RetryWriter,
    contacts: ContactWriter,
    receipts: ReceiptWriter,
    locally_changed: LocallyChanged,
}

impl InitialSync {
    pub fn new(writer: EventWriter, retries: RetryWriter, locally_changed: LocallyChanged) -> Self {
        let contacts = ContactWriter::new(writer.clone());
        let receipts = ReceiptWriter::new(writer.clone());
        Self { writer, retries, contacts, receipts, locally_changed }
    }

    /// `live` holds the session's live events meanwhile.
    pub async fn run(&self, handle: &SessionHandle, live: &BackfillBuffer) -> Result<(), Error> {
        let (store, session) = (self.writer.store(), handle.id());
        let connection = checkpoint::connection(store, session).await?;
        self.sync_contacts(handle).await?;
        let watch = self.locally_changed.watch(session);
        let chats = self.chats(handle).await?;
        let writer = BackfillWriter { writer: &self.writer, retries: &self.retries };
        let receipts = &self.receipts;
        Backfill { store, writer, receipts, live, handle }.run(&chats).await?;
        // After the backfill, since the engine's unread counts replace what the backfill counted.
        self.write_chats(handle, &chats, &watch).await?;
        let mut work = store.transaction();
        loop {
            checkpoint::end(work.store(), session, connection, &chats).await?;
            if work.commit().await? {
                return Ok(());
            }
        }
    }

    async fn sync_contacts(&self, handle: &SessionHandle) -> Result<(), Error> {
        for offset in (0..).step_by(PAGE) {
            let command = Command::Contacts { offset, limit: PAGE };
            let Reply::Contacts(mut contacts) = handle.execute(command).await? else {
                return Err(unexpected_reply());
            };
            self.contacts.write(handle.id(), &mut contacts).await?;
            if contacts.len() < PAGE {
                break;
            }
        }
        Ok(())
    }

    /// All chats of the engine that the session does not ignore, under the mirror's ids.
    async fn chats(&self, handle: &SessionHandle) -> Result<Vec<Chat>, Error> {
        let mut chats = Vec::new();
        for offset in (0..).step_by(PAGE) {
            let command = Command::Chats { offset, limit: PAGE };
            let Reply::Chats(page) = handle.execute(command).await? else {
                return Err(unexpected_reply());
            };
            let is_last = page.len() < PAGE;
            chats.extend(page);
            if is_last {
                break;
            }
        }
        let store = self.writer.store();
        identities::name_chats(store, handle.id(), &mut chats).await?;
        let mut wanted = Vec::with_capacity(chats.len());
        for chat in chats {
            if !is_ignored(store, handle.id(), Some(&chat.id)).await? {
                wanted.push(chat);
            }
        }
        Ok(wanted)
    }

    async fn write_chats(
        &self,
        handle: &SessionHandle,
        chats: &[Chat],
        watch: &Watch,
    ) -> Result<(), Error> {
        let session = handle.id();
        let _held = self.writer.lock(session).await;
        for page in chats.chunks(PAGE) {
            let mut work = self.writer.store().transaction().in_background();
            loop {
                let store = work.store();
                let mirror = Mirror { store, session, now: self.writer.now() };
                for chat in page {
                    let chat = unread::with_later(store, session, chat).await?;
                    let known = store.chats().get(session, &chat.id).await?;
                    let chat = watch.with_local(chat, known.as_ref());
                    mirror.merge_chat(&chat).await?;
                }
                if work.commit().await? {
                    break;
                }
            }
        }
        Ok(())
    }
}

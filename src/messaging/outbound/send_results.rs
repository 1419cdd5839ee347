//! Writer of send results: an outbox entry, its message and its event in one commit.
//!
//! So a kill can neither lose nor repeat one of them.

use std::time::Duration;

use crate::{
    domain::{
        Ack, EventBody, Jid, Message, SessionId,
        outbox::{OutboxEntry, OutboxState},
    },
    events::counters,
    messaging::{
        inbound::{
            event_writer::{Committed, EventWriter},
            ingest::Ingest,
            mirror::Mirror,
            mirror_records,
            receipts::Receipts,
        },
        outbound::outgoing_message::unsent_message,
        stored::MessagingTables,
    },
    store::{Store, StoreError},
};

/// Clones are the same writer.
#[derive(Clone)]
pub struct SendResults {
    writer: EventWriter,
}

/// A sent message that is committed, and may be lost with the power.
#[derive(Debug)]
#[must_use = "consumers of the log do not see the event before it is published"]
pub struct Unpublished {
    event: Option<u64>,
}

impl SendResults {
    pub fn of(ingest: &Ingest) -> Self {
        Self { writer: ingest.writer().clone() }
    }

    /// Writes a sent message with its entry. A known message changes the entry alone. A receipt may have come
    /// first. The event is durable and visible after [`Self::publish`].
    pub async fn sent(
        &self,
        entry: OutboxEntry,
        message: Message,
    ) -> Result<Unpublished, StoreError> {
        let session = entry.session.clone();
        let held = self.writer.lock(&session).await;
        let mut work = self.writer.store().transaction();
        let (body, event) = loop {
            let (store, mut entry, mut message) = (work.store(), entry.clone(), message.clone());
            let written = store.outbox().get(&session, entry.id).await?;
            let known = store.messages().get(&session, &message.id).await?;
            let mirror = Mirror { store, session: &session, now: self.writer.now() };
            let receipts = Receipts::new(mirror, self.writer.log());
            let reached = receipts.note_recipients(&mut message).await?;
            let acked = written.and_then(|entry| entry.acked);
            let acks = [acked, known.map(|known| known.ack), reached];
            message.ack = acks.into_iter().flatten().fold(message.ack, Ack::max);
            entry.state = OutboxState::Sent.after(message.ack).unwrap_or(OutboxState::Sent);
            entry.acked = None;
            store.outbox_queue().end(&entry).await?;
            let body = EventBody::MessageSent { message: Box::new(message) };
            let committed = self.writer.commit_in(&mut work, &session, body.clone()).await?;
            if let Some(Committed { number }) = committed {
                break (body, number);
            }
        };
        drop(held);
        // Counted after the commit: after a refused write the message is looked up, and written again.
        counters::received(&body);
        Ok(Unpublished { event })
    }

    /// Returns when a sent message is durable; then consumers of the log see it. The flush may begin so much
    /// later, to serve others too.
    pub async fn publish(&self, sent: Unpublished, patience: Duration) -> Result<(), StoreError> {
        self.writer.publish_within(sent.event, patience).await
    }

    /// Notes in the outbox that an engine is sending a message. A receipt that came already stays noted.
    pub async fn sending(&self, entry: &mut OutboxEntry) -> Result<(), StoreError> {
        let _held = self.writer.lock(&entry.session).await;
        let mut work = self.writer.store().transaction();
        loop {
            let store = work.store();
            let written = store.outbox().get(&entry.session, entry.id).await?;
            entry.acked = written.and_then(|written| written.acked);
            mirror_records::change_outbox(store, entry).await?;
            if work.commit().await? {
                return Ok(());
            }
        }
    }

    /// Writes an entry that failed or was cancelled, with its event. Durable on return. A failed message that
    /// was accepted for later is shown in its chat, as failed.
    pub async fn ended(
        &self,
        entry: &OutboxEntry,
        event: EventBody,
        me: Option<Jid>,
    ) -> Result<(), StoreError> {
        let session = &entry.session;
        let held = self.writer.lock(session).await;
        let mut work = self.writer.store().transaction();
        let number = loop {
            work.store().outbox_queue().end(entry).await?;
            if entry.state == OutboxState::Failed && entry.options.is_queueable() {
                show_failed(work.store(), entry, me.clone()).await?;
            }
            let committed = self.writer.commit_in(&mut work, session, event.clone()).await?;
            if let Some(Committed { number }) = committed {
                break number;
            }
        };
        drop(held);
        counters::received(&event);
        self.writer.publish_within(number, Duration::ZERO).await
    }

    /// Logs the events of cancelled messages in one commit. Durable on return.
    pub async fn cancelled(
        &self,
        session: &SessionId,
        events: Vec<EventBody>,
    ) -> Result<(), StoreError> {
        self.writer.append(session, events).await
    }
}

async fn show_failed(
    store: &Store,
    entry: &OutboxEntry,
    me: Option<Jid>,
) -> Result<(), StoreError> {
    // A failed send alone does not create a chat.
    let (session, chat) = (&entry.session, entry.chat());
    if me.is_some() && store.chats().get(session, chat).await?.is_some() {
        let message = unsent_message(entry.clone(), me);
        mirror_records::put_message(store, session, &message).await?;
    }
    Ok(())
}

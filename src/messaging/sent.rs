//! What went out: a message and its entry of the outbox, in one commit.

use std::time::Duration;

use crate::{
    domain::{
        Ack, EventBody, Message,
        outbox::{OutboxEntry, OutboxState},
    },
    events::counters,
    messaging::{Ingest, ingest::Committed, mirror},
    store::StoreError,
};

/// A message that went out and is written, but may be lost with the power.
#[derive(Debug)]
#[must_use = "nobody hears of it before it is settled"]
pub struct Unsettled {
    /// Its number in the log.
    event: Option<u64>,
}

impl Ingest {
    /// Writes a message that went out, with its entry of the outbox. A known one changes nothing but the
    /// entry. A receipt may have come first. It is durable, and told, after [`Self::settle`].
    pub async fn message_sent(
        &self,
        entry: OutboxEntry,
        message: Message,
    ) -> Result<Unsettled, StoreError> {
        let session = entry.session.clone();
        let lock = self.lock_of(&session);
        let held = lock.lock().await;
        let mut work = self.store.transaction();
        let (body, event) = loop {
            let (store, mut entry, mut message) = (work.store(), entry.clone(), message.clone());
            let written = store.outbox().get(&session, entry.id).await?;
            let known = store.messages().get(&session, &message.id).await?;
            let reached = self.recipients_in(store, &session, &mut message).await?;
            let acked = written.and_then(|entry| entry.acked);
            let receipts = [acked, known.map(|known| known.ack), reached];
            message.ack = receipts.into_iter().flatten().fold(message.ack, Ack::max);
            entry.state = OutboxState::Sent.after(message.ack).unwrap_or(OutboxState::Sent);
            entry.acked = None;
            store.outbox_queue().end(&entry).await?;
            let body = EventBody::MessageSent { message: Box::new(message) };
            let committed = self.commit_in(&mut work, &session, body.clone()).await?;
            if let Some(Committed { number }) = committed {
                break (body, number);
            }
        };
        drop(held);
        // Not before: one that the disk refused is looked up and comes here again.
        counters::received(&body);
        Ok(Unsettled { event })
    }

    /// Notes in the outbox that an engine is sending a message. A receipt that came already stays noted.
    pub async fn note_under_way(&self, entry: &mut OutboxEntry) -> Result<(), StoreError> {
        let lock = self.lock_of(&entry.session);
        let _held = lock.lock().await;
        let mut work = self.store.transaction();
        loop {
            let store = work.store();
            let written = store.outbox().get(&entry.session, entry.id).await?;
            entry.acked = written.and_then(|written| written.acked);
            mirror::change_outbox(store, entry).await?;
            if work.commit().await? {
                return Ok(());
            }
        }
    }

    /// Returns once a message that went out is durable; then listeners get it. The flush may begin
    /// so much later, to be for others too.
    pub async fn settle(&self, sent: Unsettled, patience: Duration) -> Result<(), StoreError> {
        match sent.event {
            Some(number) => self.log.publish_within(number, patience).await,
            None => self.store.durable_within(patience).await,
        }
    }
}

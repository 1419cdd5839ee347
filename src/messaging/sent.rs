//! What went out: a message and its entry of the outbox, in one commit.

use crate::{
    domain::{
        Ack, EventBody, Message,
        outbox::{OutboxEntry, OutboxState},
    },
    events::counters,
    messaging::Ingest,
    store::{Batch, StoreError},
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
        mut entry: OutboxEntry,
        mut message: Message,
    ) -> Result<Unsettled, StoreError> {
        let session = entry.session.clone();
        let lock = self.lock_of(&session);
        let held = lock.lock().await;
        let written = self.store.outbox().get(&session, entry.id).await?;
        let known = self.store.messages().get(&session, &message.id).await?;
        let mut batch = Batch::new();
        let reached = self.recipients_in(&mut batch, &session, &mut message).await?;
        let acked = written.and_then(|entry| entry.acked);
        let receipts = [acked, known.map(|known| known.ack), reached];
        message.ack = receipts.into_iter().flatten().fold(message.ack, Ack::max);
        entry.state = OutboxState::Sent.after(message.ack).unwrap_or(OutboxState::Sent);
        entry.acked = None;
        self.store.outbox().change_in(&mut batch, &entry)?;
        let body = EventBody::MessageSent { message: Box::new(message) };
        let event = self.commit_held(&session, body.clone(), batch).await?;
        drop(held);
        // Not before: one that the disk refused is looked up and comes here again.
        counters::received(&body);
        Ok(Unsettled { event })
    }

    /// Notes in the outbox that an engine is sending a message. A receipt that came already stays noted.
    pub async fn note_under_way(&self, entry: &mut OutboxEntry) -> Result<(), StoreError> {
        let lock = self.lock_of(&entry.session);
        let _held = lock.lock().await;
        let written = self.store.outbox().get(&entry.session, entry.id).await?;
        entry.acked = written.and_then(|written| written.acked);
        let mut batch = Batch::new();
        self.store.outbox().change_in(&mut batch, entry)?;
        self.store.commit(batch).await
    }

    /// Returns once a message that went out is durable; then whoever listens hears of it.
    pub async fn settle(&self, sent: Unsettled) -> Result<(), StoreError> {
        match sent.event {
            Some(number) => self.log.publish(number).await,
            None => self.store.durable().await,
        }
    }
}

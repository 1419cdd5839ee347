//! How an accepted send ended that nobody got: its entry of the outbox and the event of it, in one commit.

use crate::{
    domain::{
        Ack, EventBody, Jid, Message,
        command::Sent,
        outbox::{OutboxEntry, OutboxState},
    },
    events::counters,
    messaging::{Ingest, send::message_of},
    store::{Batch, StoreError},
};

impl Ingest {
    /// Writes an entry that has ended, with its event: a kill can neither lose nor repeat one of the two.
    /// Durable on return. A failed message that was accepted for later stands in its chat, as failed.
    pub async fn send_ended(
        &self,
        entry: &OutboxEntry,
        event: EventBody,
        me: Option<Jid>,
    ) -> Result<(), StoreError> {
        let session = &entry.session;
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut batch = Batch::new();
        self.store.outbox().change_in(&mut batch, entry)?;
        if entry.state == OutboxState::Failed && entry.terms.waits() {
            self.show_failed(&mut batch, entry, me).await?;
        }
        let number = self.commit_held(session, event.clone(), batch).await?;
        drop(held);
        counters::received(&event);
        match number {
            Some(number) => self.log.publish(number).await,
            None => self.store.durable().await,
        }
    }

    async fn show_failed(
        &self,
        batch: &mut Batch,
        entry: &OutboxEntry,
        me: Option<Jid>,
    ) -> Result<(), StoreError> {
        // A chat that nothing was ever said in does not begin with a failure.
        let (session, chat) = (&entry.session, entry.chat());
        if me.is_some() && self.store.chats().get(session, chat).await?.is_some() {
            let message = unsent_message(entry.clone(), me);
            self.store.messages().put_in(batch, session, &message).await?;
        }
        Ok(())
    }
}

/// A message that waits to be sent or never was, as it would stand in its chat.
pub fn unsent_message(entry: OutboxEntry, me: Option<Jid>) -> Message {
    let ack = if entry.state.is_waiting() { Ack::Pending } else { Ack::Failed };
    let id = entry.message_id(me.as_ref());
    let author = me.or(entry.account).unwrap_or_else(|| id.chat.clone());
    let sent = Sent { id, timestamp: entry.changed_at, ack, recipients: None };
    let message = message_of(entry.outgoing, &sent, author);
    // Its file goes with the entry.
    Message { media: None, ..message }
}

//! How an accepted send ended that nobody got: its entry of the outbox and the event of it, in one commit.

use crate::{
    domain::{
        Ack, EventBody, Jid, Message,
        command::Sent,
        outbox::{OutboxEntry, OutboxState},
    },
    events::counters,
    messaging::{Ingest, ingest::Committed, mirror, send::message_of},
    store::{Store, StoreError},
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
        let mut work = self.store.transaction();
        let number = loop {
            work.store().outbox_queue().end(entry).await?;
            if entry.state == OutboxState::Failed && entry.terms.waits() {
                show_failed(work.store(), entry, me.clone()).await?;
            }
            let committed = self.commit_in(&mut work, session, event.clone()).await?;
            if let Some(Committed { number }) = committed {
                break number;
            }
        };
        drop(held);
        counters::received(&event);
        match number {
            Some(number) => self.log.publish(number).await,
            None => self.store.durable().await,
        }
    }
}

async fn show_failed(
    store: &Store,
    entry: &OutboxEntry,
    me: Option<Jid>,
) -> Result<(), StoreError> {
    // A chat that nothing was ever said in does not begin with a failure.
    let (session, chat) = (&entry.session, entry.chat());
    if me.is_some() && store.chats().get(session, chat).await?.is_some() {
        let message = unsent_message(entry.clone(), me);
        mirror::put_message(store, session, &message).await?;
    }
    Ok(())
}

/// A message that waits to be sent or never was, as it would stand in its chat.
pub fn unsent_message(entry: OutboxEntry, me: Option<Jid>) -> Message {
    let ack = if entry.state.is_waiting() { Ack::Pending } else { Ack::Failed };
    let id = entry.message_id(me.as_ref());
    let author = me.or(entry.account).unwrap_or_else(|| id.chat.clone());
    let sent = Sent { id, timestamp: entry.queued_at, ack, recipients: None };
    let message = message_of(entry.outgoing, &sent, author);
    // Its file goes with the entry.
    Message { media: None, ..message }
}

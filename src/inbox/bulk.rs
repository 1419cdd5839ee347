//! Messages that join a transaction of their caller, as those of a broadcast do.
//!
//! ```text
//! person ─▶ ready: file, entry ─▶ enqueue_in: entry + count + note + menu ─▶ (commit, durable) ─▶ enqueued
//! ```
//!
//! The caller asks the policy. Until `enqueued`, no engine sees the message.

use crate::{
    domain::{
        Content, Error, ErrorCode, Jid, SessionId, Timestamp,
        outbox::{OutboxEntry, SendOptions},
    },
    inbox::{
        drafts::{Counted, Draft, Drafts, Made, Terms},
        recipient,
    },
    messaging::{Along, Chats, Outbox, Place, Reservation, Sends},
    store::Store,
};

/// Somebody who is written to in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub chat: Jid,
    /// The id that messages are counted by, over all sessions.
    pub counted_by: Jid,
}

/// A message that is ready to be enqueued. No commit knows it yet.
pub struct Ready {
    entry: OutboxEntry,
    counted: Counted,
    reservation: Reservation,
}

impl Ready {
    pub fn chat(&self) -> &Jid {
        self.entry.chat()
    }
}

/// Sends many messages. Clones are the same service.
#[derive(Clone)]
pub struct BulkSending {
    pub sends: Sends,
    pub outbox: Outbox,
    pub chats: Chats,
    pub drafts: Drafts,
}

impl BulkSending {
    pub async fn person(&self, session: &SessionId, id: &Jid) -> Result<Person, Error> {
        let chat = self.chats.canonical_id(session, id).await?;
        let counted_by = self.chats.number_of(session, &chat).await?;
        Ok(Person { chat, counted_by })
    }

    /// Refuses a session that cannot send at this moment.
    pub fn check_ready(&self, session: &SessionId) -> Result<(), Error> {
        self.sends.check_ready(session, SendOptions::default())
    }

    /// Whether somebody had as many messages within an hour as it may have.
    pub async fn is_limited(
        &self,
        store: &Store,
        counted_by: &Jid,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let limit = self.drafts.per_recipient_hour;
        match recipient::check(store, counted_by, limit, now).await {
            Ok(()) => Ok(false),
            Err(error) if error.code == ErrorCode::RateLimited => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Makes a message ready, with its file in its place.
    pub async fn ready(
        &self,
        session: &SessionId,
        person: &Person,
        draft: Draft,
        terms: Terms,
    ) -> Result<Ready, Error> {
        let Self { sends, outbox, drafts, .. } = self;
        let options = terms.options;
        let made = drafts.make((&person.chat, &person.counted_by), draft, terms).await?;
        let Made { request, counted, upload } = made;
        let outgoing = sends.outgoing(session, request).await;
        // Held until its file was moved.
        drop(upload);
        let entry = outbox.entry(session, outgoing?, options)?;
        let reservation = outbox.reserve(&entry);
        Ok(Ready { entry, counted, reservation })
    }

    /// Adds a message to a transaction. An error refuses it: its recipient has had too many messages, and the
    /// transaction is to be dropped or the message left out.
    pub async fn enqueue_in(&self, store: &Store, ready: &Ready) -> Result<Place, Error> {
        ready.counted.write_in(store, &ready.entry).await?;
        Ok(self.outbox.enqueue_in(store, &ready.entry).await?)
    }

    /// Hands over a message whose commit is durable.
    pub async fn enqueued(&self, ready: Ready, place: Place) -> Result<(), Error> {
        self.outbox.enqueued(ready.entry, place, ready.reservation).await
    }

    /// Drops a message that was not enqueued, with its file.
    pub async fn discard(&self, ready: Ready) {
        if let Content::Media(media) = &ready.entry.outgoing.content {
            let _ = tokio::fs::remove_file(&media.path).await;
        }
    }

    /// Takes a message out of the outbox, unless an engine may have it already.
    pub async fn withdraw(&self, session: &SessionId, key: &str) -> Result<(), Error> {
        let outbox = &self.outbox;
        match outbox.of_message(session, key).await? {
            Some(entry) if entry.state.is_waiting() => {
                outbox.cancel(session, entry.id).await.map(|_| ())
            }
            Some(_) | None => Ok(()),
        }
    }
}

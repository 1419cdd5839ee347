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
        command::MediaKind,
        outbox::{OutboxEntry, SendOptions},
    },
    inbox::{
        marketing, recipient,
        sending::{Counted, Draft, Made, Sending, SendingParts, Terms},
    },
    messaging::{
        Along, Place, Readiness, Reservation,
        uploads::{Upload, Wanted},
    },
    store::{Store, StoreError},
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

impl Sending {
    pub fn readiness(&self, session: &SessionId) -> Result<Readiness, Error> {
        self.parts.sends.readiness(session)
    }

    /// Refuses a session that cannot send at this moment.
    pub fn check_ready(&self, session: &SessionId) -> Result<(), Error> {
        self.parts.sends.check_ready(session, SendOptions::default())
    }

    /// The draft of a file at an address, which a field of a request names. It is checked as far as that costs nothing;
    /// `is_narrow` says that the caller may reach only what a key for one session may.
    pub fn linked_file(
        &self,
        (field, url): (&'static str, String),
        kind: MediaKind,
        (filename, caption): (Option<String>, Option<String>),
        is_narrow: bool,
    ) -> Result<Draft, Error> {
        let uploads = &self.parts.uploads;
        let source = uploads.url(field, url, is_narrow);
        uploads.check(&source, kind, filename.as_deref(), caption.as_deref())?;
        Ok(Draft::File { source, kind, filename, caption })
    }

    /// Takes the file of a draft in, for many messages; none for a draft whose file is at hand.
    pub async fn file_of(&self, draft: Draft) -> Result<Option<Upload>, Error> {
        match draft {
            Draft::Template { message, .. } => Box::pin(self.file_of(*message)).await,
            Draft::File { source, kind, filename, caption } => {
                let wanted = Wanted { kind, filename, caption };
                Ok(Some(self.parts.uploads.receive(source, wanted).await?))
            }
            Draft::Content(_) | Draft::Stored { .. } | Draft::Menu(..) => Ok(None),
        }
    }

    /// Returns when all that is in the log now has been handled, so that what a contact did a moment ago counts.
    pub async fn caught_up(&self) -> Result<(), Error> {
        self.parts.inbox.caught_up().await
    }

    pub async fn person(&self, session: &SessionId, id: &Jid) -> Result<Person, Error> {
        let chat = self.parts.chats.canonical_id(session, id).await?;
        let counted_by = self.parts.chats.number_of(session, &chat).await?;
        Ok(Person { chat, counted_by })
    }

    /// When these people got their last marketing messages, in their order.
    pub async fn last_marketing(
        &self,
        store: &Store,
        people: &[Jid],
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        marketing::last(store, people).await
    }

    /// Whether somebody had as many messages within an hour as it may have.
    pub async fn is_limited(
        &self,
        store: &Store,
        counted_by: &Jid,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let limit = self.parts.per_recipient_hour;
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
        let SendingParts { sends, outbox, .. } = &self.parts;
        let options = terms.options;
        let made = self.make((&person.chat, &person.counted_by), draft, terms).await?;
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
        Ok(self.parts.outbox.enqueue_in(store, &ready.entry).await?)
    }

    /// Hands over a message whose commit is durable.
    pub async fn enqueued(&self, ready: Ready, place: Place) -> Result<(), Error> {
        self.parts.outbox.enqueued(ready.entry, place, ready.reservation).await
    }

    /// Drops a message that was not enqueued, with its file.
    pub async fn discard(&self, ready: Ready) {
        if let Content::Media(media) = &ready.entry.outgoing.content {
            let _ = tokio::fs::remove_file(&media.path).await;
        }
    }

    /// Takes a message out of the outbox, unless an engine may have it already.
    pub async fn withdraw(&self, session: &SessionId, key: &str) -> Result<(), Error> {
        let outbox = &self.parts.outbox;
        match outbox.of_message(session, key).await? {
            Some(entry) if entry.state.is_waiting() => {
                outbox.cancel(session, entry.id).await.map(|_| ())
            }
            Some(_) | None => Ok(()),
        }
    }
}

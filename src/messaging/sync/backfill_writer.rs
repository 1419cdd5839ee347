//! Writer of missed events. Each is written only if its chat and message did not change since the request.

use crate::{
    domain::{EventBody, Jid, Message, MessageKind, SessionId, Timestamp},
    events::counters,
    messaging::{
        inbound::{
            event_writer::{Committed, EventWriter},
            retry_writer::RetryWriter,
        },
        stored::MessagingTables,
        sync::message_diff::message_diff,
    },
    store::{Store, StoreError},
};

/// The missed events of one message.
pub struct Missed {
    /// The mirror's message at the time of the request.
    known: Option<Box<Message>>,
    events: Vec<EventBody>,
}

impl Missed {
    /// The differences between the mirror's message and the engine's; none when they agree.
    pub fn of_known(known: &Message, now: &Message) -> Option<Self> {
        let events = message_diff(known, now);
        let known = Some(Box::new(known.clone()));
        (!events.is_empty()).then_some(Self { known, events })
    }

    /// A message that the mirror does not have; none when it is no event.
    pub fn of_new(message: Message, since: Timestamp) -> Option<Self> {
        if message.timestamp < since || message.kind == MessageKind::GroupNotice {
            return None;
        }
        let is_own = message.from_me();
        let message = Box::new(message);
        let event = match is_own {
            true => EventBody::MessageSent { message },
            false => EventBody::Message { message },
        };
        Some(Self { known: None, events: vec![event] })
    }

    /// More was missed than is fetched.
    pub fn gap(gap: EventBody) -> Self {
        Self { known: None, events: vec![gap] }
    }
}

#[derive(Clone, Copy)]
pub struct BackfillWriter<'a> {
    pub writer: &'a EventWriter,
    pub retries: &'a RetryWriter,
}

impl BackfillWriter<'_> {
    /// Writes what a chat missed that was last deleted at `deleted`. False if it was deleted again meanwhile. A
    /// message that changed since the request is skipped: the engine's reply may be older than the change.
    pub async fn write(
        &self,
        session: &SessionId,
        chat: &Jid,
        deleted: Option<Timestamp>,
        all: Vec<Missed>,
    ) -> Result<bool, StoreError> {
        let store = self.writer.store();
        for Missed { known, events } in all {
            let held = self.writer.lock(session).await;
            let (mut known, mut written) = (known.as_deref(), Vec::new());
            let mut is_there = deleted_at(store, session, chat).await? == deleted;
            if let Some(known) = known
                && store.messages().get(session, &known.id).await?.as_ref() != Some(known)
            {
                continue;
            }
            for body in events {
                if !is_there {
                    break;
                }
                counters::received(&body);
                let buffer = self.retries.buffer();
                let Some(body) = buffer.queue_behind(session, body) else { continue };
                let before = (deleted, known.take());
                match self.commit(session, chat, before, body.clone()).await {
                    Ok(Outcome::Deleted) => is_there = false,
                    Ok(Outcome::Changed) => break,
                    Ok(Outcome::Written(number)) => written.push((body, Ok(number))),
                    Err(error) => written.push((body, Err(error))),
                }
            }
            drop(held);
            for (body, committed) in written {
                self.retries.settle(session, body, committed).await?;
            }
            if !is_there {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes one event, if chat and message are as they were at the time of the request.
    async fn commit(
        &self,
        session: &SessionId,
        chat: &Jid,
        (deleted, known): (Option<Timestamp>, Option<&Message>),
        body: EventBody,
    ) -> Result<Outcome, StoreError> {
        let mut work = self.writer.store().transaction();
        loop {
            let store = work.store();
            if deleted_at(store, session, chat).await? != deleted {
                return Ok(Outcome::Deleted);
            }
            if let Some(known) = known
                && store.messages().get(session, &known.id).await?.as_ref() != Some(known)
            {
                return Ok(Outcome::Changed);
            }
            let committed = self.writer.commit_in(&mut work, session, body.clone()).await?;
            if let Some(Committed { number }) = committed {
                return Ok(Outcome::Written(number));
            }
        }
    }
}

enum Outcome {
    /// With the number of the event.
    Written(Option<u64>),
    /// The chat was deleted meanwhile.
    Deleted,
    /// The message was changed meanwhile.
    Changed,
}

/// When a chat was last deleted here.
pub async fn deleted_at(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<Timestamp>, StoreError> {
    let known = store.conversations().get(session, chat).await?;
    Ok(known.and_then(|record| record.deleted_at))
}

//! What happened while a session was away: found out when it is ready again, and written in order.
//!
//! Whatever the engine has from the time on at which the session was last known to lack nothing, and the
//! mirror has not, was missed. That time is written down in the commit that tells of a new connection,
//! before anything of that connection, and forgotten when all that was missed is written: so it holds
//! however often the gateway dies in between, and a live message that comes first hides no earlier one.
//! What is older than the link is no event. Where more was missed than is fetched, a `history_gap` says so.

use std::{collections::VecDeque, time::Duration};

use crate::{
    domain::{
        Ack, Chat, Command, Error, EventBody, Jid, Message, MessageId, MessageKind, Reply,
        SessionId, Timestamp, clock::from_seconds, outbox::OutboxState,
    },
    events::counters,
    messaging::{Ingest, identity::in_chat, odd_reply},
    session::SessionHandle,
    store::{Batch, Store, StoreError},
};

/// Messages that are asked for at once.
const PAGE: usize = 50;
/// Messages of one chat that are fetched after, and that are looked at: most of these may be known.
const MOST_MISSED: usize = 1_000;
const MOST_LOOKED_AT: usize = 10_000;
/// WhatsApp counts time in these.
const SECOND: Duration = Duration::from_secs(1);
/// Entries of the outbox among which messages may still wait for a receipt.
const RECEIPTS: usize = 1_000;

/// Brings the log up to what the engine knows.
pub struct Backfill<'a> {
    pub store: &'a Store,
    pub ingest: &'a Ingest,
    pub handle: &'a SessionHandle,
}

impl Backfill<'_> {
    /// `chats` are the engine's, named as the mirror does, with the time of their last activity.
    pub async fn run(&self, chats: &[Chat]) -> Result<(), Error> {
        let session = self.handle.id();
        let Some(mirror) = self.store.mirrors().get(session).await? else { return Ok(()) };
        let behind_since = mirror.behind_since.unwrap_or(mirror.linked_at);
        let waits_for_receipts = self.chats_that_wait_for_receipts().await?;
        // Oldest first, so that what happened first is told first as far as whole chats allow.
        for chat in chats.iter().rev() {
            let is_behind = behind_since <= chat.last_activity;
            if is_behind || waits_for_receipts.contains(&chat.id) {
                while !self.catch_up(chat, behind_since).await? {}
            }
        }
        Ok(())
    }

    /// Writes what a chat missed; whether it stayed as it was meanwhile. One that was deleted is not to get
    /// its messages back: it is looked at again.
    async fn catch_up(&self, chat: &Chat, behind_since: Timestamp) -> Result<bool, Error> {
        let session = self.handle.id();
        let deleted_at = deleted_at(self.store, session, &chat.id).await?;
        // WhatsApp counts in seconds: all of that of the deletion is gone.
        let end = deleted_at.map(|at| from_seconds(at.as_second()) + SECOND);
        let events = self.missed(chat, behind_since.max(end.unwrap_or(behind_since))).await?;
        Ok(self.ingest.missed(session, &chat.id, deleted_at, events).await?)
    }

    async fn chats_that_wait_for_receipts(&self) -> Result<Vec<Jid>, StoreError> {
        let entries = self.store.outbox().page(self.handle.id(), None, RECEIPTS).await?;
        let waits = |state| matches!(state, OutboxState::Sent | OutboxState::Delivered);
        let mut chats: Vec<Jid> = entries
            .into_iter()
            .filter(|entry| waits(entry.state))
            .map(|entry| entry.outgoing.chat)
            .collect();
        chats.sort();
        chats.dedup();
        Ok(chats)
    }

    /// The events of a chat that the log lacks, in order.
    async fn missed(&self, chat: &Chat, since: Timestamp) -> Result<Vec<EventBody>, Error> {
        let session = self.handle.id();
        let mut events: VecDeque<EventBody> = VecDeque::new();
        let (mut looked_at, mut missed) = (0, 0);
        let mut before: Option<MessageId> = None;
        loop {
            let command = Command::Messages { chat: chat.id.clone(), before, limit: PAGE };
            let Reply::Messages(mut page) = self.handle.execute(command).await? else {
                return Err(odd_reply());
            };
            in_chat(&mut page, &chat.id);
            let Some((oldest, at)) = page.first().map(|first| (first.id.clone(), first.timestamp))
            else {
                break;
            };
            let is_last = page.len() < PAGE || at < since;
            looked_at += page.len();
            for message in page.into_iter().rev() {
                let known =
                    self.store.messages().find_by_key(session, &chat.id, &message.id.key).await?;
                if let Some(event) = event_of(message, known.as_ref(), since) {
                    missed += usize::from(known.is_none());
                    events.push_front(event);
                }
            }
            if is_last {
                break;
            }
            if MOST_MISSED <= missed || MOST_LOOKED_AT <= looked_at {
                let chat = chat.id.clone();
                events.push_front(EventBody::HistoryGap { chat, after: since, before: at });
                break;
            }
            before = Some(oldest);
        }
        Ok(events.into())
    }
}

impl Ingest {
    /// Writes what a chat missed that was last deleted at `deleted`; whether it still is when all is written.
    pub(in crate::messaging) async fn missed(
        &self,
        session: &SessionId,
        chat: &Jid,
        deleted: Option<Timestamp>,
        events: Vec<EventBody>,
    ) -> Result<bool, StoreError> {
        for body in events {
            let lock = self.lock_of(session);
            let held = lock.lock().await;
            if deleted_at(&self.store, session, chat).await? != deleted {
                return Ok(false);
            }
            counters::received(&body);
            let Some(body) = self.backlog.behind(session, body) else { continue };
            let written = self.commit_held(session, body.clone(), Batch::new()).await;
            drop(held);
            self.keep_refused(session, body, written).await?;
        }
        Ok(true)
    }
}

/// When a chat was last deleted here.
async fn deleted_at(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<Timestamp>, StoreError> {
    let known = store.conversations().get(session, chat).await?;
    Ok(known.and_then(|record| record.deleted_at))
}

/// What a message of the engine means, next to what is known of it.
fn event_of(message: Message, known: Option<&Message>, since: Timestamp) -> Option<EventBody> {
    match known {
        None if message.timestamp < since || message.kind == MessageKind::GroupNotice => None,
        None if message.from_me() => Some(EventBody::MessageSent { message: Box::new(message) }),
        None => Some(EventBody::Message { message: Box::new(message) }),
        Some(known) if known.from_me() && known.ack < message.ack && Ack::Sent < message.ack => {
            let (message, ack) = (known.id.clone(), message.ack);
            Some(EventBody::Ack { message, ack, participant: None })
        }
        Some(_) => None,
    }
}

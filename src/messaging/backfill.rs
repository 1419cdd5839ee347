//! What happened while a session was away: found out when it is ready again, and written in order.
//!
//! Whatever the engine has from the time on at which the session was last known to lack nothing, and the
//! mirror has not, was missed. That time is written down in the commit that tells of a new connection,
//! before anything of that connection, and forgotten when all that was missed is written: so it holds
//! however often the gateway dies in between, and a live message that comes first hides no earlier one.
//! What is older than the link is no event. Where more was missed than is fetched, a `history_gap` says so.

use std::time::Duration;

use crate::{
    domain::{
        Ack, Chat, Command, Error, EventBody, Jid, Message, MessageKind, Reply, Timestamp,
        clock::from_seconds, outbox::OutboxState,
    },
    messaging::{Ingest, identity::in_chat, odd_reply},
    session::{EventSink, SessionHandle},
    store::{Store, StoreError},
};

/// Messages that are asked for at once, and at most of one chat.
const PAGE: usize = 50;
const MOST: usize = 1_000;
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
                let deleted_at = self.deleted_at(&chat.id).await?;
                let since = behind_since.max(deleted_at.unwrap_or(behind_since));
                let events = self.missed(chat, since).await?;
                self.ingest.ingest(session, events).await?;
            }
        }
        Ok(())
    }

    /// The end of the second in which a chat was deleted here: its messages are not to come back.
    async fn deleted_at(&self, chat: &Jid) -> Result<Option<Timestamp>, StoreError> {
        let known = self.store.conversations().get(self.handle.id(), chat).await?;
        let deleted_at = known.and_then(|record| record.deleted_at);
        Ok(deleted_at.map(|at| from_seconds(at.as_second()) + SECOND))
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
        let mut found: Vec<Message> = Vec::new();
        let mut gap = None;
        loop {
            let before = found.first().map(|message| message.id.clone());
            let command = Command::Messages { chat: chat.id.clone(), before, limit: PAGE };
            let Reply::Messages(mut page) = self.handle.execute(command).await? else {
                return Err(odd_reply());
            };
            in_chat(&mut page, &chat.id);
            let reaches_back =
                page.len() < PAGE || page.first().is_none_or(|oldest| oldest.timestamp < since);
            found.splice(0..0, page);
            if reaches_back {
                break;
            }
            if MOST <= found.len() {
                gap = found.first().map(|oldest| EventBody::HistoryGap {
                    chat: chat.id.clone(),
                    after: since,
                    before: oldest.timestamp,
                });
                break;
            }
        }
        let mut events: Vec<EventBody> = gap.into_iter().collect();
        for message in found {
            let known =
                self.store.messages().find_by_key(session, &chat.id, &message.id.key).await?;
            events.extend(event_of(message, known.as_ref(), since));
        }
        Ok(events)
    }
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

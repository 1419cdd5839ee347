//! Backfill: finds what a session missed while it was away, and writes it in order.
//!
//! A message was missed if the engine has it, the mirror does not, and it is newer than the sync checkpoint.
//! The checkpoint is written in the commit of a new connection, before any event of that connection. It is
//! cleared when backfill completes. So it survives any number of kills, and a live message hides no earlier one.
//! Messages older than the link are no events. Where more was missed than is fetched, a `history_gap` is logged.
//! Missed receipts, edits, deletions and reactions are found by comparing messages: all since the checkpoint,
//! and the newest of each chat that was active in the days before.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use crate::{
    domain::{
        Ack, Chat, Command, Error, EventBody, Jid, Message, Reply, Timestamp, clock::from_seconds,
        outbox::OutboxState,
    },
    messaging::{
        engines::unexpected_reply,
        identities::{is_in_other, name_in_chat, other_id},
        inbound::{backfill_buffer::BackfillBuffer, receipt_writer::ReceiptWriter},
        stored::MessagingTables,
        sync::backfill_writer::{BackfillWriter, Missed, deleted_at},
    },
    session::SessionHandle,
    store::{Store, StoreError},
};

/// Messages of one request to the engine.
const PAGE: usize = 50;
/// Missed messages of one chat that are fetched, and messages that are compared, at most.
const MOST_MISSED: usize = 1_000;
const MOST_COMPARED: usize = 10_000;
/// Messages of the mirror that are compared with a page of the engine, which may lack some.
const KNOWN: usize = 2 * PAGE;
/// The age up to which a message can be deleted for everyone.
const CHANGEABLE: Duration = Duration::from_secs(60 * 60 * 60);
/// The resolution of WhatsApp's timestamps.
const SECOND: Duration = Duration::from_secs(1);
/// Messages of one group whose receipts are requested.
const MOST_ASKED_FOR_RECEIPTS: usize = 20;
/// The newest outbox entries that are checked for missing receipts.
const RECEIPTS: usize = 1_000;
const RECEIPTS_AT_ONCE: usize = 100;

/// One backfill of one session.
pub struct Backfill<'a> {
    pub store: &'a Store,
    pub writer: BackfillWriter<'a>,
    pub receipts: &'a ReceiptWriter,
    /// The live events of the session, which are held meanwhile.
    pub live: &'a BackfillBuffer,
    pub handle: &'a SessionHandle,
}

impl Backfill<'_> {
    /// `chats` are all chats of the engine under the mirror's ids, newest activity first.
    pub async fn run(&self, chats: &[Chat]) -> Result<(), Error> {
        let session = self.handle.id();
        let Some(checkpoint) = self.store.sync_checkpoints().get(session).await? else {
            return Ok(());
        };
        let behind_since = checkpoint.behind_since.unwrap_or(checkpoint.linked_at);
        // Messages from before the checkpoint may have been changed or deleted for everyone since.
        let is_behind = |chat: &Chat| behind_since - CHANGEABLE <= chat.last_activity;
        let quiet = chats.iter().filter(|chat| !is_behind(chat)).map(|chat| &chat.id).collect();
        let waits_for_receipts = self.wait_for_receipts(quiet).await?;
        // Oldest activity first, so that events follow time as far as whole chats allow.
        for chat in chats.iter().rev() {
            if is_behind(chat) || waits_for_receipts.contains(&chat.id) {
                while !self.catch_up(chat, behind_since).await? {}
            }
        }
        Ok(())
    }

    /// Writes what a chat missed. False if the chat was deleted here meanwhile: its messages must not come back,
    /// so the caller compares the chat again.
    async fn catch_up(&self, chat: &Chat, behind_since: Timestamp) -> Result<bool, Error> {
        let session = self.handle.id();
        let deleted_at = deleted_at(self.store, session, &chat.id).await?;
        // Timestamps are whole seconds: all messages of the second of the deletion are deleted.
        let end = deleted_at.map(|at| from_seconds(at.as_second()) + SECOND);
        let events = self.missed(chat, behind_since.max(end.unwrap_or(behind_since))).await?;
        let stayed = self.writer.write(session, &chat.id, deleted_at, events).await?;
        if stayed && chat.id.is_group() {
            self.receipts(chat).await?;
        }
        Ok(stayed)
    }

    /// Requests the receipts of messages that not all members of a group have read.
    async fn receipts(&self, chat: &Chat) -> Result<(), Error> {
        let session = self.handle.id();
        let newest = self.store.messages().page(session, &chat.id, None, KNOWN).await?;
        let waits =
            |message: &&Message| message.from_me() && (Ack::Sent..Ack::Read).contains(&message.ack);
        for message in newest.iter().rev().filter(waits).take(MOST_ASKED_FOR_RECEIPTS) {
            let command = Command::Receipts { message: message.id.clone() };
            match self.handle.execute(command).await {
                Ok(Reply::Receipts(found)) => {
                    self.receipts.write(session, &message.id, found).await?;
                }
                // The receipts are requested again when a caller reads them.
                Ok(_) | Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// The chats among these that have messages without all receipts.
    async fn wait_for_receipts(&self, mut among: HashSet<&Jid>) -> Result<Vec<Jid>, StoreError> {
        let (mut chats, mut before, mut left) = (Vec::new(), None, RECEIPTS);
        while !among.is_empty() && 0 < left {
            let limit = left.min(RECEIPTS_AT_ONCE);
            let page = self.store.outbox().page(self.handle.id(), before, limit).await?;
            let Some(last) = page.last() else { break };
            (before, left) = (Some(last.id), left - page.len());
            let waits = |state| matches!(state, OutboxState::Sent | OutboxState::Delivered);
            for entry in page.iter().filter(|entry| waits(entry.state)) {
                if among.remove(entry.chat()) {
                    chats.push(entry.chat().clone());
                }
            }
        }
        Ok(chats)
    }

    /// What the log lacks of a chat, in order of time.
    async fn missed(&self, chat: &Chat, since: Timestamp) -> Result<Vec<Missed>, Error> {
        let session = self.handle.id();
        let other = other_id(self.store, session, &chat.id).await?;
        let mut all: VecDeque<Missed> = VecDeque::new();
        let (mut compared, mut missed) = (0, 0);
        let mut before: Option<Message> = None;
        loop {
            // Read before the request: a change after it is not in the reply.
            let mirror = self.store.messages();
            let known = mirror.page(session, &chat.id, before.as_ref(), KNOWN).await?;
            let id = before.map(|message| message.id);
            let command = Command::Messages { chat: chat.id.clone(), before: id, limit: PAGE };
            let Reply::Messages(mut page) = self.handle.execute(command).await? else {
                return Err(unexpected_reply());
            };
            name_in_chat(&mut page, &chat.id);
            if let Some(me) = self.handle.status().me {
                page.iter_mut().for_each(|message| message.came_to(&me.id));
            }
            let Some(oldest) = page.first().cloned() else { break };
            let is_last = page.len() < PAGE || is_before(oldest.timestamp, since);
            compared += page.len();
            for message in page.into_iter().rev() {
                let key = message.id.key.clone();
                if let Some(known) = known.iter().find(|known| known.id.key == key) {
                    if let Some(changed) = Missed::of_known(known, &message) {
                        all.push_front(changed);
                    }
                } else if mirror.find_by_key(session, &chat.id, &key).await?.is_none()
                    && !is_in_other(self.store, session, other.as_ref(), &key).await?
                    && let Some(new) = self.missed_message(message, since)
                {
                    missed += 1;
                    all.push_front(new);
                }
            }
            if is_last {
                break;
            }
            if MOST_MISSED <= missed || MOST_COMPARED <= compared {
                let (chat, before) = (chat.id.clone(), oldest.timestamp);
                let gap = EventBody::HistoryGap { chat, after: since, before };
                all.push_front(Missed::gap(gap));
                break;
            }
            before = Some(oldest);
        }
        Ok(all.into())
    }
}

/// Whether a message is certainly older than a moment. Of a message of the same second that is not certain.
fn is_before(message: Timestamp, moment: Timestamp) -> bool {
    message.as_second() < moment.as_second()
}

impl Backfill<'_> {
    /// A missed event, if an unknown message is one. Timestamps are whole seconds: a message of the second of the link
    /// came after it if a live event reports it.
    fn missed_message(&self, message: Message, since: Timestamp) -> Option<Missed> {
        let session = self.handle.id();
        let is_reported = message.timestamp < since && self.live.holds(session, &message.id);
        let since = if is_reported { message.timestamp } else { since };
        Missed::of_new(message, since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_second_of_the_link_may_have_come_after_it() {
        let linked = "2026-03-24T10:31:00.400Z".parse().unwrap();
        for (second, expected) in [(-1, true), (0, false), (1, false)] {
            let message = from_seconds(Timestamp::as_second(linked) + second);
            assert_eq!(is_before(message, linked), expected, "{second}");
        }
    }
}

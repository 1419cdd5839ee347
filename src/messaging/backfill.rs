//! What happened while a session was away: found out when it is ready again, and written in order.
//!
//! Whatever the engine has from the time on at which the session was last known to lack nothing, and the
//! mirror has not, was missed. That time is written down in the commit that tells of a new connection,
//! before anything of that connection, and forgotten when all that was missed is written: so it holds
//! however often the gateway dies in between, and a live message that comes first hides no earlier one.
//! What is older than the link is no event. Where more was missed than is fetched, a `history_gap` says so.
//! Receipts, edits, deletions and reactions that were missed are told of the messages that are looked at:
//! those since then, and the newest of each chat in which something was said in the days before.

use std::{collections::VecDeque, time::Duration};

use crate::{
    domain::{
        Ack, Chat, Command, Error, EventBody, Jid, Message, MessageKind, Reply, SessionId,
        Timestamp, clock::from_seconds, outbox::OutboxState,
    },
    events::counters,
    messaging::{Ingest, changes::changes, identity::in_chat, ingest::Committed, odd_reply},
    session::SessionHandle,
    store::{Store, StoreError},
};

/// Messages that are asked for at once.
const PAGE: usize = 50;
/// Messages of one chat that are fetched after, and that are looked at: most of these may be known.
const MOST_MISSED: usize = 1_000;
const MOST_LOOKED_AT: usize = 10_000;
/// Messages of the mirror beside a page of the engine's, which may lack some.
const KNOWN: usize = 2 * PAGE;
/// How long after it was said a message is deleted for everyone at most.
const CHANGEABLE: Duration = Duration::from_secs(60 * 60 * 60);
/// WhatsApp counts time in these.
const SECOND: Duration = Duration::from_secs(1);
/// Messages of one group of which is asked who has read them.
const MOST_ASKED_FOR_RECEIPTS: usize = 20;
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
            // What was said before may have been deleted for everyone meanwhile, or changed.
            let is_behind = behind_since - CHANGEABLE <= chat.last_activity;
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
        let stayed = self.ingest.missed(session, &chat.id, deleted_at, events).await?;
        if stayed && chat.id.is_group() {
            self.receipts(chat).await?;
        }
        Ok(stayed)
    }

    /// Asks who has read what is not read by all of a group.
    async fn receipts(&self, chat: &Chat) -> Result<(), Error> {
        let session = self.handle.id();
        let newest = self.store.messages().page(session, &chat.id, None, KNOWN).await?;
        let waits =
            |message: &&Message| message.from_me() && (Ack::Sent..Ack::Read).contains(&message.ack);
        for message in newest.iter().rev().filter(waits).take(MOST_ASKED_FOR_RECEIPTS) {
            let command = Command::Receipts { message: message.id.clone() };
            match self.handle.execute(command).await {
                Ok(Reply::Receipts(found)) => {
                    self.ingest.found_receipts(session, &message.id, found).await?;
                }
                // A reader of the receipts asks again.
                Ok(_) | Err(_) => return Ok(()),
            }
        }
        Ok(())
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

    /// What the log lacks of a chat, in order.
    async fn missed(&self, chat: &Chat, since: Timestamp) -> Result<Vec<Missed>, Error> {
        let session = self.handle.id();
        let mut all: VecDeque<Missed> = VecDeque::new();
        let (mut looked_at, mut missed) = (0, 0);
        let mut before: Option<Message> = None;
        loop {
            // Read before the engine is asked: what changes from now on is no news to it.
            let mirror = self.store.messages();
            let known = mirror.page(session, &chat.id, before.as_ref(), KNOWN).await?;
            let id = before.map(|message| message.id);
            let command = Command::Messages { chat: chat.id.clone(), before: id, limit: PAGE };
            let Reply::Messages(mut page) = self.handle.execute(command).await? else {
                return Err(odd_reply());
            };
            in_chat(&mut page, &chat.id);
            if let Some(me) = self.handle.status().me {
                page.iter_mut().for_each(|message| message.came_to(&me.id));
            }
            let Some(oldest) = page.first().cloned() else { break };
            let is_last = page.len() < PAGE || oldest.timestamp < since;
            looked_at += page.len();
            for message in page.into_iter().rev() {
                let key = message.id.key.clone();
                if let Some(known) = known.iter().find(|known| known.id.key == key) {
                    if let Some(changed) = Missed::of_known(known, &message) {
                        all.push_front(changed);
                    }
                } else if mirror.find_by_key(session, &chat.id, &key).await?.is_none()
                    && let Some(new) = self.news_of(message, since)
                {
                    missed += 1;
                    all.push_front(new);
                }
            }
            if is_last {
                break;
            }
            if MOST_MISSED <= missed || MOST_LOOKED_AT <= looked_at {
                let (chat, before) = (chat.id.clone(), oldest.timestamp);
                let gap = EventBody::HistoryGap { chat, after: since, before };
                all.push_front(Missed { known: None, events: vec![gap] });
                break;
            }
            before = Some(oldest);
        }
        Ok(all.into())
    }
}

impl Backfill<'_> {
    /// An unknown message as an event, where it is one. WhatsApp counts in seconds: of what was said in that of the
    /// link, what is reported came after it.
    fn news_of(&self, message: Message, since: Timestamp) -> Option<Missed> {
        let is_reported =
            message.timestamp < since && self.ingest.waiting.holds(self.handle.id(), &message.id);
        let since = if is_reported { message.timestamp } else { since };
        Missed::of_new(message, since)
    }
}

/// What was missed of one message.
pub struct Missed {
    /// The message as it was known when the engine was asked.
    known: Option<Box<Message>>,
    events: Vec<EventBody>,
}

impl Missed {
    fn of_known(known: &Message, now: &Message) -> Option<Self> {
        let events = changes(known, now);
        let known = Some(Box::new(known.clone()));
        (!events.is_empty()).then_some(Self { known, events })
    }

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
}

impl Ingest {
    /// Writes what a chat missed that was last deleted at `deleted`; whether it still is when all is
    /// written. A message of which something was heard meanwhile is left as it is: what the engine said
    /// of it before may be old by now.
    pub(in crate::messaging) async fn missed(
        &self,
        session: &SessionId,
        chat: &Jid,
        deleted: Option<Timestamp>,
        all: Vec<Missed>,
    ) -> Result<bool, StoreError> {
        for Missed { known, events } in all {
            let lock = self.lock_of(session);
            let held = lock.lock().await;
            let (mut known, mut written) = (known.as_deref(), Vec::new());
            let mut is_there = deleted_at(&self.store, session, chat).await? == deleted;
            if let Some(known) = known
                && self.store.messages().get(session, &known.id).await?.as_ref() != Some(known)
            {
                continue;
            }
            for body in events {
                if !is_there {
                    break;
                }
                counters::received(&body);
                let Some(body) = self.backlog.behind(session, body) else { continue };
                let was = (deleted, known.take());
                match self.commit_missed(session, chat, was, body.clone()).await {
                    Ok(Outcome::Deleted) => is_there = false,
                    Ok(Outcome::Changed) => break,
                    Ok(Outcome::Written(number)) => written.push((body, Ok(number))),
                    Err(error) => written.push((body, Err(error))),
                }
            }
            drop(held);
            for (body, number) in written {
                self.keep_refused(session, body, number).await?;
            }
            if !is_there {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes one event that was missed, if chat and message are as they were when the engine was asked.
    async fn commit_missed(
        &self,
        session: &SessionId,
        chat: &Jid,
        (deleted, known): (Option<Timestamp>, Option<&Message>),
        body: EventBody,
    ) -> Result<Outcome, StoreError> {
        let mut work = self.store.transaction();
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
            let committed = self.commit_in(&mut work, session, body.clone()).await?;
            if let Some(Committed { number }) = committed {
                return Ok(Outcome::Written(number));
            }
        }
    }
}

/// What became of an event that was missed.
enum Outcome {
    /// With its number.
    Written(Option<u64>),
    /// The chat was deleted meanwhile.
    Deleted,
    /// Something was heard of the message meanwhile.
    Changed,
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

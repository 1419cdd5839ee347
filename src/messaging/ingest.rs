//! Writes what sessions report: the mirror and the event in one commit.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    domain::{
        Ack, Chat, Clock, EventBody, Jid, Message, MessageId, MessageKind, SessionId,
        chat::LastMessage, conversation::ConversationRecord, details::Vote,
        event::DisconnectReason, message::Reaction,
    },
    events::{EventLog, counters},
    messaging::{
        ChatEvent, backlog::Backlog, catching_up, identity, keeping::tell_in, mirror, unread,
        waiting::Waiting,
    },
    store::{Batch, Store, StoreError, Transaction},
};

pub struct Ingest {
    pub(in crate::messaging) store: Store,
    pub(in crate::messaging) log: EventLog,
    pub(in crate::messaging) clock: Clock,
    /// A session's task and callers of the API write to the same mirror, each in a transaction. The
    /// session's lock keeps the order of its events, and saves conflicts.
    locks: Mutex<HashMap<SessionId, Arc<tokio::sync::Mutex<()>>>>,
    /// Held while tags change. It saves conflicts, no more.
    pub(in crate::messaging) tagging: tokio::sync::Mutex<()>,
    /// What the disk refused.
    pub(in crate::messaging) backlog: Backlog,
    /// What is heard while sessions catch up.
    pub(in crate::messaging) waiting: Waiting,
}

/// A transaction with an event was carried out.
pub(in crate::messaging) struct Committed {
    /// That of the event.
    pub number: Option<u64>,
}

impl Ingest {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Arc<Self> {
        let (locks, backlog, waiting) = (Mutex::default(), Backlog::default(), Waiting::default());
        Arc::new(Self { store, log, clock, locks, tagging: Default::default(), backlog, waiting })
    }

    /// The number that the event has in the log.
    pub(in crate::messaging) async fn commit(
        &self,
        session: &SessionId,
        body: EventBody,
    ) -> Result<Option<u64>, StoreError> {
        let lock = self.lock_of(session);
        let _held = lock.lock().await;
        self.commit_held(session, body).await
    }

    /// The same for who holds the session's lock.
    pub(in crate::messaging) async fn commit_held(
        &self,
        session: &SessionId,
        body: EventBody,
    ) -> Result<Option<u64>, StoreError> {
        let mut work = self.store.transaction();
        loop {
            let committed = self.commit_in(&mut work, session, body.clone()).await?;
            if let Some(Committed { number }) = committed {
                return Ok(number);
            }
        }
    }

    /// Adds an event and all that follows from it to a transaction, and commits that. None when the work
    /// must run again.
    pub(in crate::messaging) async fn commit_in(
        &self,
        work: &mut Transaction,
        session: &SessionId,
        mut body: EventBody,
    ) -> Result<Option<Committed>, StoreError> {
        let store = work.store();
        identity::name_event(store, session, &mut body).await?;
        if let EventBody::ChatUpdated { chat } = &mut body {
            let known = store.chats().get(session, &chat.id).await?;
            chat.name = self.best_name(store, session, chat, known.as_ref()).await?;
        }
        if let Some(known) = self.log.number_of(session, &body).await? {
            let is_committed = work.commit().await?;
            if is_committed {
                counters::known(&body);
            }
            return Ok(is_committed.then_some(Committed { number: Some(known) }));
        }
        if self.is_late(store, session, &body).await? {
            let is_committed = work.commit().await?;
            if is_committed {
                counters::known(&body);
            }
            return Ok(is_committed.then_some(Committed { number: None }));
        }
        let follows = self.receipts_in(store, session, &mut body).await?;
        self.mirror(store, session, &body).await?;
        let (mut bodies, people) =
            identity::learn_from(store, session, &body, self.clock.now()).await?;
        let learned = bodies.clone();
        // A pair that an engine tells is itself news or nothing.
        let pair = if let EventBody::IdentityLearned { .. } = body {
            Some(body)
        } else {
            bodies.push(body);
            bodies.extend(follows);
            None
        };
        let batch = work.batch();
        let committed = self.log.commit(session, bodies, &people, batch).await;
        let Some(events) = work.settled(committed).await? else { return Ok(None) };
        match pair {
            None => learned.iter().for_each(counters::received),
            Some(pair) if learned.is_empty() => counters::known(&pair),
            Some(_) => (),
        }
        Ok(Some(Committed { number: events.last().map(|event| event.seq) }))
    }

    /// Changes a chat of the mirror, and tells what the change says of itself; one that is not there has nothing
    /// to change. Durable on return.
    pub async fn change_chat(
        &self,
        session: &SessionId,
        id: &Jid,
        change: impl Fn(&mut Chat) -> Option<ChatEvent>,
    ) -> Result<(), StoreError> {
        self.write_chat(session, id, change, false).await
    }

    /// All of a chat was read, and its senders know it.
    pub(in crate::messaging) async fn read_chat(
        &self,
        session: &SessionId,
        id: &Jid,
    ) -> Result<(), StoreError> {
        self.write_chat(session, id, ChatEvent::of_reading, true).await
    }

    async fn write_chat(
        &self,
        session: &SessionId,
        id: &Jid,
        change: impl Fn(&mut Chat) -> Option<ChatEvent>,
        is_seen: bool,
    ) -> Result<(), StoreError> {
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut work = self.log.work();
        let told = loop {
            let store = work.store();
            let Some(mut chat) = store.chats().get(session, id).await? else { return Ok(()) };
            let event = change(&mut chat);
            if is_seen {
                self.put_chat_in(store, session, &chat).await?;
            } else {
                mirror::put_chat(store, session, &chat).await?;
            }
            tell_in(&mut work, session, event)?;
            if let Some(told) = work.commit().await? {
                break told;
            }
        };
        drop(held);
        self.tell_own(&told).await
    }

    /// Adds a chat as the account has it, and what was read of it.
    pub(in crate::messaging) async fn put_chat_in(
        &self,
        store: &Store,
        session: &SessionId,
        chat: &Chat,
    ) -> Result<(), StoreError> {
        let known = store.chats().get(session, &chat.id).await?;
        if let Some(known) = &known {
            self.seen_in(store, session, &chat.id, known.unread, chat.unread).await?;
        }
        let name = self.best_name(store, session, chat, known.as_ref()).await?;
        mirror::put_chat(store, session, &Chat { name, ..chat.clone() }).await
    }

    pub(in crate::messaging) fn lock_of(&self, session: &SessionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.entry(session.clone()).or_default().clone()
    }

    pub(in crate::messaging) fn forget_lock_of(&self, session: &SessionId) {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }

    async fn mirror(
        &self,
        store: &Store,
        session: &SessionId,
        body: &EventBody,
    ) -> Result<(), StoreError> {
        match body {
            EventBody::Message { message } | EventBody::MessageSent { message } => {
                self.mirror_message(store, session, message).await
            }
            EventBody::MessageEdited { message, text } => {
                let edit = |message: &mut Message| {
                    message.body.clone_from(text);
                    message.edited = true;
                };
                self.change(store, session, message, edit).await
            }
            EventBody::MessageRevoked { message, .. } => {
                self.change(store, session, message, Message::revoke).await
            }
            EventBody::Reaction { message, sender, emoji } => {
                let timestamp = self.clock.now();
                let react = |message: &mut Message| {
                    message.reactions.retain(|reaction| reaction.sender != *sender);
                    if !emoji.is_empty() {
                        let (sender, emoji) = (sender.clone(), emoji.clone());
                        message.reactions.push(Reaction { sender, emoji, timestamp });
                    }
                };
                self.change(store, session, message, react).await
            }
            EventBody::PollVote { message, sender, options } => {
                let (sender, options) = (sender.clone(), options.clone());
                let vote = Vote { sender, options, timestamp: self.clock.now() };
                let count = |message: &mut Message| {
                    if let Some(poll) = message.details.as_mut().and_then(|all| all.poll.as_mut()) {
                        poll.vote(vote);
                    }
                };
                self.change(store, session, message, count).await
            }
            EventBody::ChatUpdated { chat } => self.put_chat_in(store, session, chat).await,
            EventBody::ContactUpdated { contact } => {
                mirror::put_contact(store, session, contact).await
            }
            EventBody::GroupJoined { group, group_name, .. } => {
                if store.chats().get(session, group).await?.is_some() {
                    return Ok(());
                }
                let name = group_name.clone().unwrap_or_else(|| group.user().to_owned());
                let chat = self.new_chat(group, name);
                mirror::put_chat(store, session, &chat).await
            }
            EventBody::Ready { .. } | EventBody::StateChanged { .. } => {
                let is_ready = matches!(body, EventBody::Ready { .. });
                catching_up::begin(store, session, is_ready.then(|| self.clock.now())).await
            }
            EventBody::Disconnected { reason: DisconnectReason::LoggedOut, .. } => {
                let mut batch = Batch::new();
                store.mirrors().remove_in(&mut batch, session);
                store.commit(batch).await
            }
            EventBody::Qr { .. }
            | EventBody::Ack { .. }
            | EventBody::Authenticated
            | EventBody::Disconnected { .. }
            | EventBody::Failed { .. }
            | EventBody::GroupLeft { .. }
            | EventBody::GroupUpdated { .. }
            | EventBody::IdentityLearned { .. }
            | EventBody::Presence { .. }
            | EventBody::Call { .. }
            | EventBody::HistoryGap { .. }
            | EventBody::MessageFailed { .. }
            | EventBody::MessageCancelled { .. }
            | EventBody::SendingHeld { .. }
            | EventBody::SendingResumed { .. }
            | EventBody::EngineUnknown { .. } => Ok(()),
        }
    }

    async fn mirror_message(
        &self,
        store: &Store,
        session: &SessionId,
        message: &Message,
    ) -> Result<(), StoreError> {
        let known = store.chats().get(session, message.chat()).await?;
        let mut chat = match known {
            Some(chat) if chat.given_name().is_some() => chat,
            Some(chat) if message.push_name.is_none() && message.group_name.is_none() => chat,
            // Written to before anything was known of them, they say now who they are.
            Some(chat) => Chat { name: self.chat_name(store, session, message).await?, ..chat },
            None => self.new_chat(message.chat(), self.chat_name(store, session, message).await?),
        };
        let is_counted = self.is_counted(store, session, &chat, message).await?;
        if unread::is_newest(&chat, message, is_counted) {
            chat.last_activity = message.timestamp;
            chat.last_message = Some(LastMessage::of(message));
        }
        if message.from_me() && !is_counted {
            // Whoever writes has read.
            self.seen_in(store, session, message.chat(), chat.unread, 0).await?;
            chat.unread = 0;
        } else if !message.from_me() && message.kind != MessageKind::GroupNotice {
            chat.unread = chat.unread.saturating_add(u32::from(!is_counted));
            chat.archived = false;
        }
        mirror::put_chat(store, session, &chat).await?;
        let messages = store.messages();
        // One that failed before was shown, and not counted.
        let has_failed = message.from_me()
            && messages.get(session, &message.id).await?.is_some_and(|it| it.ack == Ack::Failed);
        if mirror::put_message(store, session, message).await? || has_failed {
            let mut batch = Batch::new();
            store.message_counts().add_in(&mut batch, session, message).await?;
            let conversations = store.conversations();
            let known = conversations.get(session, message.chat()).await?;
            if let Some(former) = known.filter(|record| record.hidden) {
                let record = ConversationRecord { hidden: false, ..former.clone() };
                conversations.put_in(&mut batch, Some(&former), &record)?;
            }
            store.commit(batch).await?;
        }
        Ok(())
    }

    fn new_chat(&self, id: &Jid, name: String) -> Chat {
        Chat {
            id: id.clone(),
            name,
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: self.clock.now(),
            last_message: None,
        }
    }

    /// Notes a receipt in the outbox, where the message went out from.
    pub(in crate::messaging) async fn raise_outbox(
        &self,
        store: &Store,
        session: &SessionId,
        message: &MessageId,
        ack: Ack,
    ) -> Result<(), StoreError> {
        if !message.from_me {
            return Ok(());
        }
        let outbox = store.outbox();
        let Some(mut entry) = outbox.by_message(session, &message.key).await? else {
            return Ok(());
        };
        if let Some(state) = entry.state.after(ack) {
            (entry.state, entry.changed_at) = (state, self.clock.now());
        } else if entry.state.is_waiting() {
            // It came before the answer that the message is sent.
            entry.acked = entry.acked.max(Some(ack));
        } else {
            return Ok(());
        }
        mirror::change_outbox(store, &entry).await
    }

    /// Changes a message of the mirror; one that is not there has nothing to change.
    pub(in crate::messaging) async fn change(
        &self,
        store: &Store,
        session: &SessionId,
        id: &MessageId,
        change: impl FnOnce(&mut Message),
    ) -> Result<(), StoreError> {
        match store.messages().get(session, id).await? {
            Some(mut message) => {
                let former = message.clone();
                change(&mut message);
                mirror::put_message(store, session, &message).await?;
                if former.preview() != message.preview() {
                    self.show_in(store, session, &former, Some(&message)).await?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Shows another message where the list of chats shows this one as the newest of its chat.
    pub(in crate::messaging) async fn show_in(
        &self,
        store: &Store,
        session: &SessionId,
        former: &Message,
        now: Option<&Message>,
    ) -> Result<(), StoreError> {
        let chats = store.chats();
        let Some(chat) = chats.get(session, former.chat()).await? else { return Ok(()) };
        if !chat.last_message.as_ref().is_some_and(|last| last.shows(former)) {
            return Ok(());
        }
        let last_message = now.map(LastMessage::of);
        mirror::put_chat(store, session, &Chat { last_message, ..chat }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            clock::from_seconds,
            outbox::{OutboxEntry, OutboxState, example},
        },
        session::EventSink,
    };

    fn message(key: &str) -> Message {
        Message::text(
            format!("true_1234567890@c.us_{key}").parse().unwrap(),
            "15551234567@c.us".parse().unwrap(),
            "before",
            from_seconds(100),
        )
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn changes_of_one_message_at_the_same_time_all_stay() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock);
        let session: SessionId = "s".parse().unwrap();
        for round in 0..50 {
            let message = message(&format!("K{round}"));
            let id = message.id.clone();
            let sent = EventBody::MessageSent { message: Box::new(message) };
            ingest.ingest(&session, vec![sent]).await.unwrap();
            let changes = [
                EventBody::Ack { message: id.clone(), ack: Ack::Read, participant: None },
                EventBody::MessageEdited { message: id.clone(), text: "after".to_owned() },
                EventBody::Reaction {
                    message: id.clone(),
                    sender: "15551234567@c.us".parse().unwrap(),
                    emoji: "👍".to_owned(),
                },
            ];
            let writes = changes.map(|change| {
                let (ingest, session) = (ingest.clone(), session.clone());
                tokio::spawn(async move { ingest.ingest(&session, vec![change]).await.unwrap() })
            });
            futures_util::future::join_all(writes).await;
            let stored = store.messages().get(&session, &id).await.unwrap().unwrap();
            let found = (stored.ack, stored.body.as_str(), stored.reactions.len());
            assert_eq!(found, (Ack::Read, "after", 1), "round {round}");
        }
    }

    #[tokio::test]
    async fn a_receipt_that_comes_before_its_message_is_known_to_be_sent_is_not_forgotten() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock.clone());
        let session: SessionId = "s".parse().unwrap();
        let message = message("K");
        let mut entry = OutboxEntry {
            state: OutboxState::Sending,
            attempts: 1,
            ..example(1, message.chat().as_str())
        };
        entry.outgoing.key = "K".to_owned();
        let mut batch = Batch::new();
        store.outbox().add_in(&mut batch, &entry).unwrap();
        store.commit(batch).await.unwrap();
        let id = message.id.clone();
        let ack = EventBody::Ack { message: id.clone(), ack: Ack::Delivered, participant: None };
        ingest.ingest(&session, vec![ack]).await.unwrap();
        ingest.note_under_way(&mut entry).await.unwrap();
        entry.state = OutboxState::Sent;
        let sent = ingest.message_sent(entry.clone(), message).await.unwrap();
        ingest.settle(sent, std::time::Duration::ZERO).await.unwrap();
        let entry = store.outbox().get(&session, entry.id).await.unwrap().unwrap();
        let stored = store.messages().get(&session, &id).await.unwrap().unwrap();
        let found = (entry.state, entry.acked, stored.ack);
        assert_eq!(found, (OutboxState::Delivered, None, Ack::Delivered));
    }

    #[tokio::test]
    async fn a_message_known_already_counts_once() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log.clone(), clock);
        let session: SessionId = "s".parse().unwrap();
        let mut incoming = message("K");
        incoming.id.from_me = false;
        let event = EventBody::Message { message: Box::new(incoming.clone()) };
        ingest.ingest(&session, vec![event.clone(), event]).await.unwrap();
        let chat = store.chats().get(&session, incoming.chat()).await.unwrap().unwrap();
        assert_eq!((chat.unread, log.newest()), (1, 1));
    }
}

//! Chats of accounts and their messages: read from the store on request, with a limit of messages per chat.
//!
//! [`Chats`] reads, [`ChatChanges`] writes. Both borrow what the state owns: the people, whose accounts hold the
//! chats that were read, the store, and the bookkeeping of a step.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    domain::{Ack, Chat, Jid, Message, MessageKind, Timestamp, chat::LastMessage},
    simulator::state::{
        keys,
        message_cache::{MessageCache, Placed},
        network_store::NetworkStore,
        people::People,
        thread::{Stored, Thread},
    },
    store::local::{Direction, last_number},
};

/// Messages per read.
const PAGE: usize = 64;
/// The key and the author of a message.
type Written = (Arc<str>, Jid);

/// Recent messages, and what a step leaves to be written at its end.
pub struct Bookkeeping {
    recent: RefCell<MessageCache>,
    /// Chats to write at the end of the step, each by its account.
    changed: BTreeSet<(Jid, Jid)>,
    /// Limit of messages per chat.
    most_messages: u64,
}

impl Bookkeeping {
    pub fn new(most_messages: usize) -> Self {
        let most_messages = u64::try_from(most_messages.max(1)).unwrap_or(u64::MAX);
        Self { recent: RefCell::default(), changed: BTreeSet::new(), most_messages }
    }

    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    pub fn clear(&mut self) {
        self.recent.take();
        self.changed.clear();
    }
}

/// Chats and messages as they are.
#[derive(Clone, Copy)]
pub struct Chats<'s> {
    people: &'s People,
    store: &'s NetworkStore,
    books: &'s Bookkeeping,
}

impl<'s> Chats<'s> {
    pub fn new(people: &'s People, store: &'s NetworkStore, books: &'s Bookkeeping) -> Self {
        Self { people, store, books }
    }

    /// The chats of an account.
    pub fn of(self, account: &Jid) -> Option<&'s HashMap<Jid, Thread>> {
        let known = self.people.account(account)?;
        Some(known.chats.get_or_init(|| {
            let range = keys::chats(account).all();
            let found: Vec<(_, Thread)> = self.store.scan(range, Direction::Forward, usize::MAX);
            found.into_iter().map(|(_, thread)| (thread.chat.id.clone(), thread)).collect()
        }))
    }

    pub fn thread(self, account: &Jid, chat: &Jid) -> Option<&'s Thread> {
        self.of(account)?.get(chat)
    }

    /// Whether an account has a chat, without reading the account's other chats.
    pub fn has(self, account: &Jid, chat: &Jid) -> bool {
        match self.people.account(account).map(|account| account.chats.get()) {
            Some(Some(chats)) => chats.contains_key(chat),
            Some(None) => self.store.get::<Thread>(&keys::chat(account, chat)).is_some(),
            None => false,
        }
    }

    pub fn message(self, account: &Jid, chat: &Jid, key: &str) -> Option<Arc<Stored>> {
        self.placed(account, chat, key).map(|(_, stored)| stored)
    }

    fn placed(self, account: &Jid, chat: &Jid, key: &str) -> Option<Placed> {
        self.thread(account, chat)?;
        let place_key = keys::place(account, chat, key);
        let cached = RefCell::borrow_mut(&self.books.recent).get(place_key.as_bytes());
        if cached.is_some() {
            return cached;
        }
        let place = self.store.get(&place_key)?;
        let stored = self.store.get(&keys::message(account, chat, place))?;
        let placed = (place, Arc::new(stored));
        RefCell::borrow_mut(&self.books.recent).put(place_key.done(), placed.clone());
        Some(placed)
    }

    /// The messages of a chat before a place, newest first, `page_size` per read.
    fn backward(
        self,
        account: &'s Jid,
        chat: &'s Jid,
        place: u64,
        page_size: usize,
    ) -> impl Iterator<Item = Stored> + 's {
        let (mut place, mut page) = (place, Vec::new().into_iter());
        std::iter::from_fn(move || {
            if page.len() == 0 {
                let range = keys::messages_before(account, chat, place);
                let found: Vec<(Vec<u8>, Stored)> =
                    self.store.scan(range, Direction::Backward, page_size);
                place = found.last().and_then(|(key, _)| last_number(key)).unwrap_or(0);
                page = found.into_iter();
            }
            page.next().map(|(_, stored)| stored)
        })
    }

    /// All messages of a chat, newest first.
    pub fn all_messages(
        self,
        account: &'s Jid,
        chat: &'s Jid,
    ) -> impl Iterator<Item = Stored> + 's {
        let next = self.thread(account, chat).map_or(0, |thread| thread.next);
        self.backward(account, chat, next, PAGE)
    }

    pub fn newest(self, account: &Jid, chat: &Jid, limit: usize) -> Vec<Message> {
        let next = self.thread(account, chat).map_or(0, |thread| thread.next);
        self.oldest_first(account, chat, next, limit)
    }

    /// The messages just before the one with this key; none when there is no such message.
    pub fn before(
        self,
        account: &Jid,
        chat: &Jid,
        key: &str,
        limit: usize,
    ) -> Option<Vec<Message>> {
        let (place, _) = self.placed(account, chat, key)?;
        Some(self.oldest_first(account, chat, place, limit))
    }

    fn oldest_first(self, account: &Jid, chat: &Jid, place: u64, limit: usize) -> Vec<Message> {
        let newest = self.backward(account, chat, place, limit.min(PAGE)).take(limit);
        let mut newest: Vec<Message> = newest.map(|stored| stored.for_device()).collect();
        newest.reverse();
        newest
    }

    /// A chat as a list shows it, with the present version of its newest message.
    pub fn summary(self, account: &Jid, thread: &Thread) -> Chat {
        let newest = || {
            let newest = self.backward(account, &thread.chat.id, thread.next, 1).next();
            newest.map(|stored| LastMessage::of(&stored.message))
        };
        let last_message = thread.newest.get_or_init(newest).clone();
        Chat { last_message, ..thread.chat.clone() }
    }

    /// Key and author of the unread messages of a chat, oldest first.
    fn unread(self, account: &Jid, chat: &Jid) -> Option<Vec<Written>> {
        let Thread { next, unread, .. } = self.thread(account, chat)?;
        let (next, unread) = (*next, usize::try_from(*unread).unwrap_or(usize::MAX));
        let mut all: Vec<Written> = self
            .backward(account, chat, next, unread.clamp(4, PAGE))
            .filter(Stored::is_unread)
            .take(unread)
            .map(|stored| (stored.message.id.key, stored.message.author))
            .collect();
        all.reverse();
        Some(all)
    }
}

/// Changes of chats and messages. What changes one thing returns `None` when there is no such thing.
pub struct ChatChanges<'s> {
    people: &'s mut People,
    store: &'s mut NetworkStore,
    books: &'s mut Bookkeeping,
}

impl<'s> ChatChanges<'s> {
    pub fn new(
        people: &'s mut People,
        store: &'s mut NetworkStore,
        books: &'s mut Bookkeeping,
    ) -> Self {
        Self { people, store, books }
    }

    fn chats(&self) -> Chats<'_> {
        Chats { people: self.people, store: self.store, books: self.books }
    }

    fn chats_mut(&mut self, account: &Jid) -> Option<&mut HashMap<Jid, Thread>> {
        self.chats().of(account)?;
        self.people.account_mut(account)?.chats.get_mut()
    }

    /// Adds a chat, or replaces what is known of it beside its messages.
    pub fn put(&mut self, account: &Jid, chat: Chat) {
        let id = chat.id.clone();
        let Some(chats) = self.chats_mut(account) else { return };
        match chats.get_mut(&id) {
            Some(thread) => thread.chat = chat,
            None => {
                chats.insert(id.clone(), Thread::new(chat));
            }
        }
        self.books.changed.insert((account.clone(), id));
    }

    /// The chat after the change.
    pub fn change(
        &mut self,
        account: &Jid,
        chat: &Jid,
        change: impl FnOnce(&mut Chat),
    ) -> Option<Chat> {
        let before = &self.chats().thread(account, chat)?.chat;
        let mut after = before.clone();
        change(&mut after);
        if after != *before {
            self.put(account, after.clone());
        }
        Some(after)
    }

    /// The chat with this address, created when the account has none.
    pub fn open(&mut self, account: &Jid, id: &Jid, name: &str, now: Timestamp) -> Option<Chat> {
        if let Some(thread) = self.chats().of(account)?.get(id) {
            return Some(thread.chat.clone());
        }
        let chat = Chat {
            id: id.clone(),
            name: name.to_owned(),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: now,
            last_message: None,
        };
        self.put(account, chat.clone());
        Some(chat)
    }

    /// Adds a message to a chat that is open, counting it as unread when it came in.
    pub fn add_message(&mut self, account: &Jid, stored: Stored) -> Option<()> {
        let message = &stored.message;
        self.change(account, message.chat(), |chat| {
            chat.last_activity = message.timestamp;
            chat.last_message = Some(LastMessage::of(message));
            if !message.from_me() && message.kind != MessageKind::GroupNotice {
                chat.unread += 1;
                chat.archived = false;
            }
        })?;
        self.put_message(account, stored);
        Some(())
    }

    pub fn change_message<T>(
        &mut self,
        account: &Jid,
        chat: &Jid,
        key: &str,
        change: impl FnOnce(&mut Message) -> T,
    ) -> Option<T> {
        let mut stored = Stored::clone(&*self.chats().message(account, chat, key)?);
        let outcome = change(&mut stored.message);
        self.put_message(account, stored);
        Some(outcome)
    }

    /// Adds a message, or replaces the one with its key. Drops the oldest when there are too many.
    pub fn put_message(&mut self, account: &Jid, stored: Stored) {
        let (chat, key) = (stored.message.chat().clone(), stored.message.id.key.clone());
        let known = self.chats().placed(account, &chat, &key);
        let threads = self.chats_mut(account);
        let Some(thread) = threads.and_then(|threads| threads.get_mut(&chat)) else { return };
        let was_unread = known.as_ref().is_some_and(|(_, known)| known.is_unread());
        let is_unread = stored.is_unread();
        let place = known.as_ref().map_or(thread.next, |(place, _)| *place);
        thread.newest.take();
        thread.unread = (thread.unread + u64::from(is_unread)).saturating_sub(was_unread.into());
        if known.is_none() {
            thread.next += 1;
            thread.messages += 1;
            thread.is_received |= !stored.message.from_me();
        }
        if known.is_none() || is_unread != was_unread {
            self.books.changed.insert((account.clone(), chat.clone()));
        }
        let place_key = keys::place(account, &chat, &key);
        let placed = (place, Arc::new(stored.clone()));
        self.books.recent.get_mut().put(place_key.as_bytes().to_vec(), placed);
        self.store.put(keys::message(account, &chat, place), &stored);
        if known.is_none() {
            self.store.put(place_key, &place);
            self.drop_oldest(account, &chat);
        }
    }

    fn drop_oldest(&mut self, account: &Jid, chat: &Jid) {
        while let Some(thread) = self.chats().thread(account, chat)
            && self.books.most_messages < thread.messages
        {
            let range = keys::messages_before(account, chat, thread.next);
            let oldest: Vec<(_, Stored)> = self.store.scan(range, Direction::Forward, 1);
            let Some((_, oldest)) = oldest.first() else { return };
            self.remove_message(account, chat, &oldest.message.id.key);
        }
    }

    pub fn remove_message(&mut self, account: &Jid, chat: &Jid, key: &str) {
        let Some((place, stored)) = self.chats().placed(account, chat, key) else { return };
        if let Some(thread) = self.chats_mut(account).and_then(|threads| threads.get_mut(chat)) {
            thread.newest.take();
            thread.messages = thread.messages.saturating_sub(1);
            thread.unread = thread.unread.saturating_sub(stored.is_unread().into());
        }
        let place_key = keys::place(account, chat, key);
        self.books.recent.get_mut().remove(place_key.as_bytes());
        self.store.remove(place_key);
        self.store.remove(keys::message(account, chat, place));
        self.books.changed.insert((account.clone(), chat.clone()));
    }

    /// Marks all incoming messages as read. The chat after that, with key and author of those that were unread.
    pub fn read(&mut self, account: &Jid, chat: &Jid) -> Option<(Chat, Vec<Written>)> {
        let unread = self.chats().unread(account, chat)?;
        for (key, _) in &unread {
            self.change_message(account, chat, key, |message| message.ack = Ack::Read);
        }
        let chat = self.change(account, chat, |chat| chat.unread = 0)?;
        Some((chat, unread))
    }

    /// Writes the chats that a step has changed.
    pub fn write_changed(&mut self) {
        for (account, chat) in std::mem::take(&mut self.books.changed) {
            let threads = self.people.account(&account).and_then(|account| account.chats.get());
            if let Some(thread) = threads.and_then(|threads| threads.get(&chat)) {
                self.store.put(keys::chat(&account, &chat), thread);
            }
        }
    }
}

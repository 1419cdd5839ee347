//! Messages of a chat: read from the store on request, oldest first, up to a limit per chat.

use std::{cell::RefCell, sync::Arc};

use crate::{
    domain::{Ack, Chat, Jid, Message, chat::LastMessage},
    simulator::state::{
        State, keys,
        message_cache::Placed,
        thread::{Stored, Thread},
    },
    store::local::{Direction, last_number},
};

/// Messages per read.
const PAGE: usize = 64;
/// The key and the author of a message.
type Written = (Arc<str>, Jid);

impl State {
    pub fn stored(&self, account: &Jid, chat: &Jid, key: &str) -> Option<Arc<Stored>> {
        self.placed(account, chat, key).map(|(_, stored)| stored)
    }

    fn placed(&self, account: &Jid, chat: &Jid, key: &str) -> Option<Placed> {
        self.thread(account, chat)?;
        let place_key = keys::place(account, chat, key);
        let cached = RefCell::borrow_mut(&self.cache).get(place_key.as_bytes());
        if cached.is_some() {
            return cached;
        }
        let place = self.read(self.store.get(&place_key))?;
        let stored = self.read(self.store.get(&keys::message(account, chat, place)))?;
        let placed = (place, Arc::new(stored));
        RefCell::borrow_mut(&self.cache).put(place_key.done(), placed.clone());
        Some(placed)
    }

    /// Adds a message, or replaces the one with its key. Drops the oldest when there are too many.
    pub fn put_stored(&mut self, account: &Jid, stored: Stored) {
        let (chat, key) = (stored.message.chat().clone(), stored.message.id.key.clone());
        let known = self.placed(account, &chat, &key);
        let Some(thread) = self.thread_mut(account, &chat) else { return };
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
            self.changed.insert((account.clone(), chat.clone()));
        }
        let place_key = keys::place(account, &chat, &key);
        self.cache.get_mut().put(place_key.as_bytes().to_vec(), (place, Arc::new(stored.clone())));
        self.store.put(keys::message(account, &chat, place), &stored);
        if known.is_none() {
            self.store.put(place_key, &place);
            self.drop_oldest(account, &chat);
        }
    }

    fn drop_oldest(&mut self, account: &Jid, chat: &Jid) {
        while let Some(thread) = self.thread(account, chat)
            && self.most_messages < thread.messages
        {
            let range = keys::messages_before(account, chat, thread.next);
            let oldest: Vec<(_, Stored)> = self.read(self.store.scan(range, Direction::Forward, 1));
            let Some((_, oldest)) = oldest.first() else { return };
            self.remove_stored(account, chat, &oldest.message.id.key);
        }
    }

    pub fn remove_stored(&mut self, account: &Jid, chat: &Jid, key: &str) {
        let Some((place, stored)) = self.placed(account, chat, key) else { return };
        if let Some(thread) = self.thread_mut(account, chat) {
            thread.newest.take();
            thread.messages = thread.messages.saturating_sub(1);
            thread.unread = thread.unread.saturating_sub(stored.is_unread().into());
        }
        let place_key = keys::place(account, chat, key);
        self.cache.get_mut().remove(place_key.as_bytes());
        self.store.remove_value(place_key);
        self.store.remove_value(keys::message(account, chat, place));
        self.changed.insert((account.clone(), chat.clone()));
    }

    /// The messages of a chat before a place, newest first, `page_size` per read.
    fn backward<'a>(
        &'a self,
        account: &'a Jid,
        chat: &'a Jid,
        place: u64,
        page_size: usize,
    ) -> impl Iterator<Item = Stored> + 'a {
        let (mut place, mut page) = (place, Vec::new().into_iter());
        std::iter::from_fn(move || {
            if page.len() == 0 {
                let range = keys::messages_before(account, chat, place);
                let found: Vec<(Vec<u8>, Stored)> =
                    self.read(self.store.scan(range, Direction::Backward, page_size));
                place = found.last().and_then(|(key, _)| last_number(key)).unwrap_or(0);
                page = found.into_iter();
            }
            page.next().map(|(_, stored)| stored)
        })
    }

    /// All messages of a chat, newest first.
    pub fn all_stored<'a>(
        &'a self,
        account: &'a Jid,
        chat: &'a Jid,
    ) -> impl Iterator<Item = Stored> + 'a {
        let next = self.thread(account, chat).map_or(0, |thread| thread.next);
        self.backward(account, chat, next, PAGE)
    }

    pub fn newest(&self, account: &Jid, chat: &Jid, limit: usize) -> Vec<Message> {
        let next = self.thread(account, chat).map_or(0, |thread| thread.next);
        self.oldest_first(account, chat, next, limit)
    }

    /// The messages just before the one with this key; none when there is no such message.
    pub fn before(
        &self,
        account: &Jid,
        chat: &Jid,
        key: &str,
        limit: usize,
    ) -> Option<Vec<Message>> {
        let (place, _) = self.placed(account, chat, key)?;
        Some(self.oldest_first(account, chat, place, limit))
    }

    fn oldest_first(&self, account: &Jid, chat: &Jid, place: u64, limit: usize) -> Vec<Message> {
        let newest = self.backward(account, chat, place, limit.min(PAGE)).take(limit);
        let mut newest: Vec<Message> = newest.map(|stored| stored.for_device()).collect();
        newest.reverse();
        newest
    }

    /// A chat as a list shows it, with the present version of its newest message.
    pub fn summary(&self, account: &Jid, thread: &Thread) -> Chat {
        let newest = || {
            let newest = self.backward(account, &thread.chat.id, thread.next, 1).next();
            newest.map(|stored| LastMessage::of(&stored.message))
        };
        let last_message = thread.newest.get_or_init(newest).clone();
        Chat { last_message, ..thread.chat.clone() }
    }

    /// Marks all incoming messages as read. The chat after that, with key and author of those that were unread.
    pub fn read_chat(&mut self, account: &Jid, chat: &Jid) -> Option<(Chat, Vec<Written>)> {
        let Thread { next, unread, .. } = self.thread(account, chat)?;
        let (next, unread) = (*next, usize::try_from(*unread).unwrap_or(usize::MAX));
        let mut all: Vec<_> = self
            .backward(account, chat, next, unread.clamp(4, PAGE))
            .filter(Stored::is_unread)
            .take(unread)
            .map(|stored| (stored.message.id.key, stored.message.author))
            .collect();
        all.reverse();
        for (key, _) in &all {
            self.change_message(account, chat, key, |message| message.ack = Ack::Read);
        }
        let chat = self.change_chat(account, chat, |chat| chat.unread = 0)?;
        Some((chat, all))
    }
}

//! A chat and what was said in it, oldest first, up to a limit.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::domain::{Ack, Chat, Jid, Message, Receipt, chat::LastMessage};

/// A message as an account keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    pub message: Message,
    /// The id of its file, which may be gone by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// One for each person whom it was sent to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
}

impl Stored {
    /// The message as its owner's devices are told it: in a group, one's own with whom it went to.
    pub fn told(&self) -> Message {
        let mut message = self.message.clone();
        if message.from_me() && message.chat().is_group() {
            let people = self.receipts.iter().map(|receipt| receipt.participant.clone());
            message.recipients = Some(people.collect());
        }
        message
    }
}

/// A chat with its messages.
#[derive(Debug)]
pub struct Thread {
    pub chat: Chat,
    /// By the order of their coming.
    messages: BTreeMap<u64, Stored>,
    /// Where each key is.
    places: HashMap<Arc<str>, u64>,
    next: u64,
}

impl Thread {
    pub fn new(chat: Chat) -> Self {
        Self { chat, messages: BTreeMap::new(), places: HashMap::new(), next: 0 }
    }

    /// Adds a message, or puts it in the place of the one with its key. The oldest go when there
    /// are more than `most`.
    pub fn put(&mut self, stored: Stored, most: usize) {
        let key = stored.message.id.key.clone();
        let next = self.next;
        let place = *self.places.entry(key).or_insert(next);
        self.messages.insert(place, stored);
        if place == next {
            self.next += 1;
        }
        while most < self.messages.len() {
            if let Some((_, oldest)) = self.messages.pop_first() {
                self.places.remove(&oldest.message.id.key);
            }
        }
    }

    pub fn remove(&mut self, key: &str) {
        if let Some(place) = self.places.remove(key) {
            self.messages.remove(&place);
        }
    }

    pub fn get(&self, key: &str) -> Option<&Stored> {
        self.messages.get(self.places.get(key)?)
    }

    /// All of them, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Stored> {
        self.messages.values()
    }

    /// The chat as a list shows it, with the newest message as that is now.
    pub fn shown(&self) -> Chat {
        let newest = self.messages.values().next_back();
        let last_message = newest.map(|stored| LastMessage::of(&stored.message));
        Chat { last_message, ..self.chat.clone() }
    }

    pub fn newest(&self, limit: usize) -> Vec<Message> {
        oldest_first(self.messages.values(), limit)
    }

    /// The messages just before the one with this key; none when there is no such message.
    pub fn before(&self, key: &str, limit: usize) -> Option<Vec<Message>> {
        let place = *self.places.get(key)?;
        Some(oldest_first(self.messages.range(..place).map(|(_, stored)| stored), limit))
    }

    /// Key and author of what came in and was not read.
    pub fn unread(&self) -> Vec<(Arc<str>, Jid)> {
        let incoming = self.messages.values().rev().map(|stored| &stored.message);
        let incoming = incoming.filter(|message| !message.from_me());
        // A chat is read as a whole: before one that was read all others were too.
        let unread = incoming.take_while(|message| message.ack < Ack::Read);
        let mut unread: Vec<_> =
            unread.map(|message| (message.id.key.clone(), message.author.clone())).collect();
        unread.reverse();
        unread
    }
}

/// Where messages lie is of no matter, only their order.
impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        self.chat == other.chat && self.all().eq(other.all())
    }
}

fn oldest_first<'a>(
    messages: impl DoubleEndedIterator<Item = &'a Stored>,
    limit: usize,
) -> Vec<Message> {
    let mut newest: Vec<Message> = messages.rev().take(limit).map(Stored::told).collect();
    newest.reverse();
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn thread() -> Thread {
        Thread::new(Chat {
            id: "15550000001@c.us".parse().unwrap(),
            name: String::new(),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: from_seconds(0),
            last_message: None,
        })
    }

    fn message(key: &str, body: &str) -> Stored {
        let message = Message {
            ack: Ack::Delivered,
            ..Message::text(
                format!("false_15550000001@c.us_{key}").parse().unwrap(),
                "15550000001@c.us".parse().unwrap(),
                body,
                from_seconds(0),
            )
        };
        Stored { message, media: None, receipts: Vec::new() }
    }

    fn bodies(messages: &[Message]) -> String {
        messages.iter().map(|message| message.body.as_str()).collect()
    }

    #[test]
    fn the_oldest_go_and_a_change_keeps_its_place() {
        let mut thread = thread();
        for key in ["A", "B", "C", "D"] {
            thread.put(message(key, key), 3);
        }
        thread.put(message("B", "b"), 3);
        assert_eq!(bodies(&thread.newest(10)), "bCD");
        assert!(thread.get("A").is_none());
        assert_eq!(bodies(&thread.before("D", 1).unwrap()), "C");
        assert!(thread.before("A", 1).is_none());
        thread.remove("C");
        assert_eq!(bodies(&thread.newest(1)), "D");
        assert_eq!(thread.unread().len(), 2);
    }
}

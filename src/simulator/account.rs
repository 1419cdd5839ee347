//! An account: its owner's name, contacts and chats as its phone sees them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::domain::{
    Ack, Chat, Contact, Jid, Me, Message, MessageKind, Timestamp, chat::LastMessage,
};

/// What the person behind an account does with what they get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Behaviour {
    /// Reads and repeats everything to its sender.
    Echo,
    /// The same after a few seconds.
    Slow,
    /// Reads and does not answer.
    Reads,
    /// Gets it and never reads.
    Silent,
    /// Does nothing by itself: the phone page or a session acts for the person.
    Manual,
}

/// One account.
#[derive(Debug)]
pub struct Account {
    pub me: Me,
    pub behaviour: Behaviour,
    pub contacts: BTreeMap<Jid, Contact>,
    pub chats: HashMap<Jid, Thread>,
    /// Credentials of its linked devices.
    pub devices: BTreeSet<String>,
}

/// A chat and what was said in it, oldest first.
#[derive(Debug)]
pub struct Thread {
    pub chat: Chat,
    pub messages: Vec<Message>,
}

impl Account {
    pub fn new(jid: Jid, lid: Option<Jid>, name: String, behaviour: Behaviour) -> Self {
        let platform = Some("simulated".to_owned());
        Self {
            me: Me { id: jid, lid, push_name: Some(name), platform },
            behaviour,
            contacts: BTreeMap::new(),
            chats: HashMap::new(),
            devices: BTreeSet::new(),
        }
    }

    pub fn name(&self) -> String {
        self.me.push_name.clone().unwrap_or_default()
    }

    /// The chat with this address, made when it is not there.
    pub fn thread(&mut self, id: &Jid, name: &str, now: Timestamp) -> &mut Thread {
        self.chats.entry(id.clone()).or_insert_with(|| Thread {
            chat: Chat {
                id: id.clone(),
                name: name.to_owned(),
                unread: 0,
                archived: false,
                pinned: false,
                muted_until: None,
                last_activity: now,
                last_message: None,
            },
            messages: Vec::new(),
        })
    }

    pub fn message_mut(&mut self, chat: &Jid, key: &str) -> Option<&mut Message> {
        let messages = &mut self.chats.get_mut(chat)?.messages;
        messages.iter_mut().rev().find(|message| &*message.id.key == key)
    }

    pub fn message(&self, chat: &Jid, key: &str) -> Option<&Message> {
        self.chats.get(chat)?.messages.iter().rev().find(|message| &*message.id.key == key)
    }
}

impl Thread {
    /// Adds a message, counting it as unread when it came in.
    pub fn add(&mut self, message: Message) {
        self.chat.last_activity = message.timestamp;
        self.chat.last_message = Some(LastMessage {
            preview: message.preview(),
            timestamp: message.timestamp,
            from_me: message.from_me(),
        });
        if !message.from_me() && message.kind != MessageKind::GroupNotice {
            self.chat.unread += 1;
            self.chat.archived = false;
        }
        self.messages.push(message);
    }

    /// Marks everything that came in as read; the keys of what was not.
    pub fn read(&mut self) -> Vec<String> {
        self.chat.unread = 0;
        let incoming = self.messages.iter_mut().filter(|message| !message.from_me());
        let unread = incoming.filter(|message| message.ack < Ack::Read);
        unread
            .map(|message| {
                message.ack = Ack::Read;
                message.id.key.to_string()
            })
            .collect()
    }
}

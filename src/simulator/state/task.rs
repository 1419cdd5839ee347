//! Durable scheduled tasks: work that follows requests that were answered already.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Jid, Timestamp},
    simulator::state::thread::Stored,
};

/// Something that the network does later, also after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Task {
    /// Delivers a message, as its sender has it, to its receivers.
    Deliver { sender: Jid, stored: Box<Stored>, receivers: Vec<Jid> },
    /// A person reads a chat.
    Read { account: Jid, chat: Jid },
    /// A person sends a message back to the chat that it came from.
    Repeat { account: Jid, chat: Jid, key: String },
}

/// Tasks by due time, then by number.
#[derive(Debug, Default)]
pub struct TaskQueue {
    tasks: BTreeMap<(Timestamp, u64), Task>,
    next: u64,
}

impl TaskQueue {
    pub fn add(&mut self, due: Timestamp, number: u64, task: Task) {
        self.next = self.next.max(number + 1);
        self.tasks.insert((due, number), task);
    }

    pub fn remove(&mut self, due: Timestamp, number: u64) {
        self.tasks.remove(&(due, number));
    }

    pub fn clear(&mut self) {
        self.tasks.clear();
    }

    /// The number of the next task to be added.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    pub fn first(&self) -> Option<(Timestamp, u64, &Task)> {
        self.tasks.first_key_value().map(|((due, number), task)| (*due, *number, task))
    }

    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, u64, &Task)> {
        self.tasks.iter().map(|((due, number), task)| (*due, *number, task))
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }
}

//! A chat of an account, and a message as an account keeps it.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use crate::domain::{Ack, Chat, Message, Receipt, chat::LastMessage};

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

    /// Whether it came in and was not read.
    pub fn is_unread(&self) -> bool {
        !self.message.from_me() && self.message.ack < Ack::Read
    }
}

/// A chat, without its messages.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    pub chat: Chat,
    /// The place of the next message: they lie in the order of their coming.
    pub next: u64,
    /// How many messages there are, and how many of them are unread.
    pub messages: u64,
    pub unread: u64,
    /// Whether anything has come in.
    pub is_received: bool,
    /// The newest message as it is now, once somebody has asked.
    #[serde(skip)]
    pub newest: OnceCell<Option<LastMessage>>,
}

impl Thread {
    pub fn new(chat: Chat) -> Self {
        let newest = OnceCell::new();
        Self { chat, next: 0, messages: 0, unread: 0, is_received: false, newest }
    }
}

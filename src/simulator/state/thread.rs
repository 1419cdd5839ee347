//! A chat and a message as they are stored for one account.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use crate::domain::{Ack, Chat, Message, Receipt, chat::LastMessage};

/// A message in one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    pub message: Message,
    /// The id of its file, which may have been dropped since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// One for each person that the message was sent to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
}

impl Stored {
    /// The message as the account's devices get it: an own one in a group names its recipients.
    pub fn for_device(&self) -> Message {
        let mut message = self.message.clone();
        if message.from_me() && message.chat().is_group() {
            let people = self.receipts.iter().map(|receipt| receipt.participant.clone());
            message.recipients = Some(people.collect());
        }
        message
    }

    /// Whether it is an incoming message that is unread.
    pub fn is_unread(&self) -> bool {
        !self.message.from_me() && self.message.ack < Ack::Read
    }
}

/// A chat, without its messages.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    pub chat: Chat,
    /// The place of the next message: places follow the order of arrival.
    pub next: u64,
    /// The number of messages, and of unread ones among them.
    pub messages: u64,
    pub unread: u64,
    /// Whether there was an incoming message.
    pub is_received: bool,
    /// The present version of the newest message, once it was read.
    #[serde(skip)]
    pub newest: OnceCell<Option<LastMessage>>,
}

impl Thread {
    pub fn new(chat: Chat) -> Self {
        let newest = OnceCell::new();
        Self { chat, next: 0, messages: 0, unread: 0, is_received: false, newest }
    }
}

//! A message as the store holds it, and positions among the messages of a chat.

use serde::{Deserialize, Serialize};

use crate::domain::{Ack, Message, MessageKind};

/// The first message number. Live messages count up from it, fetched history counts down. So numbers follow
/// the order of a chat's messages, and 32 bits hold a billion on either side.
pub const FIRST_NUMBER: u64 = 1_000_000_001;

/// A message with its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMessage {
    /// Unique within the gateway, and never reused. 0 before the message has one.
    #[serde(default)]
    pub number: u64,
    /// Deleted in the gateway alone; the content is removed.
    #[serde(default)]
    pub hidden: bool,
    #[serde(flatten)]
    pub message: Message,
}

impl StoredMessage {
    /// Whether the message was deleted, in the gateway or for everyone.
    pub fn is_deleted(&self) -> bool {
        self.hidden || self.message.kind == MessageKind::Revoked
    }

    /// Whether WhatsApp has the message and it is not deleted. Only then it can be edited, quoted or reacted to.
    pub fn can_be_changed(&self) -> bool {
        let has_failed = self.message.from_me() && self.message.ack == Ack::Failed;
        !self.is_deleted() && !has_failed
    }
}

/// Messages that a session sent and received in one day (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    pub sent: u64,
    pub received: u64,
}

/// Where in a chat a page of messages lies, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Newest,
    /// The newest below this number.
    Before(u64),
    /// The oldest above this number.
    After(u64),
}

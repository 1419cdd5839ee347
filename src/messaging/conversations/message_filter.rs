//! Filter of message lists. Pure.

use crate::domain::{Ack, Message, Timestamp, conversation::StoredMessage};

/// The messages that a list contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Sent or received messages only.
    pub from_me: Option<bool>,
    pub status: Option<MessageStatus>,
}

/// The delivery status of a message, as lists show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    Pending,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl From<Ack> for MessageStatus {
    /// The status of an own message.
    fn from(ack: Ack) -> Self {
        match ack {
            Ack::Failed => Self::Failed,
            Ack::Pending => Self::Pending,
            Ack::Sent => Self::Sent,
            Ack::Delivered => Self::Delivered,
            Ack::Read | Ack::Played => Self::Read,
        }
    }
}

impl MessageStatus {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Sent, Self::Delivered, Self::Read, Self::Failed];

    pub fn of(message: &Message) -> Self {
        match Self::from(message.ack) {
            Self::Read => Self::Read,
            // A received message has arrived, whatever the sender saw.
            _ if !message.from_me() => Self::Delivered,
            status => status,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

impl MessageFilter {
    pub fn matches(&self, stored: &StoredMessage) -> bool {
        let message = &stored.message;
        self.from.is_none_or(|from| from <= message.timestamp)
            && self.to.is_none_or(|to| message.timestamp <= to)
            && self.from_me.is_none_or(|from_me| from_me == message.from_me())
            && self.status.is_none_or(|status| status == MessageStatus::of(message))
    }
}

//! Outbox entries: accepted sends, stored before an engine receives them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    Ack, FailureCode, Jid, MessageId, Outgoing, SessionId, Timestamp, command::Sent,
    conversation::message_uuid,
};

/// One accepted send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxEntry {
    /// Rises with time, so that entries sort in the order of their acceptance.
    pub id: Uuid,
    pub session: SessionId,
    /// Tells the session from later ones of that name, which must not send the message.
    #[serde(default)]
    pub session_uuid: Uuid,
    /// The run of the gateway that accepted the message. In a later run the message is looked up before it is sent.
    #[serde(default, skip_serializing_if = "Uuid::is_nil")]
    pub run: Uuid,
    /// The account that the session was linked to then; no other one sends the message. None if it was not linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Jid>,
    pub outgoing: Outgoing,
    #[serde(rename = "terms")]
    pub options: SendOptions,
    pub state: OutboxState,
    pub queued_at: Timestamp,
    pub changed_at: Timestamp,
    /// The number of attempts to send the message.
    pub attempts: u32,
    /// Set once WhatsApp has the message.
    pub sent: Option<Sent>,
    /// A receipt that came before the reply to the send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked: Option<Ack>,
    /// Why the send failed, or why its outcome is unknown.
    pub reason: Option<String>,
    /// The code of the failure; none before, and in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureCode>,
}

/// Options of a send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SendOptions {
    /// Waits in the queue while its session is not ready; otherwise the send fails.
    #[serde(rename = "patient")]
    pub queue_if_offline: bool,
    /// The earliest time of the send.
    pub send_at: Option<Timestamp>,
    pub priority: Priority,
}

impl SendOptions {
    /// Whether the message may wait in the queue: its caller is answered once it is accepted.
    pub fn is_queueable(self) -> bool {
        self.queue_if_offline || self.send_at.is_some()
    }
}

/// Direct messages overtake bulk ones of other chats. Within a chat no message overtakes another.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Priority {
    #[default]
    Direct,
    Bulk,
}

/// The state of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutboxState {
    Queued,
    Sending,
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
    /// The engine stopped or timed out during the send. The outcome will be looked up.
    Unknown,
    Cancelled,
}

impl OutboxState {
    /// Whether the entry has not ended.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Queued | Self::Sending | Self::Unknown)
    }

    /// The state of a sent message after a receipt; none if the receipt is not news.
    pub fn after(self, ack: Ack) -> Option<Self> {
        let rank = |state| match state {
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            Self::Played => 4,
            _ => 0,
        };
        let reached = match ack {
            Ack::Sent => Self::Sent,
            Ack::Delivered => Self::Delivered,
            Ack::Read => Self::Read,
            Ack::Played => Self::Played,
            Ack::Failed | Ack::Pending => return None,
        };
        (rank(self) != 0 && rank(self) < rank(reached)).then_some(reached)
    }
}

impl OutboxEntry {
    pub fn chat(&self) -> &Jid {
        &self.outgoing.chat
    }

    /// The id that the message has or will have. In a group it has the author, `me`.
    pub fn message_id(&self, me: Option<&Jid>) -> MessageId {
        if let Some(sent) = &self.sent {
            return sent.id.clone();
        }
        let chat = self.chat().clone();
        let participant = me.filter(|_| chat.is_group()).cloned();
        MessageId { from_me: true, chat, key: self.outgoing.key.as_str().into(), participant }
    }

    /// The UUID that the message has or will have.
    pub fn message_uuid(&self) -> Uuid {
        message_uuid(&self.session, &self.message_id(None))
    }
}

/// A queued text, for tests.
#[cfg(test)]
pub fn example(id: u128, chat: &str) -> OutboxEntry {
    use crate::domain::{Content, clock::from_seconds};
    let now = from_seconds(9);
    let parsed = chat.parse();
    OutboxEntry {
        id: Uuid::from_u128(id),
        session: SessionId::try_from("s".to_owned()).unwrap_or_else(|error| panic!("{error}")),
        session_uuid: Uuid::nil(),
        run: Uuid::nil(),
        account: None,
        outgoing: Outgoing {
            key: format!("K{id}"),
            chat: parsed.unwrap_or_else(|error| panic!("{error}")),
            content: Content::Text { body: "hello".to_owned() },
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        },
        options: SendOptions::default(),
        state: OutboxState::Queued,
        queued_at: now,
        changed_at: now,
        attempts: 0,
        sent: None,
        acked: None,
        reason: None,
        failure: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_only_ever_raise_what_was_sent() {
        assert_eq!(OutboxState::Sent.after(Ack::Read), Some(OutboxState::Read));
        assert_eq!(OutboxState::Read.after(Ack::Delivered), None);
        assert_eq!(OutboxState::Queued.after(Ack::Read), None);
        assert_eq!(OutboxState::Failed.after(Ack::Sent), None);
        assert_eq!(OutboxState::Sent.after(Ack::Failed), None);
    }
}

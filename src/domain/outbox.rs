//! A message on its way out, from the moment it is accepted: what is written down before any engine
//! sees it.

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
    /// Rises with time, so that entries stand in the order of their acceptance.
    pub id: Uuid,
    pub session: SessionId,
    /// Which session of that name: no later one sends it.
    #[serde(default)]
    pub session_uuid: Uuid,
    /// Which run of the gateway accepted it: in a later run, what became of it is looked up before it is sent.
    #[serde(default, skip_serializing_if = "Uuid::is_nil")]
    pub run: Uuid,
    /// The account that the session was linked to then: no other one sends it. None where it was not linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Jid>,
    pub outgoing: Outgoing,
    pub terms: Terms,
    pub state: OutboxState,
    pub queued_at: Timestamp,
    pub changed_at: Timestamp,
    /// How often an engine was asked to send it.
    pub attempts: u32,
    /// Once WhatsApp has it.
    pub sent: Option<Sent>,
    /// A receipt that came before it was known to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked: Option<Ack>,
    /// Why it failed, or why its outcome is unknown.
    pub reason: Option<String>,
    /// The kind of the failure; none before it failed, and in records of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureCode>,
}

/// How a caller wants a message sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terms {
    /// Waits for its session; otherwise it fails when the session is not ready.
    pub patient: bool,
    /// Not before this.
    pub send_at: Option<Timestamp>,
    pub priority: Priority,
}

impl Terms {
    /// Whether the caller is answered before the message is sent.
    pub fn waits(self) -> bool {
        self.patient || self.send_at.is_some()
    }
}

/// Within a session, what is direct overtakes what is bulk; in one chat nothing overtakes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Priority {
    #[default]
    Direct,
    Bulk,
}

/// How far it has come.
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
    /// The engine went away, or fell silent, while it was at it. It will be looked up.
    Unknown,
    Cancelled,
}

impl OutboxState {
    /// Whether something is still to be done.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Queued | Self::Sending | Self::Unknown)
    }

    /// What a receipt makes of a message that was sent; none when it says nothing new.
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

    /// The id that the message has or will have. In a group it names its author, `me`.
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

/// A text to a chat that waits to be sent, for tests.
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
        terms: Terms::default(),
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

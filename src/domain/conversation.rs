//! What the gateway itself knows of chats and messages, beside what an engine tells: their numbers
//! and UUIDs, tags, whether automation is paused, and what was deleted here alone.
//!
//! A conversation is a chat with this knowledge. It lies in a record of its own, so that nothing an
//! engine says of the chat can overwrite it.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Jid, Message, MessageId, SessionId, Timestamp};

/// Names of messages and conversations are hashed under this one (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x7f3c_4a1e_52d8_4c0b_9d6e_0b1f_83a2_6c55);

/// The number that counting begins at: messages that came to be known as they happened count up from
/// it, those of an earlier time that were fetched later count down. So the numbers of one chat are in
/// the order of its messages, and a billion fit in 32 bits on either side.
pub const FIRST_NUMBER: u64 = 1_000_000_001;

/// A message as the gateway keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMessage {
    /// Unlike that of any other message of the gateway, for good. 0 before there is one.
    #[serde(default)]
    pub number: u64,
    /// Deleted here alone; its content is gone.
    #[serde(default)]
    pub hidden: bool,
    #[serde(flatten)]
    pub message: Message,
}

impl StoredMessage {
    /// Whether its content was taken back, by whomever.
    pub fn is_deleted(&self) -> bool {
        self.hidden || self.message.kind == crate::domain::MessageKind::Revoked
    }

    /// Whether it is there and WhatsApp has it: nothing else can be edited, quoted or reacted to.
    pub fn can_be_changed(&self) -> bool {
        let has_failed = self.message.from_me() && self.message.ack == crate::domain::Ack::Failed;
        !self.is_deleted() && !has_failed
    }
}

/// The UUID of a message: always the same for the same message of the same session.
pub fn message_uuid(session: &SessionId, id: &MessageId) -> Uuid {
    let mut name = format!("message\0{session}\0{}\0{}\0{}", id.chat, id.from_me, id.key);
    // Whoever writes in a group chooses the key; its own keys the account chooses alone, also
    // before it is known who it is.
    if let (false, Some(participant)) = (id.from_me, &id.participant) {
        let _ = write!(name, "\0{participant}");
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// The UUID of a conversation: always the same for the same chat of the same session.
pub fn conversation_uuid(session: &SessionId, chat: &Jid) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("conversation\0{session}\0{chat}").as_bytes())
}

/// What the gateway itself knows of a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationRecord {
    pub session: SessionId,
    pub chat: Jid,
    pub uuid: Uuid,
    /// Counts conversations from 1; never given twice.
    pub number: u64,
    pub created_at: Timestamp,
    /// When any of this last changed.
    pub changed_at: Timestamp,
    #[serde(default)]
    pub tags: Vec<Uuid>,
    /// None while automation may answer.
    #[serde(default)]
    pub pause: Option<AutomationPause>,
    /// The engine is not asked for older messages before this: it had none, or could not say.
    #[serde(default)]
    pub ask_history_after: Option<Timestamp>,
    /// Deleted here with its messages: no list holds it until there is a new one.
    #[serde(default)]
    pub hidden: bool,
    /// When it was last deleted: what is older is not fetched again.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

/// That no automation is to answer in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutomationPause {
    pub at: Timestamp,
    /// The API key that asked for it; none for a caller that needed none.
    pub by: Option<Uuid>,
    pub reason: Option<String>,
}

/// A label for conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub id: Uuid,
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How many messages a session sent and received in one day (UTC).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_tells_messages_apart_and_own_ones_are_known_before_their_author_is() {
        let session: SessionId = "s".parse().unwrap();
        let id = |text: &str| text.parse::<MessageId>().unwrap();
        let uuid = |text: &str| message_uuid(&session, &id(text));
        let group = "120363000000000000@g.us";
        let theirs = |who: &str| uuid(&format!("false_{group}_K_{who}@c.us"));
        assert_ne!(theirs("15550000001"), theirs("15550000002"));
        assert_ne!(uuid("true_15550000001@c.us_K"), uuid("false_15550000001@c.us_K"));
        let own_in_group = uuid(&format!("true_{group}_K_15550000001@c.us"));
        assert_eq!(uuid(&format!("true_{group}_K")), own_in_group);
        let other: SessionId = "t".parse().unwrap();
        let own = id("true_15550000001@c.us_K");
        assert_ne!(message_uuid(&session, &own), message_uuid(&other, &own));
        assert_eq!(message_uuid(&session, &own).get_version_num(), 5);
    }
}

//! UUIDs of messages and conversations: version 5, so the same message always has the same UUID.

use std::fmt::Write;

use uuid::Uuid;

use crate::domain::{Jid, MessageId, SessionId};

/// The namespace of the name-based UUIDs (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x7f3c_4a1e_52d8_4c0b_9d6e_0b1f_83a2_6c55);

/// The UUID of a message: always the same for the same message of the same session.
pub fn message_uuid(session: &SessionId, id: &MessageId) -> Uuid {
    let mut name = format!("message\0{session}\0{}\0{}\0{}", id.chat, id.from_me, id.key);
    // In a group each author chooses keys, so the author is part of the name. The account's own keys are
    // unique without it, and exist before the account's id is known.
    if let (false, Some(participant)) = (id.from_me, &id.participant) {
        let _ = write!(name, "\0{participant}");
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// The UUID of a conversation: always the same for the same chat of the same session.
pub fn conversation_uuid(session: &SessionId, chat: &Jid) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("conversation\0{session}\0{chat}").as_bytes())
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

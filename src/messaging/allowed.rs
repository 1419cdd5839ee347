//! What may be done to a message after it was sent: WhatsApp's own rules, asked before an engine
//! is. Pure.

use std::time::Duration;

use crate::domain::{MessageKind, Timestamp, conversation::StoredMessage};

/// How long a text can be edited.
const EDIT_WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long a message can be deleted for everyone.
const REVOKE_WINDOW: Duration = Duration::from_secs(60 * 60 * 60);

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotOwn,
    NotText,
    TooOld,
    Deleted,
}

impl Refusal {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOwn => "not_own",
            Self::NotText => "not_text",
            Self::TooOld => "too_old",
            Self::Deleted => "deleted",
        }
    }
}

pub fn may_edit(stored: &StoredMessage, now: Timestamp) -> Result<(), Refusal> {
    let message = &stored.message;
    if stored.is_deleted() {
        Err(Refusal::Deleted)
    } else if !message.from_me() {
        Err(Refusal::NotOwn)
    } else if message.kind != MessageKind::Text {
        Err(Refusal::NotText)
    } else if message.timestamp + EDIT_WINDOW < now {
        Err(Refusal::TooOld)
    } else {
        Ok(())
    }
}

/// For everyone. One that is deleted already is not refused.
pub fn may_revoke(stored: &StoredMessage, now: Timestamp) -> Result<(), Refusal> {
    if !stored.message.from_me() {
        Err(Refusal::NotOwn)
    } else if stored.message.timestamp + REVOKE_WINDOW < now {
        Err(Refusal::TooOld)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Message, clock::from_seconds};

    fn message(from_me: bool, kind: MessageKind) -> StoredMessage {
        let message = Message {
            kind,
            ..Message::text(
                format!("{from_me}_15550000001@c.us_K").parse().unwrap(),
                "15550000001@c.us".parse().unwrap(),
                "",
                from_seconds(0),
            )
        };
        StoredMessage { number: 1, hidden: false, message }
    }

    #[test]
    fn only_own_texts_of_the_last_quarter_of_an_hour_are_edited() {
        let own = message(true, MessageKind::Text);
        assert_eq!(may_edit(&own, from_seconds(900)), Ok(()));
        assert_eq!(may_edit(&own, from_seconds(901)), Err(Refusal::TooOld));
        let hidden = StoredMessage { hidden: true, ..own };
        assert_eq!(may_edit(&hidden, from_seconds(1)), Err(Refusal::Deleted));
        for (message, refusal) in [
            (message(false, MessageKind::Text), Refusal::NotOwn),
            (message(true, MessageKind::Image), Refusal::NotText),
            (message(true, MessageKind::Revoked), Refusal::Deleted),
        ] {
            assert_eq!(may_edit(&message, from_seconds(1)), Err(refusal));
        }
    }

    #[test]
    fn only_own_messages_of_the_last_sixty_hours_are_deleted_for_everyone() {
        let own = message(true, MessageKind::Image);
        assert_eq!(may_revoke(&own, from_seconds(216_000)), Ok(()));
        assert_eq!(may_revoke(&own, from_seconds(216_001)), Err(Refusal::TooOld));
        let theirs = message(false, MessageKind::Image);
        assert_eq!(may_revoke(&theirs, from_seconds(1)), Err(Refusal::NotOwn));
    }
}

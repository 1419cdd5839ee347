//! WhatsApp's rules for changing a message, checked before an engine is asked. Pure.

use crate::domain::{
    Error, ErrorCode, MessageKind, Subject, Timestamp,
    conversation::StoredMessage,
    outbox::OutboxState,
    rules::{EDIT_WINDOW, REVOKE_WINDOW},
};

/// A change to an existing message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Edit,
    /// Delete for everyone.
    Revoke,
    React,
    /// Quote it in a reply.
    Quote,
}

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotOwn,
    NotText,
    TooOld,
    Deleted,
    /// The message failed or was cancelled: nobody else has it.
    NotSent,
    /// The message still waits in the outbox.
    Waiting,
}

impl Refusal {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOwn => "not_own",
            Self::NotText => "not_text",
            Self::TooOld => "too_old",
            Self::Deleted => "deleted",
            Self::NotSent => "not_sent",
            Self::Waiting => "not_sent_yet",
        }
    }

    /// The error for a caller: 403 for a message of somebody else, 409 for what the message's state forbids.
    pub fn error(self, change: Change) -> Error {
        let what = match change {
            Change::Edit => "edited",
            Change::Revoke => "deleted for everyone",
            Change::React => "reacted to",
            Change::Quote => "quoted",
        };
        let (code, message) = match (self, change) {
            (Self::NotOwn, Change::Revoke) => (
                ErrorCode::Forbidden,
                "Only your own messages can be deleted for everyone; in a group its admins can delete those of others".to_owned(),
            ),
            (Self::NotOwn, _) => {
                (ErrorCode::Forbidden, format!("Only your own messages can be {what}"))
            }
            (Self::NotText, _) => (
                ErrorCode::Conflict,
                "Only texts and the captions of files can be edited".to_owned(),
            ),
            (Self::TooOld, Change::Edit) => (
                ErrorCode::Conflict,
                "WhatsApp lets a message be edited for 15 minutes; this one is older".to_owned(),
            ),
            (Self::TooOld, _) => (
                ErrorCode::Conflict,
                "WhatsApp lets a message be deleted for everyone for 60 hours; this one is older"
                    .to_owned(),
            ),
            (Self::Deleted, _) => (
                ErrorCode::Conflict,
                format!("That message was deleted and can no longer be {what}"),
            ),
            (Self::NotSent, _) => (
                ErrorCode::Conflict,
                format!("That message was never sent and cannot be {what}"),
            ),
            (Self::Waiting, _) => (
                ErrorCode::Conflict,
                format!("That message is still to be sent and cannot be {what} yet"),
            ),
        };
        Error::new(code, message).about(Subject::Message).detail("reason", self.as_str())
    }
}

/// Refuses a change to a message that WhatsApp does not have yet, or never will.
pub fn check_unsent(state: OutboxState, change: Change) -> Result<(), Error> {
    match state {
        OutboxState::Failed | OutboxState::Cancelled => Err(Refusal::NotSent.error(change)),
        OutboxState::Queued => Err(Refusal::Waiting.error(change)),
        _ => Ok(()),
    }
}

/// Refuses any change to a message that is deleted or was not sent.
pub fn is_there(stored: &StoredMessage) -> Result<(), Refusal> {
    if stored.is_deleted() {
        Err(Refusal::Deleted)
    } else if !stored.can_be_changed() {
        Err(Refusal::NotSent)
    } else {
        Ok(())
    }
}

pub fn may_edit(stored: &StoredMessage, now: Timestamp) -> Result<(), Refusal> {
    let message = &stored.message;
    is_there(stored)?;
    // A file without a caption has no text to edit.
    let has_text = message.kind == MessageKind::Text
        || (matches!(
            message.kind,
            MessageKind::Image | MessageKind::Video | MessageKind::Document
        ) && !message.body.is_empty());
    if !message.from_me() {
        Err(Refusal::NotOwn)
    } else if !has_text {
        Err(Refusal::NotText)
    } else if message.timestamp + EDIT_WINDOW < now {
        Err(Refusal::TooOld)
    } else {
        Ok(())
    }
}

/// Whether a message may be deleted for everyone. A deleted message is not refused. The engine checks whether the
/// account is an admin of the group.
pub fn may_revoke(stored: &StoredMessage, now: Timestamp) -> Result<(), Refusal> {
    let message = &stored.message;
    if stored.is_deleted() {
        Ok(())
    } else if !message.from_me() && !message.chat().is_group() {
        Err(Refusal::NotOwn)
    } else if message.timestamp + REVOKE_WINDOW < now {
        Err(Refusal::TooOld)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ack, Message, clock::from_seconds};

    fn message(id: &str, kind: MessageKind, body: &str) -> StoredMessage {
        let message = Message {
            kind,
            ..Message::text(
                id.parse().unwrap(),
                "15550000001@c.us".parse().unwrap(),
                body,
                from_seconds(0),
            )
        };
        StoredMessage { number: 1, hidden: false, message }
    }

    fn own(kind: MessageKind, body: &str) -> StoredMessage {
        message("true_15550000001@c.us_K", kind, body)
    }

    #[test]
    fn own_texts_and_captions_of_the_last_quarter_of_an_hour_are_edited() {
        let text = own(MessageKind::Text, "words");
        assert_eq!(may_edit(&text, from_seconds(900)), Ok(()));
        assert_eq!(may_edit(&text, from_seconds(901)), Err(Refusal::TooOld));
        let hidden = StoredMessage { hidden: true, ..text.clone() };
        assert_eq!(may_edit(&hidden, from_seconds(1)), Err(Refusal::Deleted));
        let mut failed = text;
        failed.message.ack = Ack::Failed;
        assert_eq!(may_edit(&failed, from_seconds(1)), Err(Refusal::NotSent));
        for (message, expected) in [
            (message("false_15550000001@c.us_K", MessageKind::Text, "x"), Err(Refusal::NotOwn)),
            (own(MessageKind::Image, "a caption"), Ok(())),
            (own(MessageKind::Image, ""), Err(Refusal::NotText)),
            (own(MessageKind::Voice, ""), Err(Refusal::NotText)),
            (own(MessageKind::Poll, "?"), Err(Refusal::NotText)),
            (own(MessageKind::Revoked, ""), Err(Refusal::Deleted)),
        ] {
            assert_eq!(may_edit(&message, from_seconds(1)), expected);
        }
    }

    #[test]
    fn own_messages_and_those_of_groups_are_deleted_for_everyone_for_sixty_hours() {
        let ours = own(MessageKind::Image, "");
        assert_eq!(may_revoke(&ours, from_seconds(216_000)), Ok(()));
        assert_eq!(may_revoke(&ours, from_seconds(216_001)), Err(Refusal::TooOld));
        let theirs = message("false_15550000001@c.us_K", MessageKind::Image, "");
        assert_eq!(may_revoke(&theirs, from_seconds(1)), Err(Refusal::NotOwn));
        let id = "false_120363000000000000@g.us_K_15550000001@c.us";
        let in_group = message(id, MessageKind::Text, "x");
        assert_eq!(may_revoke(&in_group, from_seconds(1)), Ok(()));
        let again = own(MessageKind::Revoked, "");
        assert_eq!(may_revoke(&again, from_seconds(999_999)), Ok(()));
    }

    #[test]
    fn a_state_is_a_conflict_and_a_right_is_forbidden() {
        for (refusal, code) in [
            (Refusal::NotOwn, ErrorCode::Forbidden),
            (Refusal::NotText, ErrorCode::Conflict),
            (Refusal::TooOld, ErrorCode::Conflict),
            (Refusal::Deleted, ErrorCode::Conflict),
            (Refusal::NotSent, ErrorCode::Conflict),
            (Refusal::Waiting, ErrorCode::Conflict),
        ] {
            for change in [Change::Edit, Change::Revoke, Change::React, Change::Quote] {
                let error = refusal.error(change);
                assert_eq!(error.code, code);
                assert_eq!(error.details["reason"], refusal.as_str());
            }
        }
    }
}

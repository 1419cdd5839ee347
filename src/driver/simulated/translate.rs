//! Translation between a session's commands and the network's requests: pure functions.

use crate::{
    domain::{
        Command, Error, ErrorCode, EventBody, Message, Reply, Subject, event::Presence,
        failure::refused_by_whatsapp, file_name,
    },
    simulator::protocol::{Answer, Refusal, RefusalKind, Request},
};

/// The request that does what a command asks, and what a failure of it is about; none for commands
/// that take more than one request.
pub fn request_for(command: Command) -> Option<(Request, Option<Subject>)> {
    Some(match command {
        Command::Edit { message, text } => {
            (Request::Edit { message, text }, Some(Subject::Message))
        }
        Command::Revoke { message, for_everyone } => {
            (Request::Revoke { message, for_everyone }, Some(Subject::Message))
        }
        Command::React { message, emoji } => {
            (Request::React { message, emoji }, Some(Subject::Message))
        }
        Command::MarkRead { chat } => (Request::MarkRead { chat }, Some(Subject::Chat)),
        Command::Archive { chat, archived } => {
            (Request::Archive { chat, archived }, Some(Subject::Chat))
        }
        Command::Typing { chat, typing } => {
            let presence = if typing { Presence::Typing } else { Presence::Paused };
            (Request::Presence { chat, presence }, Some(Subject::Chat))
        }
        Command::Messages { chat, before, limit } => {
            (Request::History { chat, before, limit }, Some(Subject::Chat))
        }
        Command::Group { id } => (Request::Group { id }, Some(Subject::Group)),
        Command::AddParticipants { group, participants } => {
            (Request::AddParticipants { group, participants }, Some(Subject::Group))
        }
        Command::RemoveParticipants { group, participants } => {
            (Request::RemoveParticipants { group, participants }, Some(Subject::Group))
        }
        Command::Receipts { message } => (Request::Receipts { message }, Some(Subject::Message)),
        Command::PairingCode { phone } => (Request::PairingCode { phone }, None),
        Command::RefreshQr => (Request::RefreshReferences, None),
        Command::Send(_)
        | Command::Chats { .. }
        | Command::Contacts { .. }
        | Command::Contact { .. }
        | Command::CreateGroup { .. }
        | Command::DownloadMedia { .. }
        | Command::Find { .. }
        | Command::Screenshot
        | Command::Ping => return None,
    })
}

pub fn reply_to(answer: Answer) -> Option<Reply> {
    Some(match answer {
        Answer::Done => Reply::Done,
        Answer::PairingCode { code, expires_at } => Reply::PairingCode { code, expires_at },
        Answer::Sent { sent, .. } => Reply::Sent(sent),
        Answer::Messages { mut messages } => {
            messages.iter_mut().for_each(received);
            Reply::Messages(messages)
        }
        Answer::Exists { contact: Some(contact) } => Reply::Contact(contact),
        Answer::Exists { contact: None } => return None,
        Answer::Group { group } => Reply::Group(Box::new(group)),
        Answer::GroupCreated { group, participants } => {
            Reply::GroupCreated { id: group.id, participants }
        }
        Answer::Participants { participants } => Reply::Participants(participants),
        Answer::Receipts { receipts } => Reply::Receipts(receipts),
        Answer::Media { .. } => return None,
    })
}

/// A refusal in the domain's words.
pub fn failure(refusal: Refusal, subject: Option<Subject>) -> Error {
    let (code, about) = match refusal.kind {
        RefusalKind::NotLinked => (ErrorCode::NotReady, Some(Subject::Session)),
        RefusalKind::NotOnWhatsapp => (ErrorCode::Refused, Some(Subject::Recipient)),
        RefusalKind::UnknownChat => (ErrorCode::NotFound, subject.or(Some(Subject::Chat))),
        RefusalKind::UnknownMessage => (ErrorCode::NotFound, Some(Subject::Message)),
        RefusalKind::UnknownMedia => (ErrorCode::NotFound, Some(Subject::Media)),
        RefusalKind::NotAdmin | RefusalKind::NotMember => {
            (ErrorCode::Forbidden, Some(Subject::Group))
        }
        RefusalKind::NotAllowed => (ErrorCode::Forbidden, subject),
        RefusalKind::Deleted | RefusalKind::TooLate | RefusalKind::NoText => {
            (ErrorCode::Conflict, Some(Subject::Message))
        }
        RefusalKind::Invalid => (ErrorCode::Invalid, subject),
        RefusalKind::Fault => (ErrorCode::EngineFailed, None),
    };
    let mut error = match refusal.kind {
        RefusalKind::Fault => refused_by_whatsapp(refusal.code, refusal.reason),
        _ => Error::new(code, refusal.reason),
    };
    if let Some(reason) = reason_of(refusal.kind) {
        error = error.detail("reason", reason);
    }
    match about {
        Some(subject) => error.about(subject),
        None => error,
    }
}

/// The rule of WhatsApp's behind a refusal, in the words that every engine has for it.
fn reason_of(kind: RefusalKind) -> Option<&'static str> {
    match kind {
        RefusalKind::Deleted => Some("deleted"),
        RefusalKind::TooLate => Some("too_old"),
        RefusalKind::NoText => Some("not_text"),
        _ => None,
    }
}

/// A message as the gateway takes it in: a phone names its files as it likes.
pub fn received(message: &mut Message) {
    if let Some(media) = &mut message.media {
        media.filename = media.filename.take().and_then(|name| file_name::tidy(&name));
    }
}

/// The same for an event that tells of one.
pub fn as_event(mut event: EventBody) -> EventBody {
    if let EventBody::Message { message } | EventBody::MessageSent { message } = &mut event {
        received(message);
    }
    event
}

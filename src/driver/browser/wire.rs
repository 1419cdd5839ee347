//! Wire protocol between the gateway and the agent in the page: calls down, reports and answers up.
//!
//! `web/agent/src/wire.ts` is generated from these types and from the domain's; a test of `wire_types` fails
//! where the file differs from them.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::domain::{
    Command, Content, Error, ErrorCode, EventBody, Jid, Me, MessageId, Outgoing,
    ParticipantOutcome, Reply, Subject, Timestamp,
    command::{ContactCard, MediaKind},
    details::Card,
    failure::refused_by_whatsapp,
};

/// From the agent.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "report", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Report {
    /// The first report of a loaded page.
    Hello {
        version: Option<String>,
        /// Whether the page had another agent before, which still answers its own calls.
        again: bool,
    },
    Qr {
        text: String,
    },
    QrIdle,
    Authenticated,
    /// `missing` names functions of the page that the agent did not find.
    Ready {
        me: Me,
        missing: Vec<String>,
    },
    Line {
        state: String,
        connected: bool,
    },
    LoggedOut,
    /// The page does not become ready, however often it is reloaded.
    Stuck {
        reason: String,
    },
    Happened {
        event: EventBody,
    },
    Answer {
        number: u64,
        #[cfg_attr(test, ts(type = "unknown"))]
        reply: Value,
    },
    Failure {
        number: u64,
        failure: Failure,
    },
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Failure {
    kind: FailureKind,
    reason: String,
    /// WhatsApp's code of a refusal, where the page reports it.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    code: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    NotOnWhatsapp,
    UnknownChat,
    UnknownMessage,
    UnknownGroup,
    UnknownContact,
    UnknownMedia,
    NotAdmin,
    NotAllowed,
    Deleted,
    TooLate,
    NoText,
    Invalid,
    Unsupported,
    Unavailable,
    /// The page accepted the call, and its outcome was not visible in time.
    Timeout,
    Failed,
}

impl FailureKind {
    /// The rule of WhatsApp that was broken, in the words of all engines.
    fn rule(self) -> Option<&'static str> {
        match self {
            Self::Deleted => Some("deleted"),
            Self::TooLate => Some("too_old"),
            Self::NoText => Some("not_text"),
            _ => None,
        }
    }
}

impl Failure {
    /// The failure as a domain error; `subject` is what the command was about.
    pub fn error(self, subject: Option<Subject>) -> Error {
        let (code, about) = match self.kind {
            FailureKind::NotOnWhatsapp => (ErrorCode::Refused, Some(Subject::Recipient)),
            FailureKind::UnknownChat => (ErrorCode::NotFound, subject.or(Some(Subject::Chat))),
            FailureKind::UnknownMessage => (ErrorCode::NotFound, Some(Subject::Message)),
            FailureKind::UnknownGroup => (ErrorCode::NotFound, Some(Subject::Group)),
            FailureKind::UnknownContact => (ErrorCode::NotFound, Some(Subject::Contact)),
            FailureKind::UnknownMedia => (ErrorCode::NotFound, Some(Subject::Media)),
            FailureKind::NotAdmin => (ErrorCode::Forbidden, Some(Subject::Group)),
            FailureKind::NotAllowed => (ErrorCode::Forbidden, subject),
            FailureKind::Deleted | FailureKind::TooLate | FailureKind::NoText => {
                (ErrorCode::Conflict, Some(Subject::Message))
            }
            FailureKind::Invalid => (ErrorCode::Invalid, subject),
            FailureKind::Unsupported => (ErrorCode::Unsupported, None),
            FailureKind::Unavailable => (ErrorCode::Unavailable, subject),
            FailureKind::Timeout => (ErrorCode::Timeout, subject),
            FailureKind::Failed => return refused_by_whatsapp(self.code, self.reason),
        };
        let mut error = Error::new(code, self.reason);
        if let Some(reason) = self.kind.rule() {
            error = error.detail("reason", reason);
        }
        if matches!(self.kind, FailureKind::Timeout) {
            error = error.detail("outcome", "unknown");
        }
        match about {
            Some(subject) => error.about(subject),
            None => error,
        }
    }
}

/// To the agent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "Command"))]
#[serde(tag = "command", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Call {
    Send { outgoing: OutgoingView },
    Edit { message: MessageId, text: String },
    Revoke { message: MessageId, for_everyone: bool },
    React { message: MessageId, emoji: String },
    MarkRead { chat: Jid },
    Archive { chat: Jid, archived: bool },
    Typing { chat: Jid, typing: bool },
    Chats { offset: usize, limit: usize },
    Messages { chat: Jid, before: Option<MessageId>, limit: usize },
    Contacts { offset: usize, limit: usize },
    Contact { id: Jid },
    Group { id: Jid },
    CreateGroup { name: String, description: Option<String>, participants: Vec<Jid> },
    AddParticipants { group: Jid, participants: Vec<Jid> },
    RemoveParticipants { group: Jid, participants: Vec<Jid> },
    DownloadMedia { message: MessageId, url: String },
    PairingCode { phone: String },
    RefreshQr,
    Find { message: MessageId },
    Receipts { message: MessageId },
    Standing,
    LogOut,
    Ping,
}

/// [`Outgoing`] with the URL of a file in place of its path.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "Outgoing"))]
#[serde(rename_all = "camelCase")]
pub struct OutgoingView {
    key: String,
    chat: Jid,
    content: ContentView,
    quoted: Option<MessageId>,
    mentions: Vec<Jid>,
    link_preview: bool,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "Content"))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ContentView {
    Text { body: String },
    Media { url: String, kind: MediaKind, mime: String, filename: String, caption: Option<String> },
    Location { latitude: f64, longitude: f64, name: Option<String>, address: Option<String> },
    ContactCards { contacts: Vec<Card> },
    Poll { question: String, options: Vec<String>, selectable: u32 },
}

impl OutgoingView {
    /// `url` is the address of the file, for content that has one.
    pub fn of(outgoing: Outgoing, url: Option<String>) -> Self {
        let content = match outgoing.content {
            Content::Text { body } => ContentView::Text { body },
            Content::Media(media) => ContentView::Media {
                url: url.unwrap_or_default(),
                kind: media.kind,
                mime: media.mime,
                filename: media.filename,
                caption: media.caption,
            },
            Content::Location { latitude, longitude, name, address } => {
                ContentView::Location { latitude, longitude, name, address }
            }
            Content::ContactCards { contacts } => {
                let contacts = contacts.iter().map(ContactCard::card).collect();
                ContentView::ContactCards { contacts }
            }
            Content::Poll { question, options, selectable } => {
                ContentView::Poll { question, options, selectable }
            }
        };
        let Outgoing { key, chat, quoted, mentions, link_preview, .. } =
            Outgoing { content: Content::Text { body: String::new() }, ..outgoing };
        Self { key, chat, content, quoted, mentions, link_preview }
    }
}

impl Call {
    /// The call for a command without a file; the driver makes those with a file.
    pub fn of(command: &Command) -> Self {
        match command.clone() {
            Command::Edit { message, text } => Self::Edit { message, text },
            Command::Revoke { message, for_everyone } => Self::Revoke { message, for_everyone },
            Command::React { message, emoji } => Self::React { message, emoji },
            Command::MarkRead { chat } => Self::MarkRead { chat },
            Command::Archive { chat, archived } => Self::Archive { chat, archived },
            Command::Typing { chat, typing } => Self::Typing { chat, typing },
            Command::Chats { offset, limit } => Self::Chats { offset, limit },
            Command::Messages { chat, before, limit } => Self::Messages { chat, before, limit },
            Command::Contacts { offset, limit } => Self::Contacts { offset, limit },
            Command::Contact { id } => Self::Contact { id },
            Command::Group { id } => Self::Group { id },
            Command::CreateGroup { name, description, participants } => {
                Self::CreateGroup { name, description, participants }
            }
            Command::AddParticipants { group, participants } => {
                Self::AddParticipants { group, participants }
            }
            Command::RemoveParticipants { group, participants } => {
                Self::RemoveParticipants { group, participants }
            }
            Command::PairingCode { phone } => Self::PairingCode { phone },
            Command::RefreshQr => Self::RefreshQr,
            Command::Find { message } => Self::Find { message },
            Command::Receipts { message } => Self::Receipts { message },
            Command::Send(_)
            | Command::DownloadMedia { .. }
            | Command::Screenshot
            | Command::Ping => Self::Ping,
        }
    }
}

/// The subject of a failed command, where the page reports none.
pub fn subject_of(command: &Command) -> Option<Subject> {
    match command {
        Command::Group { .. }
        | Command::AddParticipants { .. }
        | Command::RemoveParticipants { .. }
        | Command::CreateGroup { .. } => Some(Subject::Group),
        Command::Contact { .. } => Some(Subject::Contact),
        Command::Edit { .. }
        | Command::Revoke { .. }
        | Command::React { .. }
        | Command::Receipts { .. } => Some(Subject::Message),
        _ => Some(Subject::Chat),
    }
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct GroupCreated {
    id: Jid,
    participants: Vec<ParticipantOutcome>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PairingCode {
    code: String,
    expires_at: Timestamp,
}

/// The reply to a command, from the agent's answer.
pub fn reply_of(command: &Command, reply: Value) -> Result<Reply, Error> {
    Ok(match command {
        Command::Chats { .. } => Reply::Chats(read(reply)?),
        Command::Messages { .. } => Reply::Messages(read(reply)?),
        Command::Contacts { .. } => Reply::Contacts(read(reply)?),
        Command::Contact { .. } => Reply::Contact(read(reply)?),
        Command::Group { .. } => Reply::Group(read(reply)?),
        Command::CreateGroup { .. } => {
            let GroupCreated { id, participants } = read(reply)?;
            Reply::GroupCreated { id, participants }
        }
        Command::AddParticipants { .. } | Command::RemoveParticipants { .. } => {
            Reply::Participants(read(reply)?)
        }
        Command::PairingCode { .. } => {
            let PairingCode { code, expires_at } = read(reply)?;
            Reply::PairingCode { code, expires_at }
        }
        Command::Find { .. } => Reply::Found(read(reply)?),
        Command::Receipts { .. } => Reply::Receipts(read(reply)?),
        _ => Reply::Done,
    })
}

pub fn read<T: DeserializeOwned>(reply: Value) -> Result<T, Error> {
    serde_json::from_value(reply).map_err(|error| {
        Error::new(
            ErrorCode::EngineFailed,
            format!("the answer of the page cannot be read: {error}"),
        )
    })
}

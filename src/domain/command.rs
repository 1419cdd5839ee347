//! Commands to the engine of a session, and its replies.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Ack, Chat, Contact, Group, Jid, Message, MessageId, MessageKind, ParticipantOutcome, Receipt,
    Timestamp,
};

/// One request to the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Send(Outgoing),
    Edit {
        message: MessageId,
        text: String,
    },
    Revoke {
        message: MessageId,
        for_everyone: bool,
    },
    /// An empty emoji takes the reaction back.
    React {
        message: MessageId,
        emoji: String,
    },
    MarkRead {
        chat: Jid,
    },
    Archive {
        chat: Jid,
        archived: bool,
    },
    /// Shows or stops "typing…" in a chat.
    Typing {
        chat: Jid,
        typing: bool,
    },
    /// A page of chats, newest first.
    Chats {
        offset: usize,
        limit: usize,
    },
    /// The newest messages of a chat before the one named, oldest first.
    Messages {
        chat: Jid,
        before: Option<MessageId>,
        limit: usize,
    },
    Contacts {
        offset: usize,
        limit: usize,
    },
    Contact {
        id: Jid,
    },
    Group {
        id: Jid,
    },
    CreateGroup {
        name: String,
        description: Option<String>,
        participants: Vec<Jid>,
    },
    AddParticipants {
        group: Jid,
        participants: Vec<Jid>,
    },
    RemoveParticipants {
        group: Jid,
        participants: Vec<Jid>,
    },
    /// Writes the file of a message to a path that the caller owns.
    DownloadMedia {
        message: MessageId,
        into: PathBuf,
    },
    /// Asks for a code to type on the phone instead of scanning the QR code.
    PairingCode {
        phone: String,
    },
    /// Asks for a new QR code after the old ones ran out.
    RefreshQr,
    /// Looks a message up, to learn the outcome of a send whose reply was lost.
    Find {
        message: MessageId,
    },
    /// The receipts of a message that the account sent.
    Receipts {
        message: MessageId,
    },
    /// A picture of the engine's browser, as it looks now.
    Screenshot,
    /// The liveness probe: an engine that works replies.
    Ping,
}

impl Command {
    /// Whether the command transfers a file, which takes longer than text.
    pub fn carries_file(&self) -> bool {
        match self {
            Self::Send(outgoing) => matches!(outgoing.content, Content::Media(_)),
            Self::DownloadMedia { .. } => true,
            _ => false,
        }
    }

    /// Whether the command only reads: after a failure nothing was sent or changed.
    pub fn is_reading(&self) -> bool {
        match self {
            Self::Chats { .. }
            | Self::Messages { .. }
            | Self::Contacts { .. }
            | Self::Contact { .. }
            | Self::Group { .. }
            | Self::DownloadMedia { .. }
            | Self::Find { .. }
            | Self::Receipts { .. }
            | Self::Screenshot
            | Self::Ping => true,
            Self::Send(_)
            | Self::Edit { .. }
            | Self::Revoke { .. }
            | Self::React { .. }
            | Self::MarkRead { .. }
            | Self::Archive { .. }
            | Self::Typing { .. }
            | Self::CreateGroup { .. }
            | Self::AddParticipants { .. }
            | Self::RemoveParticipants { .. }
            | Self::PairingCode { .. }
            | Self::RefreshQr => false,
        }
    }

    /// A name for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Edit { .. } => "edit",
            Self::Revoke { .. } => "revoke",
            Self::React { .. } => "react",
            Self::MarkRead { .. } => "mark_read",
            Self::Archive { .. } => "archive",
            Self::Typing { .. } => "typing",
            Self::Chats { .. } => "chats",
            Self::Messages { .. } => "messages",
            Self::Contacts { .. } => "contacts",
            Self::Contact { .. } => "contact",
            Self::Group { .. } => "group",
            Self::CreateGroup { .. } => "create_group",
            Self::AddParticipants { .. } => "add_participants",
            Self::RemoveParticipants { .. } => "remove_participants",
            Self::DownloadMedia { .. } => "download_media",
            Self::PairingCode { .. } => "pairing_code",
            Self::RefreshQr => "refresh_qr",
            Self::Find { .. } => "find",
            Self::Receipts { .. } => "receipts",
            Self::Screenshot => "screenshot",
            Self::Ping => "ping",
        }
    }
}

/// An outgoing message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    /// The key of the message's id, chosen before the send so that its outcome can be looked up.
    pub key: String,
    pub chat: Jid,
    pub content: Content,
    pub quoted: Option<MessageId>,
    #[serde(default)]
    pub mentions: Vec<Jid>,
    #[serde(default)]
    pub link_preview: bool,
}

impl Outgoing {
    /// A fresh key in the form that WhatsApp Web gives its own: `3EB0` and 18 hexadecimal digits.
    pub fn new_key() -> String {
        let random = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        format!("3EB0{}", &random[..18])
    }
}

/// The content of an outgoing message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content {
    Text {
        body: String,
    },
    /// Its file lies on the gateway's disk: no page sees it in this form.
    #[cfg_attr(test, ts(skip))]
    Media(OutgoingMedia),
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    /// One or more people, sent as cards.
    ContactCards {
        contacts: Vec<ContactCard>,
    },
    Poll {
        question: String,
        options: Vec<String>,
        selectable: u32,
    },
}

impl Content {
    /// The kind of the message; none for a file, which has several.
    pub fn kind(&self) -> Option<MessageKind> {
        match self {
            Self::Text { .. } => Some(MessageKind::Text),
            Self::Location { .. } => Some(MessageKind::Location),
            Self::ContactCards { .. } => Some(MessageKind::ContactCard),
            Self::Poll { .. } => Some(MessageKind::Poll),
            Self::Media(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ContactCard {
    pub id: Jid,
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub organization: Option<String>,
    /// The caller's own vCard. Without it, one is made from the other fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub vcard: Option<String>,
}

impl ContactCard {
    pub fn new(id: Jid, name: Option<String>) -> Self {
        Self { id, name, organization: None, vcard: None }
    }
}

/// A file to send; it stays where it is until the send has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutgoingMedia {
    pub path: PathBuf,
    pub kind: MediaKind,
    pub mime: String,
    pub filename: String,
    pub size: u64,
    pub caption: Option<String>,
    /// Seconds of a voice note, where the file states them.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// Where it was fetched from, for engines that pass addresses on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Voice,
    Document,
    Sticker,
}

impl MediaKind {
    /// As what a file of a type is sent, where nobody says it.
    pub fn of_type(mime: &str) -> Self {
        match mime.split('/').next() {
            Some("image") => Self::Image,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::Document,
        }
    }
}

/// The engine's answer to a [`Command`].
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Sent(Sent),
    Chats(Vec<Chat>),
    Messages(Vec<Message>),
    Contacts(Vec<Contact>),
    Contact(Box<Contact>),
    Group(Box<Group>),
    GroupCreated {
        id: Jid,
        participants: Vec<ParticipantOutcome>,
    },
    Participants(Vec<ParticipantOutcome>),
    PairingCode {
        code: String,
        expires_at: Timestamp,
    },
    Found(Option<Box<Message>>),
    Receipts(Vec<Receipt>),
    /// A picture as a JPEG.
    Screenshot(Vec<u8>),
    Done,
}

/// A message that the engine accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    pub id: MessageId,
    pub timestamp: Timestamp,
    pub ack: Ack,
    /// The recipients of a group message, where the engine knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub recipients: Option<Vec<Jid>>,
}

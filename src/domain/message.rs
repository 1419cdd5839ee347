//! Messages as WhatsApp shows them, with their acks and reactions.

use serde::{Deserialize, Serialize};

use crate::domain::{Details, Jid, MessageId, Timestamp, details, file_name, media_type};

/// The delivery state of a message. It only rises, except to `Failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Ack {
    Failed,
    /// Not yet accepted by the server.
    Pending,
    /// Accepted by the server: one tick.
    Sent,
    /// On the receiver's phone: two ticks.
    Delivered,
    /// Two blue ticks.
    Read,
    /// A voice note that was played.
    Played,
}

impl Ack {
    /// The number that WhatsApp gives it, from -1 to 4.
    pub fn level(self) -> i8 {
        match self {
            Self::Failed => -1,
            Self::Pending => 0,
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            Self::Played => 4,
        }
    }

    pub fn from_level(level: i64) -> Self {
        match level {
            i64::MIN..=-1 => Self::Failed,
            0 => Self::Pending,
            1 => Self::Sent,
            2 => Self::Delivered,
            3 => Self::Read,
            4.. => Self::Played,
        }
    }
}

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    Text,
    Image,
    Video,
    Audio,
    /// A voice note.
    Voice,
    Document,
    Sticker,
    Location,
    ContactCard,
    Poll,
    /// A choice from a list or from buttons.
    MenuReply,
    /// Deleted for everyone.
    Revoked,
    /// A notice in a group: somebody joined, the subject changed.
    GroupNotice,
    /// Something that the engine reports and this list does not name; see [`Message::raw`].
    Unknown,
}

impl MessageKind {
    /// Whether such a message has a file.
    pub fn is_media(self) -> bool {
        matches!(
            self,
            Self::Image | Self::Video | Self::Audio | Self::Voice | Self::Document | Self::Sticker
        )
    }
}

/// The file of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MessageMedia {
    #[serde(deserialize_with = "media_type::read")]
    pub mime: String,
    /// In bytes.
    pub size: u64,
    /// A plain name, never a path.
    #[serde(default, deserialize_with = "file_name::read")]
    pub filename: Option<String>,
}

/// One message, sent or received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: MessageId,
    /// The author; the session's own address for its own messages.
    pub author: Jid,
    pub kind: MessageKind,
    /// Its text; the caption of a file.
    pub body: String,
    pub timestamp: Timestamp,
    pub ack: Ack,
    /// The name that the author chose for themselves.
    pub push_name: Option<String>,
    pub media: Option<MessageMedia>,
    pub quoted: Option<MessageId>,
    #[serde(default)]
    pub mentions: Vec<Jid>,
    #[serde(default)]
    pub forwarded: bool,
    #[serde(default)]
    pub edited: bool,
    /// One entry for each person who reacted.
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    /// The engine could not say who reacted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub reactions_unknown: bool,
    /// The recipients in a group, where the engine knows them. Only on the way to the mirror, which stores them beside
    /// the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub recipients: Option<Vec<Jid>>,
    /// Details beyond the text and the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub details: Option<Box<Details>>,
    /// The account's address that received the message; none for sent ones, and where it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub to: Option<Jid>,
    /// The name of the group or channel at the time of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub group_name: Option<String>,
    /// The engine's own object, stored for [`MessageKind::Unknown`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "unknown"))]
    pub raw: Option<serde_json::Value>,
}

/// One person's reaction to a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    pub sender: Jid,
    /// Empty when the reaction was taken back.
    pub emoji: String,
    pub timestamp: Timestamp,
}

impl Message {
    /// A plain text that the server accepted.
    pub fn text(id: MessageId, author: Jid, body: impl Into<String>, timestamp: Timestamp) -> Self {
        Self {
            id,
            author,
            kind: MessageKind::Text,
            body: body.into(),
            timestamp,
            ack: Ack::Sent,
            push_name: None,
            media: None,
            quoted: None,
            mentions: Vec::new(),
            forwarded: false,
            edited: false,
            reactions: Vec::new(),
            reactions_unknown: false,
            recipients: None,
            details: None,
            to: None,
            group_name: None,
            raw: None,
        }
    }

    pub fn from_me(&self) -> bool {
        self.id.from_me
    }

    pub fn chat(&self) -> &Jid {
        &self.id.chat
    }

    pub fn details(&self) -> &Details {
        self.details.as_deref().unwrap_or(&details::NONE)
    }

    /// Notes the account's address that received the message.
    pub fn came_to(&mut self, me: &Jid) {
        if !self.from_me() && self.to.is_none() {
            self.to = Some(me.clone());
        }
    }

    /// Deletes the content, since the message was deleted for everyone.
    pub fn revoke(&mut self) {
        self.kind = MessageKind::Revoked;
        self.reactions.clear();
        self.forget_content();
    }

    pub fn forget_content(&mut self) {
        self.body.clear();
        (self.media, self.details, self.raw) = (None, None, None);
    }

    /// Renames the chat to the same person's other id.
    pub fn rename_chat(&mut self, name: &Jid) {
        if let Some(quoted) = &mut self.quoted
            && quoted.chat == self.id.chat
        {
            quoted.chat = name.clone();
        }
        self.id.chat = name.clone();
    }

    /// The preview of the message in a list of chats, in one line.
    pub fn preview(&self) -> String {
        if !self.body.is_empty() {
            return self.body.clone();
        }
        let label = match self.kind {
            MessageKind::Text => return String::new(),
            MessageKind::Image => "image",
            MessageKind::Video => "video",
            MessageKind::Audio => "audio",
            MessageKind::Voice => "voice",
            MessageKind::Document => "document",
            MessageKind::Sticker => "sticker",
            MessageKind::Location => "location",
            MessageKind::ContactCard => "contact",
            MessageKind::Poll => "poll",
            MessageKind::MenuReply => "reply",
            MessageKind::Revoked => "deleted",
            MessageKind::GroupNotice => "notice",
            MessageKind::Unknown => "unknown",
        };
        format!("[{label}]")
    }
}

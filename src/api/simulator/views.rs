//! Chats, groups and messages as the phones of the simulated network show them.

use serde::Serialize;
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{kit::required_choice, simulator::details_view::PhoneDetails},
    domain::{
        Ack, Chat, Group, Jid, Message, MessageId, MessageKind, Participant, Timestamp,
        chat::LastMessage,
        message::{MessageMedia, Reaction},
    },
};

/// A chat as its account's phone shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneChat<'a> {
    /// Id of the chat.
    #[schema(value_type = String, example = "15550000001@c.us")]
    id: &'a Jid,
    /// Name of the chat.
    #[schema(example = "Ada")]
    name: &'a str,
    /// Messages that came in and were not read.
    unread: u32,
    archived: bool,
    pinned: bool,
    /// Until when it is muted; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[schema(example = json!(null))]
    muted_until: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    last_activity: Timestamp,
    /// The newest message; null in an empty chat.
    last_message: Option<PhoneLastMessage<'a>>,
}

/// The newest message of a chat, as the list of chats shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PhoneLastMessage<'a> {
    /// Its text, or a word for what it carries.
    #[schema(example = "Hello")]
    preview: &'a str,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    from_me: bool,
}

impl<'a> PhoneChat<'a> {
    pub fn of(chat: &'a Chat) -> Self {
        let last = chat.last_message.as_ref();
        Self {
            id: &chat.id,
            name: &chat.name,
            unread: chat.unread,
            archived: chat.archived,
            pinned: chat.pinned,
            muted_until: chat.muted_until,
            last_activity: chat.last_activity,
            last_message: last.map(|LastMessage { preview, timestamp, from_me, .. }| {
                PhoneLastMessage { preview, timestamp: *timestamp, from_me: *from_me }
            }),
        }
    }
}

/// A message as its account's phone shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneMessage<'a> {
    /// `true_` for the account's own, then the chat, then the key; in a group also its author.
    #[schema(value_type = String, example = "false_15551234567@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    id: &'a MessageId,
    #[schema(value_type = String)]
    author: &'a Jid,
    #[schema(schema_with = kind_schema)]
    kind: MessageKind,
    /// Its text; the caption of a file.
    #[schema(example = "Hello")]
    body: &'a str,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    #[schema(schema_with = ack_schema)]
    ack: Ack,
    /// The name that the author chose.
    #[schema(example = "Ada")]
    push_name: Option<&'a str>,
    /// The file; null without one.
    #[schema(example = json!(null))]
    media: Option<PhoneFile<'a>>,
    /// The message that it answers.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    quoted: Option<&'a MessageId>,
    /// Ids of the people mentioned.
    #[schema(value_type = Vec<String>)]
    #[schema(example = json!(["15550000001@c.us"]))]
    mentions: &'a [Jid],
    /// Whether it was forwarded.
    forwarded: bool,
    /// Whether its text was changed after it was sent.
    edited: bool,
    /// One entry for each person who reacted.
    reactions: Vec<PhoneReaction<'a>>,
    /// Of an own message in a group: whom it went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>)]
    #[schema(example = json!(["15550000001@c.us"]))]
    recipients: Option<&'a [Jid]>,
    /// What only some messages have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    details: Option<PhoneDetails<'a>>,
    /// The account's address that it came in at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    #[schema(example = "15551234567@c.us")]
    to: Option<&'a Jid>,
    /// What its group was called when it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    group_name: Option<&'a str>,
    /// Of a message of the kind `unknown`: the object that it was written with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    raw: Option<&'a Value>,
}

/// The file of a message.
#[derive(Serialize, ToSchema)]
struct PhoneFile<'a> {
    mime: &'a str,
    /// Bytes.
    size: u64,
    filename: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
struct PhoneReaction<'a> {
    #[schema(value_type = String)]
    sender: &'a Jid,
    emoji: &'a str,
    /// When the person reacted.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

fn kind_schema() -> Schema {
    required_choice(
        "What the message carries",
        &[
            "text",
            "image",
            "video",
            "audio",
            "voice",
            "document",
            "sticker",
            "location",
            "contactCard",
            "poll",
            "menuReply",
            "revoked",
            "groupNotice",
            "unknown",
        ],
    )
}

fn ack_schema() -> Schema {
    let about = "How far the message has come";
    required_choice(about, &["failed", "pending", "sent", "delivered", "read", "played"])
}

impl<'a> PhoneMessage<'a> {
    pub fn of(message: &'a Message) -> Self {
        Self {
            id: &message.id,
            author: &message.author,
            kind: message.kind,
            body: &message.body,
            timestamp: message.timestamp,
            ack: message.ack,
            push_name: message.push_name.as_deref(),
            media: message.media.as_ref().map(PhoneFile::of),
            quoted: message.quoted.as_ref(),
            mentions: &message.mentions,
            forwarded: message.forwarded,
            edited: message.edited,
            reactions: message.reactions.iter().map(PhoneReaction::of).collect(),
            recipients: message.recipients.as_deref(),
            details: message.details.as_deref().map(PhoneDetails::of),
            to: message.to.as_ref(),
            group_name: message.group_name.as_deref(),
            raw: message.raw.as_ref(),
        }
    }
}

impl<'a> PhoneFile<'a> {
    fn of(media: &'a MessageMedia) -> Self {
        let MessageMedia { mime, size, filename } = media;
        Self { mime, size: *size, filename: filename.as_deref() }
    }
}

impl<'a> PhoneReaction<'a> {
    fn of(reaction: &'a Reaction) -> Self {
        let Reaction { sender, emoji, timestamp } = reaction;
        Self { sender, emoji, timestamp: *timestamp }
    }
}

/// A group or a channel that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneGroup<'a> {
    /// Id of the group or channel.
    #[schema(value_type = String, example = "120363000000000000@g.us")]
    id: &'a Jid,
    /// Name of the group or channel.
    #[schema(example = "Friends")]
    name: &'a str,
    /// Description; null without one.
    #[schema(example = json!(null))]
    description: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    owner: Option<&'a Jid>,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// The members.
    participants: Vec<PhoneMember<'a>>,
}

#[derive(Serialize, ToSchema)]
struct PhoneMember<'a> {
    /// Id of the member.
    #[schema(value_type = String)]
    #[schema(example = "15550000001@c.us")]
    id: &'a Jid,
    /// Whether the member is an admin.
    admin: bool,
    /// The founder, who is an admin for good.
    owner: bool,
}

impl<'a> PhoneGroup<'a> {
    pub fn of(group: &'a Group) -> Self {
        let member = |member: &'a Participant| PhoneMember {
            id: &member.id,
            admin: member.admin,
            owner: member.owner,
        };
        Self {
            id: &group.id,
            name: &group.name,
            description: group.description.as_deref(),
            owner: group.owner.as_ref(),
            created_at: group.created_at,
            participants: group.participants.iter().map(member).collect(),
        }
    }
}

//! What the Chat API answers with, and its words for states and kinds.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        chat::{
            choices::{
                conversation_status_schema, direction_schema, instance_status_schema,
                last_status_schema, message_status_schema, message_type_schema,
                replied_type_schema, waiting_status_schema,
            },
            paging::PageNumbers,
            reactions::GroupedReaction,
        },
        content::{CardView, ChatAdView, LinkPreviewView, LocationView, MenuReplyView, PollView},
    },
    domain::{
        FailureCode, Jid, JidKind, Message, MessageKind, SessionState, SessionStatus, Timestamp,
        conversation::Tag, outbox::OutboxEntry,
    },
    messaging::MessageStatus,
};

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "550e8400-e29b-41d4-a716-446655440001", "name": "VIP", "color": "#f59e0b" }))]
pub struct TagLabel {
    /// UUID of the tag.
    pub id: String,
    /// Name of the tag.
    #[schema(example = "VIP")]
    pub name: String,
    pub color: String,
}

impl TagLabel {
    pub fn of(tag: &Tag) -> Self {
        Self { id: tag.id.to_string(), name: tag.name.clone(), color: tag.color.clone() }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InstanceLabel {
    pub uuid: String,
    #[schema(schema_with = instance_status_schema)]
    pub status: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "550e8400-e29b-41d4-a716-446655440045", "contact_number": "5521999999999",
    "chat_id": "5521999999999@c.us", "display_name": "John Doe", "profile_picture_url": null, "last_message": "Hello!",
    "unread_count": 3,
    "tags": [{ "id": "550e8400-e29b-41d4-a716-446655440001", "name": "VIP", "color": "#f59e0b" }],
    "instance": { "uuid": "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a", "status": "connected" },
    "is_group": false, "is_status": false, "is_channel": false, "is_archived": false,
    "last_message_at": "2026-03-24T10:31:00.000Z",
    "last_message_from_me": false, "last_message_status": null, "automation_paused": false,
    "status": "open", "assigned_to": null,
}))]
pub struct ConversationView {
    /// UUID of the conversation.
    pub id: String,
    /// Digits; a group's address.
    #[schema(example = "15550000001")]
    pub contact_number: String,
    /// Its address, as events name it in `chatId`.
    pub chat_id: String,
    pub display_name: String,
    /// Address of the picture; null where it is not known.
    #[schema(example = json!(null))]
    pub profile_picture_url: Option<String>,
    /// One line of at most 200 characters.
    #[schema(example = "Hello")]
    pub last_message: String,
    pub unread_count: u32,
    pub tags: Vec<TagLabel>,
    /// The instance that the conversation belongs to.
    pub instance: InstanceLabel,
    pub is_group: bool,
    /// Stories: `status@broadcast`, which is no chat to answer to.
    pub is_status: bool,
    /// A channel (`…@newsletter`).
    pub is_channel: bool,
    pub is_archived: bool,
    pub last_message_at: Option<String>,
    /// Whether the account sent the newest message; null without one.
    pub last_message_from_me: Option<bool>,
    #[schema(schema_with = last_status_schema)]
    pub last_message_status: Option<&'static str>,
    /// Whether automation must not answer.
    pub automation_paused: bool,
    #[schema(schema_with = conversation_status_schema)]
    pub status: &'static str,
    pub assigned_to: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationPage {
    /// The conversations, newest activity first.
    pub data: Vec<ConversationView>,
    #[serde(flatten)]
    pub numbers: PageNumbers,
}

/// A conversation in the form without `format=chat`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlainConversation {
    /// Number of the conversation.
    pub id: u64,
    pub uuid: String,
    pub instance_id: String,
    /// Digits; a group's address.
    #[schema(example = "15550000001")]
    pub contact_number: String,
    /// The name that a list shows.
    #[schema(example = "Ada")]
    pub contact_name: String,
    pub is_group: bool,
    /// Stories: `status@broadcast`, which is no chat to answer to.
    pub is_status: bool,
    /// A channel (`…@newsletter`).
    pub is_channel: bool,
    pub unread_count: u32,
    pub is_archived: bool,
    pub last_message_at: Option<String>,
    /// One line of at most 200 characters.
    #[schema(example = "Hello")]
    pub last_message: String,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PlainConversationPage {
    /// The conversations, newest activity first.
    pub data: Vec<PlainConversation>,
    #[serde(flatten)]
    pub numbers: PageNumbers,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatMessageView, example = json!({
    "id": 1_000_000_457, "uuid": "660e8400-e29b-41d4-a716-446655440045",
    "whatsapp_id": "false_5521999999999@c.us_3EB0A1B2C3D4E5F6A7B8C9", "direction": "incoming",
    "is_from_me": false, "is_status": false, "is_channel": false, "message_body": "Hello @5521999999999!",
    "formatted_body": "Hello <span class=\"mention\">@John</span>!",
    "mentioned_jids": ["5521999999999@s.whatsapp.net"],
    "grouped_reactions": [{ "emoji": "👍", "count": 2, "has_my_reaction": true }],
    "message_type": "text", "status": "read", "is_played": false, "media": null,
    "sender": { "jid": "5521999999999@s.whatsapp.net", "name": "John Doe", "number": "5521999999999" },
    "reply_to": null, "is_edited": false, "is_deleted": false,
    "created_at": "2026-03-24T10:31:00.000Z", "sent_at": "2026-03-24T10:31:00.000Z",
}))]
pub struct MessageView {
    /// Number of the message; later messages of a conversation have higher ones.
    pub id: u64,
    pub uuid: String,
    /// Full id of the message on WhatsApp.
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub whatsapp_id: String,
    #[schema(schema_with = direction_schema)]
    pub direction: &'static str,
    /// Whether the account itself sent it.
    pub is_from_me: bool,
    /// A story: posted to `status@broadcast`.
    pub is_status: bool,
    /// A post of a channel (`…@newsletter`).
    pub is_channel: bool,
    /// The text as it was written; the caption of a file.
    pub message_body: String,
    /// The same as HTML: escaped, those mentioned by name in `span`s of class `mention`.
    #[schema(example = "Hello")]
    pub formatted_body: String,
    /// WhatsApp addresses of the people mentioned.
    #[schema(example = json!([]))]
    pub mentioned_jids: Vec<String>,
    pub grouped_reactions: Vec<GroupedReaction>,
    #[schema(schema_with = message_type_schema)]
    pub message_type: &'static str,
    #[schema(schema_with = message_status_schema)]
    pub status: &'static str,
    /// Why it failed; left out unless it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "The number is not on WhatsApp")]
    pub error: Option<String>,
    /// The kind of that failure, such as RECIPIENT_NOT_ON_WHATSAPP or SEND_FAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    #[schema(example = "SEND_FAILED")]
    pub error_code: Option<FailureCode>,
    /// Whether a voice note, or a video, was played by whom it was sent to; then it is read as well.
    pub is_played: bool,
    /// The file; null without one.
    pub media: Option<MediaView>,
    /// The person who wrote it.
    pub sender: SenderView,
    /// The message that it answers; null when it answers none.
    pub reply_to: Option<ReplyView>,
    /// Whether its text was changed after it was sent.
    pub is_edited: bool,
    /// Then its texts are empty.
    pub is_deleted: bool,
    pub created_at: String,
    /// When WhatsApp accepted it, RFC 3339; null before that.
    pub sent_at: Option<String>,
    #[serde(flatten)]
    pub content: ContentView,
}

/// What only some messages have.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ChatContentView)]
pub struct ContentView {
    /// The own number that a message came in at; not of one that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub recipient: Option<RecipientView>,
    /// Of a message in a group or a channel: what that was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<LocationView>,
    /// The contact cards of a `contact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contacts: Option<Vec<CardView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub poll: Option<PollView>,
    /// What was chosen from a list or from buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub menu_reply: Option<MenuReplyView>,
    /// The advertisement through which somebody came to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ad: Option<ChatAdView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub link_preview: Option<LinkPreviewView>,
    /// How long a voice note, an audio file or a video lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duration_seconds: Option<u32>,
    /// A sticker that moves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_animated: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_view_once: bool,
    /// It disappears after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ephemeral_seconds: Option<u32>,
    /// Of a message of the type `unsupported`: what the engine shows of it, of at most 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub raw: Option<serde_json::Value>,
}

impl ContentView {
    pub fn of(message: &Message) -> Self {
        let details = message.details();
        Self {
            recipient: None,
            group_name: message.group_name.clone(),
            location: LocationView::of(details),
            contacts: CardView::all_of(details),
            poll: PollView::of(details),
            menu_reply: MenuReplyView::of(details),
            ad: ChatAdView::of(details),
            link_preview: LinkPreviewView::of(details),
            duration_seconds: details.seconds,
            is_animated: details.animated,
            is_view_once: details.view_once,
            ephemeral_seconds: details.ephemeral_seconds,
            raw: message.raw.clone(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecipientView {
    pub jid: String,
    pub number: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MediaView {
    /// On this gateway, signed: opens this file without a credential, for `media.link_minutes`.
    pub url: String,
    pub mime_type: String,
    pub filename: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Spoken into the phone, not sent as a file.
    pub is_voice_note: bool,
    pub caption: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SenderView {
    pub jid: String,
    /// Name of the person; the number where none is known.
    #[schema(example = "Ada")]
    pub name: String,
    pub number: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReplyView {
    pub uuid: String,
    /// None when the gateway does not hold that message.
    pub id: Option<u64>,
    pub message_body: String,
    #[schema(schema_with = replied_type_schema)]
    pub message_type: Option<&'static str>,
    /// Name of the person who wrote it; null where it is not known.
    #[schema(example = "Ada")]
    pub sender_name: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePage {
    /// Lowest id first.
    pub messages: Vec<MessageView>,
    /// Whether there are more in the direction that was read in.
    pub has_more: bool,
}

/// A message in the form without `format=chat`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlainMessage {
    /// Number of the message; later messages of a conversation have higher ones.
    pub id: u64,
    pub uuid: String,
    /// UUID of the conversation.
    pub conversation_id: String,
    pub instance_id: String,
    #[schema(schema_with = direction_schema)]
    pub direction: &'static str,
    #[schema(schema_with = message_type_schema)]
    pub message_type: &'static str,
    pub message_body: String,
    pub media_url: Option<String>,
    #[schema(schema_with = message_status_schema)]
    pub status: &'static str,
    /// A story: posted to `status@broadcast`.
    pub is_status: bool,
    /// A post of a channel (`…@newsletter`).
    pub is_channel: bool,
    pub created_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PlainMessagePage {
    /// The messages, highest id first.
    pub messages: Vec<PlainMessage>,
    pub has_more: bool,
    /// In lists over several conversations: what to give as before_id for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_before_id: Option<u64>,
    /// In searches, while the index is being built: there may be more than was found.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub indexing: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatSentView)]
pub struct SentView {
    /// The message that was sent.
    pub message: MessageView,
    /// The conversation that it stands in.
    pub conversation: ConversationView,
}

/// A session's state in this surface's words.
pub fn instance_status(status: &SessionStatus) -> &'static str {
    match status.state {
        SessionState::Ready if status.connected => "connected",
        SessionState::QrReady => "qr_ready",
        SessionState::Initializing | SessionState::Authenticated | SessionState::Degraded => {
            "pending"
        }
        SessionState::Ready | SessionState::Failed | SessionState::Terminated => "disconnected",
    }
}

pub fn message_status(message: &Message) -> &'static str {
    MessageStatus::of(message).as_str()
}

pub fn message_type(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text | MessageKind::Revoked | MessageKind::MenuReply => "text",
        MessageKind::Image => "image",
        MessageKind::Video => "video",
        MessageKind::Audio | MessageKind::Voice => "audio",
        MessageKind::Document => "document",
        MessageKind::Sticker => "sticker",
        MessageKind::Location => "location",
        MessageKind::ContactCard => "contact",
        MessageKind::Poll => "poll",
        MessageKind::GroupNotice => "notice",
        MessageKind::Unknown => "unsupported",
    }
}

pub fn direction(message: &Message) -> &'static str {
    if message.from_me() { "outgoing" } else { "incoming" }
}

/// An address as this surface writes it.
pub fn jid(jid: &Jid) -> String {
    match jid.kind() {
        JidKind::Person => format!("{}@s.whatsapp.net", jid.user()),
        _ => jid.to_string(),
    }
}

/// A moment in UTC, to the millisecond.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "660e8400-e29b-41d4-a716-446655440045", "status": "pending",
    "scheduled_at": "2030-01-31T12:00:00.000Z", "delay_seconds": 3600, "remaining_quota": null,
}))]
pub struct QueuedView {
    /// Of the message that it will be; DELETE /chat/messages/{uuid} takes it back.
    pub uuid: String,
    #[schema(schema_with = waiting_status_schema)]
    pub status: &'static str,
    /// The time before which it is not sent, RFC 3339; null for none.
    #[schema(example = json!(null))]
    pub scheduled_at: Option<String>,
    /// Seconds until it may be sent.
    pub delay_seconds: i64,
    pub remaining_quota: Option<u64>,
}

impl QueuedView {
    pub fn of(entry: &OutboxEntry, now: Timestamp) -> Self {
        let send_at = entry.options.send_at;
        let delay = send_at.map_or(0, |at| (at.as_second() - now.as_second()).max(0));
        Self {
            uuid: entry.message_uuid().to_string(),
            status: "pending",
            scheduled_at: send_at.map(time),
            delay_seconds: delay,
            remaining_quota: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_millis;

    #[test]
    fn times_and_addresses_are_written_as_clients_know_them() {
        assert_eq!(time(from_millis(1_774_348_260_000)), "2026-03-24T10:31:00.000Z");
        let written = |text: &str| jid(&text.parse().unwrap());
        assert_eq!(written("5521999999999@c.us"), "5521999999999@s.whatsapp.net");
        assert_eq!(written("100000000000001@lid"), "100000000000001@lid");
    }
}

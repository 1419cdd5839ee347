//! Messages as the business API shows them.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::channels::Channel,
        chat::{file_url, time},
        kit::Plural,
    },
    domain::{
        Error, Message, MessageId, MessageKind, SessionId, Subject,
        conversation::{StoredMessage, conversation_uuid, message_uuid},
        details::{Card, Menu},
        message::Reaction,
    },
    inbox::SentNote,
    messaging::{FoundMessage, MessageStatus},
    services::Services,
};

/// A message of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessMessage)]
pub struct MessageView {
    /// UUID of the message, the same as in the Chat API.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440045")]
    pub id: String,
    /// WhatsApp's id.
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    message_id: String,
    /// Counts over all messages; lists go on `before` it. 0 while the message waits in the outbox.
    number: u64,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// Id of the contact; null for somebody who is no contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    contact_id: Option<String>,
    /// INBOUND or OUTBOUND.
    #[schema(example = "INBOUND")]
    direction: &'static str,
    /// text, image, video, audio, document, sticker, location, contact, poll, interactive, template, deleted or
    /// unknown.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: &'static str,
    /// The text; null for a file and what has no text.
    #[schema(example = "Hello")]
    text: Option<String>,
    /// Text below the file; null without one.
    #[schema(example = json!(null))]
    caption: Option<String>,
    /// Opens the file at `/api/media/{mediaId}`; null without a file.
    #[schema(example = json!(null))]
    media_id: Option<String>,
    /// Link to the file; null without one.
    #[schema(example = json!(null))]
    media_url: Option<String>,
    /// Media type of the file; null without one.
    #[schema(example = json!(null))]
    mime_type: Option<String>,
    /// Name of the file; null without one.
    #[schema(example = json!(null))]
    filename: Option<String>,
    /// Degrees north; null unless it is a location.
    #[schema(example = json!(null))]
    latitude: Option<f64>,
    /// Degrees east; null unless it is a location.
    #[schema(example = json!(null))]
    longitude: Option<f64>,
    /// Name of the place; null without one.
    #[schema(example = json!(null))]
    location_name: Option<String>,
    /// Cards with a name and phones.
    #[schema(value_type = Vec<Object>, example = json!([]))]
    contacts: Vec<Value>,
    /// What was chosen from a menu, or the menu that was sent.
    #[schema(value_type = Option<Object>, example = json!(null))]
    interactive: Option<Value>,
    /// The template that was sent, as the caller named it; null for another message.
    #[schema(value_type = Option<Object>, example = json!(null))]
    template: Option<Value>,
    /// WhatsApp's id of the message that it answers; null for no answer.
    #[schema(example = json!(null))]
    reply_to: Option<String>,
    /// Reactions to the message.
    reactions: Vec<ReactionView>,
    /// PENDING, SENT, DELIVERED, READ or FAILED. PENDING is a message that waits in the outbox.
    #[schema(example = "DELIVERED")]
    status: String,
    /// Why it failed; null for any other message, and where that is not known any more.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// What it came or went by.
    #[schema(example = "whatsapp")]
    channel: &'static str,
    /// Who sent it; null for received messages, and where it is not known.
    sent_by: Option<SentByView>,
    /// The caller's own name for the message.
    #[schema(example = json!(null))]
    client_ref: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Seconds since 1970.
    timestamp: i64,
}

/// A reaction of one person.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessReaction)]
struct ReactionView {
    emoji: String,
    /// Id of the person.
    #[schema(example = "15550000001@c.us")]
    from: String,
}

/// Who sent a message.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessSender)]
struct SentByView {
    /// `user` for a person who is signed in, `api` for another caller of this API, `broadcast`, `bot`, or `system` for
    /// the gateway itself.
    #[serde(rename = "type")]
    #[schema(example = "api")]
    kind: &'static str,
    /// Id of the person or the API key; null without one.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: Option<String>,
    /// Name of the person or the key; null without one.
    #[schema(example = "Support desk")]
    name: Option<String>,
}

impl Plural for MessageView {
    const PLURAL: &'static str = "messages";
}

/// A message with what is known beside it.
pub async fn view(
    services: &Services,
    session: &SessionId,
    stored: &StoredMessage,
    contact: Option<Uuid>,
    note: Option<&SentNote>,
) -> Result<MessageView, Error> {
    let error = services.message_history.reason(session, stored).await?;
    Ok(MessageView { error, ..plain_view(services, session, stored, contact, note) })
}

fn plain_view(
    services: &Services,
    session: &SessionId,
    stored: &StoredMessage,
    contact: Option<Uuid>,
    note: Option<&SentNote>,
) -> MessageView {
    let (message, is_deleted) = (&stored.message, stored.is_deleted());
    // What was sent is not shown of a message that was deleted.
    let sent = note.filter(|_| !is_deleted);
    let uuid = message_uuid(session, &message.id);
    let details = message.details();
    let media = message.media.as_ref().filter(|_| !is_deleted);
    let words = (!is_deleted && !message.body.is_empty()).then(|| message.body.clone());
    let (text, caption) = if message.kind.is_media() { (None, words) } else { (words, None) };
    let place = details.location.as_ref();
    let reaction = |reaction: &Reaction| ReactionView {
        emoji: reaction.emoji.clone(),
        from: reaction.sender.to_string(),
    };
    let card = |card: &Card| {
        let phones: Vec<Value> =
            card.phones.iter().map(|phone| json!({ "phone": phone })).collect();
        json!({ "name": { "formatted_name": card.name }, "phones": phones })
    };
    MessageView {
        id: uuid.to_string(),
        message_id: message.id.to_string(),
        number: stored.number,
        conversation_id: conversation_uuid(session, message.chat()).to_string(),
        contact_id: contact.map(|id| id.to_string()),
        direction: direction(message),
        kind: shown_kind(stored, note),
        text,
        caption,
        media_id: media.map(|_| uuid.to_string()),
        media_url: media.map(|_| file_url(services, session, uuid)),
        mime_type: media.map(|media| media.mime.clone()),
        filename: media.and_then(|media| media.filename.clone()),
        latitude: place.map(|place| place.latitude),
        longitude: place.map(|place| place.longitude),
        location_name: place.and_then(|place| place.name.clone()),
        contacts: details.contacts.iter().map(card).collect(),
        interactive: chosen(message).or_else(|| sent.and_then(|note| note.interactive.clone())),
        template: sent.and_then(|note| note.template.clone()),
        reply_to: message.quoted.as_ref().map(ToString::to_string),
        reactions: message.reactions.iter().map(reaction).collect(),
        status: MessageStatus::of(message).as_str().to_uppercase(),
        error: None,
        channel: Channel::of(session).as_str(),
        sent_by: note.map(|note| SentByView {
            kind: note.author.kind.as_str(),
            id: note.author.id.map(|id| id.to_string()),
            name: note.author.name.clone(),
        }),
        client_ref: note.and_then(|note| note.client_ref.clone()),
        created_at: time(message.timestamp),
        timestamp: message.timestamp.as_second(),
    }
}

/// Messages of one conversation.
pub async fn views(
    services: &Services,
    session: &SessionId,
    stored: &[StoredMessage],
    contact: Option<Uuid>,
) -> Result<Vec<MessageView>, Error> {
    let messages = stored.iter().map(|stored| (session, &stored.message));
    let notes = services.inbox.notes(messages).await?;
    let mut views = Vec::with_capacity(stored.len());
    for (stored, note) in stored.iter().zip(&notes) {
        views.push(view(services, session, stored, contact, note.as_ref()).await?);
    }
    Ok(views)
}

/// The number of a message that is named by its UUID, its number or WhatsApp's id. Such an id is looked for in these
/// sessions.
pub async fn number_of(
    services: &Services,
    sessions: &[SessionId],
    text: &str,
) -> Result<u64, Error> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    if let Ok(id) = text.parse::<MessageId>() {
        for session in sessions {
            if let Some(stored) = services.messages.stored(session, &id).await? {
                return Ok(stored.number);
            }
        }
    } else {
        return Ok(match services.messages.get(text).await? {
            FoundMessage::Stored(_, stored) => stored.number,
            // It comes behind all that have a number.
            FoundMessage::Unsent(_) => u64::MAX,
        });
    }
    Err(Error::not_found(Subject::Message, "there is no such message"))
}

pub fn direction(message: &Message) -> &'static str {
    if message.from_me() { "OUTBOUND" } else { "INBOUND" }
}

/// The types of messages in this API's words.
pub const KINDS: [&str; 13] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contact",
    "poll",
    "interactive",
    "template",
    "deleted",
    "unknown",
];

/// The type of a message as it is shown. That of a menu and a template was noted when they were sent.
pub fn shown_kind(stored: &StoredMessage, note: Option<&SentNote>) -> &'static str {
    match note.filter(|_| !stored.is_deleted()) {
        Some(note) if note.interactive.is_some() => "interactive",
        Some(note) if note.template.is_some() => "template",
        Some(_) | None => kind(&stored.message),
    }
}

/// The type of a message by itself, which is one of [`KINDS`].
pub fn kind(message: &Message) -> &'static str {
    match message.kind {
        MessageKind::Text => "text",
        MessageKind::Image => "image",
        MessageKind::Video => "video",
        MessageKind::Audio | MessageKind::Voice => "audio",
        MessageKind::Document => "document",
        MessageKind::Sticker => "sticker",
        MessageKind::Location => "location",
        MessageKind::ContactCard => "contact",
        MessageKind::Poll => "poll",
        MessageKind::MenuReply => "interactive",
        MessageKind::Revoked => "deleted",
        MessageKind::GroupNotice | MessageKind::Unknown => "unknown",
    }
}

/// What was chosen from a menu.
fn chosen(message: &Message) -> Option<Value> {
    let reply = message.details().menu_reply.as_ref()?;
    let name = if reply.menu == Menu::List { "list_reply" } else { "button_reply" };
    Some(json!({ "type": name, name: { "id": reply.id, "title": reply.title } }))
}

//! The inbox in streams: what becomes of conversations, for callers who ask for it, each as far as the caller sees them.
//!
//! A conversation of a WhatsApp session or of the SMS number is seen by everybody who may read conversations; a web chat
//! with its bot.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    accounts::Principal,
    api::{
        chat::time,
        kit::{Shape, shape},
    },
    bots::Bots,
    domain::{
        Body, Error, ErrorCode, Event, EventBody, Message,
        conversation::{conversation_uuid, message_uuid},
    },
    events::{Codes, Wording},
    inbox::ConversationChanged,
    notes::NoteAdded,
    presence::PresenceEvent,
    services::Services,
    teams::Teams,
};

/// The name of the wording.
pub const INBOX: &str = "inbox";
const CHANGED: &str = "conversation.changed";
const MESSAGE: &str = "conversation.message";
const NOTE: &str = "note.added";
const PRESENCE: &str = "presence.changed";
const NAMES: [&str; 4] = [CHANGED, MESSAGE, NOTE, PRESENCE];

/// A conversation is shown otherwise in lists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxChangedData)]
struct ChangedData {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// UUID of its bot; null without one.
    #[schema(example = json!(null))]
    bot_id: Option<String>,
    /// OPEN, ASSIGNED, RESOLVED, BOT_ACTIVE or AI_ACTIVE.
    #[schema(example = "OPEN")]
    status: &'static str,
    /// UUID of the person or the API key who works on it; null for nobody.
    #[schema(example = json!(null))]
    assigned_to: Option<String>,
    /// Whether its bot asked for a person.
    handoff_requested: bool,
    /// Whether it has a star.
    starred: bool,
    /// Whether it has unread messages, or was marked as unread.
    unread: bool,
    /// Whether it is in the archive.
    archived: bool,
    /// Until when it is snoozed, RFC 3339; null where it is not.
    #[schema(example = json!(null))]
    snoozed_until: Option<String>,
    /// UUIDs of its tags.
    #[schema(example = json!([]))]
    tag_ids: Vec<String>,
    /// Whether it was deleted.
    deleted: bool,
}

/// A message in a conversation that is of no WhatsApp session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxMessageData)]
struct MessageData {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// UUID of the message.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440045")]
    message_id: String,
    /// Whether it went to the person at the other side.
    from_me: bool,
}

/// Somebody wrote a note beside a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxNoteData)]
struct NoteData {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// UUID of the note.
    note_id: String,
    /// UUID of the person or the API key who wrote it; null for the gateway itself.
    #[schema(example = json!(null))]
    author_id: Option<String>,
}

/// Somebody came, went, or chose another status.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxPresenceData)]
struct PresenceData {
    /// UUID of the person.
    user_id: String,
    /// online, away, busy or offline.
    #[schema(example = "online")]
    status: &'static str,
}

/// Each event's name, what it says, and the schema of its data.
pub fn events() -> Vec<(&'static str, &'static str, Shape)> {
    vec![
        (
            CHANGED,
            "A conversation is shown otherwise in the lists of the inbox",
            shape::<ChangedData>(),
        ),
        (MESSAGE, "A message in a web chat or by SMS", shape::<MessageData>()),
        (NOTE, "Somebody wrote a note beside a conversation", shape::<NoteData>()),
        (
            PRESENCE,
            "Somebody of the workspace came, went, or chose another status",
            shape::<PresenceData>(),
        ),
    ]
}

/// The wording of what becomes of conversations.
pub struct InboxWords;

impl Wording for InboxWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match &event.body {
            Body::WhatsApp(_) => message_of(event).map(|_| MESSAGE),
            Body::Module(module) => match module.kind.as_str() {
                CHANGED => Some(CHANGED),
                NOTE => Some(NOTE),
                PRESENCE => Some(PRESENCE),
                _ => None,
            },
        }
    }

    fn write(&self, event: &Event, _: Codes, bytes: &mut Vec<u8>) -> Option<()> {
        let name = self.name(event)?;
        let session = event.session().filter(|session| session.is_whatsapp());
        let mut worded = json!({
            "event": name,
            "sessionId": session,
            "data": data(event)?,
            "timestamp": event.at.as_second(),
            "id": event.id,
            "seq": event.seq,
        });
        if session.is_some() {
            worded["sessionUuid"] = json!(event.channel_uuid());
        }
        serde_json::to_writer(bytes, &worded).ok()
    }

    fn names(&self) -> &'static [&'static str] {
        &NAMES
    }
}

/// The message of an event that no other API has a name for.
fn message_of(event: &Event) -> Option<&Message> {
    let session = event.session()?;
    match event.body.whatsapp()? {
        EventBody::Message { message } | EventBody::MessageSent { message } => {
            (!session.is_whatsapp()).then_some(message)
        }
        _ => None,
    }
}

fn data(event: &Event) -> Option<Value> {
    if let (Some(message), Some(session)) = (message_of(event), event.session()) {
        return Some(json!(MessageData {
            conversation_id: conversation_uuid(session, message.chat()).to_string(),
            message_id: message_uuid(session, &message.id).to_string(),
            from_me: message.from_me(),
        }));
    }
    if let Some(NoteAdded { note, conversation, author, .. }) = event.body.read() {
        return Some(json!(NoteData {
            conversation_id: conversation.to_string(),
            note_id: note.to_string(),
            author_id: author.map(|agent| agent.id().to_string()),
        }));
    }
    if let Some(PresenceEvent::Changed { user, status }) = event.body.read() {
        return Some(json!(PresenceData { user_id: user.to_string(), status: status.as_str() }));
    }
    let changed: ConversationChanged = event.body.read()?;
    Some(json!(ChangedData {
        conversation_id: changed.conversation.to_string(),
        bot_id: changed.bot.map(|bot| bot.to_string()),
        status: changed.status.as_str(),
        assigned_to: changed.assignee.map(|agent| agent.id().to_string()),
        handoff_requested: changed.handoff,
        starred: changed.starred,
        unread: changed.unread,
        archived: changed.archived,
        snoozed_until: changed.snoozed_until.map(time),
        tag_ids: changed.tags.iter().map(ToString::to_string).collect(),
        deleted: changed.deleted,
    }))
}

/// Who follows the inbox.
pub struct Follower {
    bots: Bots,
    teams: Teams,
    caller: Principal,
}

impl Follower {
    /// Refuses a caller who may not read conversations.
    pub fn new(services: &Services, caller: &Principal) -> Result<Self, Error> {
        if !caller.may("conversations") {
            let message = "The events of the inbox need the scope 'conversations'";
            return Err(Error::new(ErrorCode::Forbidden, message));
        }
        let (bots, teams) = (services.bots.clone(), services.teams.clone());
        Ok(Self { bots, teams, caller: caller.clone() })
    }

    /// Whether the caller sees what an event is about, as it is now.
    pub async fn sees(&self, event: &Event) -> Result<bool, Error> {
        let Some(id) = event.session().and_then(|session| session.web_bot()) else {
            return Ok(true);
        };
        if self.caller.administers() {
            return Ok(true);
        }
        let bots = self.bots.all().await?;
        let Some(bot) = bots.iter().find(|bot| bot.id == id) else { return Ok(false) };
        Ok(self.teams.access(&self.caller, bot).await?.is_some())
    }
}

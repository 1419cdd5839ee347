//! A contact as the workspace API shows it.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{sessions::wire::seconds, workspace::bot_access::Sight},
    contacts::Contact,
    inbox::{InboxState, Status},
};

/// Conversations that a contact is shown with.
const MOST_SESSIONS: usize = 10;

/// A person whom the business writes with.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceContact)]
pub struct ContactView {
    /// UUID of the contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the contact; null without one.
    #[schema(example = "John Doe")]
    name: Option<String>,
    /// E-mail address; null without one.
    #[schema(example = "john@example.com")]
    email: Option<String>,
    /// E.164; null where no number is known.
    #[schema(example = "+919876543210")]
    phone: Option<String>,
    /// Where the person works; null where that is not known.
    #[schema(example = "Example Ltd")]
    company: Option<String>,
    /// What people noted; null without a note.
    #[schema(example = json!(null))]
    notes: Option<String>,
    /// Tags of the contact.
    #[schema(example = json!(["vip"]))]
    tags: Vec<String>,
    /// Fields of the business's own.
    #[schema(value_type = Object)]
    custom_fields: Map<String, Value>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: bool,
    /// UUIDs of the bots that the contact belongs to, of those that the caller sees.
    #[schema(example = json!([]))]
    bot_ids: Vec<String>,
    /// Conversations with the contact, of bots that the caller sees.
    session_count: usize,
    /// When the last message went to or came from the contact, RFC 3339; null before the first.
    #[schema(example = json!(null))]
    last_seen_at: Option<String>,
    /// When the contact was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When the contact was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

impl ContactView {
    /// With how many conversations of it, and which of its bots, a caller sees.
    pub fn of(contact: Contact, sessions: usize, sight: &Sight) -> Self {
        let bots = contact.bots.into_iter().filter(|bot| sight.has(Some(*bot)));
        Self {
            id: contact.id.to_string(),
            name: contact.name,
            email: contact.email,
            phone: contact.phone.map(|digits| format!("+{digits}")),
            company: contact.company,
            notes: contact.notes,
            tags: contact.tags,
            custom_fields: contact.custom_fields,
            opted_in: contact.whatsapp.opted_in,
            bot_ids: bots.map(|id| id.to_string()).collect(),
            session_count: sessions,
            last_seen_at: contact.last_message_at.map(seconds),
            created_at: seconds(contact.created_at),
            updated_at: seconds(contact.updated_at),
        }
    }
}

/// A contact with its conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceContactWithSessions)]
pub struct ContactWithSessions {
    #[serde(flatten)]
    contact: ContactView,
    /// The ten conversations with the newest activity, that first.
    sessions: Vec<ContactSessionView>,
}

/// A conversation of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceContactSession)]
struct ContactSessionView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    id: String,
    /// UUID of the bot; null without one.
    #[schema(example = json!(null))]
    bot_id: Option<String>,
    /// whatsapp or sms: what its messages go by.
    #[schema(example = "whatsapp")]
    channel: &'static str,
    /// bot, open, assigned or resolved.
    #[schema(example = "open")]
    status: &'static str,
    /// When something last happened in it, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_message_at: String,
}

impl ContactWithSessions {
    pub fn of(contact: Contact, sessions: Vec<InboxState>, sight: &Sight) -> Self {
        let contact = ContactView::of(contact, sessions.len(), sight);
        let shown = sessions.into_iter().take(MOST_SESSIONS).map(|state| ContactSessionView {
            id: state.conversation.to_string(),
            bot_id: state.bot.map(|bot| bot.to_string()),
            channel: if state.session.is_sms() { "sms" } else { "whatsapp" },
            status: match state.status {
                Status::BotActive | Status::AiActive => "bot",
                Status::Open => "open",
                Status::Assigned => "assigned",
                Status::Resolved => "resolved",
            },
            last_message_at: seconds(state.listed.last_activity),
        });
        Self { contact, sessions: shown.collect() }
    }
}

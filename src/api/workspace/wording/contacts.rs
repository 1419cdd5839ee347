//! Words of contacts whose conversations are a bot's: `contact_updated`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        chat::time,
        event_data::written,
        kit::{Shape, required_choice, shape},
        workspace::{fields::snake, wording::family::Family},
    },
    contacts::{Contact, ContactEvent},
    domain::{Error, Event},
    services::Services,
};

const NAME: &str = "contact_updated";

pub struct ContactWords;

/// What became of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = BotContactData)]
struct Payload {
    /// The contact after that.
    contact: ContactView,
    #[schema(schema_with = action_schema)]
    action: &'static str,
    /// Names of the fields that changed.
    #[schema(example = json!(["tags"]))]
    changes: Vec<String>,
}

/// A contact of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = BotContact)]
struct ContactView {
    /// UUID of the contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Null without one.
    #[schema(example = "Ada")]
    name: Option<String>,
    /// Null without one.
    #[schema(example = json!(null))]
    email: Option<String>,
    /// E.164; null for somebody who is known by a hidden WhatsApp id alone.
    #[schema(example = "+919876543210")]
    phone: Option<String>,
    /// Where the person works; null where that is not known.
    #[schema(example = json!(null))]
    company: Option<String>,
    /// What people noted; null without a note.
    #[schema(example = json!(null))]
    notes: Option<String>,
    /// Its tags.
    tags: Vec<String>,
    /// Fields of the business's own.
    #[schema(value_type = Object)]
    custom_fields: Map<String, Value>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: bool,
    /// UUIDs of the bots that the contact belongs to.
    #[schema(example = json!([]))]
    bot_ids: Vec<String>,
    /// When the last message went to or came from the contact, RFC 3339; null before the first.
    #[schema(format = DateTime, example = json!(null))]
    last_seen_at: Option<String>,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(format = DateTime)]
    updated_at: String,
}

fn action_schema() -> Schema {
    required_choice("What happened to it.", &["created", "updated", "deleted"])
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
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
            bot_ids: contact.bots.into_iter().map(|id| id.to_string()).collect(),
            last_seen_at: contact.last_message_at.map(time),
            created_at: time(contact.created_at),
            updated_at: time(contact.updated_at),
        }
    }
}

#[async_trait]
impl Family for ContactWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        event.body.read::<ContactEvent>().map(|_| NAME)
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        let about = "A contact with whom the bot has a conversation was made, changed or deleted";
        vec![(NAME, about, shape::<Payload>())]
    }

    async fn bots(&self, services: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        let Some(happened) = event.body.read::<ContactEvent>() else { return Ok(Vec::new()) };
        let chats = happened.contact().chats();
        let sessions = services.supervisor.all().into_iter().map(|status| status.id);
        let sessions: Vec<_> = sessions.filter(|id| !id.is_web()).collect();
        let states = services.inbox.of_chats(&sessions, &chats).await?;
        Ok(states.into_iter().filter_map(|state| state.bot).collect())
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(happened) = event.body.read::<ContactEvent>() else { return Ok(None) };
        let (contact, action, changes) = match happened {
            ContactEvent::Created { contact, .. } => (contact, "created", Vec::new()),
            ContactEvent::Updated { contact, changes, .. } => {
                (contact, "updated", changes.iter().map(|name| snake(name)).collect())
            }
            ContactEvent::OptedOut { contact, .. } => {
                (contact, "updated", vec!["opted_in".to_owned()])
            }
            ContactEvent::Deleted { contact, .. } => (contact, "deleted", Vec::new()),
        };
        written(&Payload { contact: (*contact).into(), action, changes })
    }
}

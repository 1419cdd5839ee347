//! Wording of the webhooks of bots: `{"id", "event", "bot_id", "timestamp", "data"}`.
//!
//! Each event family has its words in a file: which of its events have a name, whether one is of a bot, and what its data
//! is. A further family is such a file and a line in [`FAMILIES`]. An event is of a bot when its conversation is, so the
//! inbox must have handled it before.

mod automations;
mod contacts;
mod family;
mod feedback;
mod knowledge;
mod mentions;
mod messages;
mod sessions;
mod work_items;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::{
    automations::AutomationWords, contacts::ContactWords, family::Family, feedback::FeedbackWords,
    knowledge::KnowledgeWords, mentions::MentionWords, messages::MessageWords,
    sessions::SessionWords, work_items::WorkItemWords,
};
use crate::{
    api::{
        chat::time,
        kit::{LateServices, Shape},
        sessions::event_schemas::{add_shape, delivery, schema_name},
    },
    domain::{Error, ErrorCode, Event, SessionId, Timestamp},
    events::{Codes, Wording},
    services::Services,
};

/// The name of a test, which every endpoint gets.
pub const PING: &str = "ping";

/// The names that an endpoint may ask for.
pub const NAMES: [&str; 11] = [
    "new_message",
    "new_session",
    "handoff_requested",
    "feedback_received",
    "kb_updated",
    "automation_triggered",
    "ticket_created",
    "task_created",
    "contact_updated",
    "mention",
    "session_assigned",
];

const FAMILIES: [&dyn Family; 8] = [
    &MessageWords,
    &SessionWords,
    &FeedbackWords,
    &KnowledgeWords,
    &ContactWords,
    &MentionWords,
    &WorkItemWords,
    &AutomationWords,
];

/// Adds the schemas of all events. The requests that bring them to a webhook.
pub fn add_schemas(schemas: &mut Map<String, Value>) -> Map<String, Value> {
    let all = FAMILIES.iter().flat_map(|family| family.event_types());
    let event = |(event, about, data): (&'static str, &'static str, Shape)| {
        let mut data = add_shape(&data, schemas);
        data["description"] = "What the event is about.".into();
        request(schemas, (event, about), &data)
    };
    let mut requests: Map<String, Value> = all.map(event).collect();
    let nothing = json!({ "type": "object", "description": "Nothing.", "properties": {} });
    requests.extend([request(schemas, (PING, "A test"), &nothing)]);
    requests
}

fn request(
    schemas: &mut Map<String, Value>,
    (event, about): (&'static str, &'static str),
    data: &Value,
) -> (String, Value) {
    let name = format!("Bot{}", schema_name(event));
    schemas.insert(name.clone(), envelope_schema(event, about, data));
    (event.to_owned(), delivery(about, "Bot webhooks", &name))
}

fn envelope_schema(event: &str, about: &str, data: &Value) -> Value {
    json!({
        "type": "object",
        "description": about,
        "required": ["id", "event", "bot_id", "timestamp", "data"],
        "properties": {
            "id": { "type": "string", "format": "uuid", "description": "UUID of the event, the same over retries." },
            "event": { "const": event },
            "bot_id": { "type": "string", "format": "uuid", "description": "UUID of the bot." },
            "timestamp": {
                "type": "string", "format": "date-time", "description": "When it happened, RFC 3339.",
            },
            "data": data,
        },
    })
}

/// What every delivery has.
#[derive(Serialize)]
struct Envelope<'a> {
    id: Uuid,
    event: &'a str,
    bot_id: Uuid,
    timestamp: String,
    data: Value,
}

/// The wording. Clones are the same.
#[derive(Clone, Default)]
pub struct WorkspaceWords {
    services: LateServices,
}

impl WorkspaceWords {
    /// Where data is read, from the start of the deliveries on.
    pub fn read_from(&self, services: &Arc<Services>) {
        self.services.set(services);
    }
}

fn family_of(event: &Event) -> Option<(&'static dyn Family, &'static str)> {
    FAMILIES.iter().find_map(|family| Some((*family, family.name(event)?)))
}

#[async_trait]
impl Wording for WorkspaceWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        family_of(event).map(|(_, name)| name)
    }

    /// Streams have no such wording: its data has to be read.
    fn write(&self, _: &Event, _: Codes, _: &mut Vec<u8>) -> Option<()> {
        None
    }

    fn names(&self) -> &'static [&'static str] {
        &NAMES
    }

    async fn is_of(&self, event: &Event, bot: Uuid) -> Result<bool, Error> {
        let Some((family, _)) = family_of(event) else { return Ok(false) };
        let services = self.services.get()?;
        if !services.bots.all().await?.iter().any(|known| known.id == bot) {
            return Ok(false);
        }
        let is_handled = services.inbox.reached(event.seq).await;
        match family.bots(&services, event).await? {
            bots if bots.contains(&bot) => Ok(true),
            bots if bots.is_empty() && !is_handled => {
                let message = "the inbox has not caught up with what came in";
                Err(Error::new(ErrorCode::Unavailable, message))
            }
            _ => Ok(false),
        }
    }

    async fn wrap_for(&self, event: &Event, bot: Uuid) -> Result<Option<Bytes>, Error> {
        let Some((family, name)) = family_of(event) else { return Ok(None) };
        let services = self.services.get()?;
        let Some(data) = family.data(&services, event).await? else { return Ok(None) };
        let (id, timestamp) = (event.id, time(event.at));
        let body = Envelope { id, event: name, bot_id: bot, timestamp, data };
        let body = serde_json::to_vec(&body);
        let body = body.map_err(|error| Error::internal(format!("no event: {error}")))?;
        Ok(Some(body.into()))
    }

    fn test(&self, id: Uuid, _: Option<&SessionId>, now: Timestamp) -> Value {
        json!({ "id": id, "event": PING, "timestamp": time(now), "data": {} })
    }

    fn test_for(&self, id: Uuid, bot: Uuid, now: Timestamp) -> (&'static str, Value) {
        let (timestamp, data) = (time(now), json!({}));
        (PING, json!(Envelope { id, event: PING, bot_id: bot, timestamp, data }))
    }
}

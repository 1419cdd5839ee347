//! Wording of the business's webhooks: `{"event", "organizationId", "timestamp", "data"}`.
//!
//! Each event family has its words in a file: which of its events have a name, and what their data is. A further
//! family is such a file and a line in [`FAMILIES`]. The data is read when an event is delivered, after the inbox has
//! handled the event, so it may be newer than the event.

mod broadcasts;
mod contacts;
mod conversations;
mod family;
mod messages;
mod payments;
mod ratings;
mod tests_of_endpoints;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::{
    broadcasts::BroadcastWords, contacts::ContactWords, conversations::ConversationWords,
    family::Family, messages::MessageWords, payments::PaymentWords, ratings::RatingWords,
    tests_of_endpoints::TestWords,
};
use crate::{
    api::{
        chat::time,
        kit::{LateServices, Shape},
        sessions::event_schemas::{add_shape, delivery, schema_name},
    },
    domain::{Error, Event, SessionId, Timestamp},
    events::{Codes, TEST, Wording},
    services::Services,
};

/// The names that an endpoint may ask for.
pub const NAMES: [&str; 15] = [
    "message.received",
    "message.sent",
    "message.delivered",
    "message.read",
    "message.failed",
    "conversation.opened",
    "conversation.assigned",
    "conversation.resolved",
    "contact.created",
    "contact.updated",
    "contact.opted_out",
    "broadcast.completed",
    "payment.completed",
    "csat.received",
    TEST,
];

const FAMILIES: [&dyn Family; 7] = [
    &MessageWords,
    &ConversationWords,
    &RatingWords,
    &ContactWords,
    &BroadcastWords,
    &PaymentWords,
    &TestWords,
];

/// Adds the schemas of all events. The requests that bring them to a webhook.
pub fn add_schemas(schemas: &mut Map<String, Value>) -> Map<String, Value> {
    let all = FAMILIES.iter().flat_map(|family| family.event_types());
    let event = |(event, about, data): (&'static str, &'static str, Shape)| {
        let name = format!("Business{}", schema_name(event));
        let mut data = add_shape(&data, schemas);
        data["description"] = "What the event is about.".into();
        schemas.insert(name.clone(), envelope_schema(event, about, &data));
        (event.to_owned(), delivery(about, "Business webhooks", &name))
    };
    all.map(event).collect()
}

fn envelope_schema(event: &str, about: &str, data: &Value) -> Value {
    json!({
        "type": "object",
        "description": about,
        "required": ["event", "organizationId", "timestamp", "data"],
        "properties": {
            "event": { "const": event },
            "organizationId": { "type": "string", "format": "uuid", "description": "Id of the gateway." },
            "timestamp": {
                "type": "string", "format": "date-time", "description": "When it happened, RFC 3339.",
            },
            "data": data,
        },
    })
}

/// What every delivery has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    event: &'a str,
    organization_id: Uuid,
    timestamp: String,
    data: Value,
}

/// The wording. Clones are the same.
#[derive(Clone)]
pub struct BusinessWords {
    organization: Uuid,
    services: LateServices,
}

impl BusinessWords {
    pub fn new(organization: Uuid) -> Self {
        Self { organization, services: LateServices::default() }
    }

    /// Where data is read, from the start of the deliveries on.
    pub fn read_from(&self, services: &Arc<Services>) {
        self.services.set(services);
    }

    fn envelope<'a>(&self, event: &'a str, at: Timestamp, data: Value) -> Envelope<'a> {
        Envelope { event, organization_id: self.organization, timestamp: time(at), data }
    }
}

/// The family of an event with its name. Web chats have none: they are of the workspace API alone.
fn family_of(event: &Event) -> Option<(&'static dyn Family, &'static str)> {
    if event.session().is_some_and(SessionId::is_web) {
        return None;
    }
    FAMILIES.iter().find_map(|family| Some((*family, family.name(event)?)))
}

#[async_trait]
impl Wording for BusinessWords {
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

    async fn wrap(&self, event: &Event) -> Result<Option<Bytes>, Error> {
        let Some((family, name)) = family_of(event) else { return Ok(None) };
        let services = self.services.get()?;
        services.inbox.reached(event.seq).await;
        let Some(data) = family.data(&services, event).await? else { return Ok(None) };
        let body = serde_json::to_vec(&self.envelope(name, event.at, data));
        let body = body.map_err(|error| Error::internal(format!("no event: {error}")))?;
        Ok(Some(body.into()))
    }

    fn test(&self, id: Uuid, _: Option<&SessionId>, now: Timestamp) -> Value {
        json!(self.envelope(TEST, now, json!({ "id": id })))
    }
}

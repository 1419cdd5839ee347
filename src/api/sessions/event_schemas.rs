//! The schemas of the events of the open-wa wording, for the document.

use serde_json::{Map, Value, json};

use crate::api::{
    kit::{Shape, shape},
    sessions::{
        event_data::{
            AckData, AuthenticatedData, CallData, ChatUpdatedData, ContactUpdatedData,
            DisconnectedData, FailedData, GroupJoinData, GroupLeaveData, GroupUpdateData,
            HistoryGapData, IdentityLearnedData, MessageCancelledData, MessageEditData,
            MessageRevokedData, PollVoteData, PresenceData, QrData, ReactionData, ReadyData,
            SendingData, StateChangedData, UnknownData, WebhookDisabledData,
        },
        identity::{BESIDE, IdentityView},
        message_view::MessageEventView,
    },
    streams::inbox,
};

const PREFIX: &str = "#/components/schemas/";

/// Each event's name, what it says, and the schema of its `data`.
fn all() -> Vec<(&'static str, &'static str, Shape)> {
    vec![
        ("qr", "There is a new code to scan", shape::<QrData>()),
        ("authenticated", "The code was scanned", shape::<AuthenticatedData>()),
        ("ready", "Commands are accepted", shape::<ReadyData<'_>>()),
        ("message", "A message came in", shape::<MessageEventView<'_>>()),
        (
            "ack",
            "A message was sent, delivered, read or played; or not sent",
            shape::<AckData<'_>>(),
        ),
        ("disconnected", "The connection or the engine is gone", shape::<DisconnectedData>()),
        ("failed", "The session was given up", shape::<FailedData<'_>>()),
        ("state_changed", "The state of the connection changed", shape::<StateChangedData<'_>>()),
        (
            "message_sent",
            "A message went out, from here or from the phone",
            shape::<MessageEventView<'_>>(),
        ),
        ("message_edit", "A message was changed", shape::<MessageEditData<'_>>()),
        (
            "message_revoked",
            "A message was deleted for everyone",
            shape::<MessageRevokedData<'_>>(),
        ),
        (
            "message_cancelled",
            "A message of the outbox will not be sent",
            shape::<MessageCancelledData<'_>>(),
        ),
        ("sending_held", "WhatsApp takes no messages for now", shape::<SendingData>()),
        ("sending_resumed", "WhatsApp takes messages again", shape::<SendingData>()),
        ("reaction", "Somebody reacted", shape::<ReactionData<'_>>()),
        ("poll_vote", "Somebody voted in a poll", shape::<PollVoteData<'_>>()),
        ("group_join", "People came into a group", shape::<GroupJoinData<'_>>()),
        ("group_leave", "People left a group", shape::<GroupLeaveData<'_>>()),
        ("group_update", "A group's settings or admins changed", shape::<GroupUpdateData<'_>>()),
        ("chat_updated", "The list of chats changed", shape::<ChatUpdatedData<'_>>()),
        ("contact_updated", "The list of contacts changed", shape::<ContactUpdatedData<'_>>()),
        ("presence", "Somebody types, records or comes online", shape::<PresenceData<'_>>()),
        ("call", "Somebody calls", shape::<CallData<'_>>()),
        ("history_gap", "Messages were missed, too many to fetch", shape::<HistoryGapData<'_>>()),
        ("webhook.disabled", "A webhook was switched off", shape::<WebhookDisabledData>()),
        (
            "identity_learned",
            "Who is who became known, or changed",
            shape::<IdentityLearnedData<'_>>(),
        ),
        ("unknown", "The engine reports something else", shape::<UnknownData<'_>>()),
    ]
}

/// Events whose `id` is a person's or a chat's, not a message's.
const OF_PEOPLE: [&str; 2] = ["chat_updated", "contact_updated"];
/// Events in whose data nobody is named, or a view of their own names everybody.
const WHOLE: [&str; 4] = ["message", "message_sent", "unknown", "webhook.disabled"];

/// Adds the schemas of all events, and of the frames and deliveries that bring them; the deliveries by event.
pub fn add(schemas: &mut Map<String, Value>) -> Map<String, Value> {
    let (mut webhooks, mut names) = (Map::new(), Vec::new());
    add_shape(&shape::<IdentityView>(), schemas);
    for (event, about, shape) in all() {
        let data = add_shape(&shape, schemas);
        if !WHOLE.contains(&event)
            && let Some(schema) = schemas.get_mut(&shape.name)
        {
            add_companions(schema, OF_PEOPLE.contains(&event));
        }
        let name = schema_name(event);
        schemas.insert(name.clone(), logged(event, about, &data));
        webhooks.insert(event.to_owned(), delivery(about, "Webhooks", &name));
        names.push((event, name));
    }
    // Who follows the inbox gets these, too.
    for (event, about, shape) in inbox::events() {
        let (name, data) = (schema_name(event), add_shape(&shape, schemas));
        schemas.insert(name.clone(), logged(event, about, &data));
        names.push((event, name));
    }
    let reference = |name: &str| json!({ "$ref": format!("{PREFIX}{name}") });
    let branches: Vec<Value> = names.iter().map(|(_, name)| reference(name)).collect();
    let mapping: Map<String, Value> = names
        .iter()
        .map(|(event, name)| ((*event).to_owned(), format!("{PREFIX}{name}").into()))
        .collect();
    let frames = ["Event", "PresentFrame", "ResetFrame", "PongFrame"].map(reference);
    let more = json!({
        "Event": {
            "description": "An event of the log, as every listener gets it",
            "oneOf": branches,
            "discriminator": { "propertyName": "event", "mapping": mapping },
        },
        "WebhookTestEvent": {
            "type": "object",
            "description": "What a webhook is tested with; no event of the log",
            "required": ["event", "id", "sessionId", "timestamp", "data"],
            "properties": {
                "event": { "const": "webhook.test" },
                "id": { "type": "string", "format": "uuid", "description": "UUID of the test." },
                "sessionId": session_or_none(),
                "timestamp": seconds(),
                "data": { "type": "object", "description": "An empty object." },
            },
        },
        "PresentFrame": {
            "description": "The present, with which a WebSocket without `since` begins",
            "oneOf": [present("qr", "QrData"), present("ready", "ReadyData")],
        },
        "ResetFrame": {
            "type": "object",
            "description": "The log does not know the number; all that it has follows",
            "required": ["event", "oldest"],
            "properties": {
                "event": { "const": "reset" },
                "oldest": { "type": "integer", "format": "int64", "description": "The oldest number of the log" },
            },
        },
        "PongFrame": {
            "type": "object",
            "description": "The answer to a ping",
            "required": ["event", "sessionId", "data", "timestamp"],
            "properties": {
                "event": { "const": "pong" },
                "sessionId": { "type": "string" },
                "data": { "type": "object", "description": "An empty object." },
                "timestamp": seconds(),
            },
        },
        "WebSocketFrame": {
            "description": "What a WebSocket brings",
            "anyOf": frames,
        },
        "WebSocketRequest": {
            "description": "What may be said to a WebSocket",
            "oneOf": [
                {
                    "type": "object", "required": ["action"],
                    "properties": { "action": { "const": "ping", "description": "Asks for a pong." } },
                },
                {
                    "type": "object", "required": ["action", "events"],
                    "properties": {
                        "action": { "const": "subscribe", "description": "Chooses the events." },
                        "events": {
                            "type": "array", "items": { "type": "string", "example": "message" },
                            "description": "Names of events, or `*` for all.",
                        },
                    },
                },
            ],
        },
        "StreamReset": {
            "type": "object",
            "description": "The data of `event: reset`: the log does not know the number; all that it has follows",
            "required": ["oldest"],
            "properties": { "oldest": { "type": "integer", "format": "int64", "description": "The oldest number of the log" } },
        },
        "StreamClosed": {
            "type": "object",
            "description": "The data of `event: closed`: the key of the stream has ended",
            "required": ["reason"],
            "properties": { "reason": {
                "type": "string", "description": "Why it was closed.", "example": "The API key was revoked",
            } },
        },
    });
    if let Value::Object(more) = more {
        schemas.extend(more);
    }
    webhooks.insert("webhook.test".to_owned(), delivery("A test", "Webhooks", "WebhookTestEvent"));
    webhooks
}

/// Says of each stream which schema its messages have: OpenAPI 3.1 has no place for it.
pub fn name_messages(paths: &mut Map<String, Value>) {
    for (path, name) in [
        ("/ws/{sessionId}", "WebSocketFrame"),
        ("/api/v1/events", "Event"),
        ("/api/v1/sessions/{sessionId}/events", "Event"),
    ] {
        if let Some(item) = paths.get_mut(path) {
            item["get"]["x-messages"] = json!({ "$ref": format!("{PREFIX}{name}") });
        }
    }
}

/// `message_sent` is `MessageSentEvent`.
pub fn schema_name(event: &str) -> String {
    let words = event.split(['_', '.']).map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<String>() + "Event"
}

fn seconds() -> Value {
    json!({ "type": "integer", "format": "int64", "description": "Seconds since 1970" })
}

/// An event of the log around its data.
fn logged(event: &str, about: &str, data: &Value) -> Value {
    let is_of_inbox = || inbox::events().iter().any(|(name, ..)| *name == event);
    let session = match event {
        "webhook.disabled" => session_or_none(),
        _ if is_of_inbox() => json!({
            "type": ["string", "null"],
            "description": "Name of the session; null for what is of no WhatsApp session.",
        }),
        _ => json!({ "type": "string" }),
    };
    let mut data = data.clone();
    data["description"] = "What the event is about.".into();
    json!({
        "type": "object",
        "description": about,
        "required": ["event", "sessionId", "data", "timestamp", "id", "seq"],
        "properties": {
            "event": { "const": event },
            "sessionId": session,
            "sessionUuid": {
                "type": "string", "format": "uuid",
                "description": "Tells the session from earlier ones of its name",
            },
            "data": data,
            "timestamp": seconds(),
            "id": {
                "type": "string", "format": "uuid",
                "description": "The same over every replay and retry",
            },
            "seq": {
                "type": "integer", "format": "int64", "minimum": 1,
                "description": "Its number in the log",
            },
        },
    })
}

/// Only the gateway's own events may be of no session.
fn session_or_none() -> Value {
    json!({
        "type": ["string", "null"],
        "description": "Name of the session; null where the webhook is for all sessions.",
    })
}

fn present(event: &str, data: &str) -> Value {
    json!({
        "type": "object",
        "required": ["event", "sessionId", "data", "timestamp"],
        "properties": {
            "event": { "const": event },
            "sessionId": { "type": "string" },
            "data": { "$ref": format!("{PREFIX}{data}"), "description": "What the event is about." },
            "timestamp": seconds(),
        },
    })
}

/// The request that brings an event to a webhook.
pub fn delivery(about: &str, tag: &str, name: &str) -> Value {
    let header = |name: &str, about: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": about,
            "schema": { "type": "string" },
        })
    };
    json!({ "post": {
        "summary": about,
        "tags": [tag],
        "parameters": [
            header("webhook-id", "The event's id, the same over retries"),
            header("webhook-timestamp", "When this try was made, in seconds since 1970"),
            header("webhook-signature", "Signatures as Standard Webhooks has them, with spaces between"),
            header("x-webhook-event", "The event's name"),
            header("x-webhook-attempt", "Which try this is, from 1"),
            header("x-webhook-signature", "sha256= and the HMAC of the body, in hexadecimal"),
        ],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": { "$ref": format!("{PREFIX}{name}") } } },
        },
        "responses": {
            "2XX": { "description": "The receiver has the event" },
            "410": { "description": "The receiver is gone: the webhook is switched off" },
        },
    } })
}

/// Adds what `identity::beside` adds to the data.
fn add_companions(schema: &mut Value, id_is_person: bool) {
    let one = json!({ "oneOf": [{ "type": "null" }, { "$ref": format!("{PREFIX}IdentityView") }] });
    let Some(fields) = schema["properties"].as_object().cloned() else { return };
    for (field, companion) in BESIDE {
        let Some(of) = fields.get(field) else { continue };
        if fields.contains_key(companion) || (field == "id" && !id_is_person) {
            continue;
        }
        schema["properties"][companion] = match of["type"] == "array" {
            true => json!({ "type": "array", "items": one }),
            false if field == "id" => json!({ "$ref": format!("{PREFIX}IdentityView") }),
            false => one.clone(),
        };
        let required = schema["required"].as_array_mut();
        if let Some(required) =
            required.filter(|names| field != "id" && names.contains(&field.into()))
        {
            required.push(companion.into());
        }
    }
}

pub fn add_shape(shape: &Shape, schemas: &mut Map<String, Value>) -> Value {
    let value = |schema: &_| serde_json::to_value(schema).unwrap_or(Value::Null);
    for (name, schema) in &shape.others {
        schemas.entry(name.clone()).or_insert_with(|| value(schema));
    }
    schemas.entry(shape.name.clone()).or_insert_with(|| value(&shape.schema));
    json!({ "$ref": format!("{PREFIX}{}", shape.name) })
}

//! Which instances, conversations and messages a caller may touch. To a caller with a key for one
//! session, all that belongs to others does not exist.

use actix_web::HttpRequest;
use serde::Deserialize;
use utoipa::openapi::{ObjectBuilder, Schema, Type, schema::SchemaType};

use crate::{
    api::{
        error::ApiError,
        gate::{
            auth::principal, idempotency::note_session, limits::Counted, near_session, own_limit,
        },
        kit::{Bucket, path_value},
    },
    domain::{Error, SessionId, SessionStatus, Subject},
    messaging::{Conversation, FoundMessage, unknown_conversation},
    services::Services,
};

/// An id in a body, which some clients send as a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    /// Whether nothing stands in it, which some clients send for a field that is not given.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    pub fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

path_value! {
    /// The UUID of the conversation.
    pub enum ConversationId = "uuid" as String;
    about: "The UUID of the conversation", example: "550e8400-e29b-41d4-a716-446655440045",
    read: |text| Ok(text.to_owned())
}

path_value! {
    /// The UUID of the message.
    pub enum MessageUuid = "uuid" as String;
    about: "The UUID of the message", example: "660e8400-e29b-41d4-a716-446655440045",
    read: |text| Ok(text.to_owned())
}

path_value! {
    /// The UUID, the number or the name of the instance.
    pub enum InstanceId = "uuid" as String;
    about: "The UUID, the number or the name of the instance", example: "shop",
    read: |text| Ok(text.to_owned())
}

/// The schema of the id of an instance.
pub fn instance_schema() -> Schema {
    id_schema("UUID, number or name of the instance; a key for one instance needs none.")
}

/// The schema of the id of a message that is answered.
pub fn reply_schema() -> Schema {
    id_schema("UUID or id of the message that it answers, in the same conversation.")
}

fn id_schema(about: &str) -> Schema {
    let kinds = [Type::String, Type::Integer, Type::Null];
    let schema = ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds));
    Schema::Object(schema.description(Some(about)).build())
}

/// The instances that a caller sees, in the order of their making.
pub fn instances(services: &Services, request: &HttpRequest) -> Vec<SessionStatus> {
    let own = principal(request).session.clone();
    let mut all = services.supervisor.list();
    all.retain(|status| own.as_ref().is_none_or(|own| *own == status.id));
    all
}

/// One of them, by UUID, number or name. A caller who sees one alone need not name it.
pub fn instance(
    services: &Services,
    request: &HttpRequest,
    id: Option<&str>,
) -> Result<SessionStatus, Error> {
    let is_bound = principal(request).session.is_some();
    let mut all = instances(services, request).into_iter();
    let found = match id {
        None if is_bound => all.next(),
        None => return Err(Error::invalid_field("instance_id", "is required")),
        Some(id) => all.find(|status| {
            let (uuid, number) = (status.uuid.to_string(), status.number.to_string());
            uuid.eq_ignore_ascii_case(id) || status.id.as_str() == id || number == id
        }),
    };
    let found = found.ok_or_else(|| {
        let error = Error::not_found(Subject::Session, "there is no such instance");
        near_session::near(services, &principal(request), error, id.unwrap_or_default())
    })?;
    note_session(request, &found.id);
    Ok(found)
}

/// The sessions whose conversations are asked for.
pub fn sessions(
    services: &Services,
    request: &HttpRequest,
    instance_id: Option<&str>,
) -> Result<Vec<SessionId>, Error> {
    Ok(match instance_id {
        Some(id) => vec![instance(services, request, Some(id))?.id],
        None => instances(services, request).into_iter().map(|status| status.id).collect(),
    })
}

/// A conversation that the caller may touch, by UUID or number.
pub async fn conversation(
    services: &Services,
    request: &HttpRequest,
    id: &str,
) -> Result<Conversation, Error> {
    let found = services.conversations.get(id).await?;
    if may_touch(request, &found.record.session) {
        note_session(request, &found.record.session);
        return Ok(found);
    }
    Err(unknown_conversation(id))
}

/// A message that the caller may touch, by UUID or number.
pub async fn message(
    services: &Services,
    request: &HttpRequest,
    id: &str,
) -> Result<FoundMessage, Error> {
    let found = services.messages.get(id).await?;
    let session = match &found {
        FoundMessage::Stored(session, _) => session,
        FoundMessage::Unsent(entry) => &entry.session,
    };
    if may_touch(request, session) {
        note_session(request, session);
        return Ok(found);
    }
    Err(Error::not_found(Subject::Message, "there is no such message"))
}

/// Whether a caller sees a tag that so many of its conversations have. The tags of others would tell a
/// key for one session what these do.
pub fn sees_tag(request: &HttpRequest, conversations: usize) -> bool {
    principal(request).session.is_none() || 0 < conversations
}

/// Counts a send against what its session may send.
pub fn count_send(request: &HttpRequest, session: &SessionId) -> Result<(), ApiError> {
    Ok(own_limit::count(request, Bucket::Messaging, Counted::Session(session.clone()))?)
}

fn may_touch(request: &HttpRequest, session: &SessionId) -> bool {
    // This API knows WhatsApp alone.
    session.is_whatsapp() && principal(request).session.as_ref().is_none_or(|own| own == session)
}

//! Words of messages with people: received, sent, delivered, read, failed.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::{
            chat_view::{self, ChatContactView},
            message_view::{self, MessageView},
            wording::family::Family,
        },
        chat::time,
        event_data::written,
        kit::{Shape, shape},
    },
    domain::{
        Ack, Error, Event, Message, MessageId, MessageKind, SessionId, Timestamp, WaEvent,
        conversation::{StoredMessage, conversation_uuid},
    },
    services::Services,
};

pub struct MessageWords;

/// A message that came in or went out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessMessageData)]
struct Payload {
    message_id: String,
    /// UUID of the conversation.
    #[schema(value_type = String, example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: Uuid,
    /// The person. Somebody who is no contact has no id and only what WhatsApp knows.
    contact: ChatContactView,
    /// The message.
    message: Option<MessageView>,
}

/// A message that has come further, or failed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessMessageMoved)]
struct Moved<'a> {
    message_id: String,
    /// UUID of the conversation.
    #[schema(value_type = String, example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: Uuid,
    /// Id of the contact; null for somebody who is no contact.
    #[schema(value_type = Option<String>, example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    contact_id: Option<Uuid>,
    /// DELIVERED, READ or FAILED.
    #[schema(example = "DELIVERED")]
    status: &'static str,
    /// When it happened, RFC 3339.
    #[schema(format = DateTime)]
    timestamp: String,
    /// Why it was not sent; left out unless the gateway knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The recipient is not on WhatsApp")]
    error: Option<&'a str>,
}

#[async_trait]
impl Family for MessageWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.whatsapp()? {
            WaEvent::Message { message } | WaEvent::MessageSent { message } => {
                is_announced(message)
                    .then(|| if message.from_me() { "message.sent" } else { "message.received" })
            }
            WaEvent::Ack { message, ack, .. } if is_own(message) => match ack {
                Ack::Delivered => Some("message.delivered"),
                Ack::Read => Some("message.read"),
                Ack::Failed => Some("message.failed"),
                Ack::Pending | Ack::Sent | Ack::Played => None,
            },
            WaEvent::MessageFailed { message, .. } if is_own(message) => Some("message.failed"),
            _ => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![
            ("message.received", "A contact wrote", shape::<Payload>()),
            ("message.sent", "A message went out, from here or from the phone", shape::<Payload>()),
            ("message.delivered", "The contact's phone has a message", shape::<Moved<'_>>()),
            ("message.read", "The contact has read a message", shape::<Moved<'_>>()),
            ("message.failed", "A message was not sent, and will not be", shape::<Moved<'_>>()),
        ]
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(session) = event.session() else { return Ok(None) };
        let at = event.at;
        match event.body.whatsapp() {
            Some(WaEvent::Message { message } | WaEvent::MessageSent { message }) => {
                written(&payload(services, session, message).await?)
            }
            Some(WaEvent::Ack { message, ack, .. }) => {
                let status = match ack {
                    Ack::Delivered => "DELIVERED",
                    Ack::Read => "READ",
                    _ => "FAILED",
                };
                written(&moved(services, session, message, (status, None, at)).await?)
            }
            Some(WaEvent::MessageFailed { message, reason, .. }) => {
                let news = ("FAILED", Some(reason.as_str()), at);
                written(&moved(services, session, message, news).await?)
            }
            _ => Ok(None),
        }
    }
}

fn is_announced(message: &Message) -> bool {
    message.chat().is_person() && message.kind != MessageKind::GroupNotice
}

fn is_own(message: &MessageId) -> bool {
    message.from_me && message.chat.is_person()
}

async fn payload(
    services: &Services,
    session: &SessionId,
    message: &Message,
) -> Result<Payload, Error> {
    let state = services.inbox.get(session, message.chat()).await?;
    let contact = state.and_then(|state| state.contact);
    let stored = services.messages.stored(session, &message.id).await?;
    // The event outlives the message.
    let gone = || StoredMessage { number: 0, hidden: false, message: message.clone() };
    let stored = stored.unwrap_or_else(gone);
    let views = message_view::views(services, session, &[stored], contact).await?;
    Ok(Payload {
        message_id: message.id.to_string(),
        conversation_id: conversation_uuid(session, message.chat()),
        contact: chat_view::contact(services, (session, message.chat()), contact).await?,
        message: views.into_iter().next(),
    })
}

async fn moved<'a>(
    services: &Services,
    session: &SessionId,
    message: &MessageId,
    (status, error, at): (&'static str, Option<&'a str>, Timestamp),
) -> Result<Moved<'a>, Error> {
    let state = services.inbox.get(session, &message.chat).await?;
    Ok(Moved {
        message_id: message.to_string(),
        conversation_id: conversation_uuid(session, &message.chat),
        contact_id: state.and_then(|state| state.contact),
        status,
        timestamp: time(at),
        error,
    })
}

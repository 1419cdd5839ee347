//! Words of messages in conversations with bots: `new_message`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        event_data::written,
        kit::{Shape, shape},
        workspace::{
            session_view::{self, MessageView, VisitorView},
            wording::family::{Family, session, state},
        },
    },
    domain::{
        Error, Event, MessageKind, WaEvent,
        conversation::{StoredMessage, conversation_uuid},
    },
    services::Services,
};

pub struct MessageWords;

/// A message of a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = BotMessageData)]
struct Payload {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// The message.
    message: Option<MessageView>,
    /// The person at the other side; null for a conversation that was deleted.
    visitor: Option<VisitorView>,
}

#[async_trait]
impl Family for MessageWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.whatsapp()? {
            WaEvent::Message { message } | WaEvent::MessageSent { message } => {
                let is_sent =
                    message.chat().is_person() && message.kind != MessageKind::GroupNotice;
                is_sent.then_some("new_message")
            }
            _ => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        let about = "The visitor, the bot or somebody of the team wrote";
        vec![("new_message", about, shape::<Payload>())]
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let (Some(place), Some(WaEvent::Message { message } | WaEvent::MessageSent { message })) =
            (event.session(), event.body.whatsapp())
        else {
            return Ok(None);
        };
        let stored = services.messages.stored(place, &message.id).await?;
        // The event outlives the message.
        let gone = || StoredMessage { number: 0, hidden: false, message: (**message).clone() };
        let stored = stored.unwrap_or_else(gone);
        let view = match state(services, event).await? {
            Some(state) => {
                session_view::messages(services, &state, &[stored]).await?.into_iter().next()
            }
            None => None,
        };
        written(&Payload {
            session_id: conversation_uuid(place, message.chat()).to_string(),
            message: view,
            visitor: session(services, event).await?.map(|session| session.visitor),
        })
    }
}

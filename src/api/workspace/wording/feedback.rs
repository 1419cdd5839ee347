//! Words of what visitors think: `feedback_received`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        event_data::written,
        kit::{Shape, required_choice, shape},
        workspace::wording::family::{Family, state},
    },
    domain::{Error, Event},
    inbox::InboxEvent,
    services::Services,
    web_chat::{FeedbackVerdict, WebChatEvent},
};

const NAME: &str = "feedback_received";

pub struct FeedbackWords;

/// What a visitor thinks of an answer, or of the conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = BotFeedbackData)]
struct Payload {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// UUID of the message; null for the conversation.
    #[schema(example = json!(null))]
    message_id: Option<String>,
    #[schema(schema_with = kind_schema)]
    r#type: &'static str,
    /// From 1 to 5; null for a thumb.
    #[schema(example = 5)]
    rating: Option<u8>,
    /// In their own words; null without a comment.
    #[schema(example = "Very quick")]
    comment: Option<String>,
}

fn kind_schema() -> Schema {
    required_choice(
        "A thumb for an answer, or a rating of the conversation.",
        &["thumbs_up", "thumbs_down", "csat"],
    )
}

#[async_trait]
impl Family for FeedbackWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        let is_rating = || matches!(event.body.read(), Some(InboxEvent::Rated { .. }));
        let is_feedback = event.body.read::<WebChatEvent>().is_some() || is_rating();
        is_feedback.then_some(NAME)
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        let about =
            "A visitor rated an answer or the conversation, or added a comment to the rating";
        vec![(NAME, about, shape::<Payload>())]
    }

    async fn bots(&self, services: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        if let Some(WebChatEvent::FeedbackReceived { bot, .. }) = event.body.read() {
            return Ok(bot.into_iter().collect());
        }
        Ok(state(services, event).await?.and_then(|state| state.bot).into_iter().collect())
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        if let Some(InboxEvent::Rated { of, rating, comment, .. }) = event.body.read() {
            let session_id = of.conversation.to_string();
            let (message_id, rating) = (None, Some(rating));
            return written(&Payload { session_id, message_id, r#type: "csat", rating, comment });
        }
        let Some(WebChatEvent::FeedbackReceived { conversation, message, feedback, .. }) =
            event.body.read()
        else {
            return Ok(None);
        };
        let (r#type, rating) = match feedback.verdict {
            FeedbackVerdict::Up => ("thumbs_up", None),
            FeedbackVerdict::Down => ("thumbs_down", None),
            FeedbackVerdict::Rating(rating) => ("csat", Some(rating)),
        };
        let (session_id, message_id) = (conversation.to_string(), message.map(|id| id.to_string()));
        written(&Payload { session_id, message_id, r#type, rating, comment: feedback.comment })
    }
}

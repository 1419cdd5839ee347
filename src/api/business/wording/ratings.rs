//! Words of surveys: a rating that came in.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::wording::family::Family,
        event_data::written,
        kit::{Shape, shape},
    },
    domain::{Error, Event},
    inbox::InboxEvent,
    services::Services,
};

pub struct RatingWords;

/// How a contact rates a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessRatingData)]
struct Payload {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// Id of the contact; null where it is not known.
    #[schema(example = "0194f3a0-0000-7000-8000-000000000001")]
    contact_id: Option<String>,
    /// Id of the survey: of several events with the same, the last one counts.
    #[schema(example = "0194f3a0-0000-7000-8000-000000000002")]
    survey_id: String,
    /// From 1, the worst, to 5.
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    /// What the contact added; null without a comment.
    #[schema(example = "Very quick")]
    comment: Option<String>,
}

#[async_trait]
impl Family for RatingWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<InboxEvent>()? {
            InboxEvent::Rated { .. } => Some("csat.received"),
            _ => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        let about = "A contact rated a conversation, or added a comment to the rating";
        vec![("csat.received", about, shape::<Payload>())]
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(InboxEvent::Rated { of, survey, rating, comment }) = event.body.read() else {
            return Ok(None);
        };
        let survey_id = survey.to_string();
        let (conversation_id, contact_id) = (of.conversation.to_string(), of.contact);
        let contact_id = contact_id.map(|id| id.to_string());
        written(&Payload { conversation_id, contact_id, survey_id, rating, comment })
    }
}

//! Words of the test that a new endpoint gets.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::wording::family::Family,
        event_data::written,
        kit::{Shape, shape},
    },
    domain::{Error, Event},
    events::TEST,
    services::Services,
    webhooks::WebhookEvent,
};

pub struct TestWords;

/// A test, which says nothing else.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessTestData)]
struct Payload {
    /// UUID of the test.
    #[schema(value_type = String, example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: Uuid,
}

#[async_trait]
impl Family for TestWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        event.body.read::<WebhookEvent>().map(|WebhookEvent::Test { .. }| TEST)
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![(TEST, "A test", shape::<Payload>())]
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        written(&Payload { id: event.id })
    }
}

//! Words of payments: completed.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::{payment_view::LinkView, wording::family::Family},
        event_data::written,
        kit::{Shape, shape},
    },
    domain::{Error, Event},
    payments::PaymentEvent,
    services::Services,
};

pub struct PaymentWords;

/// A payment that came in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessPaymentData)]
struct Payload {
    /// The link that was paid.
    payment_link: LinkView,
}

#[async_trait]
impl Family for PaymentWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<PaymentEvent>()? {
            PaymentEvent::Completed { .. } => Some("payment.completed"),
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![("payment.completed", "A payment link was paid", shape::<Payload>())]
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(PaymentEvent::Completed { link, .. }) = event.body.read() else { return Ok(None) };
        written(&Payload { payment_link: (*link).into() })
    }
}

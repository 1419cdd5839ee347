//! Webhook of Stripe, which says that payment links were paid.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, Public, Repeat, Signed, SignedKind},
    },
    providers::payments::ProviderKind,
};

const SIGNATURE: &str = "stripe-signature";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/webhooks/stripe", receive)
            .named("receiveStripeEvent")
            .about("Business payments", "Take in an event of Stripe's webhook")
            .details(
                "Signed in `Stripe-Signature` with `payments.stripe_webhook_secret`, at most five minutes ago; 403 \
                 otherwise. An event that comes again changes nothing.",
            )
            .repeats(Repeat::Unkeyed),
    ]
}

/// An event of Stripe.
struct StripeEvent;

impl SignedKind for StripeEvent {
    const CONTENT_TYPE: &'static str = "application/json";
    const EXAMPLE: &'static str = "{\"id\":\"evt_1\",\"type\":\"checkout.session.completed\",\"data\":{\"object\":{\
        \"payment_status\":\"paid\",\"metadata\":{\"link_id\":\"0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50\"}}}}";
}

#[derive(Serialize, ToSchema)]
#[schema(as = StripeEventReceived)]
struct ReceivedView {
    /// That the event was taken in, whatever it says.
    received: bool,
}

async fn receive(
    call: Call<Public>,
    event: Signed<StripeEvent>,
) -> Result<Data<ReceivedView>, ApiError> {
    let signature = call.request().headers().get(SIGNATURE);
    let signature = signature.and_then(|value| value.to_str().ok()).unwrap_or_default();
    call.payments.take_in(ProviderKind::Stripe, signature, &event.bytes).await?;
    Ok(Data::of(ReceivedView { received: true }))
}

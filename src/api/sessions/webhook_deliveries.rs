//! Webhooks: what was delivered and what was not, having it once more, and a test.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::Principal,
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, AllSessions, Body, Call, Data, InSession, Limit, Listed, Path, Query, Read,
            Sessions, path::uuid, path_value, required_choice,
        },
        sessions::{
            webhooks::{TAG, WebhookId, scope_of},
            wire::seconds,
        },
        texts::{in_field, moment},
    },
    domain::{Error, Subject},
    webhooks::{Attempt, Delivery, DeliveryState},
};

/// The same endpoints under two prefixes: of one session, and for all sessions.
macro_rules! delivery_endpoints {
    ($prefix:literal, $sessions:ident, $names:expr) => {
        vec![
            Endpoint::post(concat!($prefix, "/{webhookId}/test"), test::<$sessions>)
                .named($names[0])
                .about(TAG, "Post a test event now and say how it went")
                .details("Posts `webhook.test` once, whatever events the webhook asks for."),
            Endpoint::get(concat!($prefix, "/{webhookId}/deliveries"), deliveries::<$sessions>)
                .named($names[1])
                .about(TAG, "The deliveries of a webhook with every attempt, newest first")
                .details("`before` with the id of the last delivery gives the next page."),
            Endpoint::post(
                concat!($prefix, "/{webhookId}/deliveries/{deliveryId}/redeliver"),
                redeliver::<$sessions>,
            )
            .named($names[2])
            .about(TAG, "Deliver an event once more")
            .details(SAME_ID),
            Endpoint::post(concat!($prefix, "/{webhookId}/recover"), recover::<$sessions>)
                .named($names[3])
                .about(TAG, "Deliver all dead letters since a time once more")
                .details(SAME_ID),
        ]
    };
}

const SAME_ID: &str = "The event has the same id as before, by which a receiver can recognize it.";
const OF_SESSION: [&str; 4] =
    ["testWebhook", "listWebhookDeliveries", "redeliverWebhookEvent", "recoverWebhook"];
const OF_GATEWAY: [&str; 4] = [
    "testGatewayWebhook",
    "listGatewayWebhookDeliveries",
    "redeliverGatewayWebhookEvent",
    "recoverGatewayWebhook",
];

pub fn endpoints() -> Vec<Endpoint> {
    let mut all =
        delivery_endpoints!("/api/v1/sessions/{sessionId}/webhooks", InSession, OF_SESSION);
    all.extend(delivery_endpoints!("/api/v1/gateway-webhooks", AllSessions, OF_GATEWAY));
    all
}

path_value! {
    /// A delivery, by its UUID.
    enum DeliveryId = "deliveryId" as Uuid;
    about: "The UUID of the delivery", example: "550e8400-e29b-41d4-a716-446655440031",
    read: |text| uuid(text, Subject::Webhook)
}

#[derive(Deserialize, ToSchema)]
struct DeliveriesQuery {
    /// Only those in this state.
    status: Option<WantedDelivery>,
    /// Only those before this delivery.
    before: Option<String>,
    #[serde(default)]
    limit: Limit<50, 200>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WantedDelivery {
    Waiting,
    Delivered,
    Dead,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "since": "2026-01-31T12:00:00Z" }))]
struct RecoverBody {
    /// RFC 3339.
    #[schema(format = "date-time")]
    since: String,
}

#[derive(Serialize, ToSchema)]
struct RecoveredView {
    /// Deliveries that are made once more.
    recovered: usize,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeliveryView {
    /// UUID of the delivery.
    id: String,
    event_id: String,
    event: String,
    seq: u64,
    #[schema(schema_with = state_schema)]
    status: &'static str,
    created_at: String,
    next_attempt_at: Option<String>,
    finished_at: Option<String>,
    /// How many attempts were made.
    attempt_count: u32,
    /// The first 5 and the last 20 of them.
    attempts: Vec<AttemptView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    /// Number of the attempt, from 1.
    number: u32,
    /// When it was made, RFC 3339.
    at: String,
    /// Milliseconds.
    duration: u64,
    /// HTTP status of the receiver; null where there was no answer.
    #[schema(example = 200)]
    status: Option<u16>,
    /// Why it failed; null when it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// The first KiB of the answer. Null without the scope `admin`, since a receiver may repeat what only
    /// that scope is shown; and to a key for one session where the receiver is not public.
    #[schema(example = json!(null))]
    response: Option<String>,
}

fn state_schema() -> Schema {
    let about = "`waiting` for an attempt, `delivered`, or a `dead` letter after its last attempt.";
    required_choice(about, &["waiting", "delivered", "dead"])
}

impl AttemptView {
    fn of(attempt: Attempt, caller: &Principal) -> Self {
        let is_shown = caller.may("admin") && (attempt.is_public || caller.session.is_none());
        Self {
            number: attempt.number,
            at: seconds(attempt.at),
            duration: attempt.duration_ms,
            status: attempt.status,
            error: attempt.error,
            response: attempt.response.filter(|_| is_shown),
        }
    }
}

impl DeliveryView {
    fn of(delivery: Delivery, attempts: Vec<Attempt>, caller: &Principal) -> Self {
        let attempts = attempts.into_iter().map(|attempt| AttemptView::of(attempt, caller));
        Self {
            id: delivery.id.to_string(),
            event_id: delivery.event.to_string(),
            event: delivery.event_name,
            seq: delivery.seq,
            status: match delivery.state {
                DeliveryState::Waiting => "waiting",
                DeliveryState::Delivered => "delivered",
                DeliveryState::Dead => "dead",
            },
            created_at: seconds(delivery.created_at),
            next_attempt_at: delivery.next_attempt_at.map(seconds),
            finished_at: delivery.finished_at.map(seconds),
            attempt_count: delivery.attempts,
            attempts: attempts.collect(),
        }
    }
}

async fn test<R: Sessions>(
    call: Call<Admin, R>,
    Path(id): Path<WebhookId>,
) -> Result<Data<AttemptView>, ApiError> {
    let attempt = call.webhooks.send_test(&scope_of(&call)?, id).await?;
    Ok(Data::of(AttemptView::of(attempt, &call.principal())))
}

async fn deliveries<R: Sessions>(
    call: Call<Read, R>,
    Path(id): Path<WebhookId>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Listed<DeliveryView>, ApiError> {
    let scope = scope_of(&call)?;
    let state = query.status.map(|wanted| match wanted {
        WantedDelivery::Waiting => DeliveryState::Waiting,
        WantedDelivery::Delivered => DeliveryState::Delivered,
        WantedDelivery::Dead => DeliveryState::Dead,
    });
    let before = query.before.map(|text| text.parse()).transpose();
    let before =
        before.map_err(|_| Error::invalid_field("before", "must be the id of a delivery"))?;
    let limit = query.limit.get();
    let page = call.webhooks.deliveries.list(&scope, id, state, before, limit).await?;
    let caller = call.principal();
    let view = |(delivery, attempts)| DeliveryView::of(delivery, attempts, &caller);
    Ok(page.into_iter().map(view).collect())
}

async fn redeliver<R: Sessions>(
    call: Call<Admin, R>,
    Path(id): Path<WebhookId>,
    Path(delivery): Path<DeliveryId>,
) -> Result<Data<DeliveryView>, ApiError> {
    let delivery = call.webhooks.deliveries.redeliver(&scope_of(&call)?, id, delivery).await?;
    Ok(Data::of(DeliveryView::of(delivery, Vec::new(), &call.principal())))
}

async fn recover<R: Sessions>(
    call: Call<Admin, R>,
    Path(id): Path<WebhookId>,
    Body(body): Body<RecoverBody>,
) -> Result<Data<RecoveredView>, ApiError> {
    let scope = scope_of(&call)?;
    let since = moment(&body.since).map_err(|error| in_field("since", error))?;
    let recovered = call.webhooks.deliveries.recover(&scope, id, since).await?;
    Ok(Data::of(RecoveredView { recovered }))
}

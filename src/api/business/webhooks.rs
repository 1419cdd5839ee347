//! Webhooks of the business: endpoints, a test of one, and the log of its attempts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, CreatedOrKnown, Data, Limit, Message, Path, Query, Repeat,
            path::uuid, path_value,
        },
    },
    domain::{Error, Subject, Timestamp},
    webhooks::{
        Attempt, BUSINESS, Delivery, DeliveryState, SetBy, WebhookChange, WebhookDraft,
        WebhookRecord, WebhookScope,
    },
};

const TAG: &str = "Business webhooks";
const ALL: &str = "/api/whatsapp-api/webhooks";
const ONE: &str = "/api/whatsapp-api/webhooks/{id}";
const OF_BUSINESS: &WebhookScope = &WebhookScope::Business;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listBusinessWebhooks")
            .about(TAG, "List the webhooks of the business"),
        Endpoint::post(ALL, create)
            .named("createBusinessWebhook")
            .about(TAG, "Register a webhook; its signing secret is shown this once")
            .details(
                "A new one gets a `webhook.test` event at once. 200 where the same address is registered already: \
                 it is changed then.",
            ),
        Endpoint::patch(ONE, change)
            .named("updateBusinessWebhook")
            .about(TAG, "Change a webhook")
            .details(
                "What is not given stays as it is. `enabled: true` also starts one again that the gateway \
                 switched off.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteBusinessWebhook")
            .about(TAG, "Remove a webhook")
            .details("Deliveries that wait are dropped."),
        Endpoint::post("/api/whatsapp-api/webhooks/{id}/test", test)
            .named("testBusinessWebhook")
            .about(TAG, "Post a test event now and say how it went")
            .details("Posts `webhook.test` once, whatever events the webhook asks for."),
        Endpoint::get("/api/whatsapp-api/webhooks/{id}/logs", logs)
            .named("listBusinessWebhookLogs")
            .about(TAG, "Every attempt to deliver an event, newest event first")
            .details("For the next page, `before` is the `deliveryId` of the last entry."),
    ]
}

path_value! {
    /// A webhook of the business, by its UUID.
    enum WebhookId = "id" as Uuid;
    about: "The UUID of the webhook", example: "550e8400-e29b-41d4-a716-446655440030",
    read: |text| uuid(text, Subject::Webhook)
}

#[derive(Deserialize, ToSchema)]
#[schema(as = BusinessWebhookDraft, example = json!({
    "name": "Orders", "url": "http://127.0.0.1:9000/hook", "events": ["message.received", "contact.created"],
}))]
struct Draft {
    /// A name for people.
    #[schema(max_length = 120)]
    name: Option<String>,
    /// Address that events are posted to, http or https.
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: String,
    /// Names of events, or `*`.
    #[schema(min_items = 1, max_items = 20, max_length = 64)]
    events: Vec<String>,
    /// The caller's own signing secret.
    #[schema(min_length = 1, max_length = 256, format = "secret")]
    secret: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = BusinessWebhookChange, example = json!({ "events": ["*"] }))]
struct Change {
    /// A name for people.
    #[schema(max_length = 120, example = "Orders")]
    name: Option<String>,
    /// Address that events are posted to, http or https.
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: Option<String>,
    /// Names of events, or `*`, in place of the former ones.
    #[schema(min_items = 1, max_items = 20, max_length = 64, example = json!(["*"]))]
    events: Option<Vec<String>>,
    /// Whether events are delivered to it.
    enabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
struct LogsQuery {
    /// How many events; each has an entry for every attempt.
    #[serde(default)]
    limit: Limit<50, 200>,
    /// Only events before this delivery.
    #[schema(max_length = 36)]
    before: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessWebhooks)]
struct WebhooksView {
    /// The endpoints.
    webhooks: Vec<WebhookView>,
}

/// An endpoint that gets events of the business.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessWebhook)]
struct WebhookView {
    /// UUID of the webhook.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440030")]
    id: String,
    /// A name for people; null without one.
    #[schema(example = "Orders")]
    name: Option<String>,
    /// Address that events are posted to.
    #[schema(example = "http://127.0.0.1:9000/hook")]
    url: String,
    /// Names of the events that it gets; `*` for all.
    #[schema(example = json!(["message.received"]))]
    events: Vec<String>,
    /// Whether events are delivered to it.
    #[schema(example = true)]
    enabled: bool,
    /// Why the gateway switched it off; null while it is on.
    #[schema(example = json!(null))]
    disabled_reason: Option<String>,
    /// Deliveries that wait for an attempt.
    waiting: u64,
    /// Deliveries that arrived.
    delivered: u64,
    /// Deliveries that were given up.
    failed: u64,
    created_at: String,
    updated_at: String,
    /// The signing secret, in the answer to its registration alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
}

impl WebhookView {
    fn of(record: WebhookRecord, secret: Option<String>) -> Self {
        Self {
            id: record.id.to_string(),
            waiting: record.waiting(),
            name: record.name,
            url: record.url,
            events: record.events,
            enabled: record.enabled,
            disabled_reason: record.disabled_reason,
            delivered: record.delivered,
            failed: record.failed,
            created_at: time(record.created_at),
            updated_at: time(record.updated_at),
            secret,
        }
    }
}

/// What a test of an endpoint came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessWebhookTest)]
struct TestView {
    /// Whether the receiver answered with success.
    #[schema(example = true)]
    success: bool,
    /// HTTP status of the receiver; null where there was no answer.
    #[schema(example = 200)]
    response_code: Option<u16>,
    /// Milliseconds.
    duration_ms: u64,
    /// Why it failed; null when it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessWebhookLogs)]
struct LogsView {
    /// Attempts, the newest event and the newest attempt first.
    logs: Vec<LogView>,
}

/// An attempt to deliver an event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessWebhookLog)]
struct LogView {
    /// UUID of the delivery, which all attempts for one event share.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    delivery_id: String,
    /// UUID of the event: `webhook-id` of each attempt.
    event_id: String,
    /// Name of the event.
    #[schema(example = "message.received")]
    event: String,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    timestamp: String,
    /// delivered, failed, or pending for the newest attempt of an event that is tried again.
    #[schema(example = "delivered")]
    status: &'static str,
    /// HTTP status of the receiver; null where there was no answer.
    #[schema(example = 200)]
    response_code: Option<u16>,
    /// Milliseconds; null before the first attempt.
    #[schema(example = 12)]
    duration_ms: Option<u64>,
    /// Number of the attempt, from 1; 0 for an event that was not tried yet.
    attempt: u32,
    /// Why it failed; null when it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
}

impl LogView {
    /// The attempts of a delivery, newest first.
    fn of(delivery: &Delivery, attempts: Vec<Attempt>) -> Vec<Self> {
        let is_waiting = delivery.state == DeliveryState::Waiting;
        if attempts.is_empty() {
            let status = if is_waiting { "pending" } else { "failed" };
            return vec![Self::entry(delivery, delivery.created_at, status, None)];
        }
        let newest = attempts.len() - 1;
        let entry = |(place, attempt): (usize, Attempt)| {
            let status = match attempt.status {
                Some(200..=299) => "delivered",
                _ if place == newest && is_waiting => "pending",
                _ => "failed",
            };
            Self::entry(delivery, attempt.at, status, Some(attempt))
        };
        attempts.into_iter().enumerate().rev().map(entry).collect()
    }

    fn entry(
        delivery: &Delivery,
        at: Timestamp,
        status: &'static str,
        attempt: Option<Attempt>,
    ) -> Self {
        Self {
            delivery_id: delivery.id.to_string(),
            event_id: delivery.event.to_string(),
            event: delivery.event_name.clone(),
            timestamp: time(at),
            status,
            response_code: attempt.as_ref().and_then(|attempt| attempt.status),
            duration_ms: attempt.as_ref().map(|attempt| attempt.duration_ms),
            attempt: attempt.as_ref().map_or(0, |attempt| attempt.number),
            error: attempt.and_then(|attempt| attempt.error),
        }
    }
}

async fn list(call: Call<Admin>) -> Result<Data<WebhooksView>, ApiError> {
    let all = call.webhooks.endpoints.list(OF_BUSINESS).await?.into_iter();
    let webhooks = all.map(|record| WebhookView::of(record, None)).collect();
    Ok(Data::of(WebhooksView { webhooks }))
}

async fn create(
    call: Call<Admin>,
    Body(body): Body<Draft>,
) -> Result<CreatedOrKnown<WebhookView>, ApiError> {
    let draft = WebhookDraft {
        name: body.name,
        url: body.url,
        events: body.events,
        secret: body.secret,
        wording: Some(BUSINESS.to_owned()),
        set_by: SetBy::AllSessions,
        ..WebhookDraft::default()
    };
    let registered = call.webhooks.endpoints.register(OF_BUSINESS, draft).await?;
    let view = WebhookView::of(registered.webhook, registered.secret);
    Ok(match registered.created {
        true => CreatedOrKnown::created(view),
        false => CreatedOrKnown::known(view),
    })
}

async fn change(
    call: Call<Admin>,
    Path(id): Path<WebhookId>,
    Body(body): Body<Change>,
) -> Result<Data<WebhookView>, ApiError> {
    let change = WebhookChange {
        name: body.name,
        url: body.url,
        events: body.events,
        enabled: body.enabled,
        set_by: SetBy::AllSessions,
        ..WebhookChange::default()
    };
    let record = call.webhooks.endpoints.change(OF_BUSINESS, id, change).await?;
    Ok(Data::of(WebhookView::of(record, None)))
}

async fn remove(call: Call<Admin>, Path(id): Path<WebhookId>) -> Result<Message, ApiError> {
    call.webhooks.endpoints.remove(OF_BUSINESS, id).await?;
    Ok(Message::of("Webhook deleted"))
}

async fn test(call: Call<Admin>, Path(id): Path<WebhookId>) -> Result<Data<TestView>, ApiError> {
    let attempt = call.webhooks.send_test(OF_BUSINESS, id).await?;
    let success = attempt.status.is_some_and(|status| (200..300).contains(&status));
    Ok(Data::of(TestView {
        success,
        response_code: attempt.status,
        duration_ms: attempt.duration_ms,
        error: attempt.error,
    }))
}

async fn logs(
    call: Call<Admin>,
    Path(id): Path<WebhookId>,
    Query(query): Query<LogsQuery>,
) -> Result<Data<LogsView>, ApiError> {
    let before = query.before.map(|text| text.parse()).transpose();
    let before =
        before.map_err(|_| Error::invalid_field("before", "must be the id of a delivery"))?;
    let limit = query.limit.get();
    let page = call.webhooks.deliveries.list(OF_BUSINESS, id, None, before, limit).await?;
    let logs = page.into_iter().flat_map(|(delivery, attempts)| LogView::of(&delivery, attempts));
    Ok(Data::of(LogsView { logs: logs.collect() }))
}

//! Webhooks of bots, and what was delivered to them, as the workspace API shows them.

use serde::Serialize;
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{chat::time, kit::required_choice, sessions::webhooks::host_alone},
    webhooks::{Attempt, Delivery, DeliveryState, WebhookRecord},
};

/// Characters of a secret by which people know it.
const SHOWN_OF_SECRET: usize = 4;

/// An endpoint that gets the events of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceWebhook)]
pub struct WebhookView {
    /// UUID of the webhook.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440065")]
    id: String,
    /// UUID of the bot.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440060")]
    bot_id: String,
    /// Address that events are posted to; its host alone for who neither owns the bot nor administers the workspace.
    #[schema(example = "http://127.0.0.1:9000/hook")]
    url: String,
    /// Names of the events that it gets; `*` for all.
    #[schema(example = json!(["new_message"]))]
    events: Vec<String>,
    /// Whether events are delivered to it.
    #[schema(example = true)]
    is_active: bool,
    /// Why the gateway switched it off; null while it is on.
    #[schema(example = json!(null))]
    inactive_reason: Option<String>,
    /// The last characters of the signing secret.
    #[schema(example = "x0Zg")]
    secret_last4: String,
    /// A text for people; null without one.
    #[schema(example = "CRM")]
    description: Option<String>,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last tried, RFC 3339; null before that.
    #[schema(format = DateTime, example = json!(null))]
    last_delivery_at: Option<String>,
    /// HTTP status of its last answer; null before that.
    #[schema(example = json!(null))]
    last_status: Option<u16>,
    /// Failures since the last success.
    #[schema(example = 0)]
    failure_count: u32,
    /// The signing secret, in the answer to its registration alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
}

impl WebhookView {
    pub fn of(record: WebhookRecord, secret: Option<String>, shows_url: bool) -> Self {
        let own = record.secrets.first().map(|own| own.secret.as_str()).unwrap_or_default();
        let hidden = own.chars().count().saturating_sub(SHOWN_OF_SECRET);
        Self {
            id: record.id.to_string(),
            bot_id: record.bot.map(|bot| bot.to_string()).unwrap_or_default(),
            url: if shows_url { record.url } else { host_alone(&record.url) },
            events: record.events,
            is_active: record.enabled,
            inactive_reason: record.disabled_reason,
            secret_last4: own.chars().skip(hidden).collect(),
            description: record.name,
            created_at: time(record.created_at),
            last_delivery_at: record.last_delivery_at.map(time),
            last_status: record.last_status,
            failure_count: record.failures_in_row,
            secret,
        }
    }
}

/// What a test of an endpoint came to.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceWebhookTest)]
pub struct TestView {
    /// Whether the receiver answered with success.
    #[schema(example = true)]
    success: bool,
    /// HTTP status of the receiver; null where there was no answer.
    #[schema(example = 200)]
    status_code: Option<u16>,
    /// Milliseconds.
    duration_ms: u64,
    /// Why it failed; null when it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
}

impl From<Attempt> for TestView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { status, duration_ms, error, .. } = attempt;
        Self { success: is_success(status), status_code: status, duration_ms, error }
    }
}

fn is_success(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// An event that was delivered, or is to be.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceDelivery)]
pub struct DeliveryView {
    /// UUID of the delivery.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// UUID of the webhook.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440065")]
    webhook_id: String,
    /// Name of the event.
    #[schema(example = "new_message")]
    event: String,
    /// Address of the webhook now.
    #[schema(example = "http://127.0.0.1:9000/hook")]
    url: String,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// HTTP status of the last answer; null without one.
    #[schema(example = 200)]
    status_code: Option<u16>,
    /// How often it was tried.
    #[schema(example = 1)]
    attempt: u32,
    /// Milliseconds of the last attempt; null before the first.
    #[schema(example = 12)]
    duration_ms: Option<u64>,
    /// All attempts, oldest first.
    attempts: Vec<AttemptView>,
    /// The beginning of the last answer; null without one.
    #[schema(example = "")]
    response_excerpt: Option<String>,
    /// When the delivery was made, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it is tried next, RFC 3339; null unless it is pending.
    #[schema(format = DateTime, example = json!(null))]
    next_retry_at: Option<String>,
    /// What is posted, made again from the log; null without `include=body`, and where the log has dropped the event.
    #[schema(value_type = Option<Object>, example = json!(null))]
    request_body: Option<Value>,
}

fn status_schema() -> Schema {
    let about =
        "`pending` while it waits for an attempt, `delivered`, or `failed` once it was given up.";
    required_choice(about, &["delivered", "failed", "pending"])
}

/// An attempt to deliver an event.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceDeliveryAttempt)]
struct AttemptView {
    /// Number of the attempt, from 1.
    #[schema(example = 1)]
    number: u32,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// HTTP status of the receiver; null where there was no answer.
    #[schema(example = 200)]
    status_code: Option<u16>,
    /// Milliseconds.
    duration_ms: u64,
    /// Why it failed; null when it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
}

impl DeliveryView {
    pub fn of(
        (webhook, delivery): (&WebhookRecord, Delivery),
        attempts: Vec<Attempt>,
        (shows_url, shows_answers): (bool, bool),
        request_body: Option<Value>,
    ) -> Self {
        let last = attempts.last();
        let is_shown = |last: &&Attempt| shows_answers || last.is_public;
        Self {
            id: delivery.id.to_string(),
            webhook_id: webhook.id.to_string(),
            event: delivery.event_name,
            url: if shows_url { webhook.url.clone() } else { host_alone(&webhook.url) },
            status: match delivery.state {
                DeliveryState::Waiting => "pending",
                DeliveryState::Delivered => "delivered",
                DeliveryState::Dead => "failed",
            },
            status_code: last.and_then(|last| last.status),
            attempt: delivery.attempts,
            duration_ms: last.map(|last| last.duration_ms),
            response_excerpt: last.filter(is_shown).and_then(|last| last.response.clone()),
            created_at: time(delivery.created_at),
            next_retry_at: delivery.next_attempt_at.map(time),
            request_body,
            attempts: attempts
                .into_iter()
                .map(|attempt| AttemptView {
                    number: attempt.number,
                    at: time(attempt.at),
                    status_code: attempt.status,
                    duration_ms: attempt.duration_ms,
                    error: attempt.error,
                })
                .collect(),
        }
    }
}

//! Webhooks of one session, and those for all sessions at once: the endpoints themselves.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::Principal,
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, AllSessions, Body, Call, CreatedOrKnown, Data, InSession, Listed, Message,
            OwnSessions, Path, Query, Read, Scope, Sessions, choice, path::uuid, path_value,
            required_choice,
        },
        sessions::wire::seconds,
    },
    domain::{Error, ErrorCode, SessionId, Subject, Timestamp},
    webhooks::{MASK, RetryPlan, SetBy, WebhookChange, WebhookDraft, WebhookRecord, WebhookScope},
};

pub const TAG: &str = "Webhooks";
const MASKED: &str =
    "Header values are masked, and without the scope `admin` the address shows its host alone.";

/// The same endpoints under two prefixes: of one session, and for all sessions.
macro_rules! webhook_endpoints {
    ($prefix:literal, $sessions:ident, $names:expr) => {{
        vec![
            Endpoint::post($prefix, register::<$sessions>)
                .named($names[0])
                .about(TAG, "Register a webhook; its signing secret is shown this once")
                .details("200 where the same address is registered already: it is changed then."),
            Endpoint::get(concat!($prefix, "/{webhookId}"), read::<$sessions>)
                .named($names[2])
                .about(TAG, "Look at a webhook")
                .details(MASKED),
            Endpoint::patch(concat!($prefix, "/{webhookId}"), change::<$sessions>)
                .named($names[3])
                .about(TAG, "Change a webhook")
                .details(
                    "What is not given stays as it is. `enabled: true` also starts one again that the \
                     gateway switched off.",
                ),
            Endpoint::delete(concat!($prefix, "/{webhookId}"), remove::<$sessions>)
                .named($names[4])
                .about(TAG, "Remove a webhook")
                .details("Deliveries that wait are dropped."),
            Endpoint::post(concat!($prefix, "/{webhookId}/rotate-secret"), rotate::<$sessions>)
                .named($names[5])
                .about(TAG, "Make a new signing secret; the old one signs for a while more")
                .details("Deliveries carry a signature for each secret meanwhile."),
        ]
    }};
}

const OF_SESSION: [&str; 6] = [
    "registerWebhook",
    "listSessionWebhooks",
    "getWebhook",
    "updateWebhook",
    "deleteWebhook",
    "rotateWebhookSecret",
];
const OF_GATEWAY: [&str; 6] = [
    "registerGatewayWebhook",
    "listGatewayWebhooks",
    "getGatewayWebhook",
    "updateGatewayWebhook",
    "deleteGatewayWebhook",
    "rotateGatewayWebhookSecret",
];

pub fn endpoints() -> Vec<Endpoint> {
    let mut all =
        webhook_endpoints!("/api/v1/sessions/{sessionId}/webhooks", InSession, OF_SESSION);
    all.extend(webhook_endpoints!("/api/v1/gateway-webhooks", AllSessions, OF_GATEWAY));
    all.push(
        Endpoint::get("/api/v1/sessions/{sessionId}/webhooks", list)
            .named(OF_SESSION[1])
            .about(TAG, "List the webhooks")
            .details(MASKED),
    );
    all.push(
        Endpoint::get("/api/v1/gateway-webhooks", list_of_gateway)
            .named(OF_GATEWAY[1])
            .about(TAG, "List the webhooks for all sessions, or with them those of every session")
            .details(
                "Header values are masked, and without the scope `admin` the address shows its host alone. With \
                 `all=true` a key for one session sees those of its session; without it, it is refused.",
            ),
    );
    all
}

path_value! {
    /// A webhook, by its UUID.
    pub enum WebhookId = "webhookId" as Uuid;
    about: "The UUID of the webhook", example: "550e8400-e29b-41d4-a716-446655440030",
    read: |text| uuid(text, Subject::Webhook)
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "url": "http://127.0.0.1:9000/hook", "events": ["message", "ack"] }))]
pub struct WebhookBody {
    /// Address that events are posted to, http or https.
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: String,
    /// Names of events, or `*`; default `["message"]`.
    #[schema(min_items = 1, format = "event-name")]
    events: Option<Vec<String>>,
    /// Added to each request.
    headers: Option<BTreeMap<String, String>>,
    /// The caller's own signing secret.
    #[schema(min_length = 1, max_length = 256, format = "secret")]
    secret: Option<String>,
    /// Whether events are delivered to it (default true).
    enabled: Option<bool>,
    #[schema(schema_with = retries_schema)]
    retries: Option<RetryPlan>,
}

fn chosen_retries_schema() -> Schema {
    let about =
        "How long a delivery is tried again: `full` for three days, `short` for less than an hour.";
    required_choice(about, &["full", "short"])
}

fn retries_schema() -> Schema {
    choice("`full` (default for a new webhook) or `short`.", &["full", "short"])
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "enabled": false }))]
struct ChangeBody {
    /// Address that events are posted to, http or https.
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: Option<String>,
    /// Names of events, or `*`, in place of the former ones.
    #[schema(min_items = 1, format = "event-name")]
    events: Option<Vec<String>>,
    /// Instead of all that there are. A value of `****`, as it is shown, stays what it is.
    headers: Option<BTreeMap<String, String>>,
    /// Whether events are delivered to it.
    enabled: Option<bool>,
    #[schema(schema_with = retries_schema)]
    retries: Option<RetryPlan>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "overlapSeconds": 3600 }))]
struct RotateBody {
    /// How long the old secrets still sign, up to a week; 0 for one that leaked. Default as set,
    /// a day.
    #[schema(maximum = 604_800)]
    overlap_seconds: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookView {
    /// UUID of the webhook.
    id: String,
    /// Whose events it gets; null for those of all sessions.
    #[schema(example = "shop")]
    session_id: Option<String>,
    /// Of its address only the host, to callers without the scope `admin`: the rest may hold a secret.
    #[schema(example = "https://example.com/hook")]
    url: String,
    /// Names of the events that it gets; `*` for all.
    #[schema(example = json!(["message"]))]
    events: Vec<String>,
    /// Values are masked.
    headers: BTreeMap<String, &'static str>,
    created_at: String,
    /// Whether events are delivered to it.
    #[schema(example = true)]
    enabled: bool,
    #[schema(schema_with = chosen_retries_schema)]
    retries: RetryPlan,
    /// Why the gateway switched it off; left out while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "Nothing could be delivered for three days")]
    disabled_reason: Option<String>,
    /// The beginning of the present unbroken row of failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    failing_since: Option<String>,
    /// Until then the receiver wishes to be left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    paused_until: Option<String>,
    /// Until then a secret that was replaced signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    old_secrets_sign_until: Option<String>,
    /// The signing secret, in the answer to its registration alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
    /// What became of its events.
    stats: StatsView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatsView {
    /// Events that became deliveries, and deliveries that were put back in line.
    accepted: u64,
    /// Deliveries that were queued again, by hand or by a recovery.
    redelivered: u64,
    /// What became of all these.
    waiting: u64,
    /// Deliveries that arrived.
    delivered: u64,
    /// Deliveries that were given up.
    failed: u64,
    /// Events that were past their retention before the endpoint could get them.
    missed: u64,
    /// HTTP status of the last attempt; null without one.
    #[schema(example = 200)]
    last_status: Option<u16>,
    /// When a delivery last arrived, RFC 3339; null before the first.
    last_delivery_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct SecretView {
    secret: String,
}

impl WebhookView {
    /// As it is shown to a caller who may read.
    fn for_caller(caller: &Principal, record: WebhookRecord, now: Timestamp) -> Self {
        let view = Self::of(record, None, now);
        if caller.may(Scope::Admin.name()) {
            return view;
        }
        Self { url: host_alone(&view.url), ..view }
    }

    fn of(record: WebhookRecord, secret: Option<String>, now: Timestamp) -> Self {
        let waiting = record.waiting();
        let old_secrets = record.secrets.iter().filter_map(|secret| secret.valid_until);
        Self {
            id: record.id.to_string(),
            session_id: record.session.as_ref().map(ToString::to_string),
            old_secrets_sign_until: old_secrets.filter(|until| now < *until).max().map(seconds),
            url: record.url,
            events: record.events,
            headers: record.headers.into_iter().map(|(name, _)| (name, MASK)).collect(),
            created_at: seconds(record.created_at),
            enabled: record.enabled,
            retries: record.retries,
            secret,
            stats: StatsView {
                accepted: record.accepted,
                redelivered: record.redelivered,
                waiting,
                missed: record.missed,
                delivered: record.delivered,
                failed: record.failed,
                last_status: record.last_status,
                last_delivery_at: record.last_delivery_at.map(seconds),
            },
            disabled_reason: record.disabled_reason,
            failing_since: record.failing_since.map(seconds),
            paused_until: record.paused_until.map(seconds),
        }
    }
}

/// Whether a caller may touch all sessions or one, which bounds where its webhooks may lead.
fn set_by(caller: &Principal) -> SetBy {
    match caller.session {
        Some(_) => SetBy::KeyOfOneSession,
        None => SetBy::AllSessions,
    }
}

pub fn draft_of(body: WebhookBody, caller: &Principal) -> WebhookDraft {
    WebhookDraft {
        name: None,
        set_by: set_by(caller),
        url: body.url,
        events: body.events.unwrap_or_else(|| vec!["message".to_owned()]),
        headers: body.headers.unwrap_or_default().into_iter().collect(),
        secret: body.secret,
        enabled: body.enabled,
        retries: body.retries,
        wording: None,
    }
}

/// The scope whose webhooks a call concerns: the session of the path, or all sessions.
pub fn scope_of<S, R>(call: &Call<S, R>) -> Result<WebhookScope, ApiError> {
    Ok(call.path_session()?.map(|session| session.status().reference()).into())
}

async fn register<R: Sessions>(
    call: Call<Admin, R>,
    Body(body): Body<WebhookBody>,
) -> Result<CreatedOrKnown<WebhookView>, ApiError> {
    let (scope, draft) = (scope_of(&call)?, draft_of(body, &call.principal()));
    let registered = call.webhooks.endpoints.register(&scope, draft).await?;
    let view = WebhookView::of(registered.webhook, registered.secret, call.clock.now());
    Ok(match registered.created {
        true => CreatedOrKnown::created(view),
        false => CreatedOrKnown::known(view),
    })
}

async fn list(call: Call<Read, InSession>) -> Result<Listed<WebhookView>, ApiError> {
    let all = call.webhooks.endpoints.list(&scope_of(&call)?).await?;
    Ok(views(&call, all))
}

#[derive(Deserialize, ToSchema)]
struct GatewayListQuery {
    /// Whether those of every session are listed too (default false).
    all: Option<bool>,
}

/// Whether a list of all webhooks names those of a scope. To a key that is bound to a session there are no others.
fn is_listed(scope: &WebhookScope, own: Option<&SessionId>) -> bool {
    match scope {
        WebhookScope::Session(session) => own.is_none_or(|own| *own == session.id),
        WebhookScope::Gateway => own.is_none(),
        // Their own surfaces list them.
        WebhookScope::Business | WebhookScope::Bot(_) => false,
    }
}

async fn list_of_gateway(
    call: Call<Read, OwnSessions>,
    Query(query): Query<GatewayListQuery>,
) -> Result<Listed<WebhookView>, ApiError> {
    let own = call.own_session();
    if !query.all.unwrap_or_default() {
        if own.is_some() {
            let message =
                "the key is for one session; add ?all=true for the webhooks of that session";
            return Err(Error::new(ErrorCode::Forbidden, message).into());
        }
        let all = call.webhooks.endpoints.list(&WebhookScope::Gateway).await?;
        return Ok(views(&call, all));
    }
    let mut all = call.webhooks.endpoints.list_all().await?;
    all.retain(|record| is_listed(&record.scope(), own.as_ref()));
    Ok(views(&call, all))
}

fn views<R>(call: &Call<Read, R>, records: Vec<WebhookRecord>) -> Listed<WebhookView> {
    let (caller, now) = (call.principal(), call.clock.now());
    records.into_iter().map(|record| WebhookView::for_caller(&caller, record, now)).collect()
}

/// An address without whatever in it may be a secret: user, path and query.
pub fn host_alone(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) => format!("{}/{MASK}", url.origin().ascii_serialization()),
        Err(_) => MASK.to_owned(),
    }
}

async fn read<R: Sessions>(
    call: Call<Read, R>,
    Path(id): Path<WebhookId>,
) -> Result<Data<WebhookView>, ApiError> {
    let record = call.webhooks.endpoints.get(&scope_of(&call)?, id).await?;
    Ok(Data::of(WebhookView::for_caller(&call.principal(), record, call.clock.now())))
}

async fn change<R: Sessions>(
    call: Call<Admin, R>,
    Path(id): Path<WebhookId>,
    Body(body): Body<ChangeBody>,
) -> Result<Data<WebhookView>, ApiError> {
    let change = WebhookChange {
        name: None,
        url: body.url,
        events: body.events,
        headers: body.headers.map(|headers| headers.into_iter().collect()),
        enabled: body.enabled,
        retries: body.retries,
        set_by: set_by(&call.principal()),
    };
    let record = call.webhooks.endpoints.change(&scope_of(&call)?, id, change).await?;
    Ok(Data::of(WebhookView::of(record, None, call.clock.now())))
}

async fn remove<R: Sessions>(
    call: Call<Admin, R>,
    Path(id): Path<WebhookId>,
) -> Result<Message, ApiError> {
    call.webhooks.endpoints.remove(&scope_of(&call)?, id).await?;
    Ok(Message::of("Webhook removed successfully"))
}

async fn rotate<R: Sessions>(
    call: Call<Admin, R>,
    Path(id): Path<WebhookId>,
    Body(body): Body<RotateBody>,
) -> Result<Data<SecretView>, ApiError> {
    let overlap = body.overlap_seconds.map(Duration::from_secs);
    let secret = call.webhooks.endpoints.rotate_secret(&scope_of(&call)?, id, overlap).await?;
    Ok(Data::of(SecretView { secret }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_the_host_is_shown_alone() {
        for (url, shown) in [
            (
                "https://user:pass@hooks.example:8443/T0/secret?token=x#y",
                "https://hooks.example:8443/****",
            ),
            ("http://127.0.0.1:9000/hook", "http://127.0.0.1:9000/****"),
            ("nonsense", "****"),
        ] {
            assert_eq!(host_alone(url), shown);
        }
    }
}

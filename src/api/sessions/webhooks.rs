//! Webhooks of one session, and those for all sessions at once: the endpoints themselves.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    accounts::Principal,
    api::{
        auth::principal,
        body::{Body, segment, session_id, uuid},
        endpoint::{Endpoint, Scope},
        error::ApiError,
        formats::choice,
        sessions::{data, message, wire::seconds},
    },
    domain::{SessionRef, Subject, Timestamp},
    services::Services,
    webhooks::{MASK, RetryPlan, SetBy, WebhookChange, WebhookDraft, WebhookRecord},
};

pub const TAG: &str = "Webhooks";

/// The same endpoints under two prefixes.
macro_rules! webhook_endpoints {
    ($prefix:literal) => {
        vec![
            Endpoint::post($prefix, register)
                .about(TAG, "Register a webhook; its signing secret is shown this once")
                .takes::<WebhookBody>()
                .answers::<WebhookView>(201),
            Endpoint::get($prefix, list)
                .about(TAG, "List the webhooks")
                .answers_list::<WebhookView>(),
            Endpoint::get(concat!($prefix, "/{webhookId}"), read)
                .about(TAG, "Look at a webhook")
                .answers::<WebhookView>(200),
            Endpoint::patch(concat!($prefix, "/{webhookId}"), change)
                .about(TAG, "Change a webhook")
                .takes::<ChangeBody>()
                .answers::<WebhookView>(200),
            Endpoint::delete(concat!($prefix, "/{webhookId}"), remove)
                .about(TAG, "Remove a webhook"),
            Endpoint::post(concat!($prefix, "/{webhookId}/rotate-secret"), rotate)
                .about(TAG, "Make a new signing secret; the old one signs for a while more")
                .takes::<RotateBody>()
                .answers::<SecretView>(200),
        ]
    };
}

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = webhook_endpoints!("/api/v1/sessions/{sessionId}/webhooks");
    all.extend(webhook_endpoints!("/api/v1/gateway-webhooks"));
    all.push(
        Endpoint::get("/api/v1/webhooks", everything)
            .about(TAG, "List the webhooks of every session, and those for all sessions")
            .answers_list::<WebhookView>()
            .for_keys_of_one_session(),
    );
    all
}

#[derive(Deserialize, ToSchema)]
pub struct WebhookBody {
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
    enabled: Option<bool>,
    #[schema(schema_with = retries_schema)]
    retries: Option<RetryPlan>,
}

fn retries_schema() -> Schema {
    choice("`full` (default for a new webhook) or `short`.", &["full", "short"])
}

#[derive(Deserialize, ToSchema)]
struct ChangeBody {
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: Option<String>,
    #[schema(min_items = 1, format = "event-name")]
    events: Option<Vec<String>>,
    /// Instead of all that there are. A value of `****`, as it is shown, stays what it is.
    headers: Option<BTreeMap<String, String>>,
    enabled: Option<bool>,
    #[schema(schema_with = retries_schema)]
    retries: Option<RetryPlan>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RotateBody {
    /// How long the old secrets still sign, up to a week; 0 for one that leaked. Default as set,
    /// a day.
    #[schema(maximum = 604_800)]
    overlap_seconds: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookView {
    id: String,
    /// Whose events it gets; null for those of all sessions.
    session_id: Option<String>,
    /// Of its address only the host, to callers without the scope `admin`: the rest may hold a secret.
    url: String,
    events: Vec<String>,
    /// Values are masked.
    headers: BTreeMap<String, &'static str>,
    created_at: String,
    enabled: bool,
    /// full or short.
    #[schema(value_type = String)]
    retries: RetryPlan,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    /// The beginning of the present unbroken row of failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    /// Until then the receiver wishes to be left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_until: Option<String>,
    /// Until then a secret that was replaced signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_secrets_sign_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    stats: StatsView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatsView {
    /// Events that became deliveries, and deliveries that were put back in line.
    accepted: u64,
    redelivered: u64,
    /// What became of all these.
    waiting: u64,
    delivered: u64,
    failed: u64,
    /// Events that were past their retention before the endpoint could get them.
    missed: u64,
    last_status: Option<u16>,
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
fn set_by(request: &HttpRequest) -> SetBy {
    match principal(request).session {
        Some(_) => SetBy::KeyOfOneSession,
        None => SetBy::AllSessions,
    }
}

pub fn draft_of(body: WebhookBody, request: &HttpRequest) -> WebhookDraft {
    WebhookDraft {
        set_by: set_by(request),
        url: body.url,
        events: body.events.unwrap_or_else(|| vec!["message".to_owned()]),
        headers: body.headers.unwrap_or_default().into_iter().collect(),
        secret: body.secret,
        enabled: body.enabled,
        retries: body.retries,
        wording: None,
    }
}

/// The session of the path; none under the prefix for all sessions.
pub fn session_of(
    services: &Services,
    request: &HttpRequest,
) -> Result<Option<SessionRef>, ApiError> {
    if segment(request, "sessionId").is_empty() {
        return Ok(None);
    }
    let id = session_id(request)?;
    Ok(Some(services.supervisor.get(&id)?.status().reference()))
}

pub fn webhook_id(request: &HttpRequest) -> Result<uuid::Uuid, ApiError> {
    uuid(request, "webhookId", Subject::Webhook)
}

async fn register(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<WebhookBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let registered =
        services.webhooks.endpoints.register(session.as_ref(), draft_of(body, &request)).await?;
    let now = services.clock.now();
    let view = data(WebhookView::of(registered.webhook, registered.secret, now));
    let mut response =
        if registered.created { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(view))
}

async fn list(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let all = services.webhooks.endpoints.list(session.as_ref()).await?;
    Ok(HttpResponse::Ok().json(data(views(&services, &request, all))))
}

async fn everything(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut all = services.webhooks.endpoints.list_all().await?;
    // To a key that is bound to a session there are no others.
    let own = principal(&request).session.clone();
    all.retain(|record| own.is_none() || own == record.session);
    Ok(HttpResponse::Ok().json(data(views(&services, &request, all))))
}

fn views(
    services: &Services,
    request: &HttpRequest,
    records: Vec<WebhookRecord>,
) -> Vec<WebhookView> {
    let (caller, now) = (principal(request), services.clock.now());
    records.into_iter().map(|record| WebhookView::for_caller(&caller, record, now)).collect()
}

/// An address without whatever in it may be a secret: user, path and query.
fn host_alone(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) => format!("{}/{MASK}", url.origin().ascii_serialization()),
        Err(_) => MASK.to_owned(),
    }
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let record = services.webhooks.endpoints.get(session.as_ref(), webhook_id(&request)?).await?;
    let (caller, now) = (principal(&request), services.clock.now());
    Ok(HttpResponse::Ok().json(data(WebhookView::for_caller(&caller, record, now))))
}

async fn change(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ChangeBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let change = WebhookChange {
        url: body.url,
        events: body.events,
        headers: body.headers.map(|headers| headers.into_iter().collect()),
        enabled: body.enabled,
        retries: body.retries,
        set_by: set_by(&request),
    };
    let record =
        services.webhooks.endpoints.change(session.as_ref(), webhook_id(&request)?, change).await?;
    Ok(HttpResponse::Ok().json(data(WebhookView::of(record, None, services.clock.now()))))
}

async fn remove(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    services.webhooks.endpoints.remove(session.as_ref(), webhook_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(message("Webhook removed successfully")))
}

async fn rotate(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<RotateBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let (id, overlap) = (webhook_id(&request)?, body.overlap_seconds.map(Duration::from_secs));
    let secret = services.webhooks.endpoints.rotate_secret(session.as_ref(), id, overlap).await?;
    Ok(HttpResponse::Ok().json(data(SecretView { secret })))
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

//! Webhooks of one session, and those for all sessions at once.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, Query, segment, session_id, uuid},
        endpoint::{
            Endpoint,
            ParameterKind::{Number, Text},
        },
        error::ApiError,
        sessions::{data, message, wire::seconds},
    },
    domain::{Error, SessionId, Subject},
    services::Services,
    webhooks::{Attempt, Delivery, DeliveryState, WebhookChange, WebhookDraft, WebhookRecord},
};

const TAG: &str = "Webhooks";

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
            Endpoint::post(concat!($prefix, "/{webhookId}/test"), test)
                .about(TAG, "Post a test event now and say how it went")
                .answers::<AttemptView>(200),
            Endpoint::post(concat!($prefix, "/{webhookId}/rotate-secret"), rotate)
                .about(TAG, "Make a new signing secret; the old one signs for a day more")
                .answers::<SecretView>(200),
            Endpoint::get(concat!($prefix, "/{webhookId}/deliveries"), deliveries)
                .about(TAG, "The deliveries of a webhook with every attempt, newest first")
                .query(Text, "status", "waiting, delivered or dead")
                .query(Text, "before", "Only those before this delivery")
                .query(Number, "limit", "How many, up to 200 (default 50)")
                .answers_list::<DeliveryView>(),
            Endpoint::post(
                concat!($prefix, "/{webhookId}/deliveries/{deliveryId}/redeliver"),
                redeliver,
            )
            .about(TAG, "Deliver an event once more")
            .answers::<DeliveryView>(200),
            Endpoint::post(concat!($prefix, "/{webhookId}/recover"), recover)
                .about(TAG, "Deliver all dead letters since a time once more")
                .takes::<RecoverBody>()
                .answers::<RecoveredView>(200),
        ]
    };
}

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = webhook_endpoints!("/api/v1/sessions/{sessionId}/webhooks");
    all.extend(webhook_endpoints!("/api/v1/gateway-webhooks"));
    all
}

#[derive(Deserialize, ToSchema)]
pub struct WebhookBody {
    url: String,
    /// Names of events, or `*`; default `["message"]`.
    events: Option<Vec<String>>,
    /// Added to each request.
    headers: Option<BTreeMap<String, String>>,
    /// The caller's own signing secret.
    secret: Option<String>,
    enabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
struct ChangeBody {
    url: Option<String>,
    events: Option<Vec<String>>,
    headers: Option<BTreeMap<String, String>>,
    enabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
struct RecoverBody {
    /// RFC 3339.
    since: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookView {
    id: String,
    url: String,
    events: Vec<String>,
    /// Values are masked.
    headers: BTreeMap<String, &'static str>,
    created_at: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    stats: StatsView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatsView {
    delivered: u64,
    failed: u64,
    last_status: Option<u16>,
    last_delivery_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct SecretView {
    secret: String,
}

#[derive(Serialize, ToSchema)]
struct RecoveredView {
    recovered: usize,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeliveryView {
    id: String,
    event_id: String,
    event: String,
    seq: u64,
    status: &'static str,
    created_at: String,
    next_attempt_at: Option<String>,
    finished_at: Option<String>,
    attempts: Vec<AttemptView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    number: u32,
    at: String,
    /// Milliseconds.
    duration: u64,
    status: Option<u16>,
    error: Option<String>,
    response: Option<String>,
}

impl WebhookView {
    fn of(record: WebhookRecord, secret: Option<String>) -> Self {
        Self {
            id: record.id.to_string(),
            url: record.url,
            events: record.events,
            headers: record.headers.into_iter().map(|(name, _)| (name, "****")).collect(),
            created_at: seconds(record.created_at),
            enabled: record.enabled,
            disabled_reason: record.disabled_reason,
            secret,
            stats: StatsView {
                delivered: record.delivered,
                failed: record.failed,
                last_status: record.last_status,
                last_delivery_at: record.last_delivery_at.map(seconds),
            },
        }
    }
}

impl AttemptView {
    fn of(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            at: seconds(attempt.at),
            duration: attempt.duration_ms,
            status: attempt.status,
            error: attempt.error,
            response: attempt.response,
        }
    }
}

impl DeliveryView {
    fn of(delivery: Delivery, attempts: Vec<Attempt>) -> Self {
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
            attempts: attempts.into_iter().map(AttemptView::of).collect(),
        }
    }
}

pub fn draft_of(body: WebhookBody) -> Result<WebhookDraft, Error> {
    Ok(WebhookDraft {
        url: body.url,
        events: body.events.unwrap_or_else(|| vec!["message".to_owned()]),
        headers: body.headers.unwrap_or_default().into_iter().collect(),
        secret: body.secret,
        enabled: body.enabled,
    })
}

/// The session of the path; none under the prefix for all sessions.
fn session_of(services: &Services, request: &HttpRequest) -> Result<Option<SessionId>, ApiError> {
    if segment(request, "sessionId").is_empty() {
        return Ok(None);
    }
    let id = session_id(request)?;
    services.supervisor.get(&id)?;
    Ok(Some(id))
}

fn webhook_id(request: &HttpRequest) -> Result<uuid::Uuid, ApiError> {
    uuid(request, "webhookId", Subject::Webhook)
}

async fn register(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<WebhookBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let registered = services.webhooks.register(session.as_ref(), draft_of(body)?).await?;
    let view = data(WebhookView::of(registered.webhook, registered.secret));
    let mut response =
        if registered.created { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(view))
}

async fn list(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let all = services.webhooks.list(session.as_ref()).await?;
    let views: Vec<WebhookView> =
        all.into_iter().map(|record| WebhookView::of(record, None)).collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let record = services.webhooks.get(session.as_ref(), webhook_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(data(WebhookView::of(record, None))))
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
    };
    let record = services.webhooks.change(session.as_ref(), webhook_id(&request)?, change).await?;
    Ok(HttpResponse::Ok().json(data(WebhookView::of(record, None))))
}

async fn remove(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    services.webhooks.remove(session.as_ref(), webhook_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(message("Webhook removed successfully")))
}

async fn test(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let attempt = services.webhooks.test(session.as_ref(), webhook_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(data(AttemptView::of(attempt))))
}

async fn rotate(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let secret = services.webhooks.rotate_secret(session.as_ref(), webhook_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(data(SecretView { secret })))
}

async fn deliveries(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let query = Query::of(&request);
    let state = match query.text("status") {
        None => None,
        Some("waiting") => Some(DeliveryState::Waiting),
        Some("delivered") => Some(DeliveryState::Delivered),
        Some("dead") => Some(DeliveryState::Dead),
        Some(_) => {
            return Err(Error::invalid_field("status", "must be waiting, delivered or dead").into());
        }
    };
    let before = match query.text("before") {
        Some(text) => Some(
            text.parse()
                .map_err(|_| Error::invalid_field("before", "must be the id of a delivery"))?,
        ),
        None => None,
    };
    let limit = query.number("limit", 50, 1, 200)?;
    let id = webhook_id(&request)?;
    let page = services.webhooks.deliveries(session.as_ref(), id, state, before, limit).await?;
    let views: Vec<DeliveryView> =
        page.into_iter().map(|(delivery, attempts)| DeliveryView::of(delivery, attempts)).collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn redeliver(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let (id, delivery) = (webhook_id(&request)?, uuid(&request, "deliveryId", Subject::Webhook)?);
    let delivery = services.webhooks.redeliver(session.as_ref(), id, delivery).await?;
    Ok(HttpResponse::Ok().json(data(DeliveryView::of(delivery, Vec::new()))))
}

async fn recover(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<RecoverBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let since = body.since.parse();
    let since = since
        .map_err(|_| Error::invalid_field("since", "must be a time like 2026-01-31T00:00:00Z"))?;
    let recovered =
        services.webhooks.recover(session.as_ref(), webhook_id(&request)?, since).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true, "data": RecoveredView { recovered } })))
}

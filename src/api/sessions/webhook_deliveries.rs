//! Webhooks: what was delivered and what was not, having it once more, and a test.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        auth::principal,
        body::{Body, Query, in_field, moment, uuid},
        endpoint::{
            Endpoint,
            ParameterKind::{Number, OneOf, Text},
        },
        error::ApiError,
        sessions::{
            data,
            webhooks::{TAG, session_of, webhook_id},
            wire::seconds,
        },
    },
    domain::{Error, Subject},
    services::Services,
    webhooks::{Attempt, Delivery, DeliveryState},
};

const STATES: [&str; 3] = ["waiting", "delivered", "dead"];

/// The same endpoints under two prefixes.
macro_rules! delivery_endpoints {
    ($prefix:literal) => {
        vec![
            Endpoint::post(concat!($prefix, "/{webhookId}/test"), test)
                .about(TAG, "Post a test event now and say how it went")
                .answers::<AttemptView>(200),
            Endpoint::get(concat!($prefix, "/{webhookId}/deliveries"), deliveries)
                .about(TAG, "The deliveries of a webhook with every attempt, newest first")
                .query(OneOf(&STATES), "status", "waiting, delivered or dead")
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
    let mut all = delivery_endpoints!("/api/v1/sessions/{sessionId}/webhooks");
    all.extend(delivery_endpoints!("/api/v1/gateway-webhooks"));
    all
}

#[derive(Deserialize, ToSchema)]
struct RecoverBody {
    /// RFC 3339.
    #[schema(format = "date-time")]
    since: String,
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
    /// How many attempts were made.
    attempt_count: u32,
    /// The first 5 and the last 20 of them.
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
    /// The first KiB of the answer. Null without the scope `admin`, since a receiver may repeat what only
    /// that scope is shown; and to a key for one session where the receiver is not public.
    response: Option<String>,
}

impl AttemptView {
    fn of(attempt: Attempt, request: &HttpRequest) -> Self {
        let caller = principal(request);
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
    fn of(delivery: Delivery, attempts: Vec<Attempt>, request: &HttpRequest) -> Self {
        let attempts = attempts.into_iter().map(|attempt| AttemptView::of(attempt, request));
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

async fn test(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let attempt = services.webhooks.send_test(session.as_ref(), webhook_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(data(AttemptView::of(attempt, &request))))
}

async fn deliveries(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let query = Query::of(&request);
    let state = match query.text("status") {
        Some("waiting") => Some(DeliveryState::Waiting),
        Some("delivered") => Some(DeliveryState::Delivered),
        Some("dead") => Some(DeliveryState::Dead),
        // What is none of these is refused before.
        Some(_) | None => None,
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
    let page =
        services.webhooks.deliveries.list(session.as_ref(), id, state, before, limit).await?;
    let views: Vec<DeliveryView> = page
        .into_iter()
        .map(|(delivery, attempts)| DeliveryView::of(delivery, attempts, &request))
        .collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn redeliver(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let (id, delivery) = (webhook_id(&request)?, uuid(&request, "deliveryId", Subject::Webhook)?);
    let delivery = services.webhooks.deliveries.redeliver(session.as_ref(), id, delivery).await?;
    Ok(HttpResponse::Ok().json(data(DeliveryView::of(delivery, Vec::new(), &request))))
}

async fn recover(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<RecoverBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_of(&services, &request)?;
    let since = moment(&body.since).map_err(|error| in_field("since", error))?;
    let recovered = services
        .webhooks
        .deliveries
        .recover(session.as_ref(), webhook_id(&request)?, since)
        .await?;
    Ok(HttpResponse::Ok().json(data(RecoveredView { recovered })))
}

//! What every request passes: its id, its admission, the `Idempotency-Key`, and the catch for a
//! handler that panics.

mod admission;
mod audited;
pub mod near_session;
pub mod auth;
pub mod caller;
pub mod idempotency;
pub mod limits;
pub mod over_limit;
pub mod own_limit;
pub mod rule;

use std::{panic::AssertUnwindSafe, rc::Rc, time::Duration};

use actix_web::{
    Error as ActixError, HttpMessage, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;

use crate::{
    api::{
        dialects::{self, Spoken},
        error::{ApiError, answer, reworded},
        gate::{
            admission::{Admitted, Provisional, Refused, admit},
            audited::Audited,
            limits::{RateLimits, Standing},
            over_limit::whole_seconds,
            rule::{Rule, Rules},
        },
        kit::dialect::Dialect,
    },
    domain::{Clock, Error},
    services::Services,
};

const REQUEST_ID: &str = "x-request-id";

/// The gate as a middleware around one path.
pub async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    rules: Rc<Rules>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let id = request_id(request.headers());
    let clock = clock(request.request());
    let dialect = rules.dialect().unwrap_or_else(|| dialects::at(request.path()));
    let rule = rules.find(request.method());
    request.extensions_mut().insert(Spoken(dialect));
    let (mut response, standing) = match admit(&request, rule).await {
        Ok(Admitted { principal, repeat, standing, provisional }) => {
            let scope = idempotency::scope(&request, &principal, repeat);
            request.extensions_mut().insert(Rc::new(principal));
            let routed_id = id.clone();
            let route =
                move |request| route(request, next, routed_id, (dialect, rule)).boxed_local();
            let answered = match scope {
                Ok(None) => route(request).await,
                Ok(Some(scope)) => idempotency::once(request, scope, repeat, Box::new(route)).await,
                Err(error) => Ok(request.into_response(answer(error, dialect))),
            };
            let answered = near_session::suggested(answered?);
            let standing = settled(&answered, standing, provisional);
            (answered, standing)
        }
        Err(refused) => {
            let standing = refused.standing;
            (request.into_response(refusal(*refused, dialect)), standing)
        }
    };
    response = worded(response, dialect);
    // A handler may have counted the request against a limit of its own.
    let own = response.request().extensions().get::<Standing>().copied();
    let standing = tighter(standing, own);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id) {
        headers.insert(HeaderName::from_static(REQUEST_ID), value);
    }
    if let Some(standing) = standing {
        tell_standing(headers, standing, &clock);
    }
    let status = response.status().as_u16().to_string();
    metrics::counter!("wagate_http_requests_total", "status" => status).increment(1);
    Ok(response)
}

/// Passes a request on to its handler, notes it where it administers, and holds a panic there.
async fn route(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: String,
    (dialect, rule): (&'static dyn Dialect, Option<Rule>),
) -> Result<ServiceResponse, ActixError> {
    let path = request.path().to_owned();
    let audited = Audited::begun(&request, rule).await;
    let outcome = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(outcome) => outcome.map(|done| worded(done.map_into_boxed_body(), dialect)),
        Err(_) => {
            tracing::error!(request = %id, path, "request {id}: a handler panicked");
            Err(ApiError(Error::internal("Internal server error"), dialect).into())
        }
    };
    if let Some(audited) = audited {
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        audited.ended(status.as_u16()).await;
    }
    outcome
}

/// How a caller stands with a limit against which refused requests do not count.
fn settled(
    response: &ServiceResponse,
    standing: Option<Standing>,
    provisional: Option<Provisional>,
) -> Option<Standing> {
    // Of what fails at the engine something may have been made.
    let is_refused = response.status().is_client_error() || is_out_of_room(response.status());
    let limits = response.request().app_data::<web::Data<RateLimits>>();
    match (standing, provisional.filter(|_| is_refused), limits) {
        (Some(standing), Some(provisional), Some(limits)) => {
            Some(provisional.refused(limits, standing))
        }
        (standing, ..) => standing,
    }
}

/// Whether the gateway had no room for what was asked for.
fn is_out_of_room(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE)
}

fn worded(response: ServiceResponse, dialect: &'static dyn Dialect) -> ServiceResponse {
    let (request, response) = response.into_parts();
    ServiceResponse::new(request, reworded(response, dialect))
}

/// Of two limits the one that leaves less.
fn tighter(one: Option<Standing>, other: Option<Standing>) -> Option<Standing> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let is_tighter = other.retry_after.is_some() || other.remaining < one.remaining;
            Some(if is_tighter { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

fn refusal(refused: Refused, dialect: &'static dyn Dialect) -> HttpResponse {
    let mut response = answer(refused.error, dialect);
    for challenge in refused.challenges {
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn tell_standing(headers: &mut HeaderMap, standing: Standing, clock: &Clock) {
    let now = Duration::from_millis(clock.now().as_millisecond().unsigned_abs());
    let reset = whole_seconds(now + standing.reset);
    let mut set = |name: &'static str, value: u64| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    };
    set("x-ratelimit-limit", standing.limit.into());
    set("x-ratelimit-remaining", standing.remaining.into());
    set("x-ratelimit-reset", reset);
    if let Some(wait) = standing.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
}

fn clock(request: &actix_web::HttpRequest) -> Clock {
    request.app_data::<web::Data<Services>>().map(|s| s.clock.clone()).unwrap_or_default()
}

/// The caller's own id for the request when it is safe to repeat, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let is_safe = |id: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (1..=64).contains(&id.len()) && id.bytes().all(allowed)
    };
    given.filter(is_safe).map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned)
}

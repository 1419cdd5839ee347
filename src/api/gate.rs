//! What every request passes: its id, its caller, the permission, the rate limit, the
//! `Idempotency-Key`, and the catch for a handler that panics.

use std::{net::IpAddr, panic::AssertUnwindSafe, rc::Rc};

use actix_web::{
    Error as ActixError, HttpMessage, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;

use crate::{
    accounts::Principal,
    api::{
        auth,
        body::{BodyLimit, decoded},
        endpoint::{Bucket, Endpoint, Repeat, Scope},
        error::{ApiError, Surface, answer, reworded},
        idempotency,
        limits::{RateLimits, Standing},
    },
    domain::{Clock, Error, ErrorCode, Subject},
    services::Services,
};

const REQUEST_ID: &str = "x-request-id";
/// Bytes of a request to the Chat API that carries no file.
const CHAT_BODY: usize = 1024 * 1024;

/// What the table says of a route.
#[derive(Clone, Copy)]
struct Rule {
    scope: Scope,
    bucket: Bucket,
    repeat: Repeat,
    surface: Surface,
    takes_file: bool,
    bounds_itself: bool,
}

/// What the table says of the routes of one path, by method; nothing where there is no such path.
#[derive(Default)]
pub struct Rules(Vec<(Method, Rule)>);

impl Rules {
    pub fn of(endpoints: &[Endpoint]) -> Self {
        let rule = |one: &Endpoint| {
            let &Endpoint { scope, bucket, repeat, surface, takes_file, bounds_itself, .. } = one;
            let rule = Rule { scope, bucket, repeat, surface, takes_file, bounds_itself };
            (one.method.clone(), rule)
        };
        Self(endpoints.iter().map(rule).collect())
    }

    /// None where there is nothing, and for a method that the path does not know: the 404 or 405 is not
    /// limited and tells nothing.
    fn find(&self, method: &Method) -> Option<Rule> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|(known, _)| known == method).map(|(_, rule)| *rule)
    }

    fn surface(&self) -> Surface {
        self.0.first().map(|(_, rule)| rule.surface).unwrap_or_default()
    }
}

/// The session that the path names.
fn path_session(request: &ServiceRequest) -> Option<String> {
    request.match_info().get("sessionId").map(decoded)
}

/// The gate as a middleware around one path.
pub async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    rules: Rc<Rules>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let id = request_id(request.headers());
    let clock = clock(request.request());
    let (rule, surface) = (rules.find(request.method()), rules.surface());
    if surface == Surface::Chat && rule.is_none_or(|rule| !rule.takes_file) {
        request.extensions_mut().insert(BodyLimit(CHAT_BODY));
    }
    let (mut response, standing) = match admit(&request, rule).await {
        Ok(Admitted { principal, repeat, standing }) => {
            let place = idempotency::place(&request, &principal, repeat);
            request.extensions_mut().insert(Rc::new(principal));
            let routed_id = id.clone();
            let route = move |request| route(request, next, routed_id, surface).boxed_local();
            let answered = match place {
                Ok(None) => route(request).await,
                Ok(Some(place)) => idempotency::once(request, place, repeat, Box::new(route)).await,
                Err(error) => Ok(request.into_response(refusal(error, surface))),
            };
            (answered?, standing)
        }
        Err((error, standing)) => (request.into_response(refusal(error, surface)), standing),
    };
    response = worded(response, surface);
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

/// Passes a request on to its handler, and holds a panic there.
async fn route(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: String,
    surface: Surface,
) -> Result<ServiceResponse, ActixError> {
    let path = request.path().to_owned();
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(outcome) => Ok(worded(outcome?.map_into_boxed_body(), surface)),
        Err(_) => {
            tracing::error!(request = %id, path, "request {id}: a handler panicked");
            Err(ApiError(Error::internal("Internal server error"), surface).into())
        }
    }
}

fn worded(response: ServiceResponse, surface: Surface) -> ServiceResponse {
    let (request, response) = response.into_parts();
    ServiceResponse::new(request, reworded(response, surface))
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

struct Admitted {
    principal: Principal,
    repeat: Repeat,
    standing: Option<Standing>,
}

type Refused = (Error, Option<Standing>);

/// Whether the request may go on, and how it stands with its rate limit.
async fn admit(request: &ServiceRequest, rule: Option<Rule>) -> Result<Admitted, Refused> {
    let missing = || (Error::internal("the server is not set up"), None);
    let services = request.app_data::<web::Data<Services>>().ok_or_else(missing)?;
    let limits = request.app_data::<web::Data<RateLimits>>().ok_or_else(missing)?;
    let rule = rule.filter(|rule| rule.scope != Scope::Public);
    let Some(Rule { scope, bucket, repeat, bounds_itself, .. }) = rule else {
        let principal = Principal { key: None, scopes: Vec::new(), session: None };
        return Ok(Admitted { principal, repeat: Repeat::Unkeyed, standing: None });
    };
    let path_session = path_session(request);
    let identified = auth::identify(request, services).await;
    let caller = match &identified {
        Ok(Principal { key: Some(key), .. }) => key.to_string(),
        _ => client_address(request, &services.config.server.trusted_proxies),
    };
    let key = match (bucket, &path_session) {
        (Bucket::Messaging, Some(session)) => session.clone(),
        _ => caller,
    };
    // Guesses at keys count too.
    let standing = limits.count(bucket, &key);
    if let Some(wait) = standing.and_then(|standing| standing.retry_after) {
        return Err((too_many(bucket, standing, wait), standing));
    }
    let principal = identified.map_err(|error| (error, standing))?;
    if !principal.may(scope.name()) {
        let message = format!("This key lacks the scope '{}'", scope.name());
        return Err((Error::new(ErrorCode::Forbidden, message), standing));
    }
    if let (Some(own), Some(asked)) = (&principal.session, &path_session)
        && own.as_str() != asked
    {
        // To this caller other sessions do not exist.
        let message = format!("Session with ID '{asked}' not found");
        return Err((Error::not_found(Subject::Session, message), standing));
    }
    if principal.session.is_some() && path_session.is_none() && !bounds_itself {
        let message = "This key is for one session: it does not reach the gateway itself";
        return Err((Error::new(ErrorCode::Forbidden, message), standing));
    }
    Ok(Admitted { principal, repeat, standing })
}

/// The answer to one request too many.
pub fn too_many(bucket: Bucket, standing: Option<Standing>, wait: std::time::Duration) -> Error {
    let seconds = wait.as_secs().saturating_add(1);
    let name = match bucket {
        Bucket::None => "none",
        Bucket::Creation => "session_creation",
        Bucket::Messaging => "messaging",
        Bucket::General => "general",
        Bucket::Chat => "chat",
    };
    let message = format!("Rate limit exceeded. Retry after {seconds} seconds");
    Error::new(ErrorCode::RateLimited, message)
        .detail("limit", standing.map_or(0, |standing| standing.limit))
        .detail("retryAfter", seconds)
        .detail("bucket", name)
}

fn refusal(error: Error, surface: Surface) -> HttpResponse {
    let is_unauthenticated = error.code == ErrorCode::Unauthenticated;
    let mut response = answer(error, surface);
    if is_unauthenticated {
        for challenge in ["Bearer", "Basic realm=\"wagate\""] {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
    response
}

fn tell_standing(headers: &mut HeaderMap, standing: Standing, clock: &Clock) {
    let reset = clock.now().as_second().unsigned_abs() + standing.reset.as_secs();
    let mut set = |name: &'static str, value: u64| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    };
    set("x-ratelimit-limit", standing.limit.into());
    set("x-ratelimit-remaining", standing.remaining.into());
    set("x-ratelimit-reset", reset);
    if let Some(wait) = standing.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
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

/// The caller's address: the peer, or what a trusted proxy says.
fn client_address(request: &ServiceRequest, trusted: &[IpAddr]) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    match (peer, forwarded) {
        (Some(peer), Some(forwarded)) if trusted.contains(&peer) => {
            let hops = forwarded.rsplit(',').filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
            hops.into_iter().find(|hop| !trusted.contains(hop)).unwrap_or(peer).to_string()
        }
        (Some(peer), _) => peer.to_string(),
        (None, _) => "unknown".to_owned(),
    }
}

//! `Idempotency-Key`: a write that carries one is done once, however often it is asked for.
//!
//! What is kept, and who waits for whom, is known to [`crate::services::idempotency`]; here the
//! request is hashed, and the answer kept or given again. A write with a key goes on in a task of
//! its own when its caller hangs up: a request that is repeated is to find the answer.
//!
//! Kept are the status, the type and up to [`LARGEST_ANSWER`] bytes of every answer but those that
//! say "not now": 5xx, 429, and that the session is not ready. After these the next request with
//! the key is an attempt of its own. No handler may begin its work before it has read its body to
//! the end: only there is it known whether this is the request that the key was used for.

mod fingerprint;
pub mod key;
mod reading;

use std::{cell::RefCell, rc::Rc};

use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
    },
    web::Data,
};
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use self::{fingerprint::Fingerprint, reading::Reading};
use crate::{
    accounts::Principal,
    api::{
        dialects,
        error::{ApiError, answer},
        kit::{dialect::Dialect, terms::Repeat},
        texts::decoded,
    },
    domain::{Error, ErrorCode, SessionId},
    services::{
        Services,
        idempotency::{
            Claim, ClaimResult, FirstAnswer, IdempotencyStore, KeyScope, KeyedWrite, WriteOutcome,
            answer_not_kept, key_reused, outcome_unknown, under_way,
        },
    },
};

pub const REPLAYED: &str = "idempotent-replayed";
/// Bytes of an answer that are kept; no write answers more.
pub const LARGEST_ANSWER: usize = 256 * 1024;
/// Seconds after which one who waited in vain may ask again.
const ASK_AGAIN: u64 = 5;

type Answered = Result<ServiceResponse, ActixError>;
/// How a request is passed on to its handler.
pub type Route = Box<dyn FnOnce(ServiceRequest) -> LocalBoxFuture<'static, Answered>>;

/// The key that the message of a request is to have.
struct MessageKey(String);

/// The key that the message of this request is to have, when one was chosen with its claim. Every
/// attempt with the same `Idempotency-Key` has the same one.
pub fn message_key(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<MessageKey>().map(|key| key.0.clone())
}

/// Gives the message of a request its key, where the request has another place for a key of its own.
pub fn set_message_key(request: &HttpRequest, key: String) {
    request.extensions_mut().insert(MessageKey(key));
}

/// What the request's key belongs to. None without a key, and where none is taken.
pub fn scope(
    request: &ServiceRequest,
    principal: &Principal,
    repeat: Repeat,
) -> Result<Option<KeyScope>, Error> {
    if repeat == Repeat::Unkeyed {
        return Ok(None);
    }
    let Some(key) = key::of(request.headers())? else { return Ok(None) };
    let caller = principal.id().map_or_else(|| "anonymous".to_owned(), |id| id.to_string());
    let (method, path) = (request.method().to_string(), request.match_info().as_str().to_owned());
    Ok(Some(KeyScope { caller, method, path, key, session: written_session(request) }))
}

/// The session that the path names, unless the request is about the session itself: that one was removed is
/// still the answer when another has its name.
fn written_session(request: &ServiceRequest) -> Option<Uuid> {
    let pattern = request.match_pattern()?;
    let name =
        request.match_info().get("sessionId").filter(|_| !pattern.ends_with("{sessionId}"))?;
    let services = request.app_data::<Data<Services>>()?;
    let handle = services.supervisor.get(&decoded(name).parse().ok()?).ok()?;
    Some(handle.status().uuid)
}

/// The session that a request writes to, where its path does not name it.
struct WrittenTo(Uuid);

/// Notes which session a request is about: what was answered is forgotten with that session.
pub fn note_session(request: &HttpRequest, session: &SessionId) {
    let services = request.app_data::<Data<Services>>();
    if let Some(handle) = services.and_then(|services| services.supervisor.get(session).ok()) {
        request.extensions_mut().insert(WrittenTo(handle.status().uuid));
    }
}

/// Carries a write out, or gives the answer that it had.
pub async fn once(
    request: ServiceRequest,
    scope: KeyScope,
    repeat: Repeat,
    route: Route,
) -> Answered {
    let cut_off = || ApiError::from(Error::internal("the request was cut off"));
    let Some(services) = request.app_data::<Data<Services>>() else {
        return Err(cut_off().into());
    };
    let answers = services.idempotency.clone();
    let write = Write { answers, scope, repeat };
    // The worker's runtime owns the task: one that is cut off when the gateway stops is found as
    // begun and not answered.
    let task = actix_web::rt::spawn(async move { write.carry_out(request, route).await });
    task.await.unwrap_or_else(|_| Err(cut_off().into()))
}

struct Write {
    answers: IdempotencyStore,
    scope: KeyScope,
    repeat: Repeat,
}

enum Begun {
    First(Rc<Claim>, Reading),
    Before(HttpResponse),
    /// The first answer was a stream: the message key of the first request.
    Joins(String, Reading),
}

impl Write {
    async fn carry_out(self, mut request: ServiceRequest, route: Route) -> Answered {
        let (claim, body) = match self.begin(&mut request).await {
            Ok(Begun::First(claim, body)) => (claim, body),
            Ok(Begun::Joins(message_key, body)) => {
                return join(request, message_key, body, route).await;
            }
            Ok(Begun::Before(response)) => return Ok(request.into_response(response)),
            Err(error) => {
                let dialect = dialects::of(request.request());
                return Ok(request.into_response(refusal(error, dialect)));
            }
        };
        let fault: Rc<RefCell<Option<Error>>> = Rc::default();
        let (seal, refused) = (claim.clone(), fault.clone());
        request.set_payload(body.into_payload(move |hash| async move {
            let sealed = seal.seal(hash).await;
            *refused.borrow_mut() = sealed.clone().err();
            sealed
        }));
        request.extensions_mut().insert(MessageKey(claim.message_key()));
        let outcome = route(request).await;
        let fault = fault.take();
        self.settle(&claim, fault, outcome).await
    }

    async fn begin(&self, request: &mut ServiceRequest) -> Result<Begun, Error> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let fingerprint = Fingerprint::new(request.query_string(), content_type);
        let body = Reading::begin(request.take_payload(), fingerprint).await?;
        let is_repeatable = matches!(self.repeat, Repeat::Repeatable | Repeat::Joined);
        match self.answers.claim(&self.scope, body.hash(), is_repeatable).await? {
            ClaimResult::Claimed(claim) => Ok(Begun::First(Rc::from(claim), body)),
            ClaimResult::Known(known) if self.joins(&known, &body) => {
                Ok(Begun::Joins(known.message_key, body))
            }
            ClaimResult::Known(known) => again(known, body.finish().await?).map(Begun::Before),
            ClaimResult::InFlight => Err(under_way()),
        }
    }

    /// Whether a request is asked again to go on with the stream of the first.
    fn joins(&self, known: &KeyedWrite, body: &Reading) -> bool {
        let is_stream = match &known.outcome {
            WriteOutcome::Answered(answer) => answer.status == 200 && answer.body.is_none(),
            WriteOutcome::UnderWay | WriteOutcome::Failed => false,
        };
        let is_same = body.hash().is_some() && !known.is_another(body.hash());
        self.repeat == Repeat::Joined && is_stream && is_same
    }

    /// Stores the outcome of the write before its caller is answered.
    async fn settle(&self, claim: &Claim, fault: Option<Error>, outcome: Answered) -> Answered {
        let response = match (outcome, fault) {
            (Ok(response), None) if is_kept(&response, claim) => response,
            (outcome, fault) => {
                let fault = claim.failed().await.err().or(fault);
                return match (outcome, fault) {
                    (Ok(response), Some(fault)) => {
                        let dialect = dialects::of(response.request());
                        Ok(response.into_response(refusal(fault, dialect)))
                    }
                    (outcome, _) => outcome,
                };
            }
        };
        if let Some(WrittenTo(session)) = response.request().extensions().get::<WrittenTo>() {
            claim.is_to(*session);
        }
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let (kept, body) = match body.try_into_bytes() {
            Ok(bytes) => (self.kept_body(head.status(), &bytes), BoxBody::new(bytes)),
            Err(stream) => (None, stream),
        };
        let content_type = head.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = head.status().as_u16();
        let response = match claim.answered(FirstAnswer { status, content_type, body: kept }).await
        {
            Ok(()) => head.set_body(body),
            Err(error) => refusal(error, dialects::of(&request)),
        };
        Ok(ServiceResponse::new(request, response))
    }

    fn kept_body(&self, status: StatusCode, body: &[u8]) -> Option<String> {
        let is_secret = self.repeat == Repeat::Secret && status.is_success();
        let is_small = body.len() <= LARGEST_ANSWER;
        (is_small && !is_secret).then(|| String::from_utf8(body.to_vec()).ok()).flatten()
    }
}

/// Asks again with the message key of the first request.
async fn join(
    mut request: ServiceRequest,
    message_key: String,
    body: Reading,
    route: Route,
) -> Answered {
    request.set_payload(body.into_payload(|_| std::future::ready(Ok(()))));
    request.extensions_mut().insert(MessageKey(message_key));
    let mut response = route(request).await?;
    let replayed = (HeaderName::from_static(REPLAYED), HeaderValue::from_static("true"));
    response.headers_mut().insert(replayed.0, replayed.1);
    Ok(response)
}

/// Whether an answer is the answer for good.
fn is_kept(response: &ServiceResponse, claim: &Claim) -> bool {
    let status = response.status();
    let error = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let is_not_now = status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || error.is_some_and(|error| error.0.code == ErrorCode::NotReady);
    // An error about a body that was not read whole says nothing of the request that was meant.
    let is_of_a_part = !claim.is_sealed() && status.is_client_error();
    !is_not_now && !is_of_a_part
}

/// The answer to a request that was made before, perhaps as another one.
fn again(known: KeyedWrite, request: [u8; 32]) -> Result<HttpResponse, Error> {
    if known.is_another(Some(request)) {
        return Err(key_reused());
    }
    let answer = match known.outcome {
        WriteOutcome::Answered(answer) => answer,
        WriteOutcome::UnderWay | WriteOutcome::Failed => return Err(outcome_unknown()),
    };
    let Some(body) = answer.body else { return Err(answer_not_kept(answer.status)) };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.insert_header((REPLAYED, "true"));
    if let Some(content_type) = answer.content_type {
        response.insert_header((CONTENT_TYPE, content_type));
    }
    Ok(response.body(body))
}

fn refusal(error: Error, dialect: &'static dyn Dialect) -> HttpResponse {
    let may_ask_again = error.details.get("reason").is_some_and(|reason| reason == "under_way");
    let mut response = answer(error, dialect);
    if may_ask_again {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(ASK_AGAIN));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(request: Option<[u8; 32]>, outcome: WriteOutcome) -> KeyedWrite {
        let (message_key, at) = (String::new(), crate::domain::clock::from_seconds(0));
        KeyedWrite { request, message_key, at, outcome, session: None }
    }

    fn answered(body: Option<&str>) -> WriteOutcome {
        let content_type = Some("text/plain".to_owned());
        let body = body.map(str::to_owned);
        WriteOutcome::Answered(FirstAnswer { status: 201, content_type, body })
    }

    #[test]
    fn an_answer_is_given_again_as_it_was() {
        let response = again(known(Some([1; 32]), answered(Some("x"))), [1; 32]).unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers().get(REPLAYED).unwrap(), "true");
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), "text/plain");
        assert_eq!(response.into_body().try_into_bytes().unwrap(), "x");
        // What was answered before the body was read whole is compared with nothing.
        assert!(again(known(None, answered(Some("x"))), [1; 32]).is_ok());
    }

    #[test]
    fn what_cannot_be_given_again_is_a_conflict_with_its_own_reason() {
        for (request, outcome, reason) in [
            ([2; 32], answered(Some("x")), "key_reused"),
            ([2; 32], WriteOutcome::UnderWay, "key_reused"),
            ([1; 32], WriteOutcome::UnderWay, "outcome_unknown"),
            ([1; 32], answered(None), "answer_not_kept"),
        ] {
            let error = again(known(Some([1; 32]), outcome), request).unwrap_err();
            assert_eq!(error.details["reason"], reason);
            let response = refusal(error, dialects::USUAL);
            assert_eq!(response.status(), StatusCode::CONFLICT);
            assert!(!response.headers().contains_key(RETRY_AFTER));
        }
        let response = refusal(under_way(), dialects::USUAL);
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "5");
    }
}

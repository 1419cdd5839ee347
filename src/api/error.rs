//! Errors in the envelope of the APIs, and the table of codes and statuses of the open-wa one.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    },
};
use serde_json::{Map, Value, json};

use crate::{
    api::{chat::error as chat, sessions::wire::status_word},
    domain::{Error, ErrorCode, SessionState, Subject, shown::escaped},
};

/// Whose words an answer is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surface {
    #[default]
    OpenWa,
    Chat,
}

/// A domain error on its way to a caller. Handlers leave the surface alone: the gate knows whose
/// route it was, and words it.
#[derive(Debug)]
pub struct ApiError(pub Error, pub Surface);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error, Surface::OpenWa)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self.1 {
            Surface::OpenWa => code_and_status(&self.0).1,
            Surface::Chat => chat::code_and_status(&self.0).1,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (code, status, body) = match self.1 {
            Surface::OpenWa => {
                let (code, status) = code_and_status(&self.0);
                let details = details_of(&self.0).into();
                (code, status, envelope(code, &self.0.message, &details))
            }
            Surface::Chat => {
                let (code, status) = chat::code_and_status(&self.0);
                (code, status, chat::body(&self.0))
            }
        };
        if status.is_server_error() {
            tracing::warn!(code, error = %self.0, "answered {code}: {}", self.0);
        }
        let mut response = HttpResponse::build(status).json(body);
        if let Some(seconds) = self.0.details.get("retryAfter").and_then(Value::as_u64) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The details, with the session's status in this API's words.
fn details_of(error: &Error) -> Map<String, Value> {
    let mut details = error.details.clone();
    let degraded = SessionState::Degraded;
    if details.get("status").is_some_and(|status| status == degraded.as_str()) {
        details.insert("status".to_owned(), status_word(degraded).into());
        details.insert("degraded".to_owned(), true.into());
    }
    details
}

/// An error as an answer that remembers it.
pub fn answer(error: Error, surface: Surface) -> HttpResponse {
    HttpResponse::from_error(ApiError(error, surface))
}

/// The same answer in the words of a surface, where it is an error of ours. Headers that were set
/// on it stay.
pub fn reworded(response: HttpResponse, surface: Surface) -> HttpResponse {
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    let Some(ApiError(error, other)) = error else { return response };
    if *other == surface {
        return response;
    }
    let mut worded = answer(error.clone(), surface);
    for (name, value) in response.headers() {
        if *name != CONTENT_TYPE {
            worded.headers_mut().insert(name.clone(), value.clone());
        }
    }
    worded
}

pub fn envelope(code: &str, message: &str, details: &serde_json::Value) -> serde_json::Value {
    let message = escaped(message);
    json!({ "success": false, "error": { "code": code, "message": message, "details": details } })
}

/// What a caller sees of an error: the surface's code and the status.
pub fn code_and_status(error: &Error) -> (&'static str, StatusCode) {
    let is_limit = error.details.get("reason").is_some_and(|reason| reason == "max_sessions");
    match (error.code, error.subject) {
        (ErrorCode::Invalid, Some(Subject::ChatId)) => ("INVALID_CHAT_ID", StatusCode::BAD_REQUEST),
        (ErrorCode::Invalid, Some(Subject::Media)) => {
            ("UNSUPPORTED_MEDIA", StatusCode::BAD_REQUEST)
        }
        (ErrorCode::Invalid, _) => ("VALIDATION_ERROR", StatusCode::BAD_REQUEST),
        (ErrorCode::Unauthenticated, _) => ("UNAUTHORIZED", StatusCode::UNAUTHORIZED),
        (ErrorCode::Forbidden, _) => ("FORBIDDEN", StatusCode::FORBIDDEN),
        (ErrorCode::NotFound, subject) => (not_found(subject), StatusCode::NOT_FOUND),
        (ErrorCode::Conflict, _) if is_limit => ("MAX_SESSIONS_REACHED", StatusCode::CONFLICT),
        (ErrorCode::Conflict, Some(Subject::Session)) => {
            ("SESSION_ALREADY_EXISTS", StatusCode::CONFLICT)
        }
        (ErrorCode::Conflict, Some(Subject::IdempotencyKey)) => {
            (idempotency(error), StatusCode::CONFLICT)
        }
        (ErrorCode::Conflict, _) => ("CONFLICT", StatusCode::CONFLICT),
        (ErrorCode::NotReady, _) => ("SESSION_NOT_READY", StatusCode::CONFLICT),
        (ErrorCode::TooLarge, _) => ("PAYLOAD_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE),
        (ErrorCode::RateLimited, _) => ("RATE_LIMIT_EXCEEDED", StatusCode::TOO_MANY_REQUESTS),
        (ErrorCode::Unsupported, _) => ("NOT_SUPPORTED", StatusCode::NOT_IMPLEMENTED),
        (ErrorCode::Refused, _) => ("RECIPIENT_NOT_ON_WHATSAPP", StatusCode::UNPROCESSABLE_ENTITY),
        (ErrorCode::NotNow, _) => ("SENDING_ON_HOLD", StatusCode::SERVICE_UNAVAILABLE),
        (ErrorCode::EngineFailed, Some(Subject::Session)) => {
            ("SESSION_START_FAILED", StatusCode::BAD_GATEWAY)
        }
        (ErrorCode::EngineFailed, Some(Subject::Reading)) => {
            ("READ_FAILED", StatusCode::BAD_GATEWAY)
        }
        (ErrorCode::Timeout, Some(Subject::Reading)) => {
            ("READ_TIMEOUT", StatusCode::GATEWAY_TIMEOUT)
        }
        (ErrorCode::EngineFailed, _) => ("SEND_FAILED", StatusCode::BAD_GATEWAY),
        (ErrorCode::Timeout, _) => ("SEND_TIMEOUT", StatusCode::GATEWAY_TIMEOUT),
        (ErrorCode::Unavailable, Some(Subject::Store)) => {
            ("STORAGE_UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE)
        }
        (ErrorCode::Unavailable, Some(Subject::Chat | Subject::Group | Subject::Message)) => {
            ("WHATSAPP_NOT_READY", StatusCode::SERVICE_UNAVAILABLE)
        }
        (ErrorCode::StorageFull, _) => ("INSUFFICIENT_STORAGE", StatusCode::INSUFFICIENT_STORAGE),
        (ErrorCode::Unavailable, _) => ("SHUTTING_DOWN", StatusCode::SERVICE_UNAVAILABLE),
        (ErrorCode::Internal, _) => ("INTERNAL_ERROR", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn not_found(subject: Option<Subject>) -> &'static str {
    match subject {
        Some(Subject::Session) => "SESSION_NOT_FOUND",
        Some(Subject::QrCode) => "QR_NOT_AVAILABLE",
        Some(Subject::Chat | Subject::ChatId) => "CHAT_NOT_FOUND",
        Some(Subject::Message) => "MESSAGE_NOT_FOUND",
        Some(Subject::Contact | Subject::Recipient) => "CONTACT_NOT_FOUND",
        Some(Subject::Group) => "GROUP_NOT_FOUND",
        Some(Subject::Webhook) => "WEBHOOK_NOT_FOUND",
        Some(Subject::Media) => "MEDIA_NOT_FOUND",
        Some(
            Subject::ApiKey
            | Subject::IdempotencyKey
            | Subject::Proxy
            | Subject::Reading
            | Subject::Store
            | Subject::Tag,
        )
        | None => "NOT_FOUND",
    }
}

fn idempotency(error: &Error) -> &'static str {
    match error.details.get("reason").and_then(|reason| reason.as_str()) {
        Some("under_way") => "IDEMPOTENCY_REQUEST_UNDER_WAY",
        Some("outcome_unknown") => "IDEMPOTENCY_OUTCOME_UNKNOWN",
        Some("answer_not_kept") => "IDEMPOTENCY_ANSWER_NOT_KEPT",
        _ => "IDEMPOTENCY_KEY_REUSED",
    }
}

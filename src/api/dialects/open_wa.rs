//! Dialect of the open-wa Multi-Session API: `{success, data}`, codes in capitals.

use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{
    Map, Value, json,
    value::{RawValue, to_raw_value},
};

use crate::{
    api::kit::{
        dialect::{Dialect, Failed, Json, Reply},
        terms::Bucket,
    },
    domain::{Error, ErrorCode, SessionState, Subject, shown::escaped},
    webhooks,
};

#[derive(Debug)]
pub struct OpenWa;

impl Dialect for OpenWa {
    fn name(&self) -> &'static str {
        "open-wa"
    }

    fn bucket(&self) -> Bucket {
        Bucket::General
    }

    fn wording(&self) -> &'static str {
        webhooks::OPEN_WA
    }

    fn success(&self, reply: Reply) -> Json {
        success(reply)
    }

    fn success_schema(&self, data: Option<Value>) -> Value {
        success_schema(data)
    }

    fn failure(&self, error: &Error) -> Failed {
        let (code, status) = code_and_status(error);
        Failed { code, status, body: envelope(code, &error.message, &details_of(error).into()) }
    }

    fn http_failure(&self, code: &str, message: &str) -> Value {
        envelope(code, message, &json!({}))
    }

    fn failure_schema(&self) -> (&'static str, Value) {
        ("Failure", failure_schema())
    }
}

#[derive(Serialize)]
struct Success {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

/// `{success, message, data}`, of which the last two are there where they say something.
pub fn success(Reply { data, message }: Reply) -> Json {
    to_raw_value(&Success { success: true, message, data })
}

pub fn success_schema(data: Option<Value>) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["success"],
        "properties": {
            "success": { "const": true, "description": "Tells a success from a failure." },
            "message": { "type": "string", "description": "A sentence for a person.", "example": "Done" },
        },
    });
    let Some(mut data) = data else { return schema };
    if let Value::Object(data) = &mut data {
        data.entry("description").or_insert("What was asked for.".into());
    }
    schema["required"] = json!(["success", "data"]);
    schema["properties"]["data"] = data;
    schema
}

pub fn failure_schema() -> Value {
    json!({
        "type": "object",
        "required": ["success", "error"],
        "properties": {
            "success": { "const": false, "description": "Tells a failure from a success." },
            "error": {
                "type": "object",
                "description": "What went wrong.",
                "required": ["code", "message", "details"],
                "properties": {
                    "code": {
                        "type": "string", "example": "VALIDATION_ERROR",
                        "description": "Its kind, for programs.",
                    },
                    "message": {
                        "type": "string", "example": "chatId: is required",
                        "description": "What is wrong and what to do, for people.",
                    },
                    "details": {
                        "type": "object", "example": { "fields": { "chatId": ["is required"] } },
                        "description": "Facts for programs, such as the faults of each field in `fields`.",
                    },
                },
            },
        },
    })
}

/// The status of a session in this API's closed list of them. A session that is being recovered is
/// linked and takes no commands, as one that is still loading: `degraded` beside it tells them apart.
pub fn status_word(state: SessionState) -> &'static str {
    match state {
        SessionState::Degraded => SessionState::Authenticated.as_str(),
        other => other.as_str(),
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
            | Subject::Bot
            | Subject::CannedResponse
            | Subject::Document
            | Subject::IdempotencyKey
            | Subject::Invitation
            | Subject::Login
            | Subject::Note
            | Subject::Notification
            | Subject::Proxy
            | Subject::QuickReply
            | Subject::Reading
            | Subject::Store
            | Subject::Tag
            | Subject::Team
            | Subject::Template
            | Subject::Broadcast
            | Subject::User
            | Subject::View
            | Subject::Ticket
            | Subject::Task
            | Subject::Automation
            | Subject::Flow,
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

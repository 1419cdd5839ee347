//! Dialect of the workspace API: answers without an envelope, and `{"error", "code", "details"}` for every failure.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json, value::to_raw_value};

use crate::{
    api::kit::{
        dialect::{Dialect, Failed, Json, Reply},
        terms::Bucket,
    },
    domain::{Error, ErrorCode, Subject, shown::escaped},
    webhooks,
};

const BASE: &str = "/api/v1/";
/// The first segments of its paths behind the base.
const SEGMENTS: [&str; 15] = [
    "analytics",
    "auth",
    "automations",
    "bots",
    "contacts",
    "inbox",
    "kb",
    "notifications",
    "presence",
    "tasks",
    "teams",
    "tickets",
    "users",
    "webhooks",
    "widget",
];
/// What it has below `chat`, where the Chat API has the rest.
const OF_CHAT: [&str; 4] = ["feedback", "history", "sessions", "stream"];
/// Bytes of a body, uploads included.
const LARGEST: usize = 10 * 1024 * 1024;

/// Details of an error that are part of the answer, and their names there.
const SHOWN: [(&str, &str); 6] = [
    ("fields", "fields"),
    ("contactId", "contact_id"),
    ("limit", "limit"),
    ("reason", "reason"),
    ("retryAfter", "retry_after"),
    ("didYouMean", "did_you_mean"),
];

/// Whether a path is of this API, be there a route or not.
pub fn is_at(path: &str) -> bool {
    let Some(rest) = path.strip_prefix(BASE) else { return false };
    let mut segments = rest.split('/');
    match (segments.next(), segments.next()) {
        (Some("chat"), None | Some("")) => true,
        (Some("chat"), Some(second)) => OF_CHAT.contains(&second),
        (Some(first), _) => SEGMENTS.contains(&first),
        (None, _) => false,
    }
}

#[derive(Debug)]
pub struct Workspace;

impl Dialect for Workspace {
    fn name(&self) -> &'static str {
        "workspace"
    }

    fn bucket(&self) -> Bucket {
        Bucket::Workspace
    }

    fn wording(&self) -> &'static str {
        webhooks::OPEN_WA
    }

    fn needs_credential(&self) -> bool {
        true
    }

    fn body_limit(&self) -> Option<fn() -> usize> {
        Some(|| LARGEST)
    }

    fn success(&self, Reply { data, message }: Reply) -> Json {
        data.map_or_else(|| to_raw_value(&json!({ "message": message })), Ok)
    }

    fn success_schema(&self, data: Option<Value>) -> Value {
        data.unwrap_or_else(|| {
            json!({
                "type": "object",
                "required": ["message"],
                "properties": {
                    "message": {
                        "type": "string", "description": "A sentence for a person.", "example": "Done",
                    },
                },
            })
        })
    }

    fn failure(&self, error: &Error) -> Failed {
        let (code, status) = code_and_status(error);
        let known = SHOWN.iter().filter_map(|(name, shown)| {
            Some(((*shown).to_owned(), error.details.get(*name)?.clone()))
        });
        let details: Map<String, Value> = known.collect();
        Failed { code, status, body: envelope(code, &error.message, details) }
    }

    fn http_failure(&self, code: &str, message: &str) -> Value {
        envelope(code, message, Map::new())
    }

    fn failure_schema(&self) -> (&'static str, Value) {
        let schema = json!({
            "type": "object",
            "required": ["error", "code", "details"],
            "properties": {
                "error": {
                    "type": "string", "description": "What is wrong, in a sentence", "example": "email: is required",
                },
                "code": {
                    "type": "string", "description": "Its kind, for programs", "example": "VALIDATION_ERROR",
                },
                "details": {
                    "type": "object", "example": { "fields": { "email": ["is required"] } },
                    "description": "Facts for programs, such as the faults of each field in `fields`, or seconds \
                        in `retry_after`.",
                },
            },
        });
        ("WorkspaceFailure", schema)
    }
}

fn envelope(code: &str, message: &str, details: Map<String, Value>) -> Value {
    json!({ "error": escaped(message), "code": code, "details": details })
}

fn code_and_status(error: &Error) -> (&'static str, StatusCode) {
    let reason = error.details.get("reason").and_then(Value::as_str);
    match error.code {
        ErrorCode::Invalid if error.details.contains_key("fields") => {
            ("VALIDATION_ERROR", StatusCode::BAD_REQUEST)
        }
        ErrorCode::Invalid => ("BAD_REQUEST", StatusCode::BAD_REQUEST),
        ErrorCode::Refused => ("NOT_ON_WHATSAPP", StatusCode::BAD_REQUEST),
        ErrorCode::Unsupported => ("NOT_SUPPORTED", StatusCode::BAD_REQUEST),
        ErrorCode::Unauthenticated if reason == Some("totp") => {
            ("TOTP_REQUIRED", StatusCode::UNAUTHORIZED)
        }
        ErrorCode::Unauthenticated => ("UNAUTHORIZED", StatusCode::UNAUTHORIZED),
        ErrorCode::Forbidden => ("FORBIDDEN", StatusCode::FORBIDDEN),
        ErrorCode::NotFound => ("NOT_FOUND", StatusCode::NOT_FOUND),
        ErrorCode::Conflict => (conflict(error.subject, reason), StatusCode::CONFLICT),
        ErrorCode::NotReady => ("NOT_CONNECTED", StatusCode::CONFLICT),
        ErrorCode::TooLarge => ("PAYLOAD_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE),
        ErrorCode::RateLimited => ("RATE_LIMITED", StatusCode::TOO_MANY_REQUESTS),
        ErrorCode::EngineFailed => ("PROVIDER_ERROR", StatusCode::INTERNAL_SERVER_ERROR),
        ErrorCode::Timeout => ("OUTCOME_UNKNOWN", StatusCode::INTERNAL_SERVER_ERROR),
        ErrorCode::Internal => ("SERVER_ERROR", StatusCode::INTERNAL_SERVER_ERROR),
        ErrorCode::NotNow => ("SENDING_ON_HOLD", StatusCode::SERVICE_UNAVAILABLE),
        ErrorCode::Unavailable => ("UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE),
        ErrorCode::StorageFull => ("INSUFFICIENT_STORAGE", StatusCode::INSUFFICIENT_STORAGE),
    }
}

fn conflict(subject: Option<Subject>, reason: Option<&str>) -> &'static str {
    match (subject, reason) {
        (Some(Subject::IdempotencyKey), Some("under_way")) => "IDEMPOTENCY_REQUEST_UNDER_WAY",
        (Some(Subject::IdempotencyKey), Some("outcome_unknown")) => "IDEMPOTENCY_OUTCOME_UNKNOWN",
        (Some(Subject::IdempotencyKey), Some("answer_not_kept")) => "IDEMPOTENCY_ANSWER_NOT_KEPT",
        (Some(Subject::IdempotencyKey), _) => "IDEMPOTENCY_KEY_REUSED",
        _ => "CONFLICT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_this_api_are_told_from_those_of_the_others() {
        for path in ["/api/v1/auth", "/api/v1/users/x", "/api/v1/chat", "/api/v1/chat/stream/x"] {
            assert!(is_at(path), "{path}");
        }
        for path in ["/api/v1/chat/send", "/api/v1/sessions", "/api/v1", "/api/v1/authors", "/auth"]
        {
            assert!(!is_at(path), "{path}");
        }
    }

    #[test]
    fn every_failure_has_a_documented_code_and_only_known_details() {
        for (code, expected, status) in [
            (ErrorCode::Invalid, "BAD_REQUEST", 400),
            (ErrorCode::Refused, "NOT_ON_WHATSAPP", 400),
            (ErrorCode::Unsupported, "NOT_SUPPORTED", 400),
            (ErrorCode::Unauthenticated, "UNAUTHORIZED", 401),
            (ErrorCode::Forbidden, "FORBIDDEN", 403),
            (ErrorCode::NotFound, "NOT_FOUND", 404),
            (ErrorCode::Conflict, "CONFLICT", 409),
            (ErrorCode::TooLarge, "PAYLOAD_TOO_LARGE", 413),
            (ErrorCode::RateLimited, "RATE_LIMITED", 429),
            (ErrorCode::EngineFailed, "PROVIDER_ERROR", 500),
            (ErrorCode::Internal, "SERVER_ERROR", 500),
        ] {
            let failed = Workspace.failure(&Error::new(code, "why"));
            assert_eq!((failed.code, failed.status.as_u16()), (expected, status));
            let body = json!({ "error": "why", "code": expected, "details": {} });
            assert_eq!(failed.body, body);
        }
        let error = Error::invalid_field("email", "is required").detail("secret", 1);
        let body = Workspace.failure(&error).body;
        assert_eq!(body["code"], "VALIDATION_ERROR");
        assert_eq!(body["details"], json!({ "fields": { "email": ["is required"] } }));
        let error = Error::new(ErrorCode::RateLimited, "no").detail("retryAfter", 17);
        assert_eq!(Workspace.failure(&error).body["details"]["retry_after"], 17);
        let error = Error::new(ErrorCode::Unauthenticated, "no").detail("reason", "totp");
        assert_eq!(Workspace.failure(&error).code, "TOTP_REQUIRED");
    }
}

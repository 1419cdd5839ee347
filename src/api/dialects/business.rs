//! Dialect of the business API: answers without an envelope, and `{"error": "…", "code": "…"}` for every failure.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json, value::to_raw_value};

use crate::{
    api::{
        dialects::chat::CODE,
        kit::{
            dialect::{Dialect, Failed, Json, Reply},
            terms::Bucket,
        },
    },
    domain::{Error, ErrorCode, Subject, shown::escaped},
    webhooks,
};

/// The beginning of all paths of the business API.
pub const BASE: &str = "/api/whatsapp-api";

/// Details of an error that are part of the answer.
const SHOWN: [&str; 5] = ["fields", "contactId", "limit", "retryAfter", "didYouMean"];

#[derive(Debug)]
pub struct Business;

impl Dialect for Business {
    fn name(&self) -> &'static str {
        "business"
    }

    fn bucket(&self) -> Bucket {
        Bucket::Business
    }

    fn wording(&self) -> &'static str {
        webhooks::OPEN_WA
    }

    fn needs_credential(&self) -> bool {
        true
    }

    fn success(&self, Reply { data, message }: Reply) -> Json {
        data.map_or_else(|| to_raw_value(&json!({ "success": true, "message": message })), Ok)
    }

    fn success_schema(&self, data: Option<Value>) -> Value {
        data.unwrap_or_else(|| {
            json!({
                "type": "object",
                "required": ["success", "message"],
                "properties": {
                    "success": { "const": true, "description": "Tells a success from a failure." },
                    "message": {
                        "type": "string", "description": "A sentence for a person.", "example": "Done",
                    },
                },
            })
        })
    }

    fn failure(&self, error: &Error) -> Failed {
        let (code, status) = code_and_status(error);
        let mut body = Map::new();
        body.insert("error".to_owned(), escaped(&error.message).into());
        body.insert("code".to_owned(), error.details.get(CODE).cloned().unwrap_or(code.into()));
        for name in SHOWN {
            if let Some(value) = error.details.get(name) {
                body.insert(name.to_owned(), value.clone());
            }
        }
        Failed { code, status, body: body.into() }
    }

    fn http_failure(&self, code: &str, message: &str) -> Value {
        json!({ "error": escaped(message), "code": code.to_lowercase() })
    }

    fn failure_schema(&self) -> (&'static str, Value) {
        let schema = json!({
            "type": "object",
            "required": ["error", "code"],
            "properties": {
                "error": {
                    "type": "string", "description": "What is wrong, in a sentence", "example": "phone: is required",
                },
                "code": {
                    "type": "string", "description": "Its kind, for programs", "example": "validation_error",
                },
                "fields": {
                    "type": "object", "description": "What is wrong with each field",
                    "additionalProperties": { "type": "array", "items": { "type": "string" } },
                },
                "contactId": {
                    "type": "string", "format": "uuid", "description": "The contact that is there already",
                },
                "limit": { "type": "integer", "description": "How many may be there" },
                "retryAfter": { "type": "integer", "description": "Seconds" },
                "didYouMean": {
                    "type": "string", "description": "The name that may be meant", "example": "phone",
                },
            },
        });
        ("BusinessFailure", schema)
    }
}

fn code_and_status(error: &Error) -> (&'static str, StatusCode) {
    match error.code {
        // There is no 413 among the documented statuses.
        ErrorCode::Invalid | ErrorCode::TooLarge => ("validation_error", StatusCode::BAD_REQUEST),
        ErrorCode::Refused => ("not_on_whatsapp", StatusCode::BAD_REQUEST),
        ErrorCode::Unsupported => ("not_supported", StatusCode::BAD_REQUEST),
        ErrorCode::Unauthenticated => ("unauthorized", StatusCode::UNAUTHORIZED),
        ErrorCode::Forbidden => ("forbidden", StatusCode::FORBIDDEN),
        ErrorCode::NotFound => ("not_found", StatusCode::NOT_FOUND),
        ErrorCode::Conflict => (conflict(error), StatusCode::CONFLICT),
        ErrorCode::NotReady => ("not_connected", StatusCode::CONFLICT),
        ErrorCode::RateLimited => ("rate_limited", StatusCode::TOO_MANY_REQUESTS),
        ErrorCode::EngineFailed => ("provider_error", StatusCode::INTERNAL_SERVER_ERROR),
        ErrorCode::Timeout => ("outcome_unknown", StatusCode::INTERNAL_SERVER_ERROR),
        ErrorCode::Internal => ("server_error", StatusCode::INTERNAL_SERVER_ERROR),
        ErrorCode::NotNow => ("sending_on_hold", StatusCode::SERVICE_UNAVAILABLE),
        ErrorCode::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        ErrorCode::StorageFull => ("insufficient_storage", StatusCode::INSUFFICIENT_STORAGE),
    }
}

fn conflict(error: &Error) -> &'static str {
    match (error.subject, error.details.get("reason").and_then(Value::as_str)) {
        (Some(Subject::IdempotencyKey), Some("under_way")) => "idempotency_request_under_way",
        (Some(Subject::IdempotencyKey), Some("outcome_unknown")) => "outcome_unknown",
        (Some(Subject::IdempotencyKey), Some("answer_not_kept")) => "idempotency_answer_not_kept",
        (Some(Subject::IdempotencyKey), _) => "idempotency_key_reused",
        (_, Some("not_sent" | "not_sent_yet")) => "not_sent",
        (Some(Subject::Message), _) => "invalid_state",
        _ => "duplicate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_an_error_in_words_with_a_documented_status() {
        for (code, expected, status) in [
            (ErrorCode::Invalid, "validation_error", 400),
            (ErrorCode::TooLarge, "validation_error", 400),
            (ErrorCode::Unauthenticated, "unauthorized", 401),
            (ErrorCode::Forbidden, "forbidden", 403),
            (ErrorCode::NotFound, "not_found", 404),
            (ErrorCode::Conflict, "duplicate", 409),
            (ErrorCode::NotReady, "not_connected", 409),
            (ErrorCode::RateLimited, "rate_limited", 429),
            (ErrorCode::EngineFailed, "provider_error", 500),
            (ErrorCode::Timeout, "outcome_unknown", 500),
            (ErrorCode::Internal, "server_error", 500),
        ] {
            let failed = Business.failure(&Error::new(code, "why"));
            assert_eq!((failed.code, failed.status.as_u16()), (expected, status));
            assert_eq!(failed.body, json!({ "error": "why", "code": expected }));
        }
        let error = Error::invalid_field("phone", "is required").detail("secret", 1);
        let body = Business.failure(&error).body;
        assert_eq!(body["fields"], json!({ "phone": ["is required"] }));
        assert!(body.get("secret").is_none());
        let own = Error::new(ErrorCode::Forbidden, "no").detail(CODE, "not_opted_in");
        assert_eq!(Business.failure(&own).body["code"], "not_opted_in");
    }
}

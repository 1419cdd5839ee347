//! Dialect of the Chat API. The envelope is that of the open-wa API; codes and statuses differ: what
//! breaks a rule is a 422 that names its fields.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    api::{
        dialects::open_wa::{self, envelope},
        kit::{
            dialect::{Dialect, Failed, Json, Reply},
            terms::Bucket,
        },
    },
    domain::{Error, ErrorCode, Subject, shown::escaped},
    webhooks,
};

/// Puts a code of this surface's own on an error that the common table has no word for.
pub const CODE: &str = "code";

#[derive(Debug)]
pub struct Chat;

impl Dialect for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn bucket(&self) -> Bucket {
        Bucket::Chat
    }

    fn wording(&self) -> &'static str {
        webhooks::OPEN_WA
    }

    fn success(&self, reply: Reply) -> Json {
        open_wa::success(reply)
    }

    fn success_schema(&self, data: Option<Value>) -> Value {
        open_wa::success_schema(data)
    }

    fn failure(&self, error: &Error) -> Failed {
        let (code, status) = code_and_status(error);
        Failed { code, status, body: body(error) }
    }

    fn http_failure(&self, code: &str, message: &str) -> Value {
        envelope(code, message, &json!({}))
    }

    fn failure_schema(&self) -> (&'static str, Value) {
        ("Failure", open_wa::failure_schema())
    }
}

fn code_and_status(error: &Error) -> (&'static str, StatusCode) {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    match (error.code, error.subject) {
        (ErrorCode::Invalid | ErrorCode::Refused, _) => (invalid(error), unprocessable),
        (ErrorCode::Unauthenticated, _) => ("UNAUTHENTICATED", StatusCode::UNAUTHORIZED),
        (ErrorCode::NotFound, subject) => (not_found(subject), StatusCode::NOT_FOUND),
        (ErrorCode::NotReady, _) => ("INSTANCE_NOT_CONNECTED", StatusCode::CONFLICT),
        (ErrorCode::Internal, _) => ("SERVER_ERROR", StatusCode::INTERNAL_SERVER_ERROR),
        (ErrorCode::Conflict, Some(Subject::IdempotencyKey)) => open_wa::code_and_status(error),
        (ErrorCode::Conflict, _) => ("CONFLICT", StatusCode::CONFLICT),
        _ => open_wa::code_and_status(error),
    }
}

/// The whole answer.
fn body(error: &Error) -> Value {
    let (code, _) = code_and_status(error);
    let mut details = error.details.clone();
    details.remove(CODE);
    if code != "VALIDATION_ERROR" {
        return envelope(code, &error.message, &details.into());
    }
    let fields = match details.remove("fields") {
        Some(Value::Object(fields)) => fields.into_iter().map(sentences).collect(),
        _ => json!({ "body": [error.message] }),
    };
    details.insert("fields".to_owned(), fields);
    envelope(code, "The given data was invalid.", &details.into())
}

fn invalid(error: &Error) -> &'static str {
    let own = error.details.get(CODE).and_then(Value::as_str).unwrap_or_default();
    let codes = ["EDIT_NOT_ALLOWED", "DELETE_NOT_ALLOWED", "RECIPIENT_INVALID"];
    if let Some(code) = codes.into_iter().find(|code| *code == own) {
        return code;
    }
    match (error.code, error.subject) {
        (ErrorCode::Refused, _) => "RECIPIENT_INVALID",
        (_, Some(Subject::Media)) => "MEDIA_TYPE_MISMATCH",
        _ if error.details.get("reason").is_some_and(|reason| reason == "fetch_failed") => {
            "MEDIA_FETCH_FAILED"
        }
        _ => "VALIDATION_ERROR",
    }
}

fn not_found(subject: Option<Subject>) -> &'static str {
    match subject {
        Some(Subject::Session) => "INSTANCE_NOT_FOUND",
        Some(Subject::Chat | Subject::ChatId) => "CONVERSATION_NOT_FOUND",
        Some(Subject::Message) => "MESSAGE_NOT_FOUND",
        Some(Subject::Tag) => "TAG_NOT_FOUND",
        Some(Subject::QrCode) => "QR_NOT_AVAILABLE",
        Some(Subject::Media) => "MEDIA_NOT_FOUND",
        _ => "NOT_FOUND",
    }
}

/// What is wrong with a field, as a whole sentence.
fn sentences((field, faults): (String, Value)) -> (String, Value) {
    let spoken = field.replace('_', " ");
    let sentence = |fault: &Value| match fault.as_str() {
        Some("is required") => json!(format!("The {spoken} field is required.")),
        Some(fault) => {
            json!(format!("The {spoken} {}.", escaped(fault.trim_end_matches('.'))))
        }
        None => fault.clone(),
    };
    let faults = match &faults {
        Value::Array(all) => all.iter().map(sentence).collect(),
        other => other.clone(),
    };
    (field, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_field_in_a_sentence() {
        let error = Error::invalid_field("recipient", "is required");
        assert_eq!(code_and_status(&error).1, 422);
        let details = json!({ "fields": { "recipient": ["The recipient field is required."] } });
        let expected = json!({
            "code": "VALIDATION_ERROR", "message": "The given data was invalid.", "details": details,
        });
        assert_eq!(body(&error), json!({ "success": false, "error": expected }));
    }

    #[test]
    fn a_code_of_its_own_is_told_as_such_and_not_among_the_details() {
        let error =
            Error::invalid("too late").detail(CODE, "EDIT_NOT_ALLOWED").detail("reason", "too_old");
        let answer = body(&error);
        assert_eq!(answer["error"]["code"], "EDIT_NOT_ALLOWED");
        assert_eq!(answer["error"]["details"], json!({ "reason": "too_old" }));
    }

    #[test]
    fn the_same_failures_have_this_surfaces_names() {
        for (error, code, status) in [
            (Error::new(ErrorCode::Unauthenticated, ""), "UNAUTHENTICATED", 401),
            (Error::not_found(Subject::Session, ""), "INSTANCE_NOT_FOUND", 404),
            (Error::not_found(Subject::Chat, ""), "CONVERSATION_NOT_FOUND", 404),
            (Error::new(ErrorCode::NotReady, ""), "INSTANCE_NOT_CONNECTED", 409),
            (Error::new(ErrorCode::Refused, ""), "RECIPIENT_INVALID", 422),
            (Error::new(ErrorCode::EngineFailed, ""), "SEND_FAILED", 502),
            (Error::internal(""), "SERVER_ERROR", 500),
        ] {
            let (found, found_status) = code_and_status(&error);
            assert_eq!((found, found_status.as_u16()), (code, status));
        }
    }
}

//! What a request may bring, by the table of routes: the size of its body, and whether it has one.
//! Checked before the handler, and by the declared length before the body is read.
//!
//! Where the table knows no body, one that says something is refused, since ignoring it would do something
//! else than its sender meant. Clients that always send one send `{}` or `null`. In HTTP the body of a GET has
//! no meaning: that is not looked at.

use std::{rc::Rc, sync::Arc};

use actix_web::{
    Error as ActixError, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    },
    middleware::Next,
    web,
};
use futures_util::StreamExt;
use serde_json::Value;

use crate::{
    accounts::Principal,
    api::{
        dialects,
        endpoint::Endpoint,
        error::answer,
        gate::auth::still_good,
        kit::{
            body::{BodyLimit, broken_off, too_large},
            check::names,
            describe::ShapeOf,
        },
        server::connections::Connection,
    },
    domain::Error,
    services::Services,
};

/// What each method of one path takes.
pub struct Incoming(Vec<(Method, Taken)>);

struct Taken {
    body_limit: fn() -> usize,
    takes_body: bool,
    query: Option<ShapeOf>,
}

/// Bytes that are read of a body that should not be there.
const LARGEST_STRAY: usize = 16 * 1024;

impl Incoming {
    pub fn of(endpoints: &[Endpoint]) -> Self {
        let taken = |one: &Endpoint| {
            let taken = Taken {
                body_limit: one.body_limit(),
                takes_body: one.operation.body.is_some()
                    || one.operation.form.is_some()
                    || one.operation.signed.is_some(),
                query: one.operation.query,
            };
            (one.method.clone(), taken)
        };
        Self(endpoints.iter().map(taken).collect())
    }

    fn find(&self, method: &Method) -> Option<&Taken> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|(known, _)| known == method).map(|(_, taken)| taken)
    }
}

impl Taken {
    fn check(&self, request: &ServiceRequest) -> Result<(), Error> {
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if let Some(length) = length.and_then(|length| length.parse::<u64>().ok()) {
            let limit = (self.body_limit)();
            if u64::try_from(limit).unwrap_or(u64::MAX) < length {
                return Err(too_large(limit));
            }
        }
        Ok(())
    }

    /// Reads the body of a request that should have none, and refuses one that says something.
    async fn check_stray(&self, request: &mut ServiceRequest) -> Result<(), Error> {
        let headers = request.headers();
        let is_empty = headers.get(CONTENT_LENGTH).is_none_or(|length| length == "0");
        if is_empty && !headers.contains_key(TRANSFER_ENCODING) {
            return Ok(());
        }
        let mut payload = request.take_payload();
        let mut bytes = web::BytesMut::new();
        while let Some(chunk) = payload.next().await {
            bytes.extend_from_slice(&chunk.map_err(broken_off)?);
            if LARGEST_STRAY < bytes.len() {
                return Err(no_body());
            }
        }
        // A body may take minutes.
        if let Some(services) = request.app_data::<web::Data<Services>>().cloned() {
            still_good(&services, request.request()).await?;
        }
        self.judge_stray(&bytes)
    }

    fn judge_stray(&self, bytes: &[u8]) -> Result<(), Error> {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Ok(());
        }
        let fields = match serde_json::from_slice(bytes) {
            Ok(Value::Null) => return Ok(()),
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => return Err(no_body()),
        };
        let known = self.parameter_names();
        let faults = fields.iter().filter_map(|(name, value)| stray_field(&known, name, value));
        let faults: Vec<(String, String)> = faults.collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid_fields(faults)) }
    }

    /// The names of its query parameters.
    fn parameter_names(&self) -> Vec<String> {
        self.query.map(|query| query().field_names()).unwrap_or_default()
    }
}

/// What is wrong with a field of a body that should not be there.
fn stray_field(parameters: &[String], name: &str, value: &Value) -> Option<(String, String)> {
    let field: String = name.chars().take(LONGEST_NAME).collect();
    if parameters.iter().any(|known| known == name) {
        let value = match value {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            _ => "…".to_owned(),
        };
        let fault = format!("is a query parameter here, and there is no body: ?{name}={value}");
        return Some((field, fault));
    }
    let fault = match names::closest(parameters.iter().map(String::as_str), name) {
        Some(near) => format!("{NO_FIELD}; the nearest query parameter is {near}"),
        None => NO_FIELD.to_owned(),
    };
    Some((field, fault))
}

/// Characters of a field's name that are shown.
const LONGEST_NAME: usize = 200;
const NO_FIELD: &str = "is not a field of this request, which takes no body";

fn no_body() -> Error {
    Error::invalid_field("body", "must be left out: this request takes none")
}

/// A connection whose caller was let in is not closed for another's sake.
fn note_caller(request: &ServiceRequest) {
    let is_known = request
        .extensions()
        .get::<Rc<Principal>>()
        .is_some_and(|principal| !principal.scopes.is_empty());
    if is_known && let Some(connection) = request.conn_data::<Arc<Connection>>() {
        connection.let_in();
    }
}

/// Refuses what is too large, as a middleware around one path.
pub async fn check(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    incoming: Rc<Incoming>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, ActixError> {
    note_caller(&request);
    if let Some(taken) = incoming.find(request.method()) {
        request.extensions_mut().insert(BodyLimit(taken.body_limit));
        let mut checked = taken.check(&request);
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if checked.is_ok() && !taken.takes_body && !is_read {
            checked = taken.check_stray(&mut request).await;
        }
        if let Err(error) = checked {
            let response = answer(error, dialects::of(request.request()));
            return Ok(request.into_response(response).map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::routes::endpoints;

    fn judged(path: &str, method: &Method, body: &str) -> Result<(), Vec<(String, String)>> {
        let all: Vec<Endpoint> =
            endpoints(true).into_iter().filter(|one| one.path == path).collect();
        let incoming = Incoming::of(&all);
        let judged = incoming.find(method).unwrap().judge_stray(body.as_bytes());
        judged.map_err(|error| {
            let fields = error.details["fields"].as_object().unwrap();
            let fault = |fault: &Value| fault[0].as_str().unwrap().to_owned();
            fields.iter().map(|(name, all)| (name.clone(), fault(all))).collect()
        })
    }

    #[test]
    fn a_body_that_should_not_be_there_is_refused_where_it_says_something() {
        let path = "/api/v1/sessions/{sessionId}/messages/{messageId}";
        let delete = |body: &str| judged(path, &Method::DELETE, body);
        for body in ["", " \n", "{}", "null", " {} ", r#"{"forEveryone":null}"#, r#"{"for":""}"#] {
            assert_eq!(delete(body), Ok(()), "{body}");
        }
        for (body, field, fault) in [
            (r#"{"forEveryone":false}"#, "forEveryone", "?forEveryone=false"),
            (r#"{"for":"me"}"#, "for", "is a query parameter here"),
            (
                r#"{"foreveryone":false}"#,
                "foreveryone",
                "the nearest query parameter is forEveryone",
            ),
            (r#"{"colour":1}"#, "colour", "takes no body"),
            ("[]", "body", "must be left out"),
            ("for=me", "body", "must be left out"),
            ("{", "body", "must be left out"),
        ] {
            let faults = delete(body).unwrap_err();
            assert_eq!(faults[0].0, field, "{body}");
            assert!(faults[0].1.contains(fault), "{body}: {faults:?}");
        }
    }
}

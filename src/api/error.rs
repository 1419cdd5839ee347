//! A domain error on its way to a caller, in the dialect of the route.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    },
};
use serde_json::Value;

use crate::{
    api::{
        dialects,
        kit::dialect::{Dialect, Failed},
    },
    domain::Error,
};

/// A domain error with the dialect that words it. Handlers leave the dialect alone: the gate knows whose
/// route it was, and words the error again.
#[derive(Debug)]
pub struct ApiError(pub Error, pub &'static dyn Dialect);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error, dialects::USUAL)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.1.failure(&self.0).status
    }

    fn error_response(&self) -> HttpResponse {
        let Failed { code, status, body } = self.1.failure(&self.0);
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

/// An error as an answer that remembers it.
pub fn answer(error: Error, dialect: &'static dyn Dialect) -> HttpResponse {
    HttpResponse::from_error(ApiError(error, dialect))
}

/// The same answer in a dialect, where it is an error of ours. Headers that were set on it stay.
pub fn reworded(response: HttpResponse, dialect: &'static dyn Dialect) -> HttpResponse {
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    let Some(ApiError(error, other)) = error else { return response };
    if other.name() == dialect.name() {
        return response;
    }
    with_error(&response, error.clone(), dialect)
}

/// Another error as an answer, with the headers that were set on the one before.
pub fn with_error(
    response: &HttpResponse,
    error: Error,
    dialect: &'static dyn Dialect,
) -> HttpResponse {
    let mut worded = answer(error, dialect);
    for (name, value) in response.headers() {
        if *name != CONTENT_TYPE {
            worded.headers_mut().insert(name.clone(), value.clone());
        }
    }
    worded
}

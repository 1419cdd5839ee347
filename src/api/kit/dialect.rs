//! Dialect of a surface: envelopes of success and failure, pages, and what its routes share.
//!
//! A surface is one implementation of [`Dialect`], its views and its routes. The domain's errors mean the
//! same everywhere; a dialect chooses their codes and statuses.

use std::fmt;

use actix_web::http::StatusCode;
use serde_json::{Value, value::RawValue};

use crate::{api::kit::terms::Bucket, domain::Error};

/// JSON as text. A view is written once; its envelope is put around the text.
pub type Json = Result<Box<RawValue>, serde_json::Error>;

/// What a success says, before its envelope.
pub struct Reply {
    pub data: Option<Box<RawValue>>,
    /// A sentence for a person.
    pub message: Option<&'static str>,
}

/// A failure as a caller sees it.
pub struct Failed {
    pub code: &'static str,
    pub status: StatusCode,
    pub body: Value,
}

pub trait Dialect: fmt::Debug + Sync {
    /// Unique among dialects.
    fn name(&self) -> &'static str;

    /// The rate limit of its routes, unless a route names another.
    fn bucket(&self) -> Bucket;

    /// The wording of events in its streams.
    fn wording(&self) -> &'static str;

    /// Whether callers need a credential everywhere, also on this machine.
    fn needs_credential(&self) -> bool {
        false
    }

    /// Bytes that any body may have, where it is the same for all routes.
    fn body_limit(&self) -> Option<fn() -> usize> {
        None
    }

    /// The body of a success.
    fn success(&self, reply: Reply) -> Json;

    /// The schema of that body around the schema of its data; none for a message alone.
    fn success_schema(&self, data: Option<Value>) -> Value;

    /// A failure with its code, status and body.
    fn failure(&self, error: &Error) -> Failed;

    /// The body of a failure of HTTP itself, which is no error of the domain.
    fn http_failure(&self, code: &str, message: &str) -> Value;

    /// The name and the schema of the body of a failure. Dialects with the same schema share its name.
    fn failure_schema(&self) -> (&'static str, Value);
}

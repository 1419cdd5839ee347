//! Dialects: one file for each surface. A route names its own; the gate notes it with the request.

pub mod chat;
mod control;
pub mod open_wa;

use actix_web::{HttpMessage, HttpRequest};

pub use self::{chat::Chat, control::Control, open_wa::OpenWa};
use crate::api::kit::dialect::Dialect;

/// The dialect where no route names one.
pub const USUAL: &dyn Dialect = &OpenWa;

/// The dialect of the route, noted with its request.
pub struct Spoken(pub &'static dyn Dialect);

/// The dialect in which a request is answered.
pub fn of(request: &HttpRequest) -> &'static dyn Dialect {
    request.extensions().get::<Spoken>().map_or(USUAL, |spoken| spoken.0)
}

//! Dialects: one file for each surface. A route names its own; the gate notes it with the request.

mod business;
pub mod chat;
mod control;
mod mcp;
pub mod open_wa;
mod workspace;

use actix_web::{HttpMessage, HttpRequest};

pub use self::{
    business::Business, chat::Chat, control::Control, mcp::Mcp, open_wa::OpenWa,
    workspace::Workspace,
};
use crate::api::kit::dialect::Dialect;

/// The dialect where no route names one.
pub const USUAL: &dyn Dialect = &OpenWa;

/// The dialect of a path that no route has.
pub fn at(path: &str) -> &'static dyn Dialect {
    let is_below = |base: &str| {
        path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match () {
        () if [business::BASE, "/api/conversations", "/api/media"].into_iter().any(is_below) => {
            &Business
        }
        () if is_below(mcp::BASE) => &Mcp,
        () if workspace::is_at(path) => &Workspace,
        () => USUAL,
    }
}

/// The dialect of the route, noted with its request.
pub struct Spoken(pub &'static dyn Dialect);

/// The dialect in which a request is answered.
pub fn of(request: &HttpRequest) -> &'static dyn Dialect {
    request.extensions().get::<Spoken>().map_or(USUAL, |spoken| spoken.0)
}

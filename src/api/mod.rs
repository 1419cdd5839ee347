//! The HTTP surface: the only user of actix.
//!
//! Every route stands in one table of `Endpoint`s, which says its path, its handler, who
//! may call it, which rate limit it counts against, what a repetition of it does, and what it takes and answers. Routing,
//! permission, limits and the OpenAPI document are all made from it. Handlers translate, call one
//! method of [`crate::services`], and wrap the answer; `store` and `driver` are out of their reach.

mod admission;
mod auth;
mod backup;
mod body;
mod body_check;
mod bounds;
mod caller;
mod chat;
mod connection;
mod connections;
mod consumers;
mod content;
mod cors;
mod dashboard;
mod dialects;
mod endpoint;
mod error;
mod feed;
mod file;
mod formats;
mod frames;
mod gate;
mod headers;
mod health;
mod idempotency;
mod incoming;
mod keys;
mod kit;
mod large_bodies;
mod limits;
mod listener;
mod names;
mod operation;
mod owner_socket;
pub mod openapi;
mod places;
mod routing;
mod rule;
mod server;
mod sessions;
mod simulator;
mod sse;
mod stream_tickets;
mod vault;
mod websocket;
mod websocket_faults;

use self::endpoint::Endpoint;
pub use self::{frames::AllFrames, server::Server, simulator::door::Door};

/// Every endpoint. Literal segments stand before parameters.
fn endpoints(with_simulator: bool) -> Vec<Endpoint> {
    let mut all = dashboard::endpoints();
    all.extend(health::endpoints());
    all.extend(consumers::endpoints());
    all.extend(operation::endpoints());
    all.extend(keys::endpoints());
    all.extend(backup::endpoints());
    all.extend(vault::endpoints());
    all.extend(sse::endpoints());
    all.extend(stream_tickets::endpoints());
    all.extend(sessions::endpoints());
    all.extend(chat::endpoints());
    all.extend(websocket::endpoints());
    if with_simulator {
        all.extend(simulator::endpoints());
    }
    all
}

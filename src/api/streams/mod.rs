//! Streams of events: server-sent events and WebSockets, their tickets, and the frames that they share.

mod feed;
pub mod frames;
pub mod inbox;
pub mod listener;
pub mod places;
mod sse;
mod tickets;
mod websocket;
mod websocket_faults;

use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = sse::endpoints();
    all.extend(tickets::endpoints());
    all.extend(websocket::endpoints());
    all
}

//! The gateway as tools for assistants (MCP): one table of tools behind three transports.
//!
//! A tool is a row of the table ([`tools`]) that calls the function of its endpoint, so that every rule of the REST
//! API holds for assistants too. The protocol is the crate rmcp's, which is named here alone. No sessions are kept:
//! each message is answered by itself, in either era of the protocol.
//!
//! ```text
//! POST /api/mcp ──────────────────┐
//! POST /api/mcp/messages (SSE) ───┼─▶ message ─▶ rpc (rmcp) ─▶ protocol ──job──▶ work ─▶ a row of tools
//! `wagate mcp` ─▶ POST /api/mcp ──┘   envelope                 lists             where the call lives
//! ```
//!
//! rmcp works on tasks of its own; a [`kit::Call`](crate::api::kit::Call) stays on its worker. So the protocol hands a
//! job back to the handler that waits for its answer.

mod asked;
mod call;
mod keyed;
mod one_of;
mod outcome;
mod prompts;
mod protocol;
mod resources;
mod rpc;
mod schema;
mod sse;
pub mod streams;
mod streamable;
mod tool;
mod tools;
mod work;

use crate::api::{dialects, endpoint::Endpoint};

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = streamable::endpoints();
    all.extend(sse::endpoints());
    all.into_iter().map(|endpoint| endpoint.speaks(&dialects::Mcp)).collect()
}

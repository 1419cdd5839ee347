//! MCP as far as it needs no server: the envelope of messages, and the way from standard input to a running gateway.
//!
//! The tools and the protocol itself are those of `api/mcp`.

pub mod message;
pub mod stdio;

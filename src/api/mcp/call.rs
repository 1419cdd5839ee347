//! Call of an assistant, and what all of its endpoints are listed under.

use crate::api::kit::{self, OwnSessions};

pub const TAG: &str = "MCP";

/// The key has the scope `mcp`, for all sessions or for one.
pub type McpCall = kit::Call<kit::Mcp, OwnSessions>;

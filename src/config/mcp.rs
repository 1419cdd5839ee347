//! Settings of the tools for assistants.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mcp {
    pub enabled: bool,
    pub tools: McpTools,
}

/// Which tools there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum McpTools {
    /// The twelve of the business API's documentation.
    Documented,
    /// Those of sessions and the inbox, too.
    All,
}

//! AI agents as a tool.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::{
    business::ai_agents::{self, StatusWord},
    error::ApiError,
    kit::{Call, Query, Read},
    mcp::{
        outcome::ToolAnswer,
        tool::{Effect, Tool, Words, given},
    },
};

pub fn list() -> Tool {
    let words = Words {
        name: "list_ai_agents",
        title: "List AI agents",
        about: "AI agents of the business, in the order in which they were made.",
    };
    Tool::new(words, Effect::Reads, listed)
}

#[derive(Deserialize, ToSchema)]
struct ListAiAgents {
    /// Only those of this status.
    status: Option<StatusWord>,
    /// A part of the name, whatever its case.
    #[schema(max_length = 100, example = "order")]
    search: Option<String>,
}

async fn listed(call: Call<Read>, input: ListAiAgents) -> Result<impl ToolAnswer, ApiError> {
    let ListAiAgents { status, search } = input;
    let query = given(&call, json!({ "status": status, "search": search }))?;
    ai_agents::list(call, Query(query)).await
}

//! Tools for texts that are kept: templates and quick replies.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::{
    business::{
        quick_replies,
        template_view::{CategoryView, StatusView},
        templates,
    },
    error::ApiError,
    kit::{Call, Query, Read},
    mcp::{
        outcome::ToolAnswer,
        tool::{Effect, Tool, Words, given},
    },
};

/// Templates of one answer: more than that few have, and a search finds the others.
const MOST: u32 = 100;

pub fn templates() -> Tool {
    let words = Words {
        name: "list_templates",
        title: "List templates",
        about: "Message templates with their variables: the newest of those that fit, 100 at most.",
    };
    Tool::new(words, Effect::Reads, all_templates)
}

pub fn quick_replies() -> Tool {
    let words = Words {
        name: "list_quick_replies",
        title: "List quick replies",
        about: "Texts that are saved under shortcuts, in the order of their shortcuts.",
    };
    Tool::new(words, Effect::Reads, all_quick_replies)
}

#[derive(Deserialize, ToSchema)]
struct ListTemplates {
    /// Approved templates or drafts.
    status: Option<StatusView>,
    /// What the templates are for.
    category: Option<CategoryView>,
    /// A part of the name.
    #[schema(max_length = 100, example = "order")]
    search: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct ListQuickReplies {
    /// The beginning of the shortcut, with or without its slash.
    #[schema(max_length = 32, example = "/gre")]
    q: Option<String>,
}

async fn all_templates(
    call: Call<Read>,
    input: ListTemplates,
) -> Result<impl ToolAnswer, ApiError> {
    let ListTemplates { status, category, search } = input;
    let fields = json!({ "status": status, "category": category, "search": search, "limit": MOST });
    let query = given(&call, fields)?;
    templates::list(call, Query(query)).await
}

async fn all_quick_replies(
    call: Call<Read>,
    input: ListQuickReplies,
) -> Result<impl ToolAnswer, ApiError> {
    let query = given(&call, json!({ "q": input.q }))?;
    quick_replies::list(call, Query(query)).await
}

//! Tools for conversations and their messages.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::{
    business::chats,
    chat,
    error::ApiError,
    kit::{self, Body, Limit, OwnSessions, Path, Query},
    mcp::{
        outcome::ToolAnswer,
        tool::{Effect, Tool, Words, given, with_others_texts},
    },
    workspace::notes,
};

type Call = kit::Call<kit::Conversations, OwnSessions>;

pub fn list() -> Tool {
    let words = Words {
        name: "list_conversations",
        title: "List conversations",
        about: with_others_texts!(
            "Conversations with people in pages, the one with the newest activity first."
        ),
    };
    Tool::new(words, Effect::Reads, listed)
}

pub fn get() -> Tool {
    let words = Words {
        name: "get_conversation",
        title: "Read a conversation",
        about: with_others_texts!("A conversation with its newest messages, oldest first."),
    };
    Tool::new(words, Effect::Reads, read)
}

pub fn search() -> Tool {
    let words = Words {
        name: "search_messages",
        title: "Search messages",
        about: with_others_texts!("Messages of all conversations with these words, newest first."),
    };
    Tool::new(words, Effect::Reads, searched)
}

pub fn mark_read() -> Tool {
    let words = Words {
        name: "mark_conversation_read",
        title: "Mark a conversation as read",
        about: "Marks all messages of a conversation as read. The contact sees that on the phone.",
    };
    Tool::new(words, Effect::Settles, marked_read)
}

pub fn resolve() -> Tool {
    let words = Words {
        name: "resolve_conversation",
        title: "Resolve a conversation",
        about: "Closes a conversation. The contact's next message opens it again.",
    };
    Tool::new(words, Effect::Settles, resolved)
}

pub fn add_note() -> Tool {
    let words = Words {
        name: "add_note",
        title: "Write a note",
        about: "Writes a note beside a conversation for colleagues. The contact never sees it. `@name` mentions \
            somebody, who gets a notification.",
    };
    Tool::new(words, Effect::Makes, noted)
}

#[derive(Deserialize, ToSchema)]
enum WantedStatus {
    #[serde(rename = "OPEN")]
    Open,
    #[serde(rename = "ASSIGNED")]
    Assigned,
    #[serde(rename = "RESOLVED")]
    Resolved,
    #[serde(rename = "BOT_ACTIVE")]
    BotActive,
    #[serde(rename = "AI_ACTIVE")]
    AiActive,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WantedChannel {
    WhatsApp,
    Sms,
    Web,
    Slack,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListConversations {
    /// Only those in this status.
    #[schema(value_type = Option<WantedStatus>)]
    status: Option<String>,
    /// The id of an assignee, `me`, or `unassigned`.
    #[schema(max_length = 36, example = "unassigned")]
    assigned_to: Option<String>,
    /// What their messages go by.
    #[schema(value_type = Option<WantedChannel>)]
    channel: Option<String>,
    /// Part of the contact's name or number.
    #[schema(max_length = 100, example = "ada")]
    search: Option<String>,
    /// Number of the page, from 1.
    #[schema(minimum = 1, default = 1)]
    page: Option<u64>,
    /// Conversations on a page.
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Deserialize, ToSchema)]
struct GetConversation {
    /// The id of the conversation.
    #[schema(max_length = 36)]
    id: String,
    /// Messages at most.
    #[serde(default)]
    limit: Limit<50, 200>,
    /// Messages before this one: its id or its number.
    #[schema(max_length = 200)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SearchMessages {
    /// The words, in any case and without marks; the last may be a beginning.
    #[schema(min_length = 1, max_length = 256, example = "invoice")]
    query: String,
    /// Only of this conversation: its id.
    #[schema(max_length = 36)]
    conversation_id: Option<String>,
    /// Only of this session: its name.
    #[schema(max_length = 64, example = "shop")]
    session_id: Option<String>,
    /// Not before this time or day.
    #[schema(max_length = 40, example = "2026-01-31")]
    from: Option<String>,
    /// Not after this time or day.
    #[schema(max_length = 40, example = "2026-01-31")]
    to: Option<String>,
    /// Messages at most.
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Deserialize, ToSchema)]
struct OneConversation {
    /// The id of the conversation.
    #[schema(max_length = 36)]
    id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddNote {
    /// The id of the conversation.
    #[schema(max_length = 36)]
    conversation_id: String,
    /// The text.
    #[schema(min_length = 1, max_length = 5000, example = "@grace please call back")]
    content: String,
}

async fn listed(call: Call, input: ListConversations) -> Result<impl ToolAnswer, ApiError> {
    let ListConversations { status, assigned_to, channel, search, page, limit } = input;
    let fields = json!({
        "status": status, "assignedTo": assigned_to, "channel": channel, "search": search,
        "page": page, "limit": limit.get(),
    });
    let query = given(&call, fields)?;
    chats::list(call, Query(query)).await
}

async fn read(call: Call, input: GetConversation) -> Result<impl ToolAnswer, ApiError> {
    let fields = json!({ "limit": input.limit.get(), "before": input.before });
    let query = given(&call, fields)?;
    chats::read(call, Path(input.id), Query(query)).await
}

async fn searched(call: Call, input: SearchMessages) -> Result<impl ToolAnswer, ApiError> {
    let SearchMessages { query, conversation_id, session_id, from, to, limit } = input;
    let fields = json!({
        "search": query, "conversation_id": conversation_id, "instance_id": session_id,
        "from": from, "to": to, "per_page": limit.get(),
    });
    let query = given(&call, fields)?;
    chat::list_messages(call, Query(query)).await
}

async fn marked_read(call: Call, input: OneConversation) -> Result<impl ToolAnswer, ApiError> {
    let patch = given(&call, json!({ "read": true }))?;
    chats::patch(call, Path(input.id), Body(patch)).await
}

async fn resolved(call: Call, input: OneConversation) -> Result<impl ToolAnswer, ApiError> {
    let resolution = given(&call, json!({}))?;
    chats::resolve(call, Path(input.id), Body(resolution)).await
}

async fn noted(call: Call, input: AddNote) -> Result<impl ToolAnswer, ApiError> {
    let draft = given(&call, json!({ "content": input.content }))?;
    notes::create(call, Path(input.conversation_id), Body(draft)).await
}

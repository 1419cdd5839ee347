//! Whose records each operation reads and writes: one line for each kind.
//!
//! The operations of a kind are those below its paths. An operation without a line fails the test, and so does a line
//! without an operation.

/// Who sees the records of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Who sees the bot: its owner, the teams that it is shared with, administrators.
    WithBot,
    /// Those whose they are, and what is of a bot with the bot.
    ByItsOwners,
    /// Everybody who has the scope. What is of a bot in them is seen with the bot.
    ByAll,
    /// Nobody but the caller: the operations know no other's.
    ByCaller,
    /// The visitor whose conversation it is.
    ByVisitor,
}

pub struct Kind {
    pub name: &'static str,
    pub seen: Seen,
    pub paths: &'static [&'static str],
}

const fn kind(name: &'static str, seen: Seen, paths: &'static [&'static str]) -> Kind {
    Kind { name, seen, paths }
}

use Seen::{ByAll, ByCaller, ByItsOwners, ByVisitor, WithBot};

pub const KINDS: &[Kind] = &[
    kind("bots", WithBot, &["/api/v1/bots"]),
    kind("AI agents", WithBot, &["/api/whatsapp-api/ai-agents"]),
    kind("knowledge", WithBot, &["/api/v1/kb"]),
    kind("rules", WithBot, &["/api/v1/automations"]),
    kind("webhooks of bots", WithBot, &["/api/v1/webhooks"]),
    kind("figures of bots", WithBot, &["/api/v1/analytics"]),
    kind("chats with bots", WithBot, CHAT),
    kind("inbox of bots", WithBot, INBOX),
    kind("summaries", WithBot, &["/api/v1/inbox/summary"]),
    kind("notes", WithBot, &["/api/v1/inbox/notes"]),
    kind("canned responses", WithBot, &["/api/v1/inbox/canned-responses"]),
    kind("tickets", WithBot, &["/api/v1/tickets"]),
    kind("tasks", ByItsOwners, &["/api/v1/tasks"]),
    kind("views", ByItsOwners, &["/api/v1/inbox/views"]),
    kind("teams", ByItsOwners, &["/api/v1/teams"]),
    kind("notifications", ByCaller, &["/api/v1/notifications"]),
    kind("sign-ins", ByCaller, &["/api/v1/auth"]),
    kind("presence", ByAll, &["/api/v1/presence"]),
    kind("people", ByAll, &["/api/v1/users"]),
    kind("contacts", ByAll, &["/api/v1/contacts"]),
    kind("visits", ByVisitor, &["/api/v1/widget", "/widget"]),
    kind("business", ByAll, &["/api/whatsapp-api", "/api/conversations"]),
    kind("sessions", ByAll, &["/api/v1/sessions", "/api/v1/instances", "/ws"]),
    kind("conversations of sessions", ByAll, &["/api/v1/chat", "/api/v1/conversations"]),
    kind("messages of sessions", ByAll, &["/api/v1/messages", "/api/media"]),
    kind("tags", ByAll, &["/api/v1/tags"]),
    kind("events", ByAll, &["/api/v1/events", "/api/v1/stream-tickets"]),
    kind("webhooks of the gateway", ByAll, &["/api/v1/gateway-webhooks"]),
    kind("the gateway", ByAll, GATEWAY),
    kind("tools for assistants", ByAll, &["/api/mcp"]),
    kind("providers", ByAll, &["/api/webhooks", "/pay"]),
    kind("the simulated network", ByAll, &["/_simulator"]),
];

const CHAT: &[&str] = &[
    "POST /api/v1/chat",
    "/api/v1/chat/stream",
    "/api/v1/chat/history",
    "/api/v1/chat/sessions",
    "/api/v1/chat/feedback",
];
const INBOX: &[&str] = &[
    "/api/v1/inbox/conversations",
    "/api/v1/inbox/auto-assign",
    "/api/v1/inbox/sessions",
    "/api/v1/inbox/stats",
];
const GATEWAY: &[&str] = &[
    "GET /",
    "/api-docs",
    "/api/v1/api-keys",
    "/api/v1/assistant",
    "/api/v1/audit",
    "/api/v1/backup",
    "/api/v1/doctor",
    "/api/v1/health",
    "/api/v1/info",
    "/api/v1/metrics",
    "/api/v1/providers",
    "/api/v1/vault",
    "/assets",
    "/docs",
    "/health",
    "/info",
    "/llms.txt",
    "/metrics",
    "/openapi.json",
    "/widget.js",
];

/// What somebody may do with a bot that is shared with them to look at it, or what concerns no bot: the operations need
/// the scope `bots`.
pub const WITH_SHARED: [&str; 3] =
    ["POST /api/v1/assistant/test", "POST /api/v1/bots", "POST /api/v1/bots/{id}/duplicate"];

/// Fields and parameters that name a record, and which.
pub const NAMING: [(&str, &str); 17] = [
    ("bot_id", "bot"),
    ("botId", "bot"),
    ("bot_ids", "bot"),
    ("session_id", "conversation"),
    ("session_ids", "conversation"),
    ("conversation_id", "conversation"),
    ("conversationId", "conversation"),
    ("message_id", "message"),
    ("before", "message"),
    ("document_id", "document"),
    ("webhook_id", "webhook"),
    ("view_id", "view"),
    ("canned_response_id", "canned"),
    ("team_id", "team"),
    ("ticket_id", "ticket"),
    ("task_id", "task"),
    ("automation_id", "rule"),
];

impl Kind {
    /// The kind of an operation: the one with the longest path that fits.
    pub fn of(operation: &str) -> Option<&'static Self> {
        let length = |kind: &&Self| {
            let fitting = kind.paths.iter().filter(|path| fits(operation, path));
            fitting.map(|path| path.len()).max()
        };
        KINDS.iter().filter(|kind| length(kind).is_some()).max_by_key(length)
    }
}

/// Whether an operation is at a path or below it. With a method the path is exact.
pub fn fits(operation: &str, path: &str) -> bool {
    if path.contains(' ') {
        return operation == path;
    }
    let Some((_, at)) = operation.split_once(' ') else { return false };
    at.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

//! What somebody marks a conversation with: a star, as read or unread, out of sight until a time.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Conversations, Data, Path, Repeat},
        workspace::{
            fields::given,
            inbox::{TAG, again, caller},
            session_view::SessionView,
            sessions::{self, ChatSessionId},
        },
    },
    domain::{Error, ErrorCode, Timestamp},
    inbox::InboxChange,
};

pub fn endpoints() -> Vec<Endpoint> {
    // A second time comes to the same.
    let kept = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable);
    vec![
        kept(Endpoint::put("/api/v1/inbox/sessions/{id}/star", star))
            .named("starInboxSession")
            .about(TAG, "Mark a conversation with a star, or take it away"),
        kept(Endpoint::put("/api/v1/inbox/sessions/{id}/read", read))
            .named("setInboxSessionRead")
            .about(TAG, "Mark a conversation as read or as unread")
            .details("The sender sees that messages were read where the channel tells; nobody sees that a conversation is unread again."),
        kept(Endpoint::put("/api/v1/inbox/sessions/{id}/snooze", snooze))
            .named("snoozeInboxSession")
            .about(TAG, "Put a conversation out of sight until a time")
            .details(
                "It comes back into the lists by itself then, or as soon as the person at the other side writes. A conversation that is \
                 resolved cannot be snoozed: 409.",
            )
            .may_fail(&[ErrorCode::Conflict]),
    ]
}

/// Whether a conversation has a star.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceStarChange, example = json!({ "starred": true }))]
struct StarBody {
    /// Whether it gets one.
    starred: bool,
}

async fn star(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<StarBody>,
) -> Result<Data<SessionView>, ApiError> {
    let found = sessions::worked(&call, id).await?;
    call.inbox_actions.star(found.place(), body.starred).await?;
    again(&call, id).await
}

/// Whether a conversation was read.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceReadChange, example = json!({ "read": false }))]
struct ReadBody {
    /// False marks it as unread.
    read: bool,
}

async fn read(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<ReadBody>,
) -> Result<Data<SessionView>, ApiError> {
    let found = sessions::worked(&call, id).await?;
    call.inbox_actions.mark_unread(found.place(), !body.read).await?;
    if body.read {
        call.conversations.mark_read(&found.conversation.record).await?;
    }
    again(&call, id).await
}

/// Until when a conversation is out of sight.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceSnooze, example = json!({ "until": null }))]
struct SnoozeBody {
    /// When it comes back, within a year; null for at once.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = DateTime, value_type = Option<String>, max_length = 40)]
    until: Option<Option<String>>,
}

async fn snooze(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<SnoozeBody>,
) -> Result<Data<SessionView>, ApiError> {
    let fault = |text: &str| Error::invalid_field("until", text);
    let until = body.until.ok_or_else(|| fault("is required, or null"))?;
    let read = |text: String| text.trim().parse::<Timestamp>();
    let until = until.map(read).transpose();
    let until = until.map_err(|_| fault("must be a time such as 2026-03-24T10:31:00Z"))?;
    let found = sessions::worked(&call, id).await?;
    let change = InboxChange { snoozed_until: Some(until), ..InboxChange::default() };
    let by = caller(&call).ok();
    let applied = call.inbox_actions.apply(found.place(), change, by).await;
    applied.map_err(|error| match error.details.get("fields") {
        Some(_) => fault("must be in the future, and within a year"),
        None => error,
    })?;
    again(&call, id).await
}

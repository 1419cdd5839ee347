//! The same change of many conversations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        business::chats::{Call, archive, find, set_read},
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Data, Repeat},
    },
    domain::Error,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/whatsapp-api/chats/bulk", bulk)
            .named("changeBusinessChats")
            .about("Business conversations", "The same change of up to 500 conversations")
            .details("Each conversation is changed by itself; those that cannot be are listed with the reason.")
            .repeats(Repeat::Repeatable),
    ]
}

/// What is done with each conversation.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BusinessBulkAction)]
enum Action {
    MarkRead,
    MarkUnread,
    Star,
    Unstar,
    Archive,
    Unarchive,
    Delete,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = BusinessBulk, example = json!({
    "ids": ["550e8400-e29b-41d4-a716-446655440045"], "action": "mark_read",
}))]
struct Bulk {
    /// UUIDs of the conversations.
    #[schema(
        min_items = 1, max_items = 500, max_length = 100,
        example = json!(["550e8400-e29b-41d4-a716-446655440045"]),
    )]
    ids: Vec<String>,
    action: Action,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessBulkOutcome)]
struct BulkOutcome {
    /// How many were changed.
    updated: usize,
    /// Those that were not.
    failed: Vec<BulkFailure>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessBulkFailure)]
struct BulkFailure {
    /// The id as it was given.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    id: String,
    /// Why it was not changed.
    #[schema(example = "there is no such conversation")]
    error: String,
}

async fn bulk(call: Call, Body(body): Body<Bulk>) -> Result<Data<BulkOutcome>, ApiError> {
    if body.ids.is_empty() {
        return Err(Error::invalid_field("ids", "must be 1 to 500").into());
    }
    let (mut updated, mut failed) = (0, Vec::new());
    for id in body.ids {
        match carry_out(&call, &id, body.action).await {
            Ok(()) => updated += 1,
            Err(error) => failed.push(BulkFailure { id, error: error.message }),
        }
    }
    call.inbox.caught_up().await?;
    Ok(Data::of(BulkOutcome { updated, failed }))
}

async fn carry_out(call: &Call, id: &str, action: Action) -> Result<(), Error> {
    let found = find(call, id).await?;
    let (chat, record) = ((&found.state.session, &found.state.chat), &found.conversation.record);
    match action {
        Action::MarkRead => set_read(call, &found, true).await,
        Action::MarkUnread => set_read(call, &found, false).await,
        Action::Star => call.inbox_actions.star(chat, true).await.map(drop),
        Action::Unstar => call.inbox_actions.star(chat, false).await.map(drop),
        Action::Archive => archive(call, &found, true).await,
        Action::Unarchive => archive(call, &found, false).await,
        Action::Delete => call.delete_conversation(record).await,
    }
}

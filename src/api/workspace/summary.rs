//! Summary of a conversation.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    answers::{Sentiment, Summary},
    api::{
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Bucket, Call, Conversations, Data, Path, Query, required_choice},
        workspace::{
            inbox::TAG,
            sessions::{self, ChatSessionId},
        },
    },
    domain::ErrorCode,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/inbox/summary/{id}", summary)
            .named("getInboxSummary")
            .about(TAG, "What a conversation is about, for who takes over")
            .details(
                "It is made of the newest 200 messages: by the language model of the conversation's bot, which `generated_by` \
                 names, else, as `embedded`, of sentences and words of the conversation. The same summary is given until the \
                 conversation changes.",
            )
            .limited(Bucket::Assistant)
            .may_fail(&[ErrorCode::Invalid]),
    ]
}

#[derive(Deserialize, ToSchema)]
struct SummaryQuery {
    /// Makes it again.
    refresh: Option<bool>,
}

/// What a conversation is about.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceSummary)]
struct SummaryView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// A few sentences.
    #[schema(example = "It began with: Where is my parcel?")]
    summary: String,
    /// What was said that matters most.
    #[schema(example = json!(["Where is my parcel?"]))]
    key_points: Vec<String>,
    /// What it is about, in a word or two each.
    #[schema(example = json!(["parcel"]))]
    topics: Vec<String>,
    #[schema(schema_with = sentiment_schema)]
    sentiment: &'static str,
    /// What is still to be done.
    #[schema(example = json!(["Send the number of the parcel"]))]
    action_items: Vec<String>,
    /// Messages that it was made of.
    #[schema(example = 4)]
    message_count: usize,
    /// The name of the language model, or `embedded` where there was none.
    #[schema(example = "embedded")]
    generated_by: String,
    /// Whether it was made before.
    #[schema(example = false)]
    cached: bool,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    generated_at: String,
}

fn sentiment_schema() -> Schema {
    let all = [Sentiment::Positive, Sentiment::Neutral, Sentiment::Negative];
    required_choice("The mood of the visitor.", &all.map(Sentiment::as_str))
}

async fn summary(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Query(query): Query<SummaryQuery>,
) -> Result<Data<SummaryView>, ApiError> {
    let found = sessions::find(&call, id).await?;
    let again = query.refresh.unwrap_or_default();
    let made = call.summaries.of(found.place(), found.bot.as_ref(), again).await?;
    Ok(Data::of(view(id.to_string(), made)))
}

fn view(session_id: String, (summary, cached): (Summary, bool)) -> SummaryView {
    SummaryView {
        session_id,
        summary: summary.text,
        key_points: summary.key_points,
        topics: summary.topics,
        sentiment: summary.sentiment.as_str(),
        action_items: summary.action_items,
        message_count: summary.messages,
        generated_by: summary.by,
        cached,
        generated_at: time(summary.at),
    }
}

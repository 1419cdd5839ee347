//! Figures of a period as a tool.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::{
    business::{
        analytics,
        analytics_view::{AdsView, AgentsView, OverviewView},
        csat_view::CsatView,
    },
    error::ApiError,
    kit::{Call, OwnSessions, Query, Read, Written},
    mcp::{
        one_of::OneOf,
        tool::{Effect, Tool, Words, given, with_others_texts},
    },
};

pub fn get() -> Tool {
    let words = Words {
        name: "get_analytics",
        title: "Read analytics",
        about: with_others_texts!(
            "Figures of a period, the last 30 days unless it is given: messages, conversations and contacts, what \
             advertisements led to, how contacts rated their conversations, or what each agent did."
        ),
    };
    Tool::new(words, Effect::Reads, figures)
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Section {
    #[default]
    Overview,
    /// What advertisements led to.
    Ctwa,
    /// How contacts rated their conversations.
    Csat,
    Agents,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GetAnalytics {
    /// The first day.
    #[schema(max_length = 40, example = "2026-03-01")]
    from: Option<String>,
    /// The last day.
    #[schema(max_length = 40, example = "2026-03-31")]
    to: Option<String>,
    /// Which figures; the overview unless it is given.
    section: Option<Section>,
    /// Only of this session: its name.
    #[schema(max_length = 64, example = "shop")]
    session_id: Option<String>,
}

async fn figures(
    call: Call<Read, OwnSessions>,
    input: GetAnalytics,
) -> Result<OneOf<(OverviewView, AdsView, CsatView, AgentsView)>, ApiError> {
    let GetAnalytics { from, to, section, session_id } = input;
    let fields = json!({ "from": from, "to": to, "sessionId": session_id });
    let query = Query(given(&call, fields)?);
    let figures = match section.unwrap_or_default() {
        Section::Overview => analytics::overview(call, query).await?.written(),
        Section::Ctwa => analytics::ads(call, query).await?.written(),
        Section::Csat => analytics::csat(call, query).await?.written(),
        Section::Agents => analytics::agents(call, query).await?.written(),
    };
    Ok(OneOf::written(figures))
}

//! Ratings as the business API shows them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    analytics::{ChannelCounts, Period, Ratings, SurveyRecord},
    api::business::analytics_view::{PeriodView, average, percent},
    api::chat::time,
    inbox::Agent,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessCsatAnalytics)]
pub struct CsatView {
    /// The days that the figures are of.
    period: PeriodView,
    /// The average rating, from 1 to 5; null without one.
    #[schema(example = 4.4)]
    average: Option<f64>,
    /// Ratings of 4 and 5 among a hundred; null without one.
    #[schema(example = 88.5)]
    score: Option<f64>,
    /// How many contacts gave a rating.
    responses: u64,
    /// How many contacts were asked.
    sent: u64,
    /// Ratings among a hundred contacts who were asked; null where none was.
    #[schema(example = 41.0)]
    response_rate: Option<f64>,
    /// How many ratings there were of each kind, from 1 to 5.
    #[schema(example = json!({ "1": 0, "2": 1, "3": 2, "4": 9, "5": 14 }))]
    distribution: BTreeMap<String, u64>,
    /// The newest ratings with a comment, newest first.
    comments: Vec<CommentView>,
    /// Agents whose work was rated.
    agents: Vec<RatedAgentView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessCsatComment)]
struct CommentView {
    /// From 1 to 5.
    rating: u8,
    /// What the contact wrote.
    #[schema(example = "Quick and friendly")]
    comment: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// When the rating came, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessRatedAgent)]
pub struct RatedAgentView {
    /// Id of the agent.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    user_id: String,
    /// Name of the agent; null for one that is gone.
    #[schema(example = "Front desk")]
    name: Option<String>,
    /// The average rating; null without one.
    #[schema(example = 4.4)]
    average: Option<f64>,
    /// How many ratings there were.
    responses: u64,
}

impl CsatView {
    pub fn of(
        period: Period,
        total: &ChannelCounts,
        comments: Vec<SurveyRecord>,
        agents: Vec<RatedAgentView>,
    ) -> Self {
        let ratings = &total.ratings;
        Self {
            period: period.into(),
            average: average(ratings),
            score: percent(ratings.good(), ratings.count()),
            responses: ratings.count(),
            sent: total.surveys,
            response_rate: percent(ratings.count(), total.surveys),
            distribution: ratings.each().map(|(rating, n)| (rating.to_string(), n)).collect(),
            comments: comments.into_iter().filter_map(comment).collect(),
            agents,
        }
    }
}

fn comment(survey: SurveyRecord) -> Option<CommentView> {
    let rated = survey.rated?;
    Some(CommentView {
        rating: rated.rating,
        comment: rated.comment?,
        conversation_id: survey.conversation.to_string(),
        at: time(rated.at),
    })
}

pub fn rated_agent(agent: Agent, name: Option<String>, ratings: &Ratings) -> RatedAgentView {
    let (average, responses) = (average(ratings), ratings.count());
    RatedAgentView { user_id: agent.id().to_string(), name, average, responses }
}

//! Figures of a bot, as the workspace API shows them.

use std::{collections::BTreeMap, time::Duration};

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    analytics::{BotCounts, BotFeedback, BotFigures, Period, Ratings, Topic},
    api::{
        business::analytics_view::{average, percent, rounded},
        chat::time,
    },
    web_chat::FeedbackVerdict,
};

/// Parts of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    Hour,
    #[default]
    Day,
    Week,
    Month,
}

impl Interval {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// The days of a period, both included.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspacePeriod)]
pub struct PeriodView {
    /// The first day.
    #[schema(example = "2026-03-01")]
    from: String,
    /// The last day.
    #[schema(example = "2026-03-30")]
    to: String,
}

impl From<Period> for PeriodView {
    fn from(Period { from, to }: Period) -> Self {
        Self { from: from.to_string(), to: to.to_string() }
    }
}

/// What happened in conversations of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotAnalytics)]
pub struct OverviewView {
    /// UUID of the bot.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440060")]
    bot_id: String,
    /// The days that the figures are of.
    period: PeriodView,
    /// Conversations that began, or went on after they were resolved.
    #[schema(example = 40)]
    total_sessions: u64,
    /// Conversations that are not resolved now.
    #[schema(example = 7)]
    active_sessions: u64,
    /// Messages of all.
    #[schema(example = 310)]
    total_messages: u64,
    /// Messages of visitors.
    #[schema(example = 160)]
    visitor_messages: u64,
    /// Messages of the bot.
    #[schema(example = 120)]
    bot_messages: u64,
    /// Messages of the team.
    #[schema(example = 30)]
    agent_messages: u64,
    /// About how many visitors wrote; exact for some dozens.
    #[schema(example = 38)]
    unique_visitors: u64,
    /// Messages for each conversation; null without one.
    #[schema(example = 7.75)]
    avg_messages_per_session: Option<f64>,
    /// From a visitor's message to the bot's next one; null without an answer.
    #[schema(example = 420)]
    avg_response_ms: Option<u64>,
    /// Conversations among a hundred whose bot asked for a person; null without one.
    #[schema(example = 12.5)]
    handoff_rate: Option<f64>,
    /// Conversations among a hundred that were resolved; null without one.
    #[schema(example = 80.0)]
    resolution_rate: Option<f64>,
    /// Messages of the bot among a hundred that say that it does not know; null without one.
    #[schema(example = 6.3)]
    fallback_rate: Option<f64>,
    /// What visitors rated.
    csat: RatingView,
}

/// Ratings of a period.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotRating)]
struct RatingView {
    /// From 1 to 5; null without a rating.
    #[schema(example = 4.4)]
    average: Option<f64>,
    /// Ratings of 4 and 5 among a hundred; null without a rating.
    #[schema(example = 88.5)]
    score: Option<f64>,
    /// How many ratings there are.
    #[schema(example = 26)]
    responses: u64,
}

impl From<&Ratings> for RatingView {
    fn from(ratings: &Ratings) -> Self {
        Self {
            average: average(ratings),
            score: percent(ratings.good(), ratings.count()),
            responses: ratings.count(),
        }
    }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn seconds(span: Duration) -> f64 {
    rounded(span.as_secs_f64(), 2)
}

impl OverviewView {
    pub fn of(bot_id: String, period: Period, total: &BotCounts, active_sessions: u64) -> Self {
        let total_messages = total
            .visitor_messages()
            .saturating_add(total.bot_messages())
            .saturating_add(total.agent_messages());
        Self {
            bot_id,
            period: period.into(),
            total_sessions: total.opened,
            active_sessions,
            total_messages,
            visitor_messages: total.visitor_messages(),
            bot_messages: total.bot_messages(),
            agent_messages: total.agent_messages(),
            unique_visitors: total.visitors.count(),
            avg_messages_per_session: quotient(total_messages, total.opened),
            avg_response_ms: total.response.average().map(milliseconds),
            handoff_rate: percent(total.handoffs, total.opened),
            resolution_rate: percent(total.resolved, total.opened),
            fallback_rate: percent(total.fallbacks, total.bot_messages()),
            csat: (&total.ratings).into(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn quotient(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| rounded(part as f64 / whole as f64, 2))
}

/// Conversations of a period.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceConversationAnalytics)]
pub struct ConversationsView {
    /// One for each part of the period, in order.
    series: Vec<ConversationsPart>,
    /// Conversations that began or went on, by what their messages go by.
    #[schema(value_type = BTreeMap<String, u64>, example = json!({ "sms": 0, "web": 31, "whatsapp": 9 }))]
    by_channel: BTreeMap<&'static str, u64>,
    /// Conversations by their status now.
    #[schema(value_type = BTreeMap<String, u64>, example = json!({ "assigned": 2, "bot": 4, "open": 1, "resolved": 33 }))]
    by_status: BTreeMap<&'static str, u64>,
    /// From the opening to the resolution; null where none was resolved.
    #[schema(example = 1800.0)]
    avg_duration_seconds: Option<f64>,
    /// From a visitor's first message to the first one of the bot or the team; null without one.
    #[schema(example = 2.4)]
    avg_first_response_seconds: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceConversationAnalyticsPart)]
struct ConversationsPart {
    /// The day, the Monday of the week, or the first day of the month.
    #[schema(example = "2026-03-01")]
    date: String,
    /// Conversations that began, or went on after they were resolved.
    #[schema(example = 4)]
    started: u64,
    /// Conversations that were resolved.
    #[schema(example = 3)]
    resolved: u64,
    /// How often the bot asked for a person.
    #[schema(example = 1)]
    handoffs: u64,
}

impl ConversationsView {
    pub fn of(
        figures: BotFigures,
        interval: Interval,
        by_status: BTreeMap<&'static str, u64>,
    ) -> Self {
        let BotFigures { days, total, opened } = figures;
        let part = |(date, counts): (Date, BotCounts)| ConversationsPart {
            date: date.to_string(),
            started: counts.opened,
            resolved: counts.resolved,
            handoffs: counts.handoffs,
        };
        Self {
            series: grouped(days, interval).into_iter().map(part).collect(),
            by_channel: opened,
            by_status,
            avg_duration_seconds: total.resolution.average().map(seconds),
            avg_first_response_seconds: total.first_response.average().map(seconds),
        }
    }
}

/// The days of each part of a period together.
fn grouped(days: Vec<(Date, BotCounts)>, interval: Interval) -> Vec<(Date, BotCounts)> {
    let begin = |day: Date| match interval {
        Interval::Hour | Interval::Day => day,
        Interval::Week => {
            day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
        }
        Interval::Month => day.first_of_month(),
    };
    let mut parts: Vec<(Date, BotCounts)> = Vec::new();
    for (day, counts) in days {
        match parts.last_mut() {
            Some((last, sum)) if *last == begin(day) => sum.add(&counts),
            _ => parts.push((begin(day), counts)),
        }
    }
    parts
}

/// Messages of a period.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceMessageAnalytics)]
pub struct MessagesView {
    /// hour, day, week or month.
    #[schema(example = "day")]
    interval: &'static str,
    /// One for each part of the period, in order.
    series: Vec<MessagesPart>,
    /// The hour of the day with most messages, from 0 to 23; null without a message.
    #[schema(example = 14)]
    busiest_hour: Option<usize>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceMessageAnalyticsPart)]
struct MessagesPart {
    /// The day, the Monday of the week, the first day of the month, or the day and its hour.
    #[schema(example = "2026-03-01")]
    date: String,
    /// Messages of visitors.
    #[schema(example = 16)]
    visitor: u64,
    /// Messages of the bot.
    #[schema(example = 12)]
    bot: u64,
    /// Messages of the team.
    #[schema(example = 3)]
    agent: u64,
    /// All together.
    #[schema(example = 31)]
    total: u64,
}

impl MessagesPart {
    fn of(date: String, (visitor, bot, agent): (u64, u64, u64)) -> Self {
        let total = visitor.saturating_add(bot).saturating_add(agent);
        Self { date, visitor, bot, agent, total }
    }
}

impl MessagesView {
    pub fn of(figures: BotFigures, interval: Interval) -> Self {
        let by_hour = figures.total.by_hour();
        let most = by_hour.iter().max().copied().filter(|most| 0 < *most);
        let busiest_hour = most.and_then(|most| by_hour.iter().position(|count| *count == most));
        let series = match interval {
            Interval::Hour => {
                figures.days.iter().flat_map(|(day, counts)| hours(*day, counts)).collect()
            }
            _ => grouped(figures.days, interval)
                .into_iter()
                .map(|(day, counts)| whole(day, &counts))
                .collect(),
        };
        Self { interval: interval.as_str(), series, busiest_hour }
    }
}

fn whole(day: Date, counts: &BotCounts) -> MessagesPart {
    let parts = (counts.visitor_messages(), counts.bot_messages(), counts.agent_messages());
    MessagesPart::of(day.to_string(), parts)
}

fn hours(day: Date, counts: &BotCounts) -> Vec<MessagesPart> {
    let parts = counts.visitor_by_hour.iter().zip(&counts.bot_by_hour).zip(&counts.agent_by_hour);
    let part = |(hour, ((visitor, bot), agent)): (usize, ((&u64, &u64), &u64))| {
        MessagesPart::of(format!("{day}T{hour:02}:00"), (*visitor, *bot, *agent))
    };
    parts.enumerate().map(part).collect()
}

/// What visitors think of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceCsatAnalytics)]
pub struct CsatView {
    /// From 1 to 5; null without a rating.
    #[schema(example = 4.4)]
    average: Option<f64>,
    /// Ratings of 4 and 5 among a hundred; null without a rating.
    #[schema(example = 88.5)]
    score: Option<f64>,
    /// How many ratings there are.
    #[schema(example = 26)]
    responses: u64,
    /// Ratings among a hundred visitors who were asked by a survey; null where none was.
    #[schema(example = 41.0)]
    response_rate: Option<f64>,
    /// How many ratings there were of each kind, from 1 to 5.
    #[schema(example = json!({ "1": 0, "2": 1, "3": 2, "4": 9, "5": 14 }))]
    distribution: BTreeMap<String, u64>,
    /// Thumbs for answers.
    thumbs: ThumbsView,
    /// The newest ratings, newest first.
    recent: Vec<RecentView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceThumbs)]
struct ThumbsView {
    /// Answers that were liked.
    #[schema(example = 9)]
    up: u64,
    /// Answers that were not.
    #[schema(example = 2)]
    down: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceRecentRating)]
struct RecentView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// From 1, the worst, to 5.
    #[schema(example = 5)]
    rating: u8,
    /// In the visitor's words; null without a comment.
    #[schema(example = "Very quick")]
    comment: Option<String>,
    /// When it was first given, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
}

impl CsatView {
    pub fn of(total: &BotCounts, recent: Vec<BotFeedback>) -> Self {
        let ratings = &total.ratings;
        let recent = recent.into_iter().filter_map(|one| {
            let FeedbackVerdict::Rating(rating) = one.verdict else { return None };
            let (session_id, at) = (one.conversation.to_string(), time(one.at));
            Some(RecentView { session_id, rating, comment: one.comment, at })
        });
        Self {
            average: average(ratings),
            score: percent(ratings.good(), ratings.count()),
            responses: ratings.count(),
            response_rate: percent(total.survey_answers, total.surveys),
            distribution: ratings
                .each()
                .map(|(rating, count)| (rating.to_string(), count))
                .collect(),
            thumbs: ThumbsView { up: total.thumbs_up, down: total.thumbs_down },
            recent: recent.collect(),
        }
    }
}

/// What visitors write about.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTopicAnalytics)]
pub struct TopicsView {
    /// Words that most messages have, most frequent first.
    topics: Vec<TopicView>,
    /// What the messages want, most frequent first.
    intents: Vec<IntentView>,
    /// How they were found: always embedded.
    #[schema(example = "embedded")]
    method: &'static str,
    /// Messages that were looked at.
    #[schema(example = 160)]
    messages: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTopic)]
struct TopicView {
    /// A word or two.
    #[schema(example = "tracking number")]
    topic: String,
    /// Messages that have it.
    #[schema(example = 16)]
    count: usize,
    /// Their part of a hundred messages.
    #[schema(example = 10.0)]
    share: Option<f64>,
    /// Up to three of them, newest first.
    #[schema(example = json!(["Where is my tracking number?"]))]
    examples: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceIntent)]
struct IntentView {
    /// greeting, pricing, order_status, shipping, returns, booking, complaint, support, human_request, thanks or other.
    #[schema(example = "order_status")]
    intent: &'static str,
    /// Messages that want it.
    #[schema(example = 16)]
    count: usize,
    /// Their part of a hundred messages.
    #[schema(example = 10.0)]
    share: Option<f64>,
}

impl TopicsView {
    pub fn of(topics: Vec<Topic>, intents: Vec<(&'static str, usize)>, messages: usize) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let share = |count: usize| percent(number(count), number(messages));
        let topic = |Topic { topic, count, examples }| TopicView {
            topic,
            count,
            share: share(count),
            examples,
        };
        let intent = |(intent, count)| IntentView { intent, count, share: share(count) };
        Self {
            topics: topics.into_iter().map(topic).collect(),
            intents: intents.into_iter().map(intent).collect(),
            method: "embedded",
            messages,
        }
    }
}

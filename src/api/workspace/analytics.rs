//! Analytics of a bot: overview, conversations, messages, ratings, topics.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    analytics::{Period, Via, intents, topics},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, Limit, Path, Query, Read, choice},
        workspace::{
            analytics_view::{
                ConversationsView, CsatView, Interval, MessagesView, OverviewView, TopicsView,
            },
            bot_access,
            bots::BotId,
            session_view::status_name,
            sessions,
        },
    },
    bots::Bot,
    domain::{Error, MessageKind, conversation::Window},
    inbox::{Folder, InboxFilter, InboxList, Status},
};

const TAG: &str = "Bot analytics";
/// Most days of a series by the hour.
const MOST_HOURLY: usize = 31;
/// Ratings that are shown.
const RECENT: usize = 20;
/// Conversations whose messages are looked at for topics, messages of each, and messages of all.
const MOST_CONVERSATIONS: usize = 1_000;
const MOST_OF_ONE: usize = 50;
const MOST_MESSAGES: usize = 5_000;
/// Messages after which other requests may come first.
const YIELD_AFTER: usize = 50;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/analytics/{id}", overview)
            .named("getBotAnalytics")
            .about(TAG, "What happened in the conversations of a bot")
            .details(
                "Days are those of the business's time zone. A message counts on the day of its own time, anything else on \
                 that of its event. Rates are percentages.",
            ),
        Endpoint::get("/api/v1/analytics/{id}/conversations", conversations)
            .named("getBotConversationAnalytics")
            .about(TAG, "Conversations of a bot over time")
            .details("By day, week or month: conversations are not counted by the hour."),
        Endpoint::get("/api/v1/analytics/{id}/messages", messages)
            .named("getBotMessageAnalytics")
            .about(TAG, "Messages of a bot over time")
            .details("By the hour for 31 days at most."),
        Endpoint::get("/api/v1/analytics/{id}/csat", csat)
            .named("getBotCsatAnalytics")
            .about(TAG, "How visitors rated a bot")
            .details(
                "A rating counts on the day on which it was first given; given again, it replaces what was said before. The \
                 20 newest are shown.",
            ),
        Endpoint::get("/api/v1/analytics/{id}/topics", topics_of)
            .named("getBotTopics")
            .about(TAG, "What visitors write about")
            .details(
                "Over at most 5,000 messages of visitors: the newest 50 of each of the 1,000 conversations with the newest \
                 activity.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
struct PeriodQuery {
    /// The first day, such as 2026-03-01, or a time in it; 30 days in all when it is not given.
    #[schema(max_length = 40)]
    from: Option<String>,
    /// The last day, or a time in it; today when it is not given. A period has 366 days at most.
    #[schema(max_length = 40)]
    to: Option<String>,
    #[schema(schema_with = channel_schema)]
    channel: Option<Via>,
}

fn channel_schema() -> Schema {
    choice(
        "Only what happened there; everywhere when it is not given.",
        &["web", "whatsapp", "sms"],
    )
}

#[derive(Deserialize, ToSchema)]
struct SeriesQuery {
    #[serde(flatten)]
    period: PeriodQuery,
    #[schema(schema_with = interval_schema)]
    interval: Option<Interval>,
}

fn interval_schema() -> Schema {
    choice("The parts of the series (default day).", &["hour", "day", "week", "month"])
}

#[derive(Deserialize, ToSchema)]
struct TopicsQuery {
    #[serde(flatten)]
    period: PeriodQuery,
    /// How many topics.
    #[serde(default)]
    limit: Limit<10, 50>,
}

/// The bot and the days that a caller asks for.
struct Asked {
    bot: Bot,
    period: Period,
    via: Option<Via>,
}

impl Asked {
    async fn of(call: &Call<Read>, bot: Uuid, query: &PeriodQuery) -> Result<Self, Error> {
        let bot = bot_access::seen(call, bot).await?;
        let period = call.analytics.period(query.from.as_deref(), query.to.as_deref())?;
        Ok(Self { bot, period, via: query.channel })
    }

    /// Conversations by their status now.
    async fn by_status(&self, call: &Call<Read>) -> Result<BTreeMap<&'static str, u64>, Error> {
        let sessions = sessions::sessions(call, self.bot.id, self.via.map(Via::as_str))?;
        let lists = Status::ALL.map(InboxList::Status);
        let mut found = BTreeMap::new();
        for folder in [Folder::Inbox, Folder::Snoozed] {
            let of = (sessions.as_slice(), folder);
            let lengths = call.inbox.lengths(of, Some(self.bot.id), &lists).await?;
            for (status, length) in Status::ALL.into_iter().zip(lengths) {
                let count: &mut u64 = found.entry(status_name(status)).or_default();
                *count = count.saturating_add(length);
            }
        }
        Ok(found)
    }
}

async fn overview(
    call: Call<Read>,
    Path(id): Path<BotId>,
    Query(query): Query<PeriodQuery>,
) -> Result<Data<OverviewView>, ApiError> {
    let asked = Asked::of(&call, id, &query).await?;
    let figures = call.analytics.bot(asked.bot.id, asked.via, asked.period).await?;
    let by_status = asked.by_status(&call).await?;
    let active = by_status.iter().filter(|(name, _)| **name != "resolved").map(|(_, count)| count);
    let active = active.fold(0_u64, |sum, count| sum.saturating_add(*count));
    Ok(Data::of(OverviewView::of(asked.bot.id.to_string(), asked.period, &figures.total, active)))
}

async fn conversations(
    call: Call<Read>,
    Path(id): Path<BotId>,
    Query(query): Query<SeriesQuery>,
) -> Result<Data<ConversationsView>, ApiError> {
    let asked = Asked::of(&call, id, &query.period).await?;
    let interval = query.interval.unwrap_or_default();
    if interval == Interval::Hour {
        let fault = "must be day, week or month: conversations are not counted by the hour";
        return Err(Error::invalid_field("interval", fault).into());
    }
    let figures = call.analytics.bot(asked.bot.id, asked.via, asked.period).await?;
    let by_status = asked.by_status(&call).await?;
    Ok(Data::of(ConversationsView::of(figures, interval, by_status)))
}

async fn messages(
    call: Call<Read>,
    Path(id): Path<BotId>,
    Query(query): Query<SeriesQuery>,
) -> Result<Data<MessagesView>, ApiError> {
    let asked = Asked::of(&call, id, &query.period).await?;
    let interval = query.interval.unwrap_or_default();
    if interval == Interval::Hour && asked.period.days().nth(MOST_HOURLY).is_some() {
        let fault = "must be day, week or month for more than 31 days";
        return Err(Error::invalid_field("interval", fault).into());
    }
    let figures = call.analytics.bot(asked.bot.id, asked.via, asked.period).await?;
    Ok(Data::of(MessagesView::of(figures, interval)))
}

async fn csat(
    call: Call<Read>,
    Path(id): Path<BotId>,
    Query(query): Query<PeriodQuery>,
) -> Result<Data<CsatView>, ApiError> {
    let asked = Asked::of(&call, id, &query).await?;
    let figures = call.analytics.bot(asked.bot.id, asked.via, asked.period).await?;
    let of = (asked.period, RECENT);
    let recent = call.analytics.ratings_of_bot(asked.bot.id, asked.via, of).await?;
    Ok(Data::of(CsatView::of(&figures.total, recent)))
}

async fn topics_of(
    call: Call<Read>,
    Path(id): Path<BotId>,
    Query(query): Query<TopicsQuery>,
) -> Result<Data<TopicsView>, ApiError> {
    let asked = Asked::of(&call, id, &query.period).await?;
    let texts = texts(&call, &asked).await?;
    let found = topics(&texts, query.limit.get());
    Ok(Data::of(TopicsView::of(found, intents(&texts), texts.len())))
}

/// What visitors wrote, the newest conversation first, and of each the newest message.
async fn texts(call: &Call<Read>, asked: &Asked) -> Result<Vec<String>, Error> {
    let (from, end) = call.analytics.bounds(asked.period);
    let filter = InboxFilter {
        sessions: sessions::sessions(call, asked.bot.id, asked.via.map(Via::as_str))?,
        bot: Some(asked.bot.id),
        period: (Some(from), None),
        ..InboxFilter::default()
    };
    let states = call.inbox.page(&filter, None, (0, MOST_CONVERSATIONS)).await?.items;
    let mut texts = Vec::new();
    for (place, state) in states.iter().enumerate() {
        let of = (&state.session, &state.chat);
        let newest = call.messages.window(of, Window::Newest, MOST_OF_ONE).await?;
        let said = newest.iter().rev().filter(|stored| {
            let message = &stored.message;
            let is_in = from <= message.timestamp && message.timestamp < end;
            is_in && !message.from_me() && message.kind == MessageKind::Text && !stored.is_deleted()
        });
        texts.extend(said.map(|stored| stored.message.body.clone()));
        if MOST_MESSAGES <= texts.len() {
            texts.truncate(MOST_MESSAGES);
            break;
        }
        if place % YIELD_AFTER == YIELD_AFTER - 1 {
            tokio::task::yield_now().await;
        }
    }
    Ok(texts)
}

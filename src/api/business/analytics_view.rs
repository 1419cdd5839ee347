//! Figures as the business API shows them.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    analytics::{Ad, AdCounts, AgentCounts, ChannelFigures, ContactCounts, Period, Ratings},
    api::chat::time,
    domain::{Amount, Currency},
    inbox::Agent,
};

/// The days of a period, both included.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessPeriod)]
pub struct PeriodView {
    /// The first day.
    #[schema(example = "2026-03-01")]
    from: String,
    /// The last day.
    #[schema(example = "2026-03-30")]
    to: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessAnalytics)]
pub struct OverviewView {
    /// The days that the figures are of.
    period: PeriodView,
    /// Messages with people.
    messages: MessagesView,
    /// Conversations with people.
    conversations: ConversationsView,
    /// Contacts of the business, whatever their session.
    contacts: ContactsView,
    /// Ratings of conversations.
    csat: CsatFiguresView,
    /// Messages of each day.
    series: Vec<DayView>,
    /// Messages in both directions by the hour of the day, from 0 to 23.
    #[schema(min_items = 24, max_items = 24, example = json!([
        0, 0, 0, 0, 0, 0, 2, 5, 9, 12, 8, 7, 4, 6, 9, 8, 7, 3, 2, 1, 1, 0, 0, 0
    ]))]
    hourly: Vec<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessMessageFigures)]
struct MessagesView {
    /// Messages that went out, from here or from the phone.
    sent: u64,
    /// Messages that came in.
    received: u64,
    /// Sent messages that reached the phone of the contact in this period.
    delivered: u64,
    /// Sent messages that the contact read in this period.
    read: u64,
    /// Messages that were accepted and will not be sent.
    failed: u64,
    /// Delivered ones among a hundred that were sent; null where none was.
    #[schema(example = 97.5)]
    delivery_rate: Option<f64>,
    /// Read ones among a hundred that were delivered; null where none was.
    #[schema(example = 81.2)]
    read_rate: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessConversationFigures)]
struct ConversationsView {
    /// Conversations that began in this period, or went on after they were resolved.
    opened: u64,
    /// Conversations that were resolved in this period.
    resolved: u64,
    /// Conversations that are OPEN now.
    open: u64,
    /// Conversations that are ASSIGNED now.
    assigned: u64,
    /// Answered ones among a hundred that were opened; null where none was.
    #[schema(example = 92.0)]
    response_rate: Option<f64>,
    /// Minutes from the first message of the contact to the first answer, on average; null without one.
    #[schema(example = 4.5)]
    avg_first_response_minutes: Option<f64>,
    /// The same for the middle one of all, approximately.
    #[schema(example = 2.1)]
    median_first_response_minutes: Option<f64>,
    /// Hours from the opening to the resolution, on average; null without one.
    #[schema(example = 6.3)]
    avg_resolution_hours: Option<f64>,
    /// The same for the middle one of all, approximately.
    #[schema(example = 3.8)]
    median_resolution_hours: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessContactFigures)]
struct ContactsView {
    /// How many there are now.
    total: u64,
    /// How many were new in this period.
    new: u64,
    /// How many agreed to messages in this period.
    opted_in: u64,
    /// How many refused further ones in this period.
    opted_out: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessCsatFigures)]
struct CsatFiguresView {
    /// The average rating, from 1 to 5; null without one.
    #[schema(example = 4.4)]
    average: Option<f64>,
    /// Ratings of 4 and 5 among a hundred; null without one.
    #[schema(example = 88.5)]
    score: Option<f64>,
    /// How many contacts gave a rating.
    responses: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessDay)]
struct DayView {
    /// The day, in the time zone of the business.
    #[schema(example = "2026-03-24")]
    date: String,
    /// Messages that went out.
    sent: u64,
    /// Messages that came in.
    received: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessAdAnalytics)]
pub struct AdsView {
    /// The days that the figures are of.
    period: PeriodView,
    /// All advertisements together.
    totals: AdTotalsView,
    /// Each advertisement; that which led most people here comes first.
    ads: Vec<AdView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessAdTotals)]
struct AdTotalsView {
    /// People who came by an advertisement, once for each.
    contacts: u64,
    /// Their conversations.
    conversations: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessAd)]
struct AdView {
    /// Meta's id of it; null where it is unknown.
    #[schema(example = "120210000000000000")]
    source_id: Option<String>,
    /// Where it was shown, in WhatsApp's words; null where it is unknown.
    #[schema(example = "FB_Ads")]
    source: Option<String>,
    /// Its title; null where it is unknown.
    #[schema(example = "Spring sale")]
    headline: Option<String>,
    /// People whom it led here for the first time.
    contacts: u64,
    /// Conversations that it led to for the first time.
    conversations: u64,
    /// Conversations of its that were resolved.
    resolved: u64,
    /// What people paid whom it led here last, in the currency of the settings; null where nothing was paid in it.
    #[schema(example = 25.5)]
    revenue: Option<f64>,
    /// The same in every currency, as decimal texts.
    #[schema(example = json!({ "USD": "25.50" }))]
    revenues: BTreeMap<String, String>,
    /// When it first led somebody here, RFC 3339; maybe before this period.
    #[schema(example = "2026-03-24T10:31:00Z")]
    first_seen_at: String,
    /// When it last did, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_seen_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessAgentAnalytics)]
pub struct AgentsView {
    /// The days that the figures are of.
    period: PeriodView,
    /// Agents who did something; who resolved most comes first.
    agents: Vec<AgentView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessAgentFigures)]
pub struct AgentView {
    /// Id of the agent.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    user_id: String,
    /// Name of the agent; null for one that is gone.
    #[schema(example = "Front desk")]
    name: Option<String>,
    /// Conversations that were assigned to the agent, each time.
    total_conversations: u64,
    /// Conversations that were resolved.
    resolved: u64,
    /// Minutes from the first message of a contact to the agent's answer, on average; null without one.
    #[schema(example = 4.5)]
    avg_first_response_minutes: Option<f64>,
    /// Hours from the opening to the resolution, on average; null without one.
    #[schema(example = 6.3)]
    avg_resolution_hours: Option<f64>,
    /// The average rating, from 1 to 5; null without one.
    #[schema(example = 4.4)]
    csat: Option<f64>,
}

/// What the overview is made from.
pub struct Parts {
    pub period: Period,
    pub figures: ChannelFigures,
    pub contacts: ContactCounts,
    pub all_contacts: u64,
    pub open: u64,
    pub assigned: u64,
}

impl From<Period> for PeriodView {
    fn from(period: Period) -> Self {
        Self { from: period.from.to_string(), to: period.to.to_string() }
    }
}

impl From<Parts> for OverviewView {
    fn from(parts: Parts) -> Self {
        let Parts { period, figures: ChannelFigures { days, total }, contacts, .. } = parts;
        let (response, resolution) = (&total.first_response, &total.resolution);
        Self {
            period: period.into(),
            messages: MessagesView {
                sent: total.sent,
                received: total.received,
                delivered: total.delivered,
                read: total.read,
                failed: total.failed,
                delivery_rate: percent(total.delivered, total.sent),
                read_rate: percent(total.read, total.delivered),
            },
            conversations: ConversationsView {
                opened: total.opened,
                resolved: total.resolved,
                open: parts.open,
                assigned: parts.assigned,
                response_rate: percent(response.count(), total.opened),
                avg_first_response_minutes: response.average().map(minutes),
                median_first_response_minutes: response.median().map(minutes),
                avg_resolution_hours: resolution.average().map(hours),
                median_resolution_hours: resolution.median().map(hours),
            },
            contacts: ContactsView {
                total: parts.all_contacts,
                new: contacts.created,
                opted_in: contacts.opted_in,
                opted_out: contacts.opted_out,
            },
            csat: CsatFiguresView {
                average: average(&total.ratings),
                score: percent(total.ratings.good(), total.ratings.count()),
                responses: total.ratings.count(),
            },
            hourly: total.by_hour(),
            series: days
                .into_iter()
                .map(|(day, counts)| DayView {
                    date: day.to_string(),
                    sent: counts.sent,
                    received: counts.received,
                })
                .collect(),
        }
    }
}

impl AdsView {
    /// `currency` is that of the settings.
    pub fn of(period: Period, found: Vec<(Ad, AdCounts)>, currency: &str) -> Self {
        let sum = |counter: fn(&AdCounts) -> u64| found.iter().map(|(_, one)| counter(one)).sum();
        Self {
            period: period.into(),
            totals: AdTotalsView {
                contacts: sum(|one| one.contacts),
                conversations: sum(|one| one.conversations),
            },
            ads: found.into_iter().map(|(ad, counts)| AdView::of(ad, &counts, currency)).collect(),
        }
    }
}

impl AdView {
    fn of(ad: Ad, counts: &AdCounts, currency: &str) -> Self {
        let amounts = counts.revenue.iter().filter_map(|(code, minor)| {
            let currency = Currency::of(code).ok()?;
            Some((code.clone(), Amount::text_of_minor(*minor, currency)))
        });
        let revenues: BTreeMap<String, String> = amounts.collect();
        let own = revenues.get(currency).and_then(|amount| amount.parse().ok());
        Self {
            source_id: ad.source_id,
            source: ad.source,
            headline: ad.headline,
            contacts: counts.contacts,
            conversations: counts.conversations,
            resolved: counts.resolved,
            revenue: own,
            revenues,
            first_seen_at: time(ad.first_seen_at),
            last_seen_at: time(ad.last_seen_at),
        }
    }
}

impl AgentsView {
    pub fn of(period: Period, agents: Vec<AgentView>) -> Self {
        Self { period: period.into(), agents }
    }
}

pub fn agent_view(agent: Agent, name: Option<String>, counts: &AgentCounts) -> AgentView {
    AgentView {
        user_id: agent.id().to_string(),
        name,
        total_conversations: counts.assigned,
        resolved: counts.resolved,
        avg_first_response_minutes: counts.first_response.average().map(minutes),
        avg_resolution_hours: counts.resolution.average().map(hours),
        csat: average(&counts.ratings),
    }
}

/// With two digits behind the point; none without a rating.
#[expect(clippy::cast_precision_loss, reason = "an average is shown with two digits")]
pub fn average(ratings: &Ratings) -> Option<f64> {
    let count = ratings.count();
    (0 < count).then(|| rounded(ratings.sum() as f64 / count as f64, 2))
}

/// With one digit behind the point. What came in one period may be answered in the next, so it is held to 100.
#[expect(clippy::cast_precision_loss, reason = "a percentage is shown with one digit")]
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| rounded((part as f64 * 100.0 / whole as f64).min(100.0), 1))
}

fn minutes(span: Duration) -> f64 {
    rounded(span.as_secs_f64() / 60.0, 2)
}

fn hours(span: Duration) -> f64 {
    rounded(span.as_secs_f64() / 3_600.0, 2)
}

pub fn rounded(number: f64, digits: i32) -> f64 {
    let whole = 10_f64.powi(digits);
    (number * whole).round() / whole
}

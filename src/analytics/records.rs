//! Records of analytics, one for each scope and day.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `AnalyticsChannelDays` | UUID of the channel, day | [`ChannelDay`] |
//! | `AnalyticsAgentDays` | UUID of the channel, day, agent | [`AgentDay`] |
//! | `AnalyticsAdDays` | UUID of the channel, day, advertisement | [`AdDay`] |
//! | `AnalyticsContactDays` | day | [`ContactDay`] |
//! | `AnalyticsChatAds` | UUID of the channel, chat | [`ChatAds`] |
//! | `AnalyticsAdContacts` | advertisement, chat | [`AdContact`] |
//! | `AnalyticsAds` | advertisement | [`Ad`] |
//! | `AnalyticsSurveys` | UUID of the channel, survey | [`SurveyRecord`] |
//! | `AnalyticsComments` | UUID of the channel, time of the rating, survey | the key of the survey, if it has a comment |

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    analytics::counts::{AdCounts, AgentCounts, ChannelCounts, ContactCounts},
    domain::{Jid, Timestamp},
    inbox::Agent,
    store::{Index, IndexKey, Key, LeadsTo, Record, Scope, Select, Table, Tree},
};

const fn table(tree: Tree, scope: Scope) -> Table {
    Table { tree, owner: "analytics", indexes: &[], scope }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDay {
    pub channel: Uuid,
    pub day: Date,
    pub counts: ChannelCounts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentDay {
    pub channel: Uuid,
    pub day: Date,
    pub agent: Agent,
    pub counts: AgentCounts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdDay {
    pub channel: Uuid,
    pub day: Date,
    pub ad: String,
    pub counts: AdCounts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDay {
    pub day: Date,
    pub counts: ContactCounts,
}

/// The advertisements that led a person to a chat, the last one last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatAds {
    pub channel: Uuid,
    pub chat: Jid,
    /// Each with the day on which it first did.
    pub ads: Vec<(String, Date)>,
}

/// A person whom an advertisement led here, to whichever channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdContact {
    pub ad: String,
    pub chat: Jid,
    /// The day on which it first did.
    pub day: Date,
}

/// An advertisement as the people it led here bring it along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ad {
    pub name: String,
    pub source_id: Option<String>,
    pub source: Option<String>,
    pub headline: Option<String>,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// A survey, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SurveyRecord {
    pub channel: Uuid,
    pub survey: Uuid,
    /// The day on which it was sent.
    pub day: Date,
    pub conversation: Uuid,
    /// Whose work is rated.
    pub agent: Option<Agent>,
    pub rated: Option<Rated>,
}

/// An answer to a survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    pub rating: u8,
    /// When it was first rated; it counts on this day.
    pub at: Timestamp,
    pub day: Date,
    pub comment: Option<String>,
}

const COMMENTS: Tree = Tree::new(208, "AnalyticsComments");
const BY_TIME: Index<SurveyRecord> = Index::new(COMMENTS);

impl Record for SurveyRecord {
    const TABLE: Table = Table {
        tree: Tree::new(207, "AnalyticsSurveys"),
        owner: "analytics",
        indexes: &[COMMENTS],
        scope: Scope::Session,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let rated = self.rated.as_ref().filter(|rated| rated.comment.is_some());
        let entry = |rated: &Rated| BY_TIME.key().uuid(self.channel).time(rated.at);
        rated.map(|rated| entry(rated).uuid(self.survey)).into_iter().collect()
    }
}

impl SurveyRecord {
    /// The surveys of a channel with a comment, from one time up to another one, the newest first.
    pub fn with_comments(
        channel: Uuid,
        (from, end): (Timestamp, Timestamp),
    ) -> Select<LeadsTo<Self>> {
        let at = |time: Timestamp| BY_TIME.key().uuid(channel).time(time);
        BY_TIME.key().uuid(channel).below().from(at(from)).before(at(end)).backward()
    }
}

impl Placed for SurveyRecord {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).uuid(self.survey)
    }
}

impl Record for ChannelDay {
    const TABLE: Table = table(Tree::new(200, "AnalyticsChannelDays"), Scope::Session);
}

impl Record for AgentDay {
    const TABLE: Table = table(Tree::new(201, "AnalyticsAgentDays"), Scope::Session);
}

impl Record for AdDay {
    const TABLE: Table = table(Tree::new(202, "AnalyticsAdDays"), Scope::Session);
}

impl Record for ContactDay {
    const TABLE: Table = table(Tree::new(203, "AnalyticsContactDays"), Scope::Gateway);
}

impl Record for ChatAds {
    const TABLE: Table = table(Tree::new(204, "AnalyticsChatAds"), Scope::Session);
}

impl Record for AdContact {
    const TABLE: Table = table(Tree::new(205, "AnalyticsAdContacts"), Scope::Gateway);
}

impl Record for Ad {
    const TABLE: Table = table(Tree::new(206, "AnalyticsAds"), Scope::Gateway);
}

/// A record that knows its own key.
pub trait Placed: Record {
    fn at(&self) -> Key<Self>
    where
        Self: Sized;
}

/// A record of one day, or one that has been there since a day.
pub trait Dated: Placed {
    fn day(&self) -> Date;
}

macro_rules! dated {
    ($($record:ident),*) => {$(
        impl Dated for $record {
            fn day(&self) -> Date {
                self.day
            }
        }
    )*};
}
dated!(ChannelDay, AgentDay, AdDay, ContactDay, AdContact);

/// Days sort as their names do.
fn named(day: Date) -> String {
    day.to_string()
}

/// A part of the records of a channel, from one day to another one.
fn between<R: Record>(channel: Uuid, (from, to): (Date, Date)) -> Select<R> {
    let of = |day: Date| R::key().uuid(channel).text(&named(day));
    let part = R::key().uuid(channel).below().from(of(from));
    match to.tomorrow() {
        Ok(end) => part.before(of(end)),
        Err(_) => part,
    }
}

impl ChannelDay {
    pub fn new(channel: Uuid, day: Date) -> Self {
        Self { channel, day, counts: ChannelCounts::default() }
    }
}

impl AgentDay {
    pub fn new(channel: Uuid, day: Date, agent: Agent) -> Self {
        Self { channel, day, agent, counts: AgentCounts::default() }
    }

    pub fn between(channel: Uuid, days: (Date, Date)) -> Select<Self> {
        between(channel, days)
    }
}

impl AdDay {
    pub fn new(channel: Uuid, day: Date, ad: &str) -> Self {
        Self { channel, day, ad: ad.to_owned(), counts: AdCounts::default() }
    }

    pub fn between(channel: Uuid, days: (Date, Date)) -> Select<Self> {
        between(channel, days)
    }
}

impl ContactDay {
    pub fn new(day: Date) -> Self {
        Self { day, counts: ContactCounts::default() }
    }
}

impl Ad {
    /// The key of an advertisement by its name.
    pub fn place(name: &str) -> Key<Self> {
        Self::key().text(name)
    }
}

impl Placed for ChannelDay {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).text(&named(self.day))
    }
}

impl Placed for AgentDay {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).text(&named(self.day)).text(&self.agent.name())
    }
}

impl Placed for AdDay {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).text(&named(self.day)).text(&self.ad)
    }
}

impl Placed for ContactDay {
    fn at(&self) -> Key<Self> {
        Self::key().text(&named(self.day))
    }
}

impl Placed for ChatAds {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).text(self.chat.as_str())
    }
}

impl Placed for AdContact {
    fn at(&self) -> Key<Self> {
        Self::key().text(&self.ad).text(self.chat.as_str())
    }
}

impl Placed for Ad {
    fn at(&self) -> Key<Self> {
        Self::place(&self.name)
    }
}

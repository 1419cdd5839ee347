//! Records of bots: days, how far each chat is, and feedback.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `AnalyticsBotDays` | bot, kind of channel, day | [`BotDay`] |
//! | `AnalyticsBotChats` | UUID of the channel, chat | [`BotChat`] |
//! | `AnalyticsBotFeedback` | UUID of the channel, conversation, what it is on | [`BotFeedback`] |
//! | `AnalyticsBotRatings` | bot, time of the rating, conversation, what it is on | the key of the rating |

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    analytics::{
        bot_counts::BotCounts,
        records::{Dated, Placed},
    },
    domain::{Jid, SessionId, Timestamp},
    store::{Index, IndexKey, Key, LeadsTo, Record, Scope, Select, Table, Tree},
    web_chat::FeedbackVerdict,
};

/// Kind of a channel: what messages go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    Web,
    WhatsApp,
    Sms,
}

impl Via {
    pub const ALL: [Self; 3] = [Self::Web, Self::WhatsApp, Self::Sms];

    pub fn of(session: &SessionId) -> Self {
        if session.is_web() {
            Self::Web
        } else if session.is_sms() {
            Self::Sms
        } else {
            Self::WhatsApp
        }
    }

    /// Its name, also in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotDay {
    pub bot: Uuid,
    pub via: Via,
    pub day: Date,
    pub counts: BotCounts,
}

/// How far a chat with a bot is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BotChat {
    pub channel: Uuid,
    pub chat: Jid,
    /// The day of the last change.
    pub day: Date,
    /// The visitor's oldest message that nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Whether anybody has answered since the conversation was opened.
    #[serde(default)]
    pub is_answered: bool,
    /// Keys of the visitor's last messages, whose answers are to come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// What a visitor thinks of an answer, or of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BotFeedback {
    pub channel: Uuid,
    pub bot: Uuid,
    pub via: Via,
    pub conversation: Uuid,
    /// The message or the survey; nil for the conversation.
    pub on: Uuid,
    pub verdict: FeedbackVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When it was first given: it counts on this day.
    pub at: Timestamp,
    pub day: Date,
}

const fn table(tree: Tree, scope: Scope) -> Table {
    Table { tree, owner: "analytics", indexes: &[], scope }
}

impl Record for BotDay {
    const TABLE: Table = table(Tree::new(209, "AnalyticsBotDays"), Scope::Gateway);
}

impl Record for BotChat {
    const TABLE: Table = table(Tree::new(211, "AnalyticsBotChats"), Scope::Session);
}

const RATINGS: Tree = Tree::new(213, "AnalyticsBotRatings");
const BY_TIME: Index<BotFeedback> = Index::new(RATINGS);

impl Record for BotFeedback {
    const TABLE: Table = Table {
        tree: Tree::new(212, "AnalyticsBotFeedback"),
        owner: "analytics",
        indexes: &[RATINGS],
        scope: Scope::Session,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let is_rating = matches!(self.verdict, FeedbackVerdict::Rating(_));
        let entry = || BY_TIME.key().uuid(self.bot).time(self.at).uuid(self.conversation);
        is_rating.then(|| entry().uuid(self.on)).into_iter().collect()
    }
}

impl BotDay {
    pub fn new(bot: Uuid, via: Via, day: Date) -> Self {
        Self { bot, via, day, counts: BotCounts::default() }
    }
}

impl BotFeedback {
    /// The ratings of a bot from one time up to another one, the newest first.
    pub fn ratings(bot: Uuid, (from, end): (Timestamp, Timestamp)) -> Select<LeadsTo<Self>> {
        let at = |time: Timestamp| BY_TIME.key().uuid(bot).time(time);
        BY_TIME.key().uuid(bot).below().from(at(from)).before(at(end)).backward()
    }
}

impl Placed for BotDay {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.bot).text(self.via.as_str()).text(&self.day.to_string())
    }
}

impl Placed for BotChat {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).text(self.chat.as_str())
    }
}

impl Placed for BotFeedback {
    fn at(&self) -> Key<Self> {
        Self::key().uuid(self.channel).uuid(self.conversation).uuid(self.on)
    }
}

impl Dated for BotDay {
    fn day(&self) -> Date {
        self.day
    }
}

impl Dated for BotChat {
    fn day(&self) -> Date {
        self.day
    }
}

impl Dated for BotFeedback {
    fn day(&self) -> Date {
        self.day
    }
}

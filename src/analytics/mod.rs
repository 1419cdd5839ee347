//! Analytics: figures of each day, counted from the event log.
//!
//! ```text
//!  event log ──▶ consumer: tally of one event ──▶ day records + cursor, one commit
//!                                                      │
//!  callers  ◀── service: sums over days and channels ──┘        recount: the same from the log, at once
//! ```
//!
//! A record holds all counters of one scope, which is a channel, an agent, an advertisement, a bot or the business, on one day
//! of the business's time zone. So 30 days are 30 reads, however many events they had, and each event counts once
//! wherever the gateway is killed.

mod ads;
mod bot_counts;
mod bot_records;
mod bot_service;
mod bot_tally;
mod calendar;
mod consumer;
mod counts;
mod period;
mod ratings;
mod records;
mod recount;
mod service;
mod sheets;
mod spans;
mod steps;
mod tally;
#[cfg(test)]
mod tests;
mod topics;
mod visitors;

pub use self::{
    bot_counts::BotCounts,
    bot_records::{BotFeedback, Via},
    bot_service::BotFigures,
    consumer::AnalyticsConsumer,
    counts::{AdCounts, AgentCounts, ChannelCounts, ContactCounts, Ratings},
    period::Period,
    records::{Ad, SurveyRecord},
    recount::{Recounted, recount_store},
    service::{Analytics, ChannelFigures},
    spans::Spans,
    topics::{Topic, intents, topics},
};
use self::{
    bot_records::{BotChat, BotDay},
    records::{AdContact, AdDay, AgentDay, ChannelDay, ChatAds, ContactDay},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<ChannelDay>(),
    Declaration::of::<AgentDay>(),
    Declaration::of::<AdDay>(),
    Declaration::of::<ContactDay>(),
    Declaration::of::<ChatAds>(),
    Declaration::of::<AdContact>(),
    Declaration::of::<Ad>(),
    Declaration::of::<SurveyRecord>(),
    Declaration::of::<BotDay>(),
    Declaration::of::<BotChat>(),
    Declaration::of::<BotFeedback>(),
];

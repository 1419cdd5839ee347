//! Analytics: figures of each day, counted from the event log.
//!
//! ```text
//!  event log ──▶ consumer: tally of one event ──▶ day records + cursor, one commit
//!                                                      │
//!  callers  ◀── service: sums over days and channels ──┘        recount: the same from the log, at once
//! ```
//!
//! A record holds all counters of one scope, which is a channel, an agent, an advertisement or the business, on one day
//! of the business's time zone. So 30 days are 30 reads, however many events they had, and each event counts once
//! wherever the gateway is killed.

mod ads;
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

pub use self::{
    consumer::AnalyticsConsumer,
    counts::{AdCounts, AgentCounts, ChannelCounts, ContactCounts, Ratings},
    period::Period,
    records::{Ad, SurveyRecord, TABLES},
    recount::{Recounted, recount_store},
    service::{Analytics, ChannelFigures},
    spans::Spans,
};

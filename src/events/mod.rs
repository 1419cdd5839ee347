//! Event log with durable consumers.
//!
//! Every event gets a number and is durable before anyone sees it. Consumers have a cursor each and read the log;
//! the wake-up is a `watch` channel that carries only the newest number. A slow consumer is late and loses nothing.
//! This module does not know who consumes.
//!
//! An event belongs to a family: WhatsApp's, or that of the module that defines it ([`crate::domain::family`]). How
//! events read on a surface is that surface's [`Wording`].

mod channels;
mod consumer;
mod consumer_positions;
mod consumer_records;
mod consumer_runner;
mod consumers;
pub mod counters;
pub mod effect;
mod entries;
mod gateway;
mod extent;
mod give_way;
mod log;
mod new_event;
mod numbers;
mod progress;
mod pruning;
mod publishing;
mod retention;
mod shared_tail;
mod tail;
mod wording;
mod work;

pub use self::{
    consumer::{Begin, Consumer, Failure, Flow},
    consumer_positions::{ExternalCursor, Retry},
    consumer_records::ConsumerFault,
    consumer_runner::Runner,
    consumers::{ConsumerStatus, Consumers, NoChange, place_cursor},
    entries::EventTables,
    gateway::GatewayEvent,
    log::{EventLog, Pruned},
    new_event::{NewEvent, module_event},
    retention::{Need, Retention},
    wording::{Codes, TEST, Wording, Wordings},
    work::Work,
};

use self::consumer_records::ConsumerCursor;
use crate::store::Declaration;

const OWNER: &str = "events";

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<ConsumerCursor>(),
    Declaration::of::<ConsumerFault>(),
    Declaration::plain(entries::EVENTS, OWNER),
    Declaration::plain(entries::EVENTS_OF_SESSION, OWNER),
    Declaration::plain(entries::IDENTITIES_OF_EVENTS, OWNER),
];

#[cfg(test)]
mod consumer_tests;

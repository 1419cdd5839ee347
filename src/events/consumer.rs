//! Durable consumer of the log: named, with a cursor, and effects that are one commit with the cursor.
//!
//! ```text
//! wake ──▶ read on ──▶ lane free? ──▶ handle: effects + cursor, one commit ──▶ next
//!                          │ no                 │ fails
//!                          ▼                    ▼
//!                     behind its lane      back-off of the lane; after the last attempt a dead letter
//! ```
//!
//! So each effect happens exactly once, wherever the gateway is killed, and in the order of the event's lane. A
//! waiting lane holds up the others only when a thousand events are open. Two runs of one consumer do no harm:
//! each expects the cursor to be as it left it.

use std::{fmt::Display, time::Duration};

use crate::{domain::Event, events::work::Work, store::StoreError};

/// Reacts to events. See [`crate::events::Consumers::start`].
pub trait Consumer: Send + Sync + 'static {
    /// The name of its cursor, never given to another consumer.
    const NAME: &'static str;
    /// Most events in one commit.
    const AT_ONCE: usize = 1;
    /// Where it begins at its first start.
    const BEGINS: Begin = Begin::Now;

    type Error: Into<Failure> + Send;

    /// Whether it handles an event. An event that it does not want costs no commit.
    fn wants(&self, _event: &Event) -> bool {
        true
    }

    /// Events of one lane are handled in order.
    fn lane(&self, event: &Event) -> String {
        event.lane()
    }

    /// Handles an event within the transaction. May run again with the same event, after a conflict or a failure.
    /// Effects outside of `work` may happen more than once.
    fn handle(
        &self,
        work: &mut Work<'_>,
        event: &Event,
    ) -> impl Future<Output = Result<Flow, Self::Error>> + Send;

    /// Called after the commit of an event's effects, unless the gateway ends at that moment. Only for effects that
    /// may be lost, such as a wake-up.
    fn committed(&self, _event: &Event) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Where a new consumer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    Oldest,
    /// With the next event.
    Now,
}

/// The outcome of handling an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Done,
    /// Not yet: its writes are dropped and its lane waits this long. It counts as no failure.
    Later(Duration),
}

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store failed, not the event: it is retried until the store works.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The event is retried with back-off, and becomes a dead letter after the last attempt.
    #[error("{0}")]
    Event(String),
}

impl Failure {
    pub fn of(error: impl Display) -> Self {
        Self::Event(error.to_string())
    }
}

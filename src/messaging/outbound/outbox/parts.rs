//! Dependencies and settings of the outbox.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{Clock, failure::HoldTimes},
    events::EventLog,
    messaging::outbound::{
        outbox::{queue::Pace, reservations::Reservations},
        send_results::SendResults,
    },
    session::Supervisor,
    store::Store,
};

/// What the outbox needs.
#[derive(Clone)]
pub struct OutboxParts {
    pub store: Store,
    pub supervisor: Supervisor,
    pub results: SendResults,
    pub events: EventLog,
    pub clock: Clock,
    pub settings: OutboxSettings,
    /// The id of this run of the gateway.
    pub run: Uuid,
    /// Entries on their way to the dispatcher.
    pub reservations: Reservations,
}

#[derive(Clone, Copy, Debug)]
pub struct OutboxSettings {
    pub pace: Pace,
    /// Messages that may wait in one session.
    pub most_waiting: usize,
    /// How long an ended entry is stored.
    pub retention: Duration,
    pub holds: HoldTimes,
}

//! Requests to the dispatcher, and the callers who wait for their answers.

use std::collections::HashMap;

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    domain::{Error, SessionId, SessionRef, event::CancelReason, outbox::OutboxEntry},
    messaging::{
        outbound::outbox::{queue::QueueStats, reservations::Reservation, waiter::OutcomeWaiter},
        stored::Place,
    },
};

/// The caller of an entry.
pub enum Waiter {
    /// Waits until the entry is accepted.
    Acceptance(oneshot::Sender<Result<(), Error>>),
    Outcome(OutcomeWaiter),
    /// The entry was committed with other changes, and no caller waits.
    Nobody,
}

impl Waiter {
    /// The caller may have disconnected.
    pub fn refuse(self, error: Error) {
        match self {
            Self::Acceptance(waiter) => drop(waiter.send(Err(error))),
            Self::Outcome(waiter) => waiter.send(Err(error)),
            Self::Nobody => (),
        }
    }
}

pub enum Request {
    /// An entry was committed. Its reservation ends here.
    Accept { entry: Box<OutboxEntry>, place: Place, waiter: Waiter, reservation: Reservation },
    /// Cancels a message. The answer is none if it is not waiting.
    Cancel {
        session: SessionId,
        id: Uuid,
        reason: CancelReason,
        reply: oneshot::Sender<Option<Result<OutboxEntry, Error>>>,
    },
    /// Makes a message wait for its session although its caller did not ask for that. The answer is none if the
    /// message has ended.
    MakeQueueable { session: SessionId, id: Uuid, reply: oneshot::Sender<Option<Box<OutboxEntry>>> },
    /// Cancels all waiting messages of a session that is removed.
    CancelAll { session: SessionRef, reply: oneshot::Sender<Result<(), Error>> },
    /// The waiting messages of each session that has any.
    Stats { reply: oneshot::Sender<HashMap<SessionId, QueueStats>> },
}

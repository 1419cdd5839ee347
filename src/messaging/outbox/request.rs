//! What the dispatcher is asked, and who waits for its answers.

use std::collections::HashMap;

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    domain::{Error, SessionId, SessionRef, event::CancelReason, outbox::OutboxEntry},
    messaging::outbox::{hand_over::Reservation, queue::Waiting, waiter::OutcomeWaiter},
    store::Place,
};

/// Who is answered about an entry.
pub enum Waiter {
    /// Wants to know whether it was taken, and no more.
    Acceptance(oneshot::Sender<Result<(), Error>>),
    Outcome(OutcomeWaiter),
    /// It was committed with something else, and nobody waits.
    Nobody,
}

impl Waiter {
    /// The caller may have gone.
    pub fn refuse(self, error: Error) {
        match self {
            Self::Acceptance(waiter) => drop(waiter.send(Err(error))),
            Self::Outcome(waiter) => waiter.send(Err(error)),
            Self::Nobody => (),
        }
    }
}

pub enum Request {
    /// An entry was committed. Its reservation ends when it is taken.
    Take { entry: Box<OutboxEntry>, place: Place, waiter: Waiter, reservation: Reservation },
    /// Answered with nothing when the message is not waiting.
    Cancel {
        session: SessionId,
        id: Uuid,
        reason: CancelReason,
        reply: oneshot::Sender<Option<Result<OutboxEntry, Error>>>,
    },
    /// Keeps a message until its session sends again, though its caller did not ask for that. Answered
    /// with nothing when it has ended.
    Keep { session: SessionId, id: Uuid, reply: oneshot::Sender<Option<Box<OutboxEntry>>> },
    /// Cancels all that waits in a session that is being removed.
    CancelAll { session: SessionRef, reply: oneshot::Sender<Result<(), Error>> },
    /// How much waits in each session that has anything waiting.
    Stats { reply: oneshot::Sender<HashMap<SessionId, Waiting>> },
}

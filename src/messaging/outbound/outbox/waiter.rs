//! A caller who waits for the outcome of a send.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::{Error, command::Sent};

/// How long an outcome may wait for a flush that serves others: for the flush of its own answer, where that is
/// stored for an `Idempotency-Key`, or for the flush of the next message.
const FOR_ITS_ANSWER: Duration = Duration::from_millis(100);
pub const FOR_THE_NEXT: Duration = Duration::from_millis(2);

/// A caller who waits for an outcome.
pub struct OutcomeWaiter {
    answer: oneshot::Sender<Result<Sent, Error>>,
    /// The answer is stored too, with a flush that the outcome can share.
    is_keyed: bool,
}

impl OutcomeWaiter {
    pub fn new(answer: oneshot::Sender<Result<Sent, Error>>, is_keyed: bool) -> Self {
        Self { answer, is_keyed }
    }

    /// How long the outcome may wait for a flush that serves others.
    pub fn patience(&self) -> Duration {
        if self.is_keyed { FOR_ITS_ANSWER } else { FOR_THE_NEXT }
    }

    /// The caller may have disconnected.
    pub fn send(self, outcome: Result<Sent, Error>) {
        let _ = self.answer.send(outcome);
    }
}

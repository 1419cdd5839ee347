//! A caller who waits for what becomes of a message.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::{Error, command::Sent};

/// How long an outcome waits for a flush that is made for others: for that of its own answer, where this is
/// kept for an `Idempotency-Key`, or for that of the next message.
const FOR_ITS_ANSWER: Duration = Duration::from_millis(100);
pub const FOR_THE_NEXT: Duration = Duration::from_millis(2);

/// A caller who waits for an outcome.
pub struct OutcomeWaiter {
    answer: oneshot::Sender<Result<Sent, Error>>,
    /// Their answer is written down in its turn, with a flush that the outcome can share.
    is_keyed: bool,
}

impl OutcomeWaiter {
    pub fn new(answer: oneshot::Sender<Result<Sent, Error>>, is_keyed: bool) -> Self {
        Self { answer, is_keyed }
    }

    /// How long the outcome may wait for a flush that is made for others.
    pub fn patience(&self) -> Duration {
        if self.is_keyed { FOR_ITS_ANSWER } else { FOR_THE_NEXT }
    }

    /// The caller may have gone.
    pub fn send(self, outcome: Result<Sent, Error>) {
        let _ = self.answer.send(outcome);
    }
}

//! The task of one attempt: runs it, and answers its caller.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;

use crate::{
    domain::outbox::OutboxEntry,
    messaging::outbound::outbox::{
        attempt::{Ended, attempt},
        parts::OutboxParts,
        waiter::{FOR_THE_NEXT, OutcomeWaiter},
    },
};

/// An attempt that ended.
pub struct Answered {
    pub ended: Ended,
    /// The caller who could not be answered yet.
    pub waiter: Option<OutcomeWaiter>,
    /// How long the event of a sent message may wait for a flush by others.
    pub patience: Duration,
}

/// Runs one attempt, and answers its caller as soon as the outcome is known. The entry is durable then, so the
/// outcome is found again if the power fails before it is durable too.
pub async fn answer(
    parts: OutboxParts,
    entry: Box<OutboxEntry>,
    needs_lookup: bool,
    mut waiter: Option<OutcomeWaiter>,
) -> Answered {
    let patience = waiter.as_ref().map_or(FOR_THE_NEXT, OutcomeWaiter::patience);
    let attempted = AssertUnwindSafe(attempt(&parts, (*entry).clone(), needs_lookup));
    let attempted = attempted.catch_unwind().await;
    let mut ended = attempted.unwrap_or_else(|_| Ended::cut_off(*entry));
    if let Some(outcome) = ended.outcome.take()
        && let Some(waiter) = waiter.take()
    {
        // The caller may have disconnected.
        waiter.send(outcome);
    }
    Answered { ended, waiter, patience }
}

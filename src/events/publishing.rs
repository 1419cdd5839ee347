//! Publication of committed events: consumers see them once they are durable. Most events are published at once;
//! receipts, which come in numbers after each message, share the next flush.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{breakpoint::Breakpoint, events::log::EventLog, store::StoreError};

/// How long a receipt waits for a flush by others.
const SOON: Duration = Duration::from_millis(100);
/// The pause after a failed flush.
const TRY_AGAIN: Duration = Duration::from_secs(1);

impl EventLog {
    /// Makes the event of this number durable with all before it and all that was committed with them, and wakes
    /// consumers.
    pub async fn publish(&self, seq: u64) -> Result<(), StoreError> {
        self.publish_within(seq, Duration::ZERO).await
    }

    /// Publishes everything that was committed, also by tasks that ended before they published it.
    pub async fn publish_all(&self) -> Result<(), StoreError> {
        let last = self.inner.numbers.lock().await.end.seq;
        self.publish(last).await
    }

    /// [`Self::publish`] that waits up to `patience` for a flush by others.
    pub async fn publish_within(&self, seq: u64, patience: Duration) -> Result<(), StoreError> {
        if seq <= self.newest() {
            return Ok(());
        }
        // Commits are ordered by the lock in `commit`: once this one is durable, so are all before.
        self.inner.store.durable_within(patience).await?;
        Breakpoint::EventDurable.pass();
        self.inner.newest.send_if_modified(|newest| {
            let is_newer = *newest < seq;
            *newest = seq.max(*newest);
            is_newer
        });
        Ok(())
    }

    /// Leaves the publication to [`Self::keep_publishing`]; publishes at once while that does not run.
    pub async fn publish_soon(&self, seq: u64) -> Result<(), StoreError> {
        if self.inner.soon.receiver_count() == 0 {
            return self.publish(seq).await;
        }
        self.inner.soon.send_modify(|last| *last = seq.max(*last));
        Ok(())
    }

    /// Publishes the events of [`Self::publish_soon`], until the token is cancelled.
    pub async fn keep_publishing(self, stop: CancellationToken) {
        let mut soon = self.inner.soon.subscribe();
        loop {
            let last = *soon.borrow_and_update();
            let rest = match self.publish_within(last, SOON).await {
                Ok(()) => None,
                Err(error) => {
                    tracing::warn!(%error, "events could not be made durable; consumers wait for them");
                    Some(tokio::time::sleep(TRY_AGAIN))
                }
            };
            let next = async {
                match rest {
                    Some(rest) => rest.await,
                    None => drop(soon.changed().await),
                }
            };
            if stop.run_until_cancelled(next).await.is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, EventBody},
        store::{Batch, Store},
    };

    async fn log_with_an_event() -> (EventLog, u64) {
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store, Clock::system()).await.unwrap();
        let session = "s".parse().unwrap();
        let bodies = vec![EventBody::Authenticated];
        let people = Default::default();
        let events = log.commit(&session, bodies, &people, Batch::new()).await.unwrap();
        let seq = events.last().unwrap().seq;
        (log, seq)
    }

    #[tokio::test]
    async fn what_is_to_be_published_soon_is_heard_of_without_anything_else_happening() {
        let (log, seq) = log_with_an_event().await;
        let stop = CancellationToken::new();
        let publishing = tokio::spawn(log.clone().keep_publishing(stop.clone()));
        let mut wake = log.wake();
        while log.inner.soon.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        log.publish_soon(seq).await.unwrap();
        wake.wait_for(|newest| *newest == seq).await.unwrap();
        stop.cancel();
        publishing.await.unwrap();
    }

    #[tokio::test]
    async fn without_a_task_that_publishes_it_is_published_at_once() {
        let (log, seq) = log_with_an_event().await;
        assert_eq!(log.newest(), 0);
        log.publish_soon(seq).await.unwrap();
        assert_eq!(log.newest(), seq);
    }
}

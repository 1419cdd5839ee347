//! Publication of committed events: consumers see them once they are durable. Most events are published at once;
//! receipts, which come in numbers after each message, share the next flush.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    breakpoint::Breakpoint,
    store::{Store, StoreError},
};

/// How long a receipt waits for a flush by others.
const SOON: Duration = Duration::from_millis(100);
/// The pause after a failed flush.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub struct Publisher {
    store: Store,
    /// The newest durable number.
    newest: watch::Sender<u64>,
    /// Up to which number [`Self::run`] publishes next.
    soon: watch::Sender<u64>,
}

impl Publisher {
    /// Everything up to this number is durable.
    pub fn new(store: Store, last: u64) -> Self {
        Self { store, newest: watch::Sender::new(last), soon: watch::Sender::new(last) }
    }

    /// The newest durable number, 0 for an empty log.
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    pub fn wake(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Makes the event of this number durable with all before it and all that was committed with them, and wakes
    /// consumers. Waits up to `patience` for a flush by others.
    pub async fn publish_within(&self, seq: u64, patience: Duration) -> Result<(), StoreError> {
        if seq <= self.newest() {
            return Ok(());
        }
        // Commits are ordered by the lock of the numbers: once this one is durable, so are all before.
        self.store.durable_within(patience).await?;
        Breakpoint::EventDurable.pass();
        self.newest.send_if_modified(|newest| {
            let is_newer = *newest < seq;
            *newest = seq.max(*newest);
            is_newer
        });
        Ok(())
    }

    /// Leaves the publication to [`Self::run`]; publishes at once while that does not run.
    pub async fn publish_soon(&self, seq: u64) -> Result<(), StoreError> {
        if self.soon.receiver_count() == 0 {
            return self.publish_within(seq, Duration::ZERO).await;
        }
        self.soon.send_modify(|last| *last = seq.max(*last));
        Ok(())
    }

    /// Publishes the events of [`Self::publish_soon`], until the token is cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        let mut soon = self.soon.subscribe();
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

    async fn publisher() -> Publisher {
        Publisher::new(Store::temporary().await.unwrap(), 0)
    }

    #[tokio::test]
    async fn what_is_to_be_published_soon_is_published_without_anything_else_happening() {
        let publisher = std::sync::Arc::new(publisher().await);
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (publisher, stop) = (publisher.clone(), stop.clone());
            async move { publisher.run(stop).await }
        });
        let mut wake = publisher.wake();
        while publisher.soon.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        publisher.publish_soon(1).await.unwrap();
        wake.wait_for(|newest| *newest == 1).await.unwrap();
        stop.cancel();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn without_a_task_that_publishes_it_is_published_at_once() {
        let publisher = publisher().await;
        assert_eq!(publisher.newest(), 0);
        publisher.publish_soon(1).await.unwrap();
        assert_eq!(publisher.newest(), 1);
        publisher.publish_within(1, Duration::ZERO).await.unwrap();
        assert_eq!(publisher.newest(), 1);
    }
}

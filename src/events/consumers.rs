//! Consumers of the gateway: start, position, dead letters and their retry.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    events::{
        consumer::{Consumer, Runner},
        consumer_positions::{ExternalCursor, Positions, Retry},
        log::EventLog,
        retention::Need,
    },
    store::{ConsumerFault, StoreError, cursor_key, fault_key, faults_of},
};

/// Poll interval while consumers catch up.
const POLL: Duration = Duration::from_millis(10);

/// Clones are the same consumers.
#[derive(Clone)]
pub struct Consumers {
    log: EventLog,
    positions: Arc<Positions>,
}

impl Consumers {
    pub fn new(log: EventLog, retry: Retry) -> Self {
        Self { log, positions: Arc::new(Positions::new(retry)) }
    }

    /// Starts a consumer. From now on the log holds back the events that it has not handled.
    pub fn start<C: Consumer>(&self, consumer: C, tasks: &TaskTracker, stop: CancellationToken) {
        let runner = self.runner(consumer);
        tasks.spawn(runner.run(stop));
    }

    /// The same without a task: the caller runs it.
    pub fn runner<C: Consumer>(&self, consumer: C) -> Runner<C> {
        self.positions.register(C::NAME);
        Runner { consumer, log: self.log.clone(), positions: self.positions.clone() }
    }

    /// A consumer that stores its cursor itself. From now on the log holds everything back for it, until its first
    /// [`ExternalCursor::advance`].
    pub fn external(&self, name: &'static str) -> ExternalCursor {
        ExternalCursor::new(name, self.log.clone(), self.positions.clone())
    }

    /// The first number of the log that each consumer still needs.
    pub fn needs(&self) -> Vec<Need<&'static str>> {
        self.positions.needs()
    }

    /// Wakes consumers that hold the log back, and waits up to `patience` until they have handled it.
    pub async fn catch_up(&self, patience: Duration) {
        let newest = self.log.newest();
        let is_behind = || self.needs().iter().any(|need| need.from <= newest);
        if !is_behind() {
            return;
        }
        for name in self.needs().into_iter().map(|need| need.reader) {
            self.positions.wake(name);
        }
        let caught_up = async {
            while is_behind() {
                tokio::time::sleep(POLL).await;
            }
        };
        let _ = tokio::time::timeout(patience, caught_up).await;
    }

    /// The events that a consumer fails at: those it retries and its dead letters, in the order of the log.
    pub async fn faults(
        &self,
        consumer: &str,
        limit: usize,
    ) -> Result<Vec<ConsumerFault>, StoreError> {
        self.log.inner.store.select(faults_of(consumer), limit).await
    }

    /// Retries a dead letter of a consumer. False when there is none of this number, or the event is no longer in
    /// the log.
    pub async fn retry(&self, consumer: &str, seq: u64) -> Result<bool, StoreError> {
        let held = self.log.read(None, seq.saturating_sub(1), 1).await?;
        if held.first().is_none_or(|event| event.seq != seq) {
            return Ok(false);
        }
        let mut work = self.log.work();
        loop {
            let fault = work.get(&fault_key(consumer, seq)).await?.filter(|fault| fault.given_up);
            let cursor = work.get(&cursor_key(consumer)).await?;
            let (Some(fault), Some(mut cursor)) = (fault, cursor) else { return Ok(false) };
            let fault = ConsumerFault { failures: 0, given_up: false, ..fault };
            work.put(&fault_key(consumer, seq), &fault).await?;
            cursor.open.push(seq);
            cursor.open.sort_unstable();
            work.put(&cursor_key(consumer), &cursor).await?;
            if work.commit().await?.is_some() {
                break;
            }
        }
        self.positions.wake(consumer);
        Ok(true)
    }
}

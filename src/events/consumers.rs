//! Consumers of the gateway: start, position, dead letters and their retry.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    events::{
        consumer::Consumer,
        consumer_positions::{ConsumerPosition, ExternalCursor, Positions, Retry},
        consumer_records::{ConsumerCursor, ConsumerFault, cursor_key, fault_key, faults_of},
        consumer_runner::Runner,
        log::EventLog,
        retention::Need,
    },
    store::{StoreError, Transaction},
};

/// Poll interval while consumers catch up.
const POLL: Duration = Duration::from_millis(10);
/// Faults of one consumer that are forgotten when its cursor is placed.
const MOST_FAULTS: usize = 10_000;

/// Position, lag and failures of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    pub name: &'static str,
    /// The log is read up to this number.
    pub cursor: u64,
    /// The first number that the log holds back for it.
    pub needed_from: u64,
    /// Events that are not handled yet.
    pub lag: u64,
    /// Retries and dead letters, in the order of the log.
    pub faults: Vec<ConsumerFault>,
}

/// Why an entry of a consumer is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChange {
    /// There is no such consumer, or it does not fail at this event.
    Unknown,
    /// The event is no longer in the log.
    Gone,
}

/// Puts the cursor of a consumer at a number of the log, with nothing left open. Nobody may run it meanwhile.
pub async fn place_cursor(
    transaction: &Transaction,
    consumer: &str,
    read_to: u64,
) -> Result<(), StoreError> {
    let faults = transaction.store().select(faults_of(consumer), MOST_FAULTS).await?;
    for ConsumerFault { seq, .. } in faults {
        transaction.delete(&fault_key(consumer, seq)).await?;
    }
    transaction.put(&cursor_key(consumer), &ConsumerCursor { read_to, open: Vec::new() }).await
}

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
        Runner::new(consumer, self.log.clone(), self.positions.clone())
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

    /// Waits up to `patience` until a consumer has handled all that is in the log now, but for events that it fails
    /// at. Whether it has.
    pub async fn caught_up(&self, consumer: &'static str, patience: Duration) -> bool {
        self.reached(consumer, self.log.newest(), patience).await
    }

    /// The same for all up to an event.
    pub async fn reached(&self, consumer: &'static str, event: u64, patience: Duration) -> bool {
        let mut read_to = self.positions.read_to(consumer);
        let reached = read_to.wait_for(|read_to| event <= *read_to);
        matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_)))
    }

    /// The events that a consumer fails at: those it retries and its dead letters, in the order of the log.
    pub async fn faults(
        &self,
        consumer: &str,
        limit: usize,
    ) -> Result<Vec<ConsumerFault>, StoreError> {
        self.log.inner.store.select(faults_of(consumer), limit).await
    }

    /// Every consumer, with up to `limit` of the events that it fails at.
    pub async fn list(&self, limit: usize) -> Result<Vec<ConsumerStatus>, StoreError> {
        let mut all = Vec::new();
        for ConsumerPosition { name, read_to, open, needed_from } in self.positions.list() {
            let lag = self.log.newest().saturating_sub(read_to).saturating_add(open);
            let faults = self.faults(name, limit).await?;
            all.push(ConsumerStatus { name, cursor: read_to, needed_from, lag, faults });
        }
        Ok(all)
    }

    /// Has a consumer retry an event that it fails at now, also a dead letter.
    pub async fn retry(
        &self,
        consumer: &str,
        seq: u64,
    ) -> Result<Result<(), NoChange>, StoreError> {
        let held = self.log.read(None, seq.saturating_sub(1), 1).await?;
        let is_gone = held.first().is_none_or(|event| event.seq != seq);
        let mut work = self.log.work();
        loop {
            let fault = work.get(&fault_key(consumer, seq)).await?;
            let cursor = work.get(&cursor_key(consumer)).await?;
            let (Some(fault), Some(mut cursor)) = (fault, cursor) else {
                return Ok(Err(NoChange::Unknown));
            };
            if is_gone {
                return Ok(Err(NoChange::Gone));
            }
            if fault.given_up {
                let fault = ConsumerFault { failures: 0, given_up: false, ..fault };
                work.put(&fault_key(consumer, seq), &fault).await?;
                cursor.open.push(seq);
                cursor.open.sort_unstable();
                work.put(&cursor_key(consumer), &cursor).await?;
            }
            if work.commit().await?.is_some() {
                break;
            }
        }
        self.positions.wake(consumer);
        Ok(Ok(()))
    }

    /// Makes a dead letter of an event that a consumer fails at, so that its lane goes on without it. A dead
    /// letter is no longer listed.
    pub async fn skip(&self, consumer: &str, seq: u64) -> Result<Result<(), NoChange>, StoreError> {
        let mut work = self.log.work();
        loop {
            let fault = work.get(&fault_key(consumer, seq)).await?;
            let cursor = work.get(&cursor_key(consumer)).await?;
            let (Some(fault), Some(mut cursor)) = (fault, cursor) else {
                return Ok(Err(NoChange::Unknown));
            };
            if fault.given_up {
                work.delete(&fault_key(consumer, seq)).await?;
            } else {
                let fault = ConsumerFault { given_up: true, ..fault };
                work.put(&fault_key(consumer, seq), &fault).await?;
                cursor.open.retain(|open| *open != seq);
                work.put(&cursor_key(consumer), &cursor).await?;
            }
            if work.commit().await?.is_some() {
                break;
            }
        }
        self.positions.wake(consumer);
        Ok(Ok(()))
    }
}

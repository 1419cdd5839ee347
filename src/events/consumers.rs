//! The consumers of one gateway: starting them, up to where they still need the log, and what they gave up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    events::{
        Consumer, EventLog, Need,
        consumer::{Retry, Runner},
    },
    store::{ConsumerFault, StoreError, cursor_key, fault_key, faults_of},
};

/// How often it is looked whether consumers have caught up.
const LOOK: Duration = Duration::from_millis(10);

/// Clones are the same.
#[derive(Clone)]
pub struct Consumers {
    log: EventLog,
    shared: Arc<Shared>,
}

/// The place in the log of a consumer that keeps its cursor itself, together with effects outside of the store.
pub struct LogPlace {
    name: &'static str,
    log: EventLog,
    shared: Arc<Shared>,
}

impl LogPlace {
    /// Returns when somebody waits until it has written its cursor.
    pub async fn nudged(&self) {
        self.shared.nudge(self.name).notified().await;
    }

    /// It has seen the log up to this number, and needs it from `needed_from` on were it to end now.
    pub fn reached(&self, seen: u64, needed_from: u64) {
        self.shared.needs(self.name, needed_from);
        measure(self.name, self.log.newest().saturating_sub(seen));
    }
}

/// Writes to the metrics how many events a consumer has not handled.
pub fn measure(consumer: &'static str, behind: u64) {
    let behind = u32::try_from(behind).unwrap_or(u32::MAX);
    metrics::gauge!("wagate_consumer_lag", "consumer" => consumer).set(f64::from(behind));
}

/// What runners and the rest of the gateway share.
pub struct Shared {
    pub retry: Retry,
    running: Mutex<BTreeMap<&'static str, Running>>,
}

#[derive(Default)]
struct Running {
    /// The first number of the log that is not done. Everything is needed until its cursor is known.
    needed_from: u64,
    /// Its cursor was moved by somebody else, or somebody waits for it.
    nudge: Arc<Notify>,
}

impl Shared {
    pub fn needs(&self, consumer: &'static str, from: u64) {
        self.with(consumer, |running| running.needed_from = from);
    }

    pub fn nudge(&self, consumer: &'static str) -> Arc<Notify> {
        self.with(consumer, |running| running.nudge.clone())
    }

    fn with<T>(&self, consumer: &'static str, act: impl FnOnce(&mut Running) -> T) -> T {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        act(running.entry(consumer).or_default())
    }
}

impl Consumers {
    pub fn new(log: EventLog, retry: Retry) -> Self {
        Self { log, shared: Arc::new(Shared { retry, running: Mutex::default() }) }
    }

    /// Starts a consumer. From now on the log keeps for it what it has not handled.
    pub fn start<C: Consumer>(&self, consumer: C, tasks: &TaskTracker, stop: CancellationToken) {
        let runner = self.runner(consumer);
        tasks.spawn(runner.run(stop));
    }

    /// The same without a task: who holds it runs it.
    pub fn runner<C: Consumer>(&self, consumer: C) -> Runner<C> {
        self.shared.with(C::NAME, |_| ());
        Runner { consumer, log: self.log.clone(), shared: self.shared.clone() }
    }

    /// The place of a consumer that keeps its cursor itself. From now on the log keeps everything for it, until it
    /// says how far it has come.
    pub fn place(&self, name: &'static str) -> LogPlace {
        self.shared.with(name, |_| ());
        LogPlace { name, log: self.log.clone(), shared: self.shared.clone() }
    }

    /// The first number of the log that each consumer has not handled.
    pub fn needs(&self) -> Vec<Need<&'static str>> {
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        let needs =
            running.iter().map(|(reader, one)| Need { reader: *reader, from: one.needed_from });
        needs.collect()
    }

    /// Has consumers that rest handle what there is, and waits for them as long as it may: they hold the log.
    pub async fn catch_up(&self, patience: Duration) {
        let newest = self.log.newest();
        let is_behind = || self.needs().iter().any(|need| need.from <= newest);
        if !is_behind() {
            return;
        }
        for name in self.needs().into_iter().map(|need| need.reader) {
            self.shared.nudge(name).notify_one();
        }
        let caught_up = async {
            while is_behind() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let _ = tokio::time::timeout(patience, caught_up).await;
    }

    /// What a consumer fails at: what it tries again, and what it gave up. In the order of the log.
    pub async fn faults(
        &self,
        consumer: &str,
        limit: usize,
    ) -> Result<Vec<ConsumerFault>, StoreError> {
        self.log.inner.store.select(faults_of(consumer), limit).await
    }

    /// Lets a consumer try an event again that it gave up. False when it did not, or when the event is no longer
    /// in the log.
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
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.get(consumer) {
            running.nudge.notify_one();
        }
        Ok(true)
    }
}

//! Positions of the log's consumers: from where each needs the log, its lag, and its wake-up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::events::{log::EventLog, retention::Need};

/// Retry policy: exponential back-off with jitter, and a last attempt.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    pub first: Duration,
    pub longest: Duration,
    /// Failures after which an event is given up.
    pub most: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300), most: 10 }
    }
}

impl Retry {
    /// The pause after this many failures. `jitter` lies between 0 and 1.
    pub fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(31));
        let longest = self.first.saturating_mul(doubled).min(self.longest);
        longest.mul_f64(0.5 + jitter / 2.0)
    }
}

/// Position of a consumer that stores its cursor itself, together with effects outside the store.
pub struct ExternalCursor {
    name: &'static str,
    log: EventLog,
    positions: Arc<Positions>,
}

impl ExternalCursor {
    pub fn new(name: &'static str, log: EventLog, positions: Arc<Positions>) -> Self {
        positions.register(name);
        Self { name, log, positions }
    }

    /// Returns when the retention waits for the cursor to be written.
    pub async fn flush_requested(&self) {
        self.positions.waker(self.name).notified().await;
    }

    /// The consumer has read the log up to `read_to`, and would need it from `needed_from` on after a kill.
    pub fn advance(&self, read_to: u64, needed_from: u64) {
        self.positions.set_needed(self.name, needed_from);
        measure_lag(self.name, self.log.newest().saturating_sub(read_to));
    }
}

/// Writes to the metrics how many events a consumer has not handled.
pub fn measure_lag(consumer: &'static str, events: u64) {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    metrics::gauge!("wagate_consumer_lag", "consumer" => consumer).set(f64::from(events));
}

/// The positions of all consumers. The log holds back events that one of them needs.
pub struct Positions {
    pub retry: Retry,
    running: Mutex<BTreeMap<&'static str, Position>>,
}

#[derive(Default)]
struct Position {
    /// The first number of the log that is not done. Everything is needed until the cursor is known.
    needed_from: u64,
    /// The cursor was moved by another task, or the retention waits for it.
    waker: Arc<Notify>,
}

impl Positions {
    pub fn new(retry: Retry) -> Self {
        Self { retry, running: Mutex::default() }
    }

    /// From now on the log holds everything back for this consumer, until its position is known.
    pub fn register(&self, consumer: &'static str) {
        self.with(consumer, |_| ());
    }

    pub fn set_needed(&self, consumer: &'static str, from: u64) {
        self.with(consumer, |position| position.needed_from = from);
    }

    pub fn waker(&self, consumer: &'static str) -> Arc<Notify> {
        self.with(consumer, |position| position.waker.clone())
    }

    /// Wakes a consumer if there is one of this name.
    pub fn wake(&self, consumer: &str) {
        if let Some(position) = self.all().get(consumer) {
            position.waker.notify_one();
        }
    }

    pub fn needs(&self) -> Vec<Need<&'static str>> {
        let all = self.all();
        let needs =
            all.iter().map(|(name, position)| Need { reader: *name, from: position.needed_from });
        needs.collect()
    }

    fn with<T>(&self, consumer: &'static str, act: impl FnOnce(&mut Position) -> T) -> T {
        act(self.all().entry(consumer).or_default())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, Position>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Positions of the log's consumers: from where each needs the log, its lag, and its wake-up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, watch};

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
        self.positions.measure(self.name, self.log.newest(), read_to, 0);
    }
}

/// The position of one consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerPosition {
    pub name: &'static str,
    /// The log is read up to this number.
    pub read_to: u64,
    /// Events up to there that are not handled.
    pub open: u64,
    /// The first number that the log holds back for it.
    pub needed_from: u64,
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
    read_to: watch::Sender<u64>,
    open: u64,
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

    /// Notes how far a consumer has read the log, and writes its lag to the metrics.
    pub fn measure(&self, consumer: &'static str, newest: u64, read_to: u64, open: u64) {
        self.with(consumer, |position| {
            position.read_to.send_replace(read_to);
            position.open = open;
        });
        let lag = newest.saturating_sub(read_to).saturating_add(open);
        let lag = u32::try_from(lag).unwrap_or(u32::MAX);
        metrics::gauge!("wagate_consumer_lag", "consumer" => consumer).set(f64::from(lag));
    }

    pub fn list(&self) -> Vec<ConsumerPosition> {
        let all = self.all();
        let position = |(name, one): (&&'static str, &Position)| ConsumerPosition {
            name,
            read_to: *one.read_to.borrow(),
            open: one.open,
            needed_from: one.needed_from,
        };
        all.iter().map(position).collect()
    }

    /// How far a consumer has read the log, as it goes on.
    pub fn read_to(&self, consumer: &'static str) -> watch::Receiver<u64> {
        self.with(consumer, |position| position.read_to.subscribe())
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

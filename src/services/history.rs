//! Short history of the gateway's own metrics: samples, in memory and bounded, so that people
//! see a course and not only a moment. Nothing of it is kept over a restart.
//!
//! Fine samples reach back an hour, coarse ones a day. A coarse one holds the sum of what was
//! counted and the highest of what was measured: a short peak is not hidden by a mean.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{Clock, SessionState, Timestamp},
    memory,
    messaging::{Outbox, QueueStats},
    session::Supervisor,
    telemetry::Totals,
};

/// Seconds between two samples, and how many are kept.
pub const FINE: u32 = 10;
const FINE_KEPT: usize = 360;
/// The same of those that stand for a minute.
pub const COARSE: u32 = 60;
const COARSE_KEPT: usize = 1_440;

/// What was counted since the sample before, and what was measured at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    pub at: Timestamp,
    pub counted: Counted,
    pub measured: Measured,
}

/// Sums; in the samples each is what came since the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub messages_in: u64,
    pub messages_out: u64,
    pub sends_failed: u64,
    pub delivered: u64,
    /// Attempts to deliver that came to nothing; most are tried again.
    pub attempts_failed: u64,
    pub requests: u64,
    /// Requests that were answered with a fault of the gateway (5xx).
    pub requests_failed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    pub sessions: u64,
    pub sessions_ready: u64,
    /// Messages of the outbox that wait, by what they wait for.
    pub waiting_send_at: u64,
    pub waiting_session: u64,
    pub waiting_turn: u64,
    pub waiting_lookup: u64,
    /// Bytes of the gateway itself, and of all engines as last measured.
    pub memory_gateway: u64,
    pub memory_sessions: u64,
}

/// The handle of the samples. Clones are the same samples.
#[derive(Clone, Default)]
pub struct History(Arc<Mutex<Rings>>);

impl History {
    /// The samples of so many minutes, oldest first, and the seconds between two.
    pub fn of(&self, minutes: u32) -> (u32, Vec<Sample>) {
        let rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (interval, ring) =
            if minutes <= 60 { (FINE, &rings.fine) } else { (COARSE, &rings.coarse) };
        let wanted = usize::try_from(minutes * 60 / interval).unwrap_or(usize::MAX);
        let newest = ring.iter().skip(ring.len().saturating_sub(wanted));
        (interval, newest.copied().collect())
    }

    /// Takes samples until the gateway stops.
    pub async fn follow(
        self,
        supervisor: Supervisor,
        outbox: Outbox,
        clock: Clock,
        stop: CancellationToken,
    ) {
        let mut ticks = tokio::time::interval(Duration::from_secs(u64::from(FINE)));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The first tick comes at once: what was counted before it is the beginning.
        let mut before = Counted::now();
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let sums = Counted::now();
            let measured = Measured::now(&supervisor, &outbox).await;
            let sample = Sample { at: clock.now(), counted: sums.since(before), measured };
            before = sums;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).add(sample);
        }
    }
}

#[derive(Debug, Default)]
struct Rings {
    fine: VecDeque<Sample>,
    coarse: VecDeque<Sample>,
    /// Fine samples that the newest coarse one is made of.
    merged: u32,
}

impl Rings {
    fn add(&mut self, sample: Sample) {
        push(&mut self.fine, sample, FINE_KEPT);
        match self.coarse.back_mut() {
            Some(last) if self.merged < COARSE / FINE => {
                *last = last.with(sample);
                self.merged += 1;
            }
            _ => {
                push(&mut self.coarse, sample, COARSE_KEPT);
                self.merged = 1;
            }
        }
    }
}

fn push(ring: &mut VecDeque<Sample>, sample: Sample, most: usize) {
    if ring.len() == most {
        ring.pop_front();
    }
    ring.push_back(sample);
}

impl Sample {
    fn with(self, later: Self) -> Self {
        let (counted, measured) = (self.counted.and(later.counted), later.measured);
        Self { at: later.at, counted, measured: self.measured.highest(measured) }
    }
}

impl Counted {
    fn now() -> Self {
        const ATTEMPTS: &str = "wagate_webhook_attempts_total";
        const REQUESTS: &str = "wagate_http_requests_total";
        let totals = Totals::read();
        let delivered = totals.of(ATTEMPTS, "outcome", "delivered");
        Self {
            messages_in: totals.of("wagate_events_stored_total", "kind", "message"),
            messages_out: totals.of("wagate_outbox_total", "outcome", "sent"),
            sends_failed: totals.of("wagate_outbox_total", "outcome", "failed"),
            delivered: totals.of("wagate_webhook_deliveries_total", "state", "delivered"),
            attempts_failed: totals.all(ATTEMPTS).saturating_sub(delivered),
            requests: totals.all(REQUESTS),
            requests_failed: totals.beginning(REQUESTS, "status", "5"),
        }
    }

    fn since(self, before: Self) -> Self {
        self.each(before, u64::saturating_sub)
    }

    fn and(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    fn each(self, other: Self, make: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            messages_in: make(self.messages_in, other.messages_in),
            messages_out: make(self.messages_out, other.messages_out),
            sends_failed: make(self.sends_failed, other.sends_failed),
            delivered: make(self.delivered, other.delivered),
            attempts_failed: make(self.attempts_failed, other.attempts_failed),
            requests: make(self.requests, other.requests),
            requests_failed: make(self.requests_failed, other.requests_failed),
        }
    }
}

impl Measured {
    async fn now(supervisor: &Supervisor, outbox: &Outbox) -> Self {
        let waiting: QueueStats = outbox.stats().await.unwrap_or_default().into_values().sum();
        tell(waiting);
        let all = supervisor.list();
        let is_ready = |state| state == SessionState::Ready;
        let own = tokio::task::spawn_blocking(memory::own).await.ok().flatten();
        Self {
            sessions: count(all.len()),
            sessions_ready: count(all.iter().filter(|each| is_ready(each.state)).count()),
            waiting_send_at: count(waiting.send_at),
            waiting_session: count(waiting.session),
            waiting_turn: count(waiting.turn),
            waiting_lookup: count(waiting.lookup),
            memory_gateway: own.unwrap_or(0),
            memory_sessions: all.iter().filter_map(|status| status.memory).sum(),
        }
    }

    fn highest(self, other: Self) -> Self {
        Self {
            sessions: self.sessions.max(other.sessions),
            sessions_ready: self.sessions_ready.max(other.sessions_ready),
            waiting_send_at: self.waiting_send_at.max(other.waiting_send_at),
            waiting_session: self.waiting_session.max(other.waiting_session),
            waiting_turn: self.waiting_turn.max(other.waiting_turn),
            waiting_lookup: self.waiting_lookup.max(other.waiting_lookup),
            memory_gateway: self.memory_gateway.max(other.memory_gateway),
            memory_sessions: self.memory_sessions.max(other.memory_sessions),
        }
    }
}

/// Writes what waits to the metrics.
pub fn tell(waiting: QueueStats) {
    let QueueStats { send_at, session, turn, lookup } = waiting;
    let all =
        [("send_at", send_at), ("session_not_ready", session), ("turn", turn), ("lookup", lookup)];
    for (reason, count) in all {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("wagate_outbox_waiting", "reason" => reason).set(f64::from(count));
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn sample(number: i64) -> Sample {
        let counted = Counted { messages_in: 1, ..Counted::default() };
        let waiting_turn = if number == 2 { 7 } else { 1 };
        let measured = Measured { waiting_turn, ..Measured::default() };
        Sample { at: from_seconds(number * 10), counted, measured }
    }

    fn filled(samples: i64) -> History {
        let history = History::default();
        (1..=samples).for_each(|number| history.0.lock().unwrap().add(sample(number)));
        history
    }

    #[test]
    fn a_minute_is_the_sum_of_its_counts_and_the_highest_of_its_measures() {
        let (interval, minutes) = filled(13).of(61);
        assert_eq!((interval, minutes.len()), (60, 3));
        let sums: Vec<u64> = minutes.iter().map(|each| each.counted.messages_in).collect();
        let peaks: Vec<u64> = minutes.iter().map(|each| each.measured.waiting_turn).collect();
        assert_eq!((sums, peaks), (vec![6, 6, 1], vec![7, 1, 1]));
        assert_eq!(minutes.first().map(|each| each.at), Some(from_seconds(60)));
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_newest() {
        let history = filled(10_000);
        let (interval, hour) = history.of(60);
        assert_eq!((interval, hour.len()), (10, 360));
        assert_eq!(hour.last().map(|each| each.at), Some(from_seconds(100_000)));
        assert_eq!(history.of(15).1.len(), 90);
        assert_eq!(history.of(1_440).1.len(), 1_440);
    }

    #[test]
    fn counts_never_go_below_nothing() {
        let more = Counted { requests: 5, ..Counted::default() };
        assert_eq!(Counted::default().since(more), Counted::default());
        assert_eq!(more.since(Counted::default()), more);
    }
}

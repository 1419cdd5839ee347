//! Runner of a consumer: reads the log behind its cursor, handles events in groups, and commits their effects with the
//! cursor.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::Event,
    events::{
        consumer::{Begin, Consumer, Failure, Flow},
        consumer_positions::Positions,
        consumer_records::{ConsumerCursor, ConsumerFault, cursor_key, fault_key},
        give_way::give_way,
        log::EventLog,
        progress::Progress,
        work::Work,
    },
    store::StoreError,
};

const READ_AT_ONCE: usize = 200;
/// Most events that are not done: with more, the log is not read further.
const MOST_OPEN: usize = 1_000;
/// Conflicts after which a commit is tried with fewer events: what they read is changed all the time.
const MOST_CONFLICTS: u32 = 3;
/// The pause of a lane whose event alone meets that many, and what is added to it at random.
const CONFLICT_PAUSE: Duration = Duration::from_millis(5);
/// Deadline for handling one event.
const DEADLINE: Duration = Duration::from_secs(30);
/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The shortest pause before a retry.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// Without any effect, the cursor is committed after this time,
const SAVE_AFTER: Duration = Duration::from_secs(5);
/// and after this many events.
const SAVE_EACH: u64 = 500;
/// Characters of an error that are stored.
const LONGEST_ERROR: usize = 500;

/// Why a run of a consumer ended. It begins again from its stored cursor.
enum Broken {
    Store(StoreError),
    /// Another task moved the cursor.
    Moved,
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The task of one consumer.
pub struct Runner<C> {
    consumer: C,
    log: EventLog,
    positions: Arc<Positions>,
    /// Most events of the next commit: half as many after conflicts, and one more after each commit that is full.
    at_once: AtomicUsize,
}

impl<C: Consumer> Runner<C> {
    pub fn new(consumer: C, log: EventLog, positions: Arc<Positions>) -> Self {
        Self { consumer, log, positions, at_once: AtomicUsize::new(C::AT_ONCE) }
    }

    /// Runs until the token is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.follow(&stop).await {
                Ok(()) => return,
                Err(Broken::Moved) => tracing::debug!("consumer {}: its cursor was moved", C::NAME),
                Err(Broken::Store(error)) => {
                    tracing::warn!(%error, "consumer {} pauses after a store error", C::NAME);
                    stop.run_until_cancelled(tokio::time::sleep(STORE_PAUSE)).await;
                }
            }
        }
    }

    async fn follow(&self, stop: &CancellationToken) -> Result<(), Broken> {
        let mut wake = self.log.wake();
        let waker = self.positions.waker(C::NAME);
        let mut saved = self.begin().await?;
        // A run that was cut off may have committed events that are not published.
        self.log.publish_all().await?;
        let mut progress = self.load(&saved).await?;
        let mut saved_at = Instant::now();
        loop {
            wake.mark_unchanged();
            self.retry_due(&mut progress, &mut saved, stop).await?;
            let has_more = progress.has_room() && self.read_on(&mut progress, &mut saved).await?;
            self.measure(&progress);
            let (unsaved, is_stopped) = (progress.cursor(), stop.is_cancelled());
            let is_idle = !has_more && SAVE_AFTER <= saved_at.elapsed();
            if unsaved != saved
                && (is_stopped || is_idle || SAVE_EACH <= unsaved.read_to - saved.read_to)
            {
                self.commit(&progress, &mut saved, &[], unsaved.read_to).await.map_err(broken)?;
                saved_at = Instant::now();
            }
            if is_stopped {
                return Ok(());
            }
            if has_more {
                tokio::task::yield_now().await;
                continue;
            }
            let save = (unsaved != saved).then_some(saved_at + SAVE_AFTER);
            let next = [progress.next_due(), save].into_iter().flatten().min();
            let timer = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => (),
                changed = wake.changed() => match changed {
                    Ok(()) => give_way().await,
                    Err(_) => return Ok(()),
                },
                () = waker.notified() => {
                    let cursor = progress.cursor();
                    let written = self.commit(&progress, &mut saved, &[], cursor.read_to).await;
                    written.map_err(broken)?;
                    return Err(Broken::Moved);
                }
                () = timer => (),
            }
        }
    }

    /// The stored cursor; that of a new consumer is stored first.
    async fn begin(&self) -> Result<ConsumerCursor, StoreError> {
        let mut work = self.log.work();
        let cursor = loop {
            if let Some(known) = work.get(&cursor_key(C::NAME)).await? {
                break known;
            }
            let read_to = match C::BEGINS {
                Begin::Oldest => self.log.oldest().saturating_sub(1),
                Begin::Now => self.log.newest(),
            };
            let cursor = ConsumerCursor { read_to, open: Vec::new() };
            work.put(&cursor_key(C::NAME), &cursor).await?;
            if work.commit().await?.is_some() {
                break cursor;
            }
        };
        self.positions.set_needed(C::NAME, cursor.needed_from());
        Ok(cursor)
    }

    /// The open events of the cursor, each in its lane and due at once.
    async fn load(&self, cursor: &ConsumerCursor) -> Result<Progress, StoreError> {
        let mut progress = Progress::new(cursor, MOST_OPEN);
        for seq in &cursor.open {
            match self.event(*seq).await? {
                Some(event) => progress.hold(self.consumer.lane(&event), *seq, Instant::now()),
                None => {
                    tracing::warn!(seq, "consumer {}: event {seq} is no longer in the log", C::NAME)
                }
            }
        }
        Ok(progress)
    }

    async fn event(&self, seq: u64) -> Result<Option<Arc<Event>>, StoreError> {
        let found = self.log.read(None, seq.saturating_sub(1), 1).await?;
        Ok(found.into_iter().find(|event| event.seq == seq))
    }

    /// Retries waiting events that are due, lane by lane.
    async fn retry_due(
        &self,
        progress: &mut Progress,
        saved: &mut ConsumerCursor,
        stop: &CancellationToken,
    ) -> Result<(), Broken> {
        while let Some((lane, seq)) = progress.due(Instant::now()) {
            if stop.is_cancelled() {
                break;
            }
            match self.event(seq).await? {
                Some(event) => self.attempt(progress, saved, &[event]).await?,
                None => progress.done(&lane, seq, Instant::now()),
            }
        }
        Ok(())
    }

    /// Reads a part of the log and handles the events of free lanes. Whether there may be more.
    async fn read_on(
        &self,
        progress: &mut Progress,
        saved: &mut ConsumerCursor,
    ) -> Result<bool, Broken> {
        let missed = self.log.oldest().saturating_sub(1).saturating_sub(progress.read_to());
        if 0 < missed {
            tracing::warn!(
                missed,
                "consumer {}: the log dropped {missed} events before they were handled",
                C::NAME
            );
            progress.advance(self.log.oldest() - 1);
        }
        let newest = self.log.newest();
        let events = self.log.read(None, progress.read_to(), READ_AT_ONCE).await?;
        let is_at_end = events.len() < READ_AT_ONCE;
        let mut group = Vec::new();
        for event in events {
            if !progress.has_room() {
                break;
            }
            if self.consumer.wants(&event) {
                let lane = self.consumer.lane(&event);
                if progress.is_waiting(&lane) {
                    self.attempt(progress, saved, &std::mem::take(&mut group)).await?;
                    progress.hold(lane, event.seq, Instant::now());
                    continue;
                }
                group.push(event);
            } else if group.is_empty() {
                progress.advance(event.seq);
            }
            if self.at_once.load(Ordering::Relaxed) <= group.len() {
                self.attempt(progress, saved, &std::mem::take(&mut group)).await?;
            }
        }
        self.attempt(progress, saved, &group).await?;
        Ok(!is_at_end || progress.read_to() < newest && progress.has_room())
    }

    /// Handles events in one commit; where one fails, each in its own.
    async fn attempt(
        &self,
        progress: &mut Progress,
        saved: &mut ConsumerCursor,
        group: &[Arc<Event>],
    ) -> Result<(), Broken> {
        let Some(last) = group.last() else { return Ok(()) };
        match self.commit(progress, saved, group, last.seq).await {
            Ok(None) => {
                for event in group {
                    progress.done(&self.consumer.lane(event), event.seq, Instant::now());
                }
                let at_once = self.at_once.load(Ordering::Relaxed);
                if at_once <= group.len() {
                    self.at_once.store(C::AT_ONCE.min(at_once + 1), Ordering::Relaxed);
                }
                Ok(())
            }
            Ok(Some(_)) | Err(Ended::Failed(_) | Ended::Contended) if 1 < group.len() => {
                for event in group {
                    let lane = self.consumer.lane(event);
                    if progress.is_waiting(&lane) {
                        progress.hold(lane, event.seq, Instant::now());
                    } else {
                        Box::pin(self.attempt(progress, saved, std::slice::from_ref(event)))
                            .await?;
                    }
                }
                Ok(())
            }
            Ok(Some(pause)) => {
                self.wait(progress, last, pause);
                Ok(())
            }
            Err(Ended::Contended) => {
                self.wait(progress, last, CONFLICT_PAUSE.mul_f64(1.0 + rand::random::<f64>()));
                Ok(())
            }
            Err(Ended::Failed(error)) => self.failed(progress, saved, last, &error).await,
            Err(Ended::Broken(broken)) => Err(broken),
        }
    }

    fn wait(&self, progress: &mut Progress, event: &Event, pause: Duration) {
        let (lane, due) = (self.consumer.lane(event), Instant::now() + pause.max(SHORTEST_PAUSE));
        if progress.is_waiting(&lane) {
            progress.put_off(&lane, due);
        } else {
            progress.hold(lane, event.seq, due);
        }
    }

    /// Commits the effects of some events together with the cursor behind them. A pause when one of them asks for
    /// [`Flow::Later`]; then nothing is written. A commit of many events that conflicts again and again would never
    /// end while what they read goes on changing.
    async fn commit(
        &self,
        progress: &Progress,
        saved: &mut ConsumerCursor,
        group: &[Arc<Event>],
        read_to: u64,
    ) -> Result<Option<Duration>, Ended> {
        let done: Vec<u64> = group.iter().map(|event| event.seq).collect();
        let cursor = progress.cursor_without(&done, read_to);
        let (mut work, mut conflicts) = (self.log.work(), 0);
        let appended = loop {
            if work.get(&cursor_key(C::NAME)).await?.as_ref() != Some(&*saved) {
                return Err(Ended::Broken(Broken::Moved));
            }
            for event in group {
                if let Flow::Later(pause) = self.handle(&mut work, event).await? {
                    return Ok(Some(pause));
                }
                // Only what failed before has waited.
                if progress.is_waiting(&self.consumer.lane(event)) {
                    work.delete(&fault_key(C::NAME, event.seq)).await?;
                }
            }
            work.put(&cursor_key(C::NAME), &cursor).await?;
            if let Some(appended) = work.commit().await? {
                break appended;
            }
            metrics::counter!("wagate_consumer_conflicts_total", "consumer" => C::NAME)
                .increment(1);
            conflicts += 1;
            if MOST_CONFLICTS <= conflicts {
                self.at_once.store((group.len() / 2).max(1), Ordering::Relaxed);
                return Err(Ended::Contended);
            }
        };
        self.moved(saved, cursor);
        if let Some(last) = appended.last() {
            self.log.publish(last.seq).await?;
        }
        for event in group {
            self.consumer.committed(event).await;
        }
        Ok(None)
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, Ended> {
        let handling = AssertUnwindSafe(self.consumer.handle(work, event)).catch_unwind();
        let failure = match tokio::time::timeout(DEADLINE, handling).await {
            Ok(Ok(Ok(flow))) => return Ok(flow),
            Ok(Ok(Err(error))) => error.into(),
            Ok(Err(_)) => Failure::Event("a panic".to_owned()),
            Err(_) => Failure::Event(format!("not done within {} s", DEADLINE.as_secs())),
        };
        match failure {
            // What lies damaged does so the next time, too.
            Failure::Store(StoreError::Corrupt(error)) | Failure::Event(error) => {
                Err(Ended::Failed(error))
            }
            Failure::Store(error) => Err(error.into()),
        }
    }

    /// Notes that an event failed: its lane waits, or goes on without it.
    async fn failed(
        &self,
        progress: &mut Progress,
        saved: &mut ConsumerCursor,
        event: &Event,
        error: &str,
    ) -> Result<(), Broken> {
        let (now, seq) = (self.log.inner.clock.now(), event.seq);
        let lane = self.consumer.lane(event);
        let error: String = error.chars().take(LONGEST_ERROR).collect();
        let mut work = self.log.work();
        let fault = loop {
            if work.get(&cursor_key(C::NAME)).await?.as_ref() != Some(&*saved) {
                return Err(Broken::Moved);
            }
            let known = work.get(&fault_key(C::NAME, seq)).await?;
            let failures = known.as_ref().map_or(0, |fault| fault.failures) + 1;
            let fault = ConsumerFault {
                seq,
                event: event.id,
                failures,
                error: error.clone(),
                first_at: known.map_or(now, |fault| fault.first_at),
                last_at: now,
                given_up: self.positions.retry.most <= failures,
            };
            work.put(&fault_key(C::NAME, seq), &fault).await?;
            let mut cursor = progress.cursor_without(&[seq], seq);
            if !fault.given_up {
                cursor.open.push(seq);
                cursor.open.sort_unstable();
            }
            work.put(&cursor_key(C::NAME), &cursor).await?;
            if work.commit().await?.is_some() {
                self.moved(saved, cursor);
                break fault;
            }
        };
        metrics::counter!("wagate_consumer_failures_total", "consumer" => C::NAME).increment(1);
        if fault.given_up {
            metrics::counter!("wagate_consumer_given_up_total", "consumer" => C::NAME).increment(1);
            tracing::error!(seq, error, "consumer {} gave up event {seq}: {error}", C::NAME);
            progress.done(&lane, seq, Instant::now());
        } else {
            tracing::warn!(seq, error, "consumer {} failed at event {seq}: {error}", C::NAME);
            self.wait(progress, event, self.positions.retry.pause(fault.failures, rand::random()));
        }
        Ok(())
    }

    fn moved(&self, saved: &mut ConsumerCursor, cursor: ConsumerCursor) {
        self.positions.set_needed(C::NAME, cursor.needed_from());
        *saved = cursor;
    }

    fn measure(&self, progress: &Progress) {
        let (read_to, open) = (progress.read_to(), progress.open() as u64);
        self.positions.measure(C::NAME, self.log.newest(), read_to, open);
    }
}

/// Why a commit was not carried out.
enum Ended {
    Failed(String),
    /// What was read changed each time.
    Contended,
    Broken(Broken),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

fn broken(ended: Ended) -> Broken {
    match ended {
        Ended::Broken(broken) => broken,
        // Without an event, nothing is read but the cursor.
        Ended::Contended => Broken::Moved,
        Ended::Failed(error) => Broken::Store(StoreError::Corrupt(error)),
    }
}

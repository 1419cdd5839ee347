//! Runner of due jobs: in the order of their times, a few at once, with bounded retries.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    domain::{Error, ErrorCode, clock::between},
    jobs::{
        job::{Job, next_jobs},
        schedule::{Handler, Jobs, Then, Tries},
    },
    store::StoreError,
};

/// The longest rest. After it a changed wall clock is noticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The pause after the store failed.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// Jobs read beside those that run: of an unknown kind, or not due yet.
const MORE: usize = 64;

type Handlers = HashMap<&'static str, Arc<dyn Handler>>;
type Named = (String, String);

impl Jobs {
    /// Starts the task that runs jobs of these kinds. A job of another kind waits for a version of the gateway that
    /// knows it.
    pub fn start(
        &self,
        handlers: HashMap<&'static str, Arc<dyn Handler>>,
        tries: Tries,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) {
        tasks.spawn(run(self.clone(), handlers, tries, stop));
    }
}

async fn run(jobs: Jobs, handlers: Handlers, tries: Tries, stop: CancellationToken) {
    let mut moved = jobs.clock.moved();
    let mut running: HashSet<Named> = HashSet::new();
    let mut tasks: JoinSet<Named> = JoinSet::new();
    loop {
        let pause = match start_due(&jobs, &handlers, tries, &mut running, &mut tasks).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "jobs cannot be read from the store; retrying");
                DISK_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = tasks.join_next() => match ended {
                Ok(name) => drop(running.remove(&name)),
                // Caught within; only a task that is cut off ends so.
                Err(error) => tracing::error!(%error, "a job was cut off"),
            },
            () = jobs.scheduled.notified() => (),
            () = moved.wait() => (),
            () = tokio::time::sleep(pause) => (),
        }
    }
    tasks.shutdown().await;
}

/// Starts what is due and has room. How long until the next.
async fn start_due(
    jobs: &Jobs,
    handlers: &Handlers,
    tries: Tries,
    running: &mut HashSet<Named>,
    tasks: &mut JoinSet<Named>,
) -> Result<Duration, StoreError> {
    let mut limit = tries.at_once + MORE;
    loop {
        let next = next_jobs(&jobs.store, limit).await?;
        let (now, is_all) = (jobs.clock.now(), next.len() < limit);
        let mut overdue = Duration::ZERO;
        for job in next {
            let named = (job.kind.clone(), job.name.clone());
            let Some(handler) = handlers.get(job.kind.as_str()) else { continue };
            if running.contains(&named) {
                continue;
            }
            if now < job.due {
                lag(overdue);
                return Ok(between(now, job.due).min(LONGEST_PAUSE));
            }
            overdue = overdue.max(between(job.due, now));
            if tries.at_once <= running.len() {
                lag(overdue);
                return Ok(LONGEST_PAUSE);
            }
            running.insert(named.clone());
            let (jobs, handler) = (jobs.clone(), handler.clone());
            tasks.spawn(async move {
                run_one(&jobs, &*handler, job, tries).await;
                named
            });
        }
        lag(overdue);
        if is_all {
            return Ok(LONGEST_PAUSE);
        }
        // Jobs of other kinds fill the page: they are passed over.
        limit *= 2;
    }
}

/// How late the latest job begins.
fn lag(overdue: Duration) {
    metrics::gauge!("wagate_jobs_lag_seconds").set(overdue.as_secs_f64());
}

async fn run_one(jobs: &Jobs, handler: &dyn Handler, job: Job, tries: Tries) {
    let ran = AssertUnwindSafe(attempt(jobs, handler, &job)).catch_unwind();
    let failure = match tokio::time::timeout(tries.deadline, ran).await {
        Ok(Ok(Ok(()))) => {
            metrics::counter!("wagate_jobs_total", "outcome" => "done").increment(1);
            return;
        }
        Ok(Ok(Err(error))) => error,
        Ok(Err(_)) => Error::internal("the job panicked"),
        Err(_) => Error::new(ErrorCode::Timeout, "the job took too long"),
    };
    metrics::counter!("wagate_jobs_total", "outcome" => "failed").increment(1);
    let (kind, name) = (&job.kind, &job.name);
    tracing::warn!(error = %failure, "job {kind} {name} failed");
    if let Err(error) = note_failure(jobs, &job, &failure, tries).await {
        tracing::error!(%error, "the failure of job {kind} {name} could not be stored");
        tokio::time::sleep(DISK_PAUSE).await;
    }
}

/// Runs a job, and commits its effects with what becomes of it.
async fn attempt(jobs: &Jobs, handler: &dyn Handler, job: &Job) -> Result<(), Error> {
    let key = job.key();
    let mut work = jobs.log.work();
    let events = loop {
        // The job may have been run, cancelled or rescheduled meanwhile.
        if work.get(&key).await?.as_ref() != Some(job) {
            return Ok(());
        }
        let due = match handler.run(job, &mut work).await? {
            Then::Done => None,
            Then::At(time) => Some(time),
            Then::After(pause) => Some(jobs.clock.now() + pause),
        };
        match due {
            None => work.delete(&key).await?,
            Some(due) => {
                let next = Job { due, attempts: 0, failure: None, ..job.clone() };
                work.put(&key, &next).await?;
            }
        }
        if let Some(events) = work.commit().await? {
            break events;
        }
    };
    match events.last() {
        Some(last) => jobs.log.publish(last.seq).await?,
        None => jobs.store.durable().await?,
    }
    handler.committed(job).await;
    Ok(())
}

async fn note_failure(
    jobs: &Jobs,
    job: &Job,
    failure: &Error,
    tries: Tries,
) -> Result<(), StoreError> {
    let key = job.key();
    let mut transaction = jobs.store.transaction();
    loop {
        if transaction.get(&key).await?.as_ref() != Some(job) {
            return Ok(());
        }
        let attempts = job.attempts.saturating_add(1);
        let is_dead = tries.most <= attempts;
        let due = jobs.clock.now() + pause(attempts, tries);
        let failure = Some(failure.message.clone());
        transaction.put(&key, &Job { due, attempts, failure, is_dead, ..job.clone() }).await?;
        if transaction.commit().await? {
            if is_dead {
                let (kind, name) = (&job.kind, &job.name);
                metrics::counter!("wagate_jobs_total", "outcome" => "dead").increment(1);
                tracing::error!(
                    "job {kind} {name} failed {attempts} times and is dead; schedule it again after fixing the cause"
                );
            }
            return Ok(());
        }
    }
}

/// Before the next try, after so many failures.
fn pause(attempts: u32, tries: Tries) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    tries.first_pause.saturating_mul(doubled).min(tries.longest_pause)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    };

    use async_trait::async_trait;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::{
        domain::{Clock, clock::from_seconds},
        events::{EventLog, Work},
        store::Store,
    };

    const KIND: &str = "test";
    const MINUTE: Duration = Duration::from_secs(60);

    /// Counts in the store, and fails as often as it is asked to.
    #[derive(Default)]
    struct Counting {
        ran: AtomicU64,
        failures: AtomicU32,
        panics: AtomicU32,
        again: Mutex<Option<Then>>,
    }

    fn counter(name: &str) -> Job {
        Job::new("counted", name, from_seconds(1_000_000))
    }

    /// How often the effects of a job happened: kept as the tries of a job that nobody runs.
    async fn effects(store: &Store, name: &str) -> u32 {
        store.get(&counter(name).key()).await.unwrap().map_or(0, |job| job.attempts)
    }

    #[async_trait]
    impl Handler for Counting {
        async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
            self.ran.fetch_add(1, Ordering::SeqCst);
            let key = counter(&job.name).key();
            let mut count = work.get(&key).await?.unwrap_or_else(|| counter(&job.name));
            count.attempts += 1;
            work.put(&key, &count).await?;
            tokio::task::yield_now().await;
            let less = |left: u32| left.checked_sub(1);
            if self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                panic!("asked for");
            }
            if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                return Err(Error::internal("asked for"));
            }
            Ok(self.again.lock().unwrap().unwrap_or(Then::Done))
        }
    }

    struct Stage {
        jobs: Jobs,
        clock: Clock,
        handler: Arc<Counting>,
        stop: CancellationToken,
        tasks: TaskTracker,
    }

    async fn start(store: Store, clock: Clock, handler: Arc<Counting>) -> Stage {
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let jobs = Jobs::new(store, log, clock.clone());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let handlers: Handlers = HashMap::from([(KIND, handler.clone() as Arc<dyn Handler>)]);
        let tries = Tries { most: 3, ..Tries::default() };
        jobs.start(handlers, tries, &tasks, stop.clone());
        Stage { jobs, clock, handler, stop, tasks }
    }

    async fn stage() -> Stage {
        let [store, _] = Store::two_on_one_engine(0).await;
        start(store, Clock::manual(from_seconds(100)), Arc::default()).await
    }

    async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..20_000 {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{what}");
    }

    impl Stage {
        async fn ran(&self, times: u64) {
            let ran = async || self.handler.ran.load(Ordering::SeqCst) == times;
            until(&format!("{times} runs"), ran).await;
        }

        async fn job(&self) -> Option<Job> {
            self.jobs.get(KIND, "one").await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_job_runs_when_it_is_due_and_not_before_and_then_is_gone() {
        let stage = stage().await;
        let job = Job::new(KIND, "one", from_seconds(160));
        stage.jobs.schedule(&job).await.unwrap();
        let other = Job::new("of a newer version", "one", from_seconds(1));
        stage.jobs.schedule(&other).await.unwrap();
        stage.clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert_eq!(effects(&stage.jobs.store, "one").await, 0);
        stage.clock.advance(Duration::from_secs(1));
        until("it is done", async || stage.job().await.is_none()).await;
        assert_eq!(effects(&stage.jobs.store, "one").await, 1);
        assert!(stage.jobs.get(&other.kind, "one").await.unwrap().is_some());
        stage.stop.cancel();
        stage.tasks.close();
        stage.tasks.wait().await;
    }

    #[tokio::test]
    async fn a_job_that_comes_again_is_due_after_its_pause() {
        let stage = stage().await;
        *stage.handler.again.lock().unwrap() = Some(Then::After(Duration::from_secs(60)));
        stage.jobs.repeat(KIND, "one", MINUTE).await.unwrap();
        for round in 1..4_u32 {
            stage.ran(round.into()).await;
            let due = from_seconds(100 + 60 * i64::from(round));
            until("its next time", async || stage.job().await.is_some_and(|it| it.due == due))
                .await;
            assert_eq!(effects(&stage.jobs.store, "one").await, round);
            stage.clock.advance(Duration::from_secs(60));
        }
    }

    #[tokio::test]
    async fn a_start_leaves_a_job_that_comes_again_to_its_time_but_not_to_one_far_away() {
        let stage = stage().await;
        let job = |due| Job::new("of another runner", "one", from_seconds(due));
        let due = async |job: Job| {
            stage.jobs.schedule(&job).await.unwrap();
            stage.jobs.repeat(&job.kind, &job.name, MINUTE).await.unwrap();
            let found = stage.jobs.get(&job.kind, &job.name).await.unwrap().unwrap();
            assert_eq!((found.attempts, found.is_dead), (0, false));
            found.due
        };
        for (left, expected) in [(60, 60), (100, 100), (160, 160), (161, 100)] {
            assert_eq!(due(job(left)).await, from_seconds(expected));
        }
        assert_eq!(due(Job { attempts: 1, ..job(160) }).await, from_seconds(100));
        assert_eq!(due(Job { is_dead: true, ..job(160) }).await, from_seconds(100));
    }

    #[tokio::test]
    async fn a_job_that_fails_is_tried_after_growing_pauses_without_effects_and_is_dead_at_last() {
        let stage = stage().await;
        stage.handler.failures.store(2, Ordering::SeqCst);
        stage.handler.panics.store(1, Ordering::SeqCst);
        stage.jobs.schedule(&Job::new(KIND, "one", from_seconds(100))).await.unwrap();
        for (attempt, pause) in [(1, 5), (2, 10)] {
            stage.ran(attempt.into()).await;
            let now = stage.clock.now();
            until("the failure is noted", async || {
                let job = stage.job().await.unwrap();
                job.attempts == attempt && job.due == now + Duration::from_secs(pause)
            })
            .await;
            stage.clock.advance(Duration::from_secs(pause));
        }
        until("it is dead", async || stage.job().await.unwrap().is_dead).await;
        let dead = stage.job().await.unwrap();
        assert_eq!((dead.attempts, dead.failure.as_deref()), (3, Some("asked for")));
        assert_eq!(effects(&stage.jobs.store, "one").await, 0);
        stage.clock.advance(Duration::from_secs(100_000));
        stage.jobs.schedule(&Job::new(KIND, "one", stage.clock.now())).await.unwrap();
        until("it is done after all", async || stage.job().await.is_none()).await;
        assert_eq!(
            (stage.handler.ran.load(Ordering::SeqCst), effects(&stage.jobs.store, "one").await),
            (4, 1)
        );
    }

    /// Runners on two stores of one engine, of which one is killed again and again at any moment.
    #[tokio::test(flavor = "multi_thread")]
    async fn each_job_runs_and_its_effects_happen_once_over_kills_and_two_runners() {
        const JOBS: usize = 150;
        let [one, other] = Store::two_on_one_engine(6).await;
        let clock = Clock::manual(from_seconds(100));
        let handler = Arc::<Counting>::default();
        let log = EventLog::open(one.clone(), clock.clone()).await.unwrap();
        let scheduling = Jobs::new(one.clone(), log.clone(), clock.clone());
        for n in 0..JOBS {
            let due = from_seconds(90 + i64::try_from(n % 20).unwrap());
            scheduling.schedule(&Job::new(KIND, &n.to_string(), due)).await.unwrap();
        }
        let steady = start(other, clock.clone(), handler.clone()).await;
        let mut kills = 0;
        while !next_jobs(&one, JOBS).await.unwrap().iter().all(|job| job.kind != KIND) {
            let jobs = Jobs::new(one.clone(), log.clone(), clock.clone());
            let handlers: Handlers = HashMap::from([(KIND, handler.clone() as Arc<dyn Handler>)]);
            let stop = CancellationToken::new();
            let killed = tokio::spawn(super::run(jobs, handlers, Tries::default(), stop));
            for _ in 0..rand::random_range(0..40) {
                tokio::task::yield_now().await;
            }
            killed.abort();
            let _ = killed.await;
            kills += 1;
            clock.advance(Duration::from_secs(1));
        }
        for n in 0..JOBS {
            assert_eq!(effects(&one, &n.to_string()).await, 1, "job {n} after {kills} kills");
        }
        assert!(JOBS as u64 <= handler.ran.load(Ordering::SeqCst));
        steady.stop.cancel();
    }

    #[test]
    fn pauses_double_and_are_bounded() {
        let tries = Tries::default();
        let pauses = [1, 2, 3, 40].map(|attempts| pause(attempts, tries).as_secs());
        assert_eq!(pauses, [5, 10, 20, 3_600]);
    }
}

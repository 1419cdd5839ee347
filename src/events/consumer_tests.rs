//! Consumers under failures, kills and restarts: each effect once, in the order of its lane.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    domain::{Ack, Clock, Event, EventBody, SessionId, clock::from_seconds, conversation::Tag},
    events::{
        Begin, Consumer, Consumers, EventLog, Failure, Flow, Need, NewEvent, Retention, Retry,
        Work, effect::effect_id,
    },
    store::{Batch, Key, Record, Store},
};

const PATIENCE: Duration = Duration::from_secs(30);
const RETRY: Retry = Retry { first: Duration::ZERO, longest: Duration::from_millis(2), most: 4 };

/// What is to go wrong with events, by their numbers.
#[derive(Default)]
struct Plan {
    /// So many times, in one of several ways.
    failures: HashMap<u64, u32>,
    /// Always.
    poison: BTreeSet<u64>,
}

/// Appends the number of each event to the record of its lane. Two such notes of one event would be seen.
#[derive(Clone)]
struct Scribe(Arc<Mutex<Plan>>);

fn record(lane: &str) -> (Key<Tag>, Uuid) {
    let id = effect_id(Uuid::nil(), lane, 0);
    (Tag::key().uuid(id), id)
}

impl Consumer for Scribe {
    const NAME: &'static str = "scribe";
    const AT_ONCE: usize = 3;
    const BEGINS: Begin = Begin::Oldest;

    type Error = Failure;

    fn wants(&self, event: &Event) -> bool {
        matches!(event.body.whatsapp(), Some(EventBody::Ack { .. }))
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, Failure> {
        let (key, id) = record(&event.lane());
        let known = work.get(&key).await?;
        let name = known.map_or(event.seq.to_string(), |tag| format!("{},{}", tag.name, event.seq));
        let (now, color) = (from_seconds(1), String::new());
        work.put(&key, &Tag { id, name, color, created_at: now, updated_at: now }).await?;
        tokio::task::yield_now().await;
        // After its writes: what is not committed never was.
        let planned = {
            let mut plan = self.0.lock().unwrap();
            if plan.poison.contains(&event.seq) {
                return Err(Failure::of("poison"));
            }
            let left = plan.failures.entry(event.seq).or_default();
            let planned = *left;
            *left = left.saturating_sub(1);
            planned
        };
        assert!(planned != 3, "a panic of the handler");
        match planned {
            0 => {
                // Logged in the same commit, and not wanted by this consumer.
                let appended = EventBody::Failed { reason: event.seq.to_string() };
                work.append(NewEvent::of(&"s".parse::<SessionId>().unwrap().into(), appended));
                Ok(Flow::Done)
            }
            1 => Ok(Flow::Later(Duration::from_millis(1))),
            _ => Err(Failure::of("not now")),
        }
    }
}

fn ack(chat: u8, number: usize) -> EventBody {
    let message = format!("true_1555000000{chat}@c.us_K{number}").parse().unwrap();
    EventBody::Ack { message, ack: Ack::Read, participant: None }
}

async fn log() -> (Store, EventLog) {
    let store = Store::temporary().await.unwrap();
    let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
    (store, log)
}

/// The numbers that were noted, by lane.
async fn noted(store: &Store, lanes: &BTreeMap<String, Vec<u64>>) -> BTreeMap<String, Vec<u64>> {
    let mut noted = BTreeMap::new();
    for lane in lanes.keys() {
        if let Some(tag) = store.get(&record(lane).0).await.unwrap() {
            let numbers = tag.name.split(',').map(|number| number.parse().unwrap()).collect();
            noted.insert(lane.clone(), numbers);
        }
    }
    noted
}

/// Runs a consumer and drops it after so many polls: a kill at whatever it waits for then.
async fn run_for(consumers: &Consumers, scribe: &Scribe, mut polls: u32) {
    let mut run = pin!(consumers.runner(scribe.clone()).run(CancellationToken::new()));
    std::future::poll_fn(|context: &mut Context<'_>| {
        if polls == 0 || run.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        polls -= 1;
        // Also when nothing wakes it: it may be waiting for the time of a retry.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs it until nothing is left to do.
async fn run_to_the_end(log: &EventLog, consumers: &Consumers, scribe: &Scribe, last: u64) {
    let stop = CancellationToken::new();
    let running = tokio::spawn(consumers.runner(scribe.clone()).run(stop.clone()));
    let is_done = async {
        while consumers.needs().iter().any(|need| need.from <= last) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, is_done).await;
    stop.cancel();
    running.await.unwrap();
    assert!(in_time.is_ok(), "{:?} of {}", consumers.needs(), log.newest());
}

#[test]
fn each_effect_is_there_once_and_in_order_whatever_fails_and_whenever_it_is_killed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let events = prop::collection::vec((0..3_u8, 0..4_u32, prop::bool::weighted(0.05)), 1..25);
    let kills = prop::collection::vec(1..120_u32, 0..8);
    let mut runner = TestRunner::new(Config::with_cases(40));
    let held = runner.run(&(events, kills), |(events, kills)| {
        runtime.block_on(async {
            let (store, log) = log().await;
            let session: SessionId = "s".parse().unwrap();
            let bodies = events.iter().enumerate().map(|(n, (chat, ..))| ack(*chat, n)).collect();
            let logged = log.append(&session, bodies, Batch::new()).await.unwrap();
            let mut plan = Plan::default();
            let mut lanes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
            for (event, (_, failures, is_poison)) in logged.iter().zip(&events) {
                plan.failures.insert(event.seq, *failures);
                if *is_poison {
                    plan.poison.insert(event.seq);
                } else {
                    lanes.entry(event.lane()).or_default().push(event.seq);
                }
            }
            let poison = plan.poison.clone();
            let scribe = Scribe(Arc::new(Mutex::new(plan)));
            for polls in kills {
                // Another run of the gateway: nothing in memory outlives it.
                run_for(&Consumers::new(log.clone(), RETRY), &scribe, polls).await;
            }
            let consumers = Consumers::new(log.clone(), RETRY);
            run_to_the_end(&log, &consumers, &scribe, events.len() as u64).await;
            prop_assert_eq!(&noted(&store, &lanes).await, &lanes);
            let appended = log.read(None, events.len() as u64, 1_000).await.unwrap();
            prop_assert_eq!(appended.len(), events.len() - poison.len(), "events of effects");

            // What was given up is listed, and done once it is tried again.
            let faults = consumers.faults(Scribe::NAME, 100).await.unwrap();
            let given_up: BTreeSet<u64> = faults.iter().map(|fault| fault.seq).collect();
            prop_assert_eq!(&given_up, &poison);
            for fault in &faults {
                prop_assert!(
                    fault.given_up && fault.failures == RETRY.most && fault.error == "poison"
                );
            }
            scribe.0.lock().unwrap().poison.clear();
            scribe.0.lock().unwrap().failures.clear();
            for seq in &poison {
                prop_assert_eq!(consumers.retry(Scribe::NAME, *seq).await.unwrap(), Ok(()));
                prop_assert_eq!(consumers.retry(Scribe::NAME, *seq).await.unwrap(), Ok(()));
            }
            let again = Consumers::new(log.clone(), RETRY);
            run_to_the_end(&log, &again, &scribe, log.newest().min(events.len() as u64)).await;
            prop_assert!(again.faults(Scribe::NAME, 100).await.unwrap().is_empty());
            for event in &logged {
                lanes.entry(event.lane()).or_default();
            }
            let all: usize = noted(&store, &lanes).await.values().map(Vec::len).sum();
            prop_assert_eq!(all, events.len());
            Ok(())
        })
    });
    held.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_fails_leaves_the_others_alone_and_the_log_keeps_what_it_needs() {
    let (store, log) = log().await;
    let session: SessionId = "s".parse().unwrap();
    let bodies = vec![ack(1, 0), ack(2, 1), ack(1, 2), ack(2, 3)];
    let logged = log.append(&session, bodies, Batch::new()).await.unwrap();
    let plan = Plan { failures: HashMap::new(), poison: BTreeSet::from([1]) };
    let scribe = Scribe(Arc::new(Mutex::new(plan)));
    let patient = Retry { first: PATIENCE * 10, longest: PATIENCE * 10, most: 9 };
    let consumers = Consumers::new(log.clone(), patient);
    // Until its cursor is known, nothing goes.
    let (tasks, stop) = (tokio_util::task::TaskTracker::new(), CancellationToken::new());
    consumers.start(scribe.clone(), &tasks, stop.clone());
    let (other, own) = (logged[1].lane(), logged[0].lane());
    let lanes = BTreeMap::from([(other.clone(), vec![2, 4]), (own.clone(), Vec::new())]);
    let is_done = async {
        while noted(&store, &lanes).await.get(&other) != Some(&vec![2, 4]) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_done).await.unwrap();
    assert_eq!(
        noted(&store, &lanes).await.get(&own),
        None,
        "what follows the first of its lane waits"
    );
    assert_eq!(consumers.needs(), [Need { reader: Scribe::NAME, from: 1 }]);
    let pruned = log.prune(Retention::of_bytes(1), &consumers.needs()).await.unwrap();
    assert_eq!((pruned.dropped, pruned.held_by), (0, vec![Scribe::NAME]));
    let fault = consumers.faults(Scribe::NAME, 9).await.unwrap().remove(0);
    assert_eq!((fault.seq, fault.failures, fault.given_up), (1, 1, false));
    assert_eq!(fault.event, logged[0].id);
    stop.cancel();
    tasks.close();
    tasks.wait().await;

    // Another run tries at once what waited.
    scribe.0.lock().unwrap().poison.clear();
    let consumers = Consumers::new(log.clone(), RETRY);
    run_to_the_end(&log, &consumers, &scribe, 4).await;
    assert_eq!(noted(&store, &lanes).await.get(&own), Some(&vec![1, 3]));
    assert_eq!(consumers.faults(Scribe::NAME, 9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_goes_on_without_an_event_that_is_skipped() {
    let (store, log) = log().await;
    let session: SessionId = "s".parse().unwrap();
    let bodies = vec![ack(1, 0), ack(1, 1)];
    let lane = log.append(&session, bodies, Batch::new()).await.unwrap()[0].lane();
    let plan = Plan { failures: HashMap::new(), poison: BTreeSet::from([1]) };
    let scribe = Scribe(Arc::new(Mutex::new(plan)));
    let patient = Retry { first: PATIENCE * 10, longest: PATIENCE * 10, most: 9 };
    let consumers = Consumers::new(log.clone(), patient);
    let (tasks, stop) = (tokio_util::task::TaskTracker::new(), CancellationToken::new());
    consumers.start(scribe.clone(), &tasks, stop.clone());
    let skipped = async {
        while consumers.skip(Scribe::NAME, 1).await.unwrap().is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let lanes = BTreeMap::from([(lane.clone(), vec![2])]);
        while noted(&store, &lanes).await != lanes {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while consumers.list(9).await.unwrap()[0].lag != 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, skipped).await.unwrap();
    let status = consumers.list(9).await.unwrap().remove(0);
    // What it notes of an event is an event as well.
    assert!(2 <= status.cursor && 2 < status.needed_from, "{status:?}");
    assert!(status.faults[0].given_up);
    consumers.skip(Scribe::NAME, 1).await.unwrap().unwrap();
    assert_eq!(consumers.faults(Scribe::NAME, 9).await.unwrap(), []);
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_consumer_do_everything_once() {
    let (store, log) = log().await;
    let session: SessionId = "s".parse().unwrap();
    let scribe = Scribe(Arc::default());
    let stop = CancellationToken::new();
    let runs = [(); 3].map(|()| {
        let consumers = Consumers::new(log.clone(), RETRY);
        tokio::spawn(consumers.runner(scribe.clone()).run(stop.clone()))
    });
    let mut lanes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for number in 0..60_usize {
        let body = ack(u8::try_from(number % 3).unwrap(), number);
        let event = log.append(&session, vec![body], Batch::new()).await.unwrap().remove(0);
        lanes.entry(event.lane()).or_default().push(event.seq);
    }
    let is_done = async {
        while noted(&store, &lanes).await.values().map(Vec::len).sum::<usize>() < 60 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_done).await.unwrap();
    stop.cancel();
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(noted(&store, &lanes).await, lanes);
}

#[test]
fn pauses_grow_with_the_failures_up_to_the_longest() {
    let retry = Retry::default();
    assert_eq!(retry.pause(1, 1.0), retry.first);
    assert_eq!(retry.pause(3, 1.0), retry.first * 4);
    assert_eq!(retry.pause(3, 0.0), retry.first * 2);
    assert_eq!(retry.pause(u32::MAX, 1.0), retry.longest);
}

/// Reads a record that somebody else changes after each second event.
struct Beset {
    store: Store,
    handled: AtomicU64,
}

impl Consumer for Beset {
    const NAME: &'static str = "beset";
    const AT_ONCE: usize = 16;
    const BEGINS: Begin = Begin::Oldest;

    type Error = Failure;

    async fn handle(&self, work: &mut Work<'_>, _: &Event) -> Result<Flow, Failure> {
        let (key, id) = record("of others");
        work.get(&key).await?;
        let number = self.handled.fetch_add(1, Ordering::SeqCst);
        if number.is_multiple_of(2) {
            let (now, color) = (from_seconds(1), String::new());
            let name = number.to_string();
            let tag = Tag { id, name, color, created_at: now, updated_at: now };
            let mut transaction = self.store.transaction();
            transaction.put(&key, &tag).await?;
            assert!(transaction.commit().await?);
        }
        Ok(Flow::Done)
    }
}

#[tokio::test]
async fn what_others_change_all_the_time_holds_up_no_consumer() {
    let (store, log) = log().await;
    let bodies = (0..100).map(|number| ack(1, number)).collect();
    log.append(&"s".parse().unwrap(), bodies, Batch::new()).await.unwrap();
    let consumers = Consumers::new(log, RETRY);
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let beset = Beset { store, handled: AtomicU64::default() };
    consumers.start(beset, &tasks, stop.clone());
    assert!(consumers.caught_up("beset", PATIENCE).await);
    assert_eq!(consumers.faults("beset", 10).await.unwrap().len(), 0);
    stop.cancel();
}

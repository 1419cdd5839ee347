//! The inbox on a log: what events make of conversations, and lists that agree with a count by hand.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use proptest::prelude::*;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    answers::{AnswerRules, Assistant},
    bots::{Bots, Responder},
    config::Config,
    contacts::{ContactIntake, Contacts},
    domain::{
        Clock, EventBody, Jid, Message, SessionId, SessionRecord, SessionRef, clock::from_seconds,
        session::SessionConfig,
    },
    events::{Consumers, EventLog, Retry},
    inbox::{
        Agent, AnswerQueue, ConsumerParts, InboxConsumer, InboxEvent, InboxState, Status,
        WindowJob,
        counts::{self, put_state},
        merge::{Merge, order},
        state::Listed,
    },
    jobs::{Handler, Jobs, Tries},
    knowledge::Retrieval,
    messaging::Ingest,
    session::{EventSink, SessionTables},
    settings::{InEffect, Settings},
    store::{Record, Store},
};

const PATIENCE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);

struct Stage {
    store: Store,
    log: EventLog,
    ingest: Arc<Ingest>,
    consumers: Consumers,
    jobs: Jobs,
    clock: Clock,
    tasks: TaskTracker,
}

fn session() -> SessionId {
    "s".parse().unwrap()
}

fn chat(person: u8) -> Jid {
    format!("1555000000{person}@c.us").parse().unwrap()
}

impl Stage {
    async fn on(store: Store) -> Self {
        let clock = Clock::manual(from_seconds(1_000));
        let of = SessionRef { id: session(), uuid: Uuid::from_u128(1) };
        let record = SessionRecord::new(of, 1, SessionConfig::default(), clock.now());
        store.sessions().put(&record).await.unwrap();
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        log.bind(&record.reference());
        let ingest = Ingest::new(store.clone(), log.clone(), clock.clone());
        let consumers = Consumers::new(log.clone(), Retry::default());
        let jobs = Jobs::new(store.clone(), log.clone(), clock.clone());
        Self { store, log, ingest, consumers, jobs, clock, tasks: TaskTracker::new() }
    }

    async fn new() -> Self {
        Self::on(Store::temporary().await.unwrap()).await
    }

    fn settings(&self) -> Settings {
        let shipped = InEffect::configured(&Config::shipped().unwrap());
        Settings::unchanged(self.log.clone(), shipped)
    }

    fn assistant(&self) -> Assistant {
        let rules = AnswerRules::of(&Config::shipped().unwrap().assistant);
        Assistant::new(self.responder(), None, rules, self.clock.clone())
    }

    fn responder(&self) -> Responder {
        Responder::new(Retrieval::new(self.store.clone()))
    }

    fn consumer(&self) -> InboxConsumer {
        let contacts = Contacts::new(self.store.clone(), self.log.clone(), self.clock.clone());
        InboxConsumer::new(ConsumerParts {
            clock: self.clock.clone(),
            jobs: self.jobs.clone(),
            intake: ContactIntake::new(&contacts, self.settings()),
            outbox: None,
            settings: self.settings(),
            bots: Bots::new(self.store.clone(), self.clock.clone()),
            assistant: self.assistant(),
            queue: AnswerQueue::new(
                self.store.clone(),
                self.clock.clone(),
                self.assistant().rules(),
            ),
            store: self.store.clone(),
            automatic: None,
        })
    }

    fn start(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        self.consumers.start(self.consumer(), &self.tasks, stop.clone());
        stop
    }

    /// A message of a person, or one to them.
    fn message(&self, person: u8, key: &str, from_me: bool) -> EventBody {
        let id = format!("{from_me}_{}_{key}", chat(person)).parse().unwrap();
        let author = if from_me { "15559999999@c.us".parse().unwrap() } else { chat(person) };
        let message = Box::new(Message::text(id, author, "words", self.clock.now()));
        if from_me { EventBody::MessageSent { message } } else { EventBody::Message { message } }
    }

    async fn report(&self, event: EventBody) {
        self.ingest.ingest(&session(), vec![event]).await.unwrap();
    }

    async fn caught_up(&self) {
        assert!(self.consumers.caught_up(InboxConsumer::NAME, PATIENCE).await);
    }

    async fn state(&self, person: u8) -> Option<InboxState> {
        self.store.get(&InboxState::at(&session(), &chat(person))).await.unwrap()
    }

    async fn logged(&self) -> Vec<InboxEvent> {
        let events = self.log.read(None, 0, 10_000).await.unwrap();
        events.iter().filter_map(|event| event.body.read()).collect()
    }
}

/// The length of each list, from its counter.
async fn counted(store: &Store) -> BTreeMap<String, u64> {
    let states = store.select(InboxState::key().below(), 10_000).await.unwrap();
    let mut lists: Vec<String> = states.iter().flat_map(InboxState::lists).collect();
    let all = counts::Count::key().text("s").below();
    let counters = store.select(all, 10_000).await.unwrap();
    lists.sort_unstable();
    lists.dedup();
    // As many counters as lists: none is left over.
    assert_eq!(counters.len(), lists.len());
    let mut lengths = BTreeMap::new();
    for list in lists {
        let length = counts::length(store, &[session()], &list).await.unwrap();
        lengths.insert(list, length);
    }
    lengths
}

/// The same by hand.
async fn counted_by_hand(store: &Store) -> BTreeMap<String, u64> {
    let mut lengths = BTreeMap::new();
    for state in store.select(InboxState::key().below(), 10_000).await.unwrap() {
        for list in state.lists() {
            *lengths.entry(list).or_default() += 1;
        }
    }
    lengths
}

#[tokio::test]
async fn a_conversation_is_opened_answered_resolved_and_opened_again() {
    let stage = Stage::new().await;
    stage.start();
    stage.report(stage.message(1, "A", false)).await;
    stage.caught_up().await;
    let state = stage.state(1).await.unwrap();
    assert_eq!((state.status, state.listed.unread), (Status::Open, true));
    assert_eq!(state.last_inbound, Some(from_seconds(1_000)));
    stage.clock.advance(HOUR);
    stage.report(stage.message(1, "B", true)).await;
    stage.caught_up().await;
    let state = stage.state(1).await.unwrap();
    assert_eq!(state.first_response_at, Some(from_seconds(4_600)));
    assert!(!state.listed.unread);
    let agent = Agent::Key(Uuid::from_u128(7));
    let mut resolved = state;
    resolved.assign(Some(agent), None, stage.clock.now());
    resolved.resolve(None, None, stage.clock.now()).unwrap();
    let transaction = stage.store.transaction();
    put_state(transaction.store(), &resolved).await.unwrap();
    let mut transaction = transaction;
    assert!(transaction.commit().await.unwrap());
    stage.report(stage.message(1, "C", false)).await;
    stage.caught_up().await;
    let state = stage.state(1).await.unwrap();
    assert_eq!((state.status, state.assignee), (Status::Assigned, Some(agent)));
    let opened = |reopened| InboxEvent::Opened { of: state.about(), reopened };
    let waiting_since = from_seconds(1_000);
    let responded = InboxEvent::Responded { of: state.about(), waiting_since, by: None };
    assert_eq!(stage.logged().await, [opened(false), responded, opened(true)]);
    assert_eq!(counted(&stage.store).await, counted_by_hand(&stage.store).await);
}

#[tokio::test]
async fn groups_and_chats_without_a_message_are_not_in_the_inbox() {
    let stage = Stage::new().await;
    stage.start();
    let group = "120363000000000000@g.us";
    let id = format!("false_{group}_A_{}", chat(1)).parse().unwrap();
    let message = Box::new(Message::text(id, chat(1), "words", stage.clock.now()));
    stage.report(EventBody::Message { message }).await;
    stage.report(stage.message(2, "A", false)).await;
    stage.caught_up().await;
    let states = stage.store.select(InboxState::key().below(), 9).await.unwrap();
    assert_eq!(states.iter().map(|state| state.chat.clone()).collect::<Vec<_>>(), [chat(2)]);
    // A session that is not there has no inbox either.
    let gone: SessionId = "gone".parse().unwrap();
    stage.ingest.ingest(&gone, vec![stage.message(1, "A", false)]).await.unwrap();
    stage.caught_up().await;
    assert_eq!(stage.store.select(InboxState::key().below(), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_end_of_a_window_is_announced_once_and_put_off_by_each_message() {
    let stage = Stage::new().await;
    let stop = stage.start();
    let job = WindowJob::new(stage.clock.clone(), stage.settings());
    let handlers = HashMap::from([(WindowJob::KIND, Arc::new(job) as Arc<dyn Handler>)]);
    stage.jobs.start(handlers, Tries::default(), &stage.tasks, stop.clone());
    let expiring = async |stage: &Stage| {
        let logged = stage.logged().await;
        let is_expiring = |event: &&InboxEvent| matches!(event, InboxEvent::WindowExpiring { .. });
        logged.iter().filter(is_expiring).count()
    };
    stage.report(stage.message(1, "A", false)).await;
    stage.caught_up().await;
    stage.clock.advance(21 * HOUR);
    stage.report(stage.message(1, "B", false)).await;
    stage.caught_up().await;
    // Due because of the first message, and put off because of the second.
    stage.clock.advance(HOUR);
    let state = stage.state(1).await.unwrap();
    let name = state.conversation.to_string();
    until(async || {
        let job = stage.jobs.get(WindowJob::KIND, &name).await.unwrap();
        job.is_some_and(|job| job.due == from_seconds(1_000) + 43 * HOUR)
    })
    .await;
    assert_eq!(expiring(&stage).await, 0);
    stage.clock.advance(21 * HOUR);
    until(async || expiring(&stage).await == 1).await;
    until(async || stage.jobs.get(WindowJob::KIND, &name).await.unwrap().is_none()).await;
    assert_eq!(stage.state(1).await.unwrap().warned_of, state.last_inbound);
    stage.report(stage.message(1, "C", false)).await;
    stage.caught_up().await;
    stage.clock.advance(22 * HOUR);
    until(async || expiring(&stage).await == 2).await;
    stop.cancel();
}

async fn until(is_so: impl AsyncFn() -> bool) {
    let met = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.unwrap();
}

/// Two consumers on two stores of one engine, of which one is killed again and again at any moment.
#[tokio::test(flavor = "multi_thread")]
async fn over_kills_each_step_happens_once_and_the_counters_agree_with_a_count_by_hand() {
    const ROUNDS: usize = 60;
    let [one, other] = Store::two_on_one_engine(7).await;
    let (stage, killed) = (Stage::on(one).await, Stage::on(other).await);
    for round in 0..ROUNDS {
        let person = u8::try_from(round % 5).unwrap();
        let from_me = round % 3 == 1;
        stage.report(stage.message(person, &format!("K{round}"), from_me)).await;
    }
    let newest = stage.log.newest();
    let steady = stage.start();
    loop {
        let runner = killed.consumers.runner(killed.consumer());
        let run = tokio::spawn(runner.run(CancellationToken::new()));
        for _ in 0..rand::random_range(0..200) {
            tokio::task::yield_now().await;
        }
        run.abort();
        let _ = run.await;
        let all = stage.consumers.list(9).await.unwrap();
        if all.iter().all(|one| newest <= one.cursor) {
            break;
        }
    }
    stage.caught_up().await;
    steady.cancel();
    assert_eq!(counted(&stage.store).await, counted_by_hand(&stage.store).await);
    let logged = stage.logged().await;
    let is_opened = |event: &&InboxEvent| matches!(event, InboxEvent::Opened { .. });
    assert_eq!(logged.iter().filter(is_opened).count(), 5, "{logged:?}");
    // Each of the five is answered once: no matter who was written to first, when the contact had written.
    assert_eq!(logged.len(), 10, "{logged:?}");
}

#[derive(Clone, Debug)]
struct Step {
    person: u8,
    at: u32,
    status: Status,
    is_assigned: bool,
    tags: Vec<u8>,
    flags: (bool, bool, bool, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop::sample::select(Status::ALL.to_vec());
    let flags = any::<(bool, bool, bool, bool)>();
    let tags = prop::collection::vec(0_u8..3, 0..3);
    let step = (0_u8..9, 0_u32..5, status, any::<bool>(), tags, flags);
    let step = step.prop_map(|(person, at, status, is_assigned, tags, flags)| Step {
        person,
        at,
        status,
        is_assigned,
        tags,
        flags,
    });
    prop::collection::vec(step, 1..40)
}

fn state_of(step: &Step) -> InboxState {
    let (unread, archived, hidden, starred) = step.flags;
    let mut tags: Vec<Uuid> =
        step.tags.iter().map(|tag| Uuid::from_u128(u128::from(*tag))).collect();
    tags.sort_unstable();
    tags.dedup();
    // Less than a millisecond apart, so that some differ in what the index does not have.
    let last_activity = from_seconds(1) + Duration::from_micros(300) * step.at;
    let listed = Listed { last_activity, unread, archived, tags, hidden };
    let of = if step.person.is_multiple_of(2) { "s" } else { "t" }.parse().unwrap();
    let id = Uuid::from_u128(u128::from(step.person));
    let assignee = step.is_assigned.then_some(Agent::Key(Uuid::from_u128(7)));
    let state = InboxState::new((&of, &chat(step.person)), id, listed, from_seconds(1));
    InboxState { status: step.status, starred, assignee, ..state }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However states change, each list has those that say so, newest first, its counter has their number, and pages
    /// behind any of them go on where it stands.
    #[test]
    fn lists_and_their_counters_follow_the_states(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let store = Store::temporary().await.unwrap();
            let mut expected: BTreeMap<Jid, InboxState> = BTreeMap::new();
            for step in &steps {
                let state = state_of(step);
                let mut transaction = store.transaction();
                put_state(transaction.store(), &state).await.unwrap();
                assert!(transaction.commit().await.unwrap());
                expected.insert(state.chat.clone(), state);
            }
            let sessions = ["s", "t"].map(|id| id.parse::<SessionId>().unwrap());
            let mut lists: Vec<String> = expected.values().flat_map(InboxState::lists).collect();
            lists.push("all".to_owned());
            lists.sort_unstable();
            lists.dedup();
            for list in lists {
                let in_list = |state: &&InboxState| state.lists().contains(&list);
                let mut own: Vec<&InboxState> = expected.values().filter(in_list).collect();
                own.sort_by(|a, b| order(a).cmp(&order(b)));
                let length = counts::length(&store, &sessions, &list).await.unwrap();
                assert_eq!(length, own.len() as u64, "{list}");
                let from = std::iter::once(None).chain(own.iter().map(|state| Some(*state)));
                for (place, before) in from.enumerate() {
                    let names = std::slice::from_ref(&list);
                    let mut merge = Merge::new(&store, &sessions, names, (before, None));
                    let mut read = Vec::new();
                    while let Some(step) = merge.next().await.unwrap() {
                        read.extend(step);
                    }
                    assert_eq!(read.iter().collect::<Vec<_>>(), own[place..], "{list} {place}");
                }
            }
        });
    }
}

//! Analytics on a log: each event counts once, on its day, also after kills, and a recount agrees.

use std::{sync::Arc, time::Duration};

use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    analytics::{
        AdCounts, AgentCounts, Analytics, AnalyticsConsumer, ChannelCounts, ContactCounts, Period,
        Ratings, Recounted, Spans,
        calendar::Calendar,
        records::{AdDay, ChannelDay, ContactDay, Placed},
        recount::recount,
    },
    config::Config,
    contacts::{Actor, Contact, ContactEvent, Medium},
    domain::{
        Ack, Clock, EventBody, Jid, LogEvent, Message, MessageId, SessionId, SessionRecord,
        SessionRef, Timestamp,
        details::{AdContext, Details},
        session::SessionConfig,
    },
    events::{Consumers, EventLog, EventTables, NewEvent, Retry},
    inbox::{About, Agent, InboxEvent},
    messaging::Ingest,
    session::{EventSink, SessionTables},
    settings::{InEffect, Settings},
    store::{Record, Store, StoreError},
};

const PATIENCE: Duration = Duration::from_secs(30);
const ZONE: &str = "Asia/Kolkata";
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Date = date(2026, 3, 1);
const AGENT: Agent = Agent::Key(Uuid::from_u128(7));

struct Stage {
    store: Store,
    log: EventLog,
    ingest: Arc<Ingest>,
    consumers: Consumers,
    clock: Clock,
    tasks: TaskTracker,
}

fn session() -> SessionId {
    "s".parse().unwrap()
}

fn channel() -> Uuid {
    Uuid::from_u128(1)
}

fn chat(person: u8) -> Jid {
    format!("1555000000{person}@c.us").parse().unwrap()
}

fn id(person: u8, key: &str, from_me: bool) -> MessageId {
    format!("{from_me}_{}_{key}", chat(person)).parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::new(TimeZone::get(ZONE).unwrap())
}

impl Stage {
    /// At ten in the morning of the business's day.
    async fn on(store: Store) -> Self {
        let clock = Clock::manual("2026-03-01T04:30:00Z".parse().unwrap());
        let of = SessionRef { id: session(), uuid: channel() };
        let record = SessionRecord::new(of, 1, SessionConfig::default(), clock.now());
        store.sessions().put(&record).await.unwrap();
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        log.bind(&record.reference());
        let ingest = Ingest::new(store.clone(), log.clone(), clock.clone());
        let consumers = Consumers::new(log.clone(), Retry::default());
        Self { store, log, ingest, consumers, clock, tasks: TaskTracker::new() }
    }

    async fn new() -> Self {
        Self::on(Store::temporary().await.unwrap()).await
    }

    fn settings(&self) -> Settings {
        let mut shipped = Config::shipped().unwrap();
        shipped.business.time_zone = ZONE.to_owned();
        Settings::unchanged(self.log.clone(), InEffect::configured(&shipped))
    }

    fn start(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        self.consumers.start(AnalyticsConsumer::new(self.settings()), &self.tasks, stop.clone());
        stop
    }

    fn message(&self, person: u8, key: &str, from_me: bool) -> Message {
        let author = if from_me { "15559999999@c.us".parse().unwrap() } else { chat(person) };
        Message::text(id(person, key, from_me), author, "words", self.clock.now())
    }

    async fn report(&self, event: EventBody) {
        self.ingest.ingest(&session(), vec![event]).await.unwrap();
    }

    async fn receives(&self, person: u8, key: &str) {
        let message = Box::new(self.message(person, key, false));
        self.report(EventBody::Message { message }).await;
    }

    async fn sends(&self, person: u8, key: &str) {
        let message = Box::new(self.message(person, key, true));
        self.report(EventBody::MessageSent { message }).await;
    }

    async fn acked(&self, person: u8, key: &str, ack: Ack) {
        let message = id(person, key, true);
        self.report(EventBody::Ack { message, ack, participant: None }).await;
    }

    async fn tell(&self, event: &impl LogEvent) {
        let mut work = self.log.work();
        let appended = loop {
            work.append(NewEvent::of_module(Some(session().into()), event).unwrap());
            if let Some(appended) = work.commit().await.unwrap() {
                break appended;
            }
        };
        self.log.publish(appended.last().unwrap().seq).await.unwrap();
    }

    async fn caught_up(&self) {
        assert!(self.consumers.caught_up(AnalyticsConsumer::NAME, PATIENCE).await);
    }

    fn analytics(&self) -> Analytics {
        Analytics::new(self.store.clone(), self.settings(), self.clock.clone())
    }

    async fn day(&self, day: Date) -> ChannelCounts {
        let period = Period { from: day, to: day };
        self.analytics().channels(&[channel()], period).await.unwrap().total
    }
}

fn about(person: u8) -> About {
    let conversation = Uuid::from_u128(person.into());
    About { chat: chat(person), conversation, contact: None, automatic: false }
}

fn spans(seconds: &[u64]) -> Spans {
    let mut spans = Spans::default();
    seconds.iter().for_each(|seconds| spans.note(Duration::from_secs(*seconds)));
    spans
}

#[tokio::test]
async fn messages_count_at_their_hour_of_the_business_and_each_step_once() {
    let stage = Stage::new().await;
    stage.start();
    stage.receives(1, "A").await;
    stage.clock.advance(HOUR);
    for key in ["B", "C", "D"] {
        stage.sends(1, key).await;
    }
    for (key, ack) in [
        ("B", Ack::Delivered),
        ("B", Ack::Read),
        // Read at once, and a voice note that is played.
        ("C", Ack::Read),
        ("C", Ack::Played),
        ("D", Ack::Delivered),
        // Known already.
        ("D", Ack::Delivered),
    ] {
        stage.acked(1, key, ack).await;
    }
    // Missed while the gateway was away, and as late as that seen by the contact.
    let mut missed = stage.message(1, "E", true);
    missed.ack = Ack::Read;
    missed.timestamp = stage.clock.now() - 24 * HOUR;
    stage.report(EventBody::MessageSent { message: Box::new(missed) }).await;
    stage.caught_up().await;
    let mut expected =
        ChannelCounts { sent: 3, received: 1, delivered: 3, read: 2, ..ChannelCounts::default() };
    (expected.received_by_hour[10], expected.sent_by_hour[11]) = (1, 3);
    assert_eq!(stage.day(DAY).await, expected);
    let before = stage.day(DAY.yesterday().unwrap()).await;
    assert_eq!((before.sent, before.delivered, before.read), (1, 1, 1));
    assert_eq!(before.sent_by_hour[11], 1);
}

#[tokio::test]
async fn an_ack_that_comes_before_its_message_is_counted_with_it() {
    let stage = Stage::new().await;
    let entry = stage.message(1, "A", true);
    let mut log = stage.log.work();
    for body in [
        EventBody::Ack { message: entry.id.clone(), ack: Ack::Read, participant: None },
        EventBody::MessageSent { message: Box::new(Message { ack: Ack::Read, ..entry }) },
    ] {
        log.append(NewEvent::of(&session().into(), body));
    }
    let appended = log.commit().await.unwrap().unwrap();
    stage.log.publish(appended.last().unwrap().seq).await.unwrap();
    stage.start();
    stage.caught_up().await;
    let day = stage.day(DAY).await;
    assert_eq!((day.sent, day.delivered, day.read), (1, 1, 1));
}

#[tokio::test]
async fn groups_and_sessions_that_are_gone_do_not_count() {
    let stage = Stage::new().await;
    stage.start();
    let group = "120363000000000000@g.us";
    let id = format!("false_{group}_A_{}", chat(1)).parse().unwrap();
    let message = Box::new(Message::text(id, chat(1), "words", stage.clock.now()));
    stage.report(EventBody::Message { message }).await;
    let gone: SessionId = "gone".parse().unwrap();
    let message = Box::new(stage.message(1, "A", false));
    stage.ingest.ingest(&gone, vec![EventBody::Message { message }]).await.unwrap();
    stage.caught_up().await;
    assert_eq!(stage.store.select(ChannelDay::key().below(), 9).await.unwrap(), []);
}

#[tokio::test]
async fn conversations_count_for_their_channel_and_for_who_worked_on_them() {
    let stage = Stage::new().await;
    stage.start();
    let begun = stage.clock.now();
    stage.tell(&InboxEvent::Opened { of: about(1), reopened: false }).await;
    let assigned = InboxEvent::Assigned { of: about(1), assignee: Some(AGENT), by: None };
    stage.tell(&assigned).await;
    stage.clock.advance(Duration::from_secs(120));
    let by = Some(AGENT);
    stage.tell(&InboxEvent::Responded { of: about(1), waiting_since: begun, by }).await;
    stage.tell(&InboxEvent::Responded { of: about(2), waiting_since: begun, by: None }).await;
    stage.clock.advance(2 * HOUR);
    let resolved = InboxEvent::Resolved {
        of: about(1),
        by: Some(Agent::Key(Uuid::from_u128(8))),
        assignee: Some(AGENT),
        opened_at: Some(begun),
        survey: None,
    };
    stage.tell(&resolved).await;
    stage.caught_up().await;
    let day = stage.day(DAY).await;
    assert_eq!((day.opened, day.resolved), (1, 1));
    assert_eq!(day.first_response, spans(&[120, 120]));
    assert_eq!(day.resolution, spans(&[7_320]));
    let period = Period { from: DAY, to: DAY };
    let agents = stage.analytics().agents(&[channel()], period).await.unwrap();
    let counts = AgentCounts {
        assigned: 1,
        resolved: 1,
        first_response: spans(&[120]),
        resolution: spans(&[7_320]),
        ..AgentCounts::default()
    };
    assert_eq!(agents, [(AGENT, counts)]);
    let before = Period { from: DAY.yesterday().unwrap(), to: DAY.yesterday().unwrap() };
    assert_eq!(stage.analytics().agents(&[channel()], before).await.unwrap(), []);
}

#[tokio::test]
async fn a_rating_counts_once_for_its_channel_and_its_agent() {
    let stage = Stage::new().await;
    stage.start();
    let survey = Uuid::from_u128(9);
    stage.tell(&InboxEvent::SurveySent { of: about(1), survey, agent: Some(AGENT) }).await;
    stage.tell(&InboxEvent::Rated { of: about(1), survey, rating: 2, comment: None }).await;
    // The comment comes on the next day, and with it another number.
    stage.clock.advance(24 * HOUR);
    let comment = Some("Quick".to_owned());
    stage.tell(&InboxEvent::Rated { of: about(1), survey, rating: 5, comment }).await;
    stage.caught_up().await;
    let mut ratings = Ratings::default();
    ratings.note(5);
    let day = stage.day(DAY).await;
    assert_eq!((day.surveys, day.ratings), (1, ratings));
    assert_eq!(stage.day(DAY.tomorrow().unwrap()).await, ChannelCounts::default());
    let period = Period { from: DAY, to: DAY };
    let agents = stage.analytics().agents(&[channel()], period).await.unwrap();
    assert_eq!(agents, [(AGENT, AgentCounts { ratings, ..AgentCounts::default() })]);
    let comments = stage.analytics().comments(&[channel()], period).await.unwrap();
    let rated = comments[0].rated.as_ref().unwrap();
    assert_eq!((comments.len(), rated.rating, rated.comment.as_deref()), (1, 5, Some("Quick")));
    let yesterday = DAY.yesterday().unwrap();
    let before = Period { from: yesterday, to: yesterday };
    assert_eq!(stage.analytics().comments(&[channel()], before).await.unwrap(), []);
}

#[tokio::test]
async fn contacts_count_when_they_are_made_agree_and_refuse() {
    let stage = Stage::new().await;
    stage.start();
    let mut contact = Contact::new(stage.clock.now());
    let by = Actor::GATEWAY;
    stage.tell(&ContactEvent::Created { contact: Box::new(contact.clone()), by }).await;
    contact.whatsapp.opted_in = true;
    let updated = |changes: &[&str]| ContactEvent::Updated {
        contact: Box::new(contact.clone()),
        changes: changes.iter().map(|change| (*change).to_owned()).collect(),
        by,
    };
    stage.tell(&updated(&["optedIn"])).await;
    stage.tell(&updated(&["name"])).await;
    let opted_out = ContactEvent::OptedOut {
        contact: Box::new(contact.clone()),
        medium: Medium::WhatsApp,
        keyword: None,
        message: None,
        by,
    };
    stage.tell(&opted_out).await;
    stage.caught_up().await;
    let period = Period { from: DAY, to: DAY };
    let expected = ContactCounts { created: 1, opted_in: 1, opted_out: 1 };
    assert_eq!(stage.analytics().contacts(period).await.unwrap(), expected);
}

fn from_ad(message: Message, ad: &str) -> EventBody {
    let ad = AdContext {
        source: Some("FB_Ads".to_owned()),
        id: Some(ad.to_owned()),
        title: Some("Spring sale".to_owned()),
        ..AdContext::default()
    };
    let details = Some(Box::new(Details { ad: Some(ad), ..Details::default() }));
    EventBody::Message { message: Box::new(Message { details, ..message }) }
}

#[tokio::test]
async fn people_and_conversations_count_once_for_each_advertisement() {
    let stage = Stage::new().await;
    stage.start();
    stage.report(from_ad(stage.message(1, "A", false), "1")).await;
    stage.clock.advance(HOUR);
    stage.report(from_ad(stage.message(1, "B", false), "1")).await;
    stage.report(from_ad(stage.message(2, "C", false), "1")).await;
    stage.report(from_ad(stage.message(2, "D", false), "2")).await;
    for of in [about(2), about(3)] {
        let (by, assignee, opened_at, survey) = (None, None, None, None);
        stage.tell(&InboxEvent::Resolved { of, by, assignee, opened_at, survey }).await;
    }
    stage.caught_up().await;
    let period = Period { from: DAY, to: DAY };
    let found = stage.analytics().ads(&[channel()], period).await.unwrap();
    let counts: Vec<(&str, AdCounts)> =
        found.iter().map(|(ad, counts)| (ad.name.as_str(), counts.clone())).collect();
    let expected = [
        ("1", AdCounts { contacts: 2, conversations: 2, ..AdCounts::default() }),
        ("2", AdCounts { contacts: 1, conversations: 1, resolved: 1, ..AdCounts::default() }),
    ];
    assert_eq!(counts, expected);
    let ad = &found[0].0;
    assert_eq!(ad.headline.as_deref(), Some("Spring sale"));
    assert_eq!(ad.last_seen_at, ad.first_seen_at + HOUR);
}

/// Messages of many days, with acks, and events of other kinds.
async fn busy(stage: &Stage, days: u8) {
    for day in 0..days {
        for person in 0..3 {
            stage.report(from_ad(stage.message(person, &format!("I{day}"), false), "1")).await;
            let key = format!("O{day}");
            stage.sends(person, &key).await;
            stage.acked(person, &key, Ack::Read).await;
            let (opened, at) = (Some(stage.clock.now()), stage.clock.now());
            stage.tell(&InboxEvent::Opened { of: about(person), reopened: 0 < day }).await;
            stage.clock.advance(HOUR);
            let by = Some(AGENT);
            stage.tell(&InboxEvent::Responded { of: about(person), waiting_since: at, by }).await;
            let of = about(person);
            let (assignee, opened_at, survey) = (None, opened, None);
            let resolved = InboxEvent::Resolved { of, by, assignee, opened_at, survey };
            stage.tell(&resolved).await;
        }
        let contact = Box::new(Contact::new(stage.clock.now()));
        stage.tell(&ContactEvent::Created { contact, by: Actor::GATEWAY }).await;
        stage.clock.advance(21 * HOUR);
    }
}

/// All that was counted, as it lies in the store.
async fn all(store: &Store) -> String {
    let days = store.select(ChannelDay::key().below(), 999).await.unwrap();
    let ads = store.select(AdDay::key().below(), 999).await.unwrap();
    let contacts = store.select(ContactDay::key().below(), 999).await.unwrap();
    format!("{days:#?}\n{ads:#?}\n{contacts:#?}")
}

/// Two consumers on two stores of one engine, of which one is killed again and again at any moment.
#[tokio::test(flavor = "multi_thread")]
async fn over_kills_each_event_counts_once_and_a_recount_agrees() {
    let [one, other] = Store::two_on_one_engine(7).await;
    let (stage, killed) = (Stage::on(one).await, Stage::on(other).await);
    busy(&stage, 9).await;
    let newest = stage.log.newest();
    let steady = stage.start();
    loop {
        let runner = killed.consumers.runner(AnalyticsConsumer::new(killed.settings()));
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
    stage.tasks.close();
    stage.tasks.wait().await;
    let period = stage.analytics().period(Some("2026-03-01"), Some("2026-03-09")).unwrap();
    let total = stage.analytics().channels(&[channel()], period).await.unwrap().total;
    let expected = (27, 27, 27, 27, 27, 27);
    let counted =
        (total.received, total.sent, total.delivered, total.read, total.opened, total.resolved);
    assert_eq!(counted, expected);
    assert_eq!(total.first_response, spans(&[3_600; 27]));
    let counted = all(&stage.store).await;
    // The engine reports conflicts now and then, after which nothing was written.
    let done = loop {
        match recount(&stage.store, &calendar()).await {
            Err(StoreError::Conflict) => (),
            done => break done.unwrap(),
        }
    };
    assert_eq!(done.from, None);
    assert_eq!(all(&stage.store).await, counted);
}

#[tokio::test]
async fn a_recount_leaves_the_days_that_the_log_has_dropped() {
    let stage = Stage::new().await;
    let stop = stage.start();
    busy(&stage, 4).await;
    stage.caught_up().await;
    stop.cancel();
    stage.tasks.close();
    stage.tasks.wait().await;
    let counted = all(&stage.store).await;
    // The log loses the first day and a part of the second.
    let events = stage.log.read(None, 0, 9_999).await.unwrap();
    let second: Timestamp = "2026-03-02T06:00:00Z".parse().unwrap();
    let kept = events.iter().find(|event| second < event.at).unwrap().seq;
    stage.store.events().drop_below(kept, 9_999).await.unwrap();
    // A counter that somebody has spoiled is put right on a day that the log holds, and not on another one.
    let first = ChannelDay { counts: stage.day(DAY).await, ..ChannelDay::new(channel(), DAY) };
    for day in [DAY, date(2026, 3, 3)] {
        put_day(&stage, &ChannelDay::new(channel(), day)).await;
    }
    let Recounted { from, .. } = recount(&stage.store, &calendar()).await.unwrap();
    assert_eq!(from, Some(date(2026, 3, 3)));
    assert_eq!(stage.day(DAY).await, ChannelCounts::default());
    put_day(&stage, &first).await;
    assert_eq!(all(&stage.store).await, counted);
}

async fn put_day(stage: &Stage, day: &ChannelDay) {
    let mut transaction = stage.store.transaction();
    transaction.put(&day.at(), day).await.unwrap();
    assert!(transaction.commit().await.unwrap());
}

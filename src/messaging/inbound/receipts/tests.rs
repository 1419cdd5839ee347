//! Receipts under either id of a recipient, in any order: rows are merged, and acks only rise.

use std::collections::HashMap;

use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        Ack, Clock, EventBody, Identities, Jid, JidKind, Message, MessageId, Receipt, SessionRef,
        clock::from_seconds, identity::Pair,
    },
    events::EventLog,
    messaging::{
        inbound::{
            ingest::Ingest,
            mirror::Mirror,
            receipt_writer::ReceiptWriter,
            receipts::{Receipts, rows},
        },
        stored::{MessagingTables, StoredReceipt},
    },
    session::EventSink,
    store::{Store, Transaction},
};

const PEOPLE: u64 = 3;

fn phone(person: u64) -> Jid {
    format!("1555000001{person}@c.us").parse().unwrap()
}

fn lid(person: u64) -> Jid {
    format!("10001555000001{person}@lid").parse().unwrap()
}

fn named(person: u64, is_hidden: bool) -> Jid {
    if is_hidden { lid(person) } else { phone(person) }
}

fn row(person: Jid, ack: Ack, counts: bool) -> StoredReceipt {
    let mut receipt = Receipt::none(person);
    receipt.raise(ack, Some(from_seconds(5)));
    StoredReceipt { receipt, counts }
}

#[test]
fn rows_under_both_ids_of_a_person_are_one_under_the_number() {
    let pair = Pair::of(&lid(1), &phone(1)).unwrap();
    let known: Identities = [&pair].into_iter().collect();
    let stored = vec![
        row(lid(1), Ack::Sent, true),
        row(lid(2), Ack::Delivered, true),
        row(phone(1), Ack::Read, false),
    ];
    let folded = rows::fold(stored, &known);
    let found: Vec<_> = folded
        .rows
        .iter()
        .map(|one| (one.receipt.participant.clone(), one.receipt.ack, one.counts))
        .collect();
    assert_eq!(found, [(phone(1), Ack::Read, true), (lid(2), Ack::Delivered, true)]);
    assert_eq!(folded.gone, [lid(1)]);
    assert_eq!(rows::own_ack(&folded.rows), Some(Ack::Delivered));
    let again = rows::fold(folded.rows.clone(), &known);
    assert_eq!((again.rows, again.changed, again.gone), (folded.rows, Vec::new(), Vec::new()));
}

/// What an engine reports about a message.
#[derive(Clone, Debug)]
enum Report {
    /// Of a person, under either id.
    Ack { person: u64, is_hidden: bool, level: i64 },
    /// Of the message as a whole.
    Own(i64),
    /// Who a person is.
    Learned(u64),
    /// What the engine knows when it is asked.
    Found { person: u64, is_hidden: bool, level: i64 },
}

fn report() -> impl Strategy<Value = Report> {
    let person = (0..PEOPLE, any::<bool>(), -1i64..5);
    prop_oneof![
        4 => person.clone().prop_map(|(person, is_hidden, level)| Report::Ack { person, is_hidden, level }),
        2 => (-1i64..5).prop_map(Report::Own),
        1 => (0..PEOPLE).prop_map(Report::Learned),
        1 => person.prop_map(|(person, is_hidden, level)| Report::Found { person, is_hidden, level }),
    ]
}

struct World {
    store: Store,
    log: EventLog,
    ingest: std::sync::Arc<Ingest>,
    session: SessionRef,
    message: MessageId,
}

impl World {
    /// With a message to a group whose people are noted under these ids.
    async fn new(chat: &str, hidden: &[bool]) -> Self {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let session = SessionRef { id: "s".parse().unwrap(), uuid: Uuid::from_u128(1) };
        log.bind(&session);
        let ingest = Ingest::new(store.clone(), log.clone(), clock);
        let me: Jid = "15551230001@c.us".parse().unwrap();
        let end = if chat.ends_with("@g.us") { "_15551230001@c.us" } else { "" };
        let id: MessageId = format!("true_{chat}_K{end}").parse().unwrap();
        let people = (0..PEOPLE).zip(hidden).map(|(n, is_hidden)| named(n, *is_hidden));
        let recipients = id.chat.is_group().then(|| people.collect());
        let message = Message { recipients, ..Message::text(id.clone(), me, "x", from_seconds(5)) };
        let sent = EventBody::MessageSent { message: Box::new(message) };
        ingest.ingest(&session.id, vec![sent]).await.unwrap();
        Self { store, log, ingest, session, message: id }
    }

    async fn apply(&self, report: &Report) {
        let session = &self.session.id;
        let body = match report {
            Report::Ack { person, is_hidden, level } => EventBody::Ack {
                message: self.message.clone(),
                ack: Ack::from_level(*level),
                participant: self.message.chat.is_group().then(|| named(*person, *is_hidden)),
            },
            Report::Own(level) => EventBody::Ack {
                message: self.message.clone(),
                ack: Ack::from_level(*level),
                participant: None,
            },
            Report::Learned(person) => EventBody::IdentityLearned {
                lid: lid(*person),
                phone: phone(*person),
                former_phone: None,
                former_lid: None,
                since: None,
            },
            Report::Found { person, is_hidden, level } => {
                let mut found = Receipt::none(named(*person, *is_hidden));
                found.raise(Ack::from_level(*level), Some(from_seconds(6)));
                let found = vec![found];
                self.found(found).await;
                return;
            }
        };
        self.ingest.ingest(session, vec![body]).await.unwrap();
    }

    /// Writes what the engine answers when it is asked.
    async fn found(&self, found: Vec<Receipt>) {
        let writer = ReceiptWriter::new(self.ingest.writer().clone());
        writer.write(&self.session.id, &self.message, found).await.unwrap();
    }

    /// Applies the receipts of an event within a transaction.
    async fn apply_in(&self, work: &Transaction, body: &mut EventBody) -> Vec<EventBody> {
        let writer = self.ingest.writer();
        let mirror = Mirror { store: work.store(), session: &self.session.id, now: writer.now() };
        Receipts::new(mirror, writer.log()).apply(body).await.unwrap()
    }

    /// The logged acks in their order: of the whole message, and of each person.
    async fn logged(&self) -> HashMap<Option<Jid>, Vec<Ack>> {
        let mut logged: HashMap<Option<Jid>, Vec<Ack>> = HashMap::new();
        for event in self.log.read(Some(self.session.uuid), 0, 1_000).await.unwrap() {
            if let Some(EventBody::Ack { ack, participant, .. }) = event.body.whatsapp() {
                let person = participant.as_ref().map(|id| {
                    let number = (0..PEOPLE).find(|n| *id == lid(*n) || *id == phone(*n)).unwrap();
                    phone(number)
                });
                logged.entry(person).or_default().push(*ack);
            }
        }
        logged
    }

    async fn own(&self) -> Ack {
        let stored = self.store.messages().get(&self.session.id, &self.message).await.unwrap();
        stored.unwrap().ack
    }
}

fn rises(acks: &[Ack]) -> bool {
    acks.windows(2).all(|pair| pair[0] < pair[1])
}

async fn acks_only_rise_after(chat: &str, hidden: [bool; 3], all: Vec<Report>) {
    let world = World::new(chat, &hidden).await;
    let mut before = world.own().await;
    for one in &all {
        world.apply(one).await;
        let own = world.own().await;
        assert!(before <= own, "it went down from {before:?} to {own:?} by {one:?}");
        before = own;
    }
    for person in 0..PEOPLE {
        world.apply(&Report::Learned(person)).await;
    }
    world.found(Vec::new()).await;
    let logged = world.logged().await;
    // Until somebody's number is known, nobody can tell that two ids are one person.
    assert!(logged.get(&None).is_none_or(|acks| rises(acks)), "{logged:?} after {all:?}");
    let rows = world.store.receipts().of(&world.session.id, &world.message).await.unwrap();
    let mut people: Vec<&Jid> = rows.iter().map(|one| &one.receipt.participant).collect();
    people.sort();
    people.dedup();
    assert_eq!(people.len(), rows.len());
    assert!(people.iter().all(|id| id.kind() == JidKind::Person), "{people:?}");
    if world.message.chat.is_group() {
        assert_eq!(people.len(), usize::try_from(PEOPLE).unwrap());
    }
    let last = logged.get(&None).and_then(|acks| acks.last().copied());
    let own = world.own().await;
    assert!(last.is_none_or(|last| last <= own), "{logged:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_ack_never_goes_down_and_no_event_says_less_than_one_before(
        hidden in any::<[bool; 3]>(),
        all in prop::collection::vec(report(), 0..14),
        is_group in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let chat = if is_group { "120363000000000001@g.us" } else { "15550000010@c.us" };
        runtime.block_on(acks_only_rise_after(chat, hidden, all));
    }
}

#[tokio::test]
async fn a_persons_steps_are_events_once_whichever_id_they_come_under() {
    let world = World::new("120363000000000001@g.us", &[true, false, false]).await;
    world.apply(&Report::Learned(0)).await;
    for (is_hidden, level) in [(true, 2), (false, 2), (false, 3), (true, 2), (true, 3), (false, 4)]
    {
        world.apply(&Report::Ack { person: 0, is_hidden, level }).await;
    }
    let logged = world.logged().await;
    assert_eq!(logged[&Some(phone(0))], [Ack::Delivered, Ack::Read, Ack::Played]);
}

/// Two transactions at once; each releases one of the last two recipients that hold the message back.
async fn at_once(one: impl Fn(&World) -> EventBody, other: impl Fn(&World) -> EventBody) {
    let world = World::new("120363000000000001@g.us", &[false; 3]).await;
    world.apply(&Report::Ack { person: 0, is_hidden: false, level: 3 }).await;
    let (mut first, mut second) = (world.store.transaction(), world.store.transaction());
    let mut body = one(&world);
    for (work, body) in [(&first, &mut body), (&second, &mut other(&world))] {
        let follows = world.apply_in(work, body).await;
        assert!(follows.is_empty());
    }
    assert!(second.commit().await.unwrap());
    assert!(!first.commit().await.unwrap(), "the other holds it back no more");
    let follows = world.apply_in(&first, &mut body).await;
    assert!(matches!(follows[..], [EventBody::Ack { ack: Ack::Read, participant: None, .. }]));
    assert!(first.commit().await.unwrap());
    assert_eq!(world.own().await, Ack::Read);
}

#[tokio::test]
async fn of_two_changes_at_once_that_free_a_message_neither_leaves_it_behind() {
    let ack = |person| {
        move |world: &World| EventBody::Ack {
            message: world.message.clone(),
            ack: Ack::Read,
            participant: Some(phone(person)),
        }
    };
    let left = |world: &World| EventBody::GroupLeft {
        group: world.message.chat.clone(),
        participants: vec![phone(2)],
        by: None,
        action: crate::domain::event::LeaveAction::Leave,
    };
    at_once(ack(1), ack(2)).await;
    at_once(ack(2), ack(1)).await;
    at_once(ack(1), left).await;
    at_once(left, ack(1)).await;
}

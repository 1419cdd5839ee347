//! Receipts of people under either id, in any order: rows that are one, and acks that only rise.

use std::collections::HashMap;

use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{Clock, Message, SessionRef, clock::from_seconds, identity::Pair},
    events::EventLog,
    messaging::receipts::*,
    session::EventSink,
    store::Store,
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
    let rows = vec![
        row(lid(1), Ack::Sent, true),
        row(lid(2), Ack::Delivered, true),
        row(phone(1), Ack::Read, false),
    ];
    let folded = fold(rows, &known);
    let found: Vec<_> = folded
        .rows
        .iter()
        .map(|one| (one.receipt.participant.clone(), one.receipt.ack, one.counts))
        .collect();
    assert_eq!(found, [(phone(1), Ack::Read, true), (lid(2), Ack::Delivered, true)]);
    assert_eq!(folded.gone, [lid(1)]);
    assert_eq!(own::own_ack(&folded.rows), Some(Ack::Delivered));
    let again = fold(folded.rows.clone(), &known);
    assert_eq!((again.rows, again.changed, again.gone), (folded.rows, Vec::new(), Vec::new()));
}

/// What is heard of a message in a group.
#[derive(Clone, Debug)]
enum Heard {
    /// Of a person, under either id.
    Ack { person: u64, is_hidden: bool, level: i64 },
    /// Of the message as a whole.
    Own(i64),
    /// Who a person is.
    Learned(u64),
    /// What the engine knows when it is asked.
    Found { person: u64, is_hidden: bool, level: i64 },
}

fn heard() -> impl Strategy<Value = Heard> {
    let person = (0..PEOPLE, any::<bool>(), -1i64..5);
    prop_oneof![
        4 => person.clone().prop_map(|(person, is_hidden, level)| Heard::Ack { person, is_hidden, level }),
        2 => (-1i64..5).prop_map(Heard::Own),
        1 => (0..PEOPLE).prop_map(Heard::Learned),
        1 => person.prop_map(|(person, is_hidden, level)| Heard::Found { person, is_hidden, level }),
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

    async fn hear(&self, heard: &Heard) {
        let session = &self.session.id;
        let body = match heard {
            Heard::Ack { person, is_hidden, level } => EventBody::Ack {
                message: self.message.clone(),
                ack: Ack::from_level(*level),
                participant: self.message.chat.is_group().then(|| named(*person, *is_hidden)),
            },
            Heard::Own(level) => EventBody::Ack {
                message: self.message.clone(),
                ack: Ack::from_level(*level),
                participant: None,
            },
            Heard::Learned(person) => EventBody::IdentityLearned {
                lid: lid(*person),
                phone: phone(*person),
                former_phone: None,
                former_lid: None,
                since: None,
            },
            Heard::Found { person, is_hidden, level } => {
                let mut found = Receipt::none(named(*person, *is_hidden));
                found.raise(Ack::from_level(*level), Some(from_seconds(6)));
                let found = vec![found];
                self.ingest.found_receipts(session, &self.message, found).await.unwrap();
                return;
            }
        };
        self.ingest.ingest(session, vec![body]).await.unwrap();
    }

    /// The acks that were events, in their order: of the whole message, and of each person.
    async fn told(&self) -> HashMap<Option<Jid>, Vec<Ack>> {
        let mut told: HashMap<Option<Jid>, Vec<Ack>> = HashMap::new();
        for event in self.log.read(Some(self.session.uuid), 0, 1_000).await.unwrap() {
            if let Some(EventBody::Ack { ack, participant, .. }) = event.body.whatsapp() {
                let person = participant.as_ref().map(|id| {
                    let number = (0..PEOPLE).find(|n| *id == lid(*n) || *id == phone(*n)).unwrap();
                    phone(number)
                });
                told.entry(person).or_default().push(*ack);
            }
        }
        told
    }

    async fn own(&self) -> Ack {
        let stored = self.store.messages().get(&self.session.id, &self.message).await.unwrap();
        stored.unwrap().ack
    }
}

fn rises(acks: &[Ack]) -> bool {
    acks.windows(2).all(|pair| pair[0] < pair[1])
}

async fn whatever_is_heard(chat: &str, hidden: [bool; 3], all: Vec<Heard>) {
    let world = World::new(chat, &hidden).await;
    let mut before = world.own().await;
    for one in &all {
        world.hear(one).await;
        let own = world.own().await;
        assert!(before <= own, "it went down from {before:?} to {own:?} by {one:?}");
        before = own;
    }
    for person in 0..PEOPLE {
        world.hear(&Heard::Learned(person)).await;
    }
    world.ingest.found_receipts(&world.session.id, &world.message, Vec::new()).await.unwrap();
    let told = world.told().await;
    // Until somebody's number is known, nobody can tell that two ids are one person.
    assert!(told.get(&None).is_none_or(|acks| rises(acks)), "{told:?} after {all:?}");
    let rows = world.store.receipts().of(&world.session.id, &world.message).await.unwrap();
    let mut people: Vec<&Jid> = rows.iter().map(|one| &one.receipt.participant).collect();
    people.sort();
    people.dedup();
    assert_eq!(people.len(), rows.len());
    assert!(people.iter().all(|id| id.kind() == JidKind::Person), "{people:?}");
    if world.message.chat.is_group() {
        assert_eq!(people.len(), usize::try_from(PEOPLE).unwrap());
    }
    let last = told.get(&None).and_then(|acks| acks.last().copied());
    let own = world.own().await;
    assert!(last.is_none_or(|last| last <= own), "{told:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_ack_never_goes_down_and_no_event_says_less_than_one_before(
        hidden in any::<[bool; 3]>(),
        all in prop::collection::vec(heard(), 0..14),
        is_group in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let chat = if is_group { "120363000000000001@g.us" } else { "15550000010@c.us" };
        runtime.block_on(whatever_is_heard(chat, hidden, all));
    }
}

#[tokio::test]
async fn a_persons_steps_are_events_once_whichever_id_they_come_under() {
    let world = World::new("120363000000000001@g.us", &[true, false, false]).await;
    world.hear(&Heard::Learned(0)).await;
    for (is_hidden, level) in [(true, 2), (false, 2), (false, 3), (true, 2), (true, 3), (false, 4)]
    {
        world.hear(&Heard::Ack { person: 0, is_hidden, level }).await;
    }
    let told = world.told().await;
    assert_eq!(told[&Some(phone(0))], [Ack::Delivered, Ack::Read, Ack::Played]);
}

/// Two transactions of which each makes an end of one of the last two who hold the message back.
async fn at_once(one: impl Fn(&World) -> EventBody, other: impl Fn(&World) -> EventBody) {
    let world = World::new("120363000000000001@g.us", &[false; 3]).await;
    world.hear(&Heard::Ack { person: 0, is_hidden: false, level: 3 }).await;
    let session = &world.session.id;
    let (mut first, mut second) = (world.store.transaction(), world.store.transaction());
    let mut body = one(&world);
    for (work, body) in [(&first, &mut body), (&second, &mut other(&world))] {
        let follows = world.ingest.receipts_in(work.store(), session, body).await.unwrap();
        assert!(follows.is_empty());
    }
    assert!(second.commit().await.unwrap());
    assert!(!first.commit().await.unwrap(), "the other holds it back no more");
    let follows = world.ingest.receipts_in(first.store(), session, &mut body).await.unwrap();
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

//! Numbers, identities, retention and families of the log.

use std::time::Duration;

use crate::{
    domain::{Ack, clock::from_seconds},
    events::{entries::EventTables, log::*},
};

const NOBODY: &[Need<u8>] = &[];

fn ack(key: &str) -> EventBody {
    let message = format!("true_1234567890@c.us_{key}").parse().unwrap();
    EventBody::Ack { message, ack: Ack::Read, participant: None }
}

async fn log() -> (EventLog, Clock) {
    let clock = Clock::manual(from_seconds(1_000));
    (EventLog::open(Store::temporary().await.unwrap(), clock.clone()).await.unwrap(), clock)
}

fn session(name: &str, uuid: u128) -> SessionRef {
    SessionRef { id: name.parse().unwrap(), uuid: Uuid::from_u128(uuid) }
}

#[tokio::test]
async fn a_later_session_of_a_name_gets_no_event_of_an_earlier_one() {
    let (log, _) = log().await;
    let (first, second) = (session("s", 1), session("s", 2));
    log.bind(&first);
    log.append(&first.id, vec![ack("A")], Batch::new()).await.unwrap();
    log.unbind(&first).await;
    log.append(&first.id, vec![ack("B")], Batch::new()).await.unwrap();
    log.bind(&second);
    // What belonged to the first bearer alone ends with it.
    log.unbind(&first).await;
    // The same happening is news to the second session.
    log.append(&second.id, vec![ack("A")], Batch::new()).await.unwrap();
    let numbers = async |session: &SessionRef| -> Vec<(u64, u64)> {
        let events = log.read(Some(session.uuid), 0, 9).await.unwrap();
        let stored = log.inner.store.events();
        let on_disk = stored.between_of(session.uuid, 0, 9, 9).await.unwrap();
        let events: Vec<Event> = events.iter().map(|event| (**event).clone()).collect();
        assert_eq!(events, on_disk);
        events.iter().map(|event| (event.seq, event.channel_seq)).collect()
    };
    assert_eq!((numbers(&first).await, numbers(&second).await), (vec![(1, 1)], vec![(3, 1)]));
    assert_eq!(log.read(None, 0, 9).await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_same_happening_is_logged_once() {
    let (log, _) = log().await;
    let session = "s".parse().unwrap();
    let twice = vec![ack("A"), ack("A"), ack("B")];
    assert_eq!(log.append(&session, twice, Batch::new()).await.unwrap().len(), 2);
    assert!(log.append(&session, vec![ack("B")], Batch::new()).await.unwrap().is_empty());
    assert_eq!(log.number_of(&session, &ack("A")).await.unwrap(), Some(1));
    assert_eq!(log.newest(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_however_many_append_at_once() {
    let (log, _) = log().await;
    (0..3).for_each(|n| log.bind(&session(&format!("s{n}"), n)));
    let appends = (0..20).map(|n| {
        let log = log.clone();
        tokio::spawn(async move {
            let session: SessionId = format!("s{}", n % 3).parse().unwrap();
            for m in 0..10 {
                let body = ack(&format!("K{n}x{m}"));
                log.append(&session, vec![body], Batch::new()).await.unwrap();
            }
        })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap();
    }
    let all = log.read(None, 0, 1_000).await.unwrap();
    assert_eq!(
        all.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (1..=200).collect::<Vec<_>>()
    );
    let of_one = log.read(Some(Uuid::from_u128(1)), 0, 1_000).await.unwrap();
    let within: Vec<_> = of_one.iter().map(|event| event.channel_seq).collect();
    assert_eq!(within, (1..=of_one.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_idle_log_goes_on_behind_what_another_appended_and_dropped() {
    let [one, other] = Store::two_on_one_engine(0).await;
    let session = "s".parse().unwrap();
    let idle = EventLog::open(other, Clock::system()).await.unwrap();
    let busy = EventLog::open(one, Clock::system()).await.unwrap();
    for n in 0..9 {
        busy.append(&session, vec![ack(&format!("K{n}"))], Batch::new()).await.unwrap();
    }
    busy.prune(Retention::of_bytes(1), NOBODY).await.unwrap();
    let appended = idle.append(&session, vec![ack("A")], Batch::new()).await.unwrap();
    assert_eq!((appended[0].seq, appended[0].channel_seq, idle.oldest()), (10, 10, 9));
    for n in 0..9 {
        busy.append(&session, vec![ack(&format!("L{n}"))], Batch::new()).await.unwrap();
    }
    busy.prune(Retention::of_bytes(1), NOBODY).await.unwrap();
    let appended = idle.append(&session, vec![ack("B")], Batch::new()).await.unwrap();
    assert_eq!((appended[0].seq, idle.read(None, 18, 9).await.unwrap().len()), (20, 2));
}

#[tokio::test]
async fn what_is_known_of_a_later_event_outlives_an_earlier_one_of_the_same_identity() {
    let (log, _) = log().await;
    let (session, stored) = (session("s", 1), log.inner.store.clone());
    log.bind(&session);
    log.append(&session.id, vec![ack("A")], Batch::new()).await.unwrap();
    stored.events().forget_identities(session.uuid).await.unwrap();
    log.append(&session.id, vec![ack("A"), ack("B")], Batch::new()).await.unwrap();
    assert_eq!(stored.events().drop_below(2, 9).await.unwrap(), 1);
    assert_eq!(log.number_of(&session.id, &ack("A")).await.unwrap(), Some(2));
    assert_eq!(stored.events().drop_below(3, 9).await.unwrap(), 1);
    assert_eq!(log.number_of(&session.id, &ack("A")).await.unwrap(), None);
}

#[tokio::test]
async fn numbers_go_on_after_a_restart() {
    let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
    let session = "s".parse().unwrap();
    let first = EventLog::open(store.clone(), clock.clone()).await.unwrap();
    first.append(&session, vec![ack("A")], Batch::new()).await.unwrap();
    let second = EventLog::open(store, clock).await.unwrap();
    let event = &second.append(&session, vec![ack("B")], Batch::new()).await.unwrap()[0];
    assert_eq!((event.seq, event.channel_seq), (2, 2));
}

#[tokio::test]
async fn old_events_go_but_never_what_somebody_still_needs() {
    let (log, clock) = log().await;
    let session = "s".parse().unwrap();
    for key in ["A", "B", "C", "D"] {
        log.append(&session, vec![ack(key)], Batch::new()).await.unwrap();
    }
    clock.advance(Duration::from_secs(100));
    let of_age = |seconds| Retention::of_age(Duration::from_secs(seconds));
    assert_eq!(log.prune(of_age(200), NOBODY).await.unwrap().dropped, 0);
    let needs = [Need { reader: 7, from: 3 }];
    assert_eq!(log.prune(of_age(50), &needs).await.unwrap().dropped, 2);
    assert_eq!((log.oldest(), log.newest()), (3, 4));
    assert_eq!(log.prune(of_age(50), NOBODY).await.unwrap().dropped, 1);
    assert_eq!(log.read(None, 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_log_keeps_to_its_size_unless_a_reader_needs_more() {
    let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
    let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
    let session = "s".parse().unwrap();
    for key in 10..60 {
        log.append(&session, vec![ack(&format!("K{key}"))], Batch::new()).await.unwrap();
    }
    let (all, one) = (log.bytes(), log.bytes() / 50);
    assert!((100..1_000).contains(&one), "{one} bytes for an event");
    assert_eq!(log.prune(Retention::of_bytes(all), NOBODY).await.unwrap().dropped, 0);

    let needs = [Need { reader: 7, from: 11 }, Need { reader: 8, from: 45 }];
    let pruned = log.prune(Retention::of_bytes(all / 5), &needs).await.unwrap();
    assert_eq!(pruned, Pruned { dropped: 10, held_by: vec![7] });
    assert!(all / 5 < log.bytes());

    let pruned = log.prune(Retention::of_bytes(all / 5), &needs[1..]).await.unwrap();
    assert_eq!(pruned.held_by, Vec::<u8>::new());
    assert!(log.bytes() <= all / 5 && all / 5 < log.bytes() + 2 * one, "{}", log.bytes());
    // Another run of the gateway counts the same.
    let (oldest, bytes) = (log.oldest(), log.bytes());
    let again = EventLog::open(store, clock).await.unwrap();
    assert_eq!((again.oldest(), again.bytes()), (oldest, bytes));
    // One event stays, however large it is.
    again.prune(Retention::of_bytes(1), NOBODY).await.unwrap();
    assert_eq!((again.oldest(), again.newest()), (50, 50));
}

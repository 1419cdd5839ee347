//! What a ledger holds is what is read back, also when the log was cut off anywhere.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    path::{Path, PathBuf},
    time::Duration,
};

use proptest::prelude::*;
use tokio::runtime;

use crate::{
    domain::{
        Clock, Content, MessageId, Outgoing,
        clock::{from_millis, from_seconds},
        command::MediaKind,
    },
    simulator::{
        Behaviour, GroupForm, NetworkSettings,
        ledger::*,
        protocol::{DeviceContent, RefusalKind},
        relay::Draft,
        world::World,
    },
};

const PEOPLE: [&str; 5] = [
    "15557654321@c.us",
    "15551112222@c.us",
    "15550000001@c.us",
    "15550000011@c.us",
    "15550000003@c.us",
];

fn person(number: usize) -> Jid {
    PEOPLE[number % PEOPLE.len()].parse().unwrap()
}

fn settings(folder: &Path) -> NetworkSettings {
    NetworkSettings {
        most_messages: 6,
        most_media_bytes: 40,
        ..NetworkSettings::new(folder.to_owned(), Clock::manual(from_seconds(1_800_000_000)))
    }
}

fn text(chat: Jid, body: &str) -> Draft {
    let content = DeviceContent::Other(Content::Text { body: body.to_owned() });
    let (key, extra) = (Outgoing::new_key(), crate::simulator::Extra::default());
    Draft { key, chat, content, quoted: None, mentions: Vec::new(), extra }
}

/// One thing that may happen; what it is about is chosen by the numbers.
fn happen(world: &mut World, what: u8, one: usize, other: usize) {
    let (me, them) = (person(one), person(other));
    let groups: Vec<Jid> = world.ledger.groups().keys().cloned().collect();
    let group = groups.get(other % groups.len().max(1)).cloned().unwrap_or_else(|| them.clone());
    let mut chats: Vec<Jid> =
        world.ledger.chats(&me).into_iter().flat_map(HashMap::keys).cloned().collect();
    chats.sort();
    let all = chats.iter().flat_map(|chat| world.ledger.newest(&me, chat, usize::MAX));
    let some_message: Option<MessageId> = all.map(|message| message.id).nth(other);
    // Refusals are fine: then nothing changes.
    match what {
        0..=5 => drop(world.send(&me, text(them, "a \"text\"\nof 😀"), None)),
        6 => drop(world.send(&me, text(group, "to all"), None)),
        7 => {
            let id = format!("{:032}", world.ledger.next_deed() + 100);
            world.keep_file(&id, "image/png", 15);
            let (mime, filename) = ("image/png".to_owned(), Some("ä.png".to_owned()));
            let kind = MediaKind::Image;
            let content = DeviceContent::Media { media: id, kind, mime, filename, caption: None };
            drop(world.send(&me, Draft { content, ..text(them, "") }, None));
        }
        8 => drop(world.mark_read(&me, &them, None)),
        9 => drop(world.archive(&me, &them, one < other, None)),
        10 => drop(world.create_group(&me, "Ours".to_owned(), None, vec![them], GroupForm::Group)),
        11 => drop(world.add_participants(&me, &group, vec![them])),
        12 => drop(world.remove_participants(&me, &group, vec![them])),
        13 => drop(world.describe_group(&me, &group, "what for".to_owned())),
        14 => {
            world.open_account(&me, Some(format!("Owner {other}")));
            let device = format!("credential-{one}-{other}");
            world.ledger.change_person(&me, |person| person.devices.insert(device));
        }
        15 => {
            let devices = world.ledger.person(&me).map(|person| person.devices.clone());
            if let Some(device) = devices.and_then(|devices| devices.into_iter().next()) {
                world.unlink(&device);
            }
        }
        16 => {
            let behaviour = if one < other { Behaviour::Slow } else { Behaviour::Echo };
            world.ledger.change_person(&me, |person| person.behaviour = behaviour);
        }
        17..=20 => {
            let Some(id) = some_message else { return };
            match what {
                17 => drop(world.edit(&me, &id, "edited".to_owned(), None)),
                18 => drop(world.revoke(&me, &id, one < other, None)),
                _ => drop(world.react(&me, &id, "👍".to_owned(), None)),
            }
        }
        21 => world.set_clock(Some(from_millis(1_800_000_000_000 + 1_000 * other as i64))),
        22 => world.set_clock(None),
        _ => {
            let until = world.now() + Duration::from_millis(40 * other as u64);
            while world.do_next(until) {}
        }
    }
}

/// The log that is written to, and how long it is.
fn log_of(folder: &Path) -> (PathBuf, u64) {
    let logs = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| path.to_str()?.rsplit_once("log-")?.1.parse::<u64>().ok();
    let newest = logs.filter(|path| number(path).is_some()).max_by_key(number).unwrap();
    let length = newest.metadata().unwrap().len();
    (newest, length)
}

/// What people see: chats with their newest message and how much is unread, and all messages.
fn seen(ledger: &Ledger) -> Vec<String> {
    let mut seen = Vec::new();
    for person in ledger.people() {
        let id = &person.me.id;
        assert!(
            person.devices.iter().all(|device| ledger.account_of_credential(device) == Some(id))
        );
        seen.push(format!("{person:?}"));
        for (chat, thread) in ledger.chats(id).unwrap() {
            let messages = ledger.newest(id, chat, usize::MAX);
            let unread = ledger.all_stored(id, chat).filter(Stored::is_unread).count();
            assert_eq!((thread.messages, thread.unread), (messages.len() as u64, unread as u64));
            assert!(messages.len() <= 6);
            seen.push(format!("{id} {:?} {messages:?}", ledger.shown(id, thread)));
        }
    }
    seen.extend(ledger.groups().values().map(|group| format!("{group:?}")));
    seen.push(format!("{:?} {} {:?}", ledger.files, ledger.files_size, ledger.deeds));
    seen.push(format!("{} {:?}", ledger.credentials.len(), ledger.stands_at));
    seen.sort();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_is_what_there_was(
        steps in prop::collection::vec((0_u8..26, 0_usize..5, 0_usize..9, 0_u8..20), 0..60),
        cut in 0.0_f64..1.0,
    ) {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::open(settings(folder.path())).unwrap();
        let stage = |world: &World| (log_of(folder.path()).1, world.ledger.store.pairs());
        let mut stages = vec![stage(&world)];
        for (what, one, other, checkpoint) in steps {
            happen(&mut world, what, one, other);
            world.commit();
            if checkpoint == 0 {
                world.ledger.store.hurry();
                let checkpoint = world.ledger.store.begin().unwrap();
                let outcome = runtime.block_on(checkpoint.write());
                world.ledger.store.end(checkpoint, outcome);
                stages.clear();
            }
            stages.push(stage(&world));
        }
        let before = seen(&world.ledger);
        drop(world);
        let again = World::open(settings(folder.path())).unwrap();
        prop_assert_eq!(seen(&again.ledger), before);
        drop(again);

        // Cut anywhere after the last checkpoint.
        let (path, last) = log_of(folder.path());
        let first = stages[0].0;
        let length = first + ((last - first) as f64 * cut) as u64;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let ledger = Ledger::load(folder.path(), 6).unwrap();
        let stage = stages.iter().rev().find(|stage| stage.0 <= length).unwrap();
        prop_assert_eq!(&ledger.store.pairs(), &stage.1);
        prop_assert_eq!(log_of(folder.path()).1, stage.0);
    }
}

#[test]
fn what_the_disk_does_not_take_is_not_acknowledged_and_not_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::open(settings(folder.path())).unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let good = world.ledger.store.swap_file(full);
    world.open_account(&person(0), None);
    world.commit();
    let refused = world.send(&person(0), text(person(1), "x"), None).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Fault);
    world.ledger.store.swap_file(good);
    world.open_account(&person(1), None);
    world.commit();
    assert!(world.send(&person(0), text(person(1), "x"), None).is_ok());
    world.commit();
    let again = World::open(settings(folder.path())).unwrap();
    assert_eq!(seen(&again.ledger), seen(&world.ledger));
}

#[test]
fn the_oldest_messages_go_and_a_change_keeps_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::open(settings(folder.path())).unwrap();
    let (me, them) = (person(0), person(1));
    world.open_account(&me, None);
    for number in 0..8 {
        world.send(&me, text(them.clone(), &number.to_string()), None).unwrap();
        world.commit();
    }
    let bodies = |messages: Vec<Message>| {
        messages.into_iter().map(|message| message.body).collect::<String>()
    };
    let newest = world.ledger.newest(&me, &them, 9);
    let keys: Vec<_> = newest.into_iter().map(|message| message.id.key).collect();
    world.ledger.change_message(&me, &them, &keys[1], |message| message.body = "x".to_owned());
    world.ledger.remove_stored(&me, &them, &keys[5]);
    world.commit();
    let again = Ledger::load(folder.path(), 6).unwrap();
    for ledger in [&world.ledger, &again] {
        assert_eq!(bodies(ledger.newest(&me, &them, 9)), "2x456");
        assert_eq!(bodies(ledger.before(&me, &them, &keys[3], 2).unwrap()), "x4");
        assert!(ledger.before(&me, &them, &keys[5], 2).is_none());
        let chat = ledger.shown(&me, ledger.thread(&me, &them).unwrap());
        assert_eq!(chat.last_message.unwrap().preview, "6");
    }
}

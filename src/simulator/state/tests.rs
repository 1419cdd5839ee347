//! Property tests: the state that is read back is the one that was written, also after a cut of the log.

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
        GroupForm, NetworkSettings,
        media_folder::add_file,
        message_builder::Draft,
        protocol::{DeviceContent, RefusalKind},
        state::{directory::open_account, *},
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

/// One random action; the numbers choose its subject.
fn happen(world: &mut World, limits: &NetworkSettings, what: u8, one: usize, other: usize) {
    let (me, them) = (person(one), person(other));
    let groups: Vec<Jid> = world.state.groups().keys().cloned().collect();
    let group = groups.get(other % groups.len().max(1)).cloned().unwrap_or_else(|| them.clone());
    let mut chats: Vec<Jid> =
        world.state.chats().of(&me).into_iter().flat_map(HashMap::keys).cloned().collect();
    chats.sort();
    let all = chats.iter().flat_map(|chat| world.state.chats().newest(&me, chat, usize::MAX));
    let some_message: Option<MessageId> = all.map(|message| message.id).nth(other);
    // Refusals are fine: then nothing changes.
    match what {
        0..=5 => drop(world.messages().send(&me, text(them, "a \"text\"\nof 😀"), None)),
        6 => drop(world.messages().send(&me, text(group, "to all"), None)),
        7 => {
            let id = format!("{:032}", world.state.tasks().next_number() + 100);
            add_file(&mut world.state, limits, &id, "image/png", 15);
            let (mime, filename) = ("image/png".to_owned(), Some("ä.png".to_owned()));
            let kind = MediaKind::Image;
            let content = DeviceContent::Media { media: id, kind, mime, filename, caption: None };
            drop(world.messages().send(&me, Draft { content, ..text(them, "") }, None));
        }
        8 => drop(world.message_changes().mark_read(&me, &them, None)),
        9 => drop(world.message_changes().archive(&me, &them, one < other, None)),
        10 => {
            drop(world.groups().create(&me, "Ours".to_owned(), None, vec![them], GroupForm::Group))
        }
        11 => drop(world.groups().add_participants(&me, &group, vec![them])),
        12 => drop(world.groups().remove_participants(&me, &group, vec![them])),
        13 => drop(world.groups().describe(&me, &group, "what for".to_owned())),
        14 => {
            open_account(&mut world.state, &me, Some(format!("Owner {other}")));
            let device = format!("credential-{one}-{other}");
            world.state.change_person(&me, |person| person.devices.insert(device));
        }
        15 => {
            let devices = world.state.people().get(&me).map(|person| person.devices.clone());
            if let Some(device) = devices.and_then(|devices| devices.into_iter().next()) {
                world.linking().unlink(&device);
            }
        }
        16 => {
            let behaviour = if one < other { Behaviour::Slow } else { Behaviour::Echo };
            world.state.change_person(&me, |person| person.behaviour = behaviour);
        }
        17..=20 => {
            let Some(id) = some_message else { return };
            match what {
                17 => drop(world.message_changes().edit(&me, &id, "edited".to_owned(), None)),
                18 => drop(world.message_changes().revoke(&me, &id, one < other, None)),
                _ => drop(world.message_changes().react(&me, &id, "👍".to_owned(), None)),
            }
        }
        21 => world.set_clock(Some(from_millis(1_800_000_000_000 + 1_000 * other as i64))),
        22 => world.set_clock(None),
        _ => {
            let until = world.now() + Duration::from_millis(40 * other as u64);
            while world.run_next(until) {}
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
fn visible(state: &State) -> Vec<String> {
    let mut visible = Vec::new();
    for person in state.people().iter() {
        let id = &person.me.id;
        assert!(
            person.devices.iter().all(|device| state.people().of_credential(device) == Some(id))
        );
        visible.push(format!("{person:?}"));
        for (chat, thread) in state.chats().of(id).unwrap() {
            let messages = state.chats().newest(id, chat, usize::MAX);
            let unread = state.chats().all_messages(id, chat).filter(Stored::is_unread).count();
            assert_eq!((thread.messages, thread.unread), (messages.len() as u64, unread as u64));
            assert!(messages.len() <= 6);
            visible.push(format!("{id} {:?} {messages:?}", state.chats().summary(id, thread)));
        }
    }
    visible.extend(state.groups().values().map(|group| format!("{group:?}")));
    visible.push(format!(
        "{:?} {} {:?}",
        state.files,
        state.files.size(),
        state.tasks.iter().collect::<Vec<_>>()
    ));
    visible.push(format!("{} {:?}", state.people().credentials(), state.stopped_at));
    visible.sort();
    visible
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_state_that_is_read_back_is_the_one_that_was_written(
        steps in prop::collection::vec((0_u8..26, 0_usize..5, 0_usize..9, 0_u8..20), 0..60),
        cut in 0.0_f64..1.0,
    ) {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::open(settings(folder.path())).unwrap();
        let stage = |world: &World| (log_of(folder.path()).1, world.state.store().local().pairs());
        let mut stages = vec![stage(&world)];
        for (what, one, other, checkpoint) in steps {
            happen(&mut world, &settings(folder.path()), what, one, other);
            world.commit();
            if checkpoint == 0 {
                world.state.store_mut().local_mut().hurry();
                let checkpoint = world.state.store_mut().local_mut().begin().unwrap();
                let outcome = runtime.block_on(checkpoint.write());
                world.state.store_mut().local_mut().end(checkpoint, outcome);
                stages.clear();
            }
            stages.push(stage(&world));
        }
        let before = visible(&world.state);
        drop(world);
        let again = World::open(settings(folder.path())).unwrap();
        prop_assert_eq!(visible(&again.state), before);
        drop(again);

        // Cut anywhere after the last checkpoint.
        let (path, last) = log_of(folder.path());
        let first = stages[0].0;
        let length = first + ((last - first) as f64 * cut) as u64;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let state = State::load(folder.path(), 6).unwrap();
        let stage = stages.iter().rev().find(|stage| stage.0 <= length).unwrap();
        prop_assert_eq!(&state.store().local().pairs(), &stage.1);
        prop_assert_eq!(log_of(folder.path()).1, stage.0);
    }
}

#[test]
fn what_the_disk_refuses_is_not_acknowledged_and_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::open(settings(folder.path())).unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let good = world.state.store_mut().local_mut().swap_file(full);
    open_account(&mut world.state, &person(0), None);
    world.commit();
    let refused = world.messages().send(&person(0), text(person(1), "x"), None).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Fault);
    world.state.store_mut().local_mut().swap_file(good);
    open_account(&mut world.state, &person(1), None);
    world.commit();
    assert!(world.messages().send(&person(0), text(person(1), "x"), None).is_ok());
    world.commit();
    let again = World::open(settings(folder.path())).unwrap();
    assert_eq!(visible(&again.state), visible(&world.state));
}

#[test]
fn the_oldest_messages_go_and_a_change_keeps_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::open(settings(folder.path())).unwrap();
    let (me, them) = (person(0), person(1));
    open_account(&mut world.state, &me, None);
    for number in 0..8 {
        world.messages().send(&me, text(them.clone(), &number.to_string()), None).unwrap();
        world.commit();
    }
    let bodies = |messages: Vec<crate::domain::Message>| {
        messages.into_iter().map(|message| message.body).collect::<String>()
    };
    let newest = world.state.chats().newest(&me, &them, 9);
    let keys: Vec<_> = newest.into_iter().map(|message| message.id.key).collect();
    world
        .state
        .change_chats()
        .change_message(&me, &them, &keys[1], |message| message.body = "x".to_owned());
    world.state.change_chats().remove_message(&me, &them, &keys[5]);
    world.commit();
    let again = State::load(folder.path(), 6).unwrap();
    for state in [&world.state, &again] {
        assert_eq!(bodies(state.chats().newest(&me, &them, 9)), "2x456");
        assert_eq!(bodies(state.chats().before(&me, &them, &keys[3], 2).unwrap()), "x4");
        assert!(state.chats().before(&me, &them, &keys[5], 2).is_none());
        let chat = state.chats().summary(&me, state.chats().thread(&me, &them).unwrap());
        assert_eq!(chat.last_message.unwrap().preview, "6");
    }
}

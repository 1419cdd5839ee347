//! A store of layout 2 that is migrated while its process is killed at random: afterwards everything is there,
//! once. And the backup of that day, restored by this version.

use std::{collections::BTreeSet, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::process::Command;
use wagate::{
    accounts::KeyRecords,
    domain::{
        SessionId,
        conversation::{Window, message_uuid},
    },
    events::EventTables,
    messaging::MessagingTables,
    session::SessionTables,
    store::{self, Store},
    vault::Keyring,
    webhooks::WebhookTables,
};

use crate::support::{
    daemon::{Daemon, PROGRAM, kills},
    layout_2::{self, Added, Pair, SESSION},
};

const MESSAGES: u64 = 3_000;
const SETTLING: Duration = Duration::from_millis(5);

fn keys_of(data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["key", "list", "--data"]).arg(data).stdout(Stdio::null()).kill_on_drop(true);
    command
}

async fn open(data: &Path) -> Store {
    let folder = data.join("store");
    while store::is_held(&folder) {
        tokio::time::sleep(SETTLING).await;
    }
    let keyring = Keyring::at(data, &wagate::config::Vault::default());
    Store::open(&folder, &keyring, wagate::tables::CATALOGUE)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Each field that was stored is there with what it held.
fn holds(found: &Value, stored: &Value) -> bool {
    match (found, stored) {
        (Value::Object(found), Value::Object(stored)) => stored.iter().all(|(name, value)| {
            found.get(name).map_or(value.is_null(), |found| holds(found, value))
        }),
        _ => found == stored,
    }
}

fn has(found: &[Value], stored: &Value, what: &str) {
    let id = |value: &Value| value["id"].clone();
    let same: Vec<_> = found.iter().filter(|found| id(found) == id(stored)).collect();
    assert!(same.iter().any(|found| holds(found, stored)), "{what}: {stored}\nfound: {same:?}");
}

fn json<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Vec<Value> {
    values.into_iter().map(|value| serde_json::to_value(value).unwrap()).collect()
}

/// What the version before this one had stored is all there.
async fn check(store: &Store, before: &[Pair], added: &[Added]) {
    let session: SessionId = SESSION.parse().unwrap();
    let stored = layout_2::values(before, 5);
    let feed = store.messages().feed(None, usize::MAX).await.unwrap();
    let numbers: BTreeSet<u64> = feed.iter().map(|(_, message)| message.number).collect();
    assert_eq!(numbers.len(), feed.len(), "a message is there twice");
    let found = json(feed.iter().map(|(_, message)| message));
    assert!(stored.len() <= found.len());
    if added.is_empty() {
        assert_eq!(found.len(), stored.len());
        stored.iter().for_each(|message| has(&found, message, "message"));
    }
    for Added { id, number, body } in added {
        let messages = store.messages();
        let uuid = message_uuid(&session, id);
        let (_, by_uuid) = messages.by_uuid(uuid).await.unwrap().expect("by UUID");
        let by_key = messages.stored_by_key(&session, &id.chat, &id.key).await.unwrap();
        let by_number = messages.by_number(*number).await.unwrap().expect("by number");
        assert_eq!((by_uuid.number, &by_uuid.message.body), (*number, body));
        assert_eq!((Some(by_uuid.clone()), by_uuid), (by_key, by_number.1));
    }
    for chat in added.iter().map(|one| &one.id.chat).collect::<BTreeSet<_>>() {
        let of_chat: Vec<&str> =
            added.iter().filter(|one| one.id.chat == *chat).map(|one| one.body.as_str()).collect();
        let page = store.messages().page(&session, chat, None, usize::MAX).await.unwrap();
        assert_eq!(page.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), of_chat);
        let window = store.messages().window(&session, chat, Window::Newest, 999).await.unwrap();
        assert_eq!(window.len(), of_chat.len());
    }
    let events = layout_2::values(before, 8);
    let newest = events.last().unwrap()["seq"].as_u64().unwrap();
    let found = store.events().between(0, newest, usize::MAX).await.unwrap();
    let found: Vec<_> = found.iter().map(|event| (event.seq, event.id.to_string())).collect();
    let wanted = events
        .iter()
        .map(|event| (event["seq"].as_u64().unwrap(), event["id"].as_str().unwrap().to_owned()));
    assert_eq!(found, wanted.collect::<Vec<_>>());
}

/// The records of which there are few.
async fn check_records(store: &Store, before: &[Pair]) {
    let stored = |tree| layout_2::values(before, tree);
    let sessions = store.sessions().list().await.unwrap();
    let found = json(&sessions);
    stored(2).iter().for_each(|session| has(&found, session, "session"));
    let (mut chats, mut contacts, mut sends) = (Vec::new(), Vec::new(), Vec::new());
    for session in &sessions {
        chats.extend(json(store.chats().page(&session.id, 0, 999).await.unwrap()));
        contacts.extend(json(store.contacts().list(&session.id).await.unwrap()));
        sends.extend(json(store.outbox().page(&session.id, None, 999).await.unwrap()));
    }
    stored(3).iter().for_each(|chat| has(&chats, chat, "chat"));
    stored(7).iter().for_each(|contact| has(&contacts, contact, "contact"));
    stored(24).iter().for_each(|send| has(&sends, send, "send"));
    for conversation in stored(54) {
        let uuid = conversation["uuid"].as_str().unwrap().parse().unwrap();
        let found = store.conversations().by_uuid(uuid).await.unwrap().unwrap();
        assert!(holds(&serde_json::to_value(&found).unwrap(), &conversation), "{conversation}");
        let again = store.conversations().by_number(found.number).await.unwrap();
        assert_eq!(again, Some(found));
    }
    let tags = json(store.tags().list().await.unwrap());
    stored(57).iter().for_each(|tag| has(&tags, tag, "tag"));
    let keys = json(KeyRecords::of(store).list().await.unwrap());
    stored(11).iter().for_each(|key| has(&keys, key, "key"));
    for key in KeyRecords::of(store).list().await.unwrap() {
        let found = KeyRecords::of(store).by_hash(&key.hash).await.unwrap();
        assert_eq!(found.map(|found| found.id), Some(key.id));
    }
    let webhooks = store.webhooks().all().await.unwrap();
    for stored in stored(13) {
        let found = webhooks.iter().find(|one| stored["id"] == one.id.to_string()).unwrap();
        assert_eq!(
            (&stored["url"], &stored["accepted"]),
            (&found.url.as_str().into(), &found.accepted.into())
        );
        assert_eq!(stored["secrets"][0]["secret"], found.secrets[0].secret.as_str());
        let cursor = store.webhooks().cursor(found.id).await.unwrap();
        assert!(cursor.is_some_and(|cursor| 0 < cursor.read_to));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_the_layout_before_is_restored_and_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut restore = Command::new(PROGRAM);
    restore.arg("restore").arg(layout_2::backup()).arg("--data").arg(&data);
    let restored = restore.output().await.unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let before = layout_2::pairs();
    let store = open(&data).await;
    check(&store, &before, &[]).await;
    check_records(&store, &before).await;
    drop(store);
    let left: Vec<_> =
        std::fs::read_dir(&data).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("store.")), "{left:?}");
    let daemon = Daemon::start(folder.path()).await;
    let conversations = daemon.get("/api/v1/conversations?per_page=50").await;
    let listed = conversations["data"].as_array().map_or(0, Vec::len);
    assert!(0 < listed, "{conversations}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let kills = kills(4);
    let folder = tempfile::tempdir().unwrap();
    let (template, data) = (folder.path().join("template"), folder.path().join("data"));
    let mut before = layout_2::pairs();
    let added = layout_2::more(&mut before, MESSAGES);
    layout_2::write(&template.join("store"), &before);
    copy(&template, &data);
    let begun = std::time::Instant::now();
    assert!(keys_of(&data).status().await.unwrap().success());
    let whole = begun.elapsed();
    check(&open(&data).await, &before, &added).await;
    let (mut during, mut migrations) = (0, 1);
    std::fs::remove_dir_all(&data).unwrap();
    copy(&template, &data);
    for _ in 0..kills {
        let mut process = keys_of(&data).spawn().unwrap();
        tokio::time::sleep(whole.mul_f64(rand::random_range(0.0..0.7))).await;
        process.kill().await.unwrap();
        if ["store.next", "store.old"].iter().any(|name| data.join(name).exists()) {
            during += 1;
            continue;
        }
        check(&open(&data).await, &before, &added).await;
        migrations += 1;
        std::fs::remove_dir_all(&data).unwrap();
        copy(&template, &data);
    }
    let store = open(&data).await;
    check(&store, &before, &added).await;
    check_records(&store, &before).await;
    println!(
        "{kills} kills, {during} of them during {migrations} migrations: nothing was lost or doubled"
    );
}

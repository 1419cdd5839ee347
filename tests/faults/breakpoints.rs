//! The process dies at every point where a send, an event or a delivery is halfway.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    path::Path,
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::{
    PATIENCE, PHONE,
    daemon::{Daemon, kills},
    http,
    receiver::{Got, Receiver},
};

const SETTINGS: &[(&str, &str)] = &[
    ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms"),
    ("WAGATE_WEBHOOKS__TIMEOUT_SECONDS", "5"),
];
/// Contacts who never answer: one for each way to send.
const QUEUED: &str = "15550000003";
const KEYED: &str = "15551000001";
const PLAIN: &str = "15551000002";
/// Writes to the session.
const WRITER: &str = "15551000003";
/// The first message of each chat.
const OPENING: &str = "opening";
/// How often it dies at one point at most.
const MOST_PASSES: usize = 20;
/// Of each but keyed ones, which go on: they come by at every point.
const MOST: usize = 100;
/// A session that is not ready yet is asked again.
const LOOK: Duration = Duration::from_millis(5);

/// What callers were promised before the process died.
#[derive(Default)]
struct Promised {
    queued: Vec<String>,
    keyed: Vec<String>,
    plain: Vec<String>,
    /// What the network took for the session.
    written: Vec<String>,
}

/// One request after the other until there are enough or the process is gone. The texts that were
/// answered well.
async fn until_the_end(
    daemon: (http::Client, String),
    way: &'static str,
    most: usize,
    path: String,
    body: impl Fn(&str) -> Value,
) -> Vec<String> {
    let (http, base) = daemon;
    let mut done = Vec::new();
    for number in 0..most {
        let words = format!("{way}-{number}");
        loop {
            let mut request = http.post(format!("{base}{path}")).json(&body(&words));
            if way == "keyed" {
                request = request.header("Idempotency-Key", &words);
            }
            let Ok(response) = request.send().await else { return done };
            if response.status().is_success() {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        done.push(words);
    }
    done
}

async fn use_until_it_dies(daemon: Daemon) -> Promised {
    let caller = || (daemon.http.clone(), daemon.base.clone());
    let text = "/api/v1/sessions/s/send-text".to_owned();
    let to = |phone: &'static str, queue: bool| move |words: &str| json!({ "chatId": format!("{phone}@c.us"), "content": words, "queue": queue });
    let to_session = |words: &str| json!({ "chat": format!("{PHONE}@c.us"), "text": words });
    let (queued, keyed, plain, written) = tokio::join!(
        until_the_end(caller(), "queued", MOST, text.clone(), to(QUEUED, true)),
        until_the_end(caller(), "keyed", usize::MAX, text.clone(), to(KEYED, false)),
        until_the_end(caller(), "plain", MOST, text.clone(), to(PLAIN, false)),
        until_the_end(
            caller(),
            "written",
            MOST,
            format!("/_simulator/v1/accounts/{WRITER}/messages"),
            to_session
        ),
    );
    daemon.died().await;
    Promised { queued, keyed, plain, written }
}

/// The caller who got no answer asks again, with the same key.
async fn ask_again(daemon: &Daemon, words: &str) {
    let url = format!("{}/api/v1/sessions/s/send-text", daemon.base);
    let body = json!({ "chatId": format!("{KEYED}@c.us"), "content": words, "queue": false });
    let asked = async {
        loop {
            let request = daemon.http.post(&url).header("Idempotency-Key", words).json(&body);
            let response = request.send().await.unwrap();
            if response.status() == StatusCode::OK {
                return;
            }
            let status = response.status();
            assert!(!status.is_client_error(), "{words}: {status} {:?}", response.text().await);
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("a keyed send is not done");
}

/// Each text that was promised is there once, in order; others at most once.
fn assert_once(what: &str, promised: &[String], found: &[String]) {
    let unique: HashSet<&String> = found.iter().collect();
    assert_eq!(unique.len(), found.len(), "{what}: some are doubled");
    let known: HashSet<&String> = promised.iter().collect();
    let in_order = found.iter().filter(|text| known.contains(text));
    let found: Vec<&String> = in_order.collect();
    let wrong = promised.iter().enumerate().find(|(index, text)| found.get(*index) != Some(text));
    assert_eq!(
        wrong,
        None,
        "{what}: the first that is lost or out of order, of {} in {found:?}",
        promised.len()
    );
}

async fn assert_nothing_is_lost(daemon: &Daemon, receiver: &Receiver, promised: &Promised) {
    let chat = format!("{PHONE}@c.us");
    let ways = [(QUEUED, &promised.queued), (KEYED, &promised.keyed), (PLAIN, &promised.plain)];
    let mut told_of = promised.written.clone();
    for (phone, texts) in ways {
        let mut found = daemon.on_phone(phone, &chat).await;
        found.retain(|text| text != OPENING);
        assert_once(phone, texts, &found);
        told_of.extend(found);
    }
    if !promised.written.is_empty() {
        let path = format!("/api/v1/sessions/s/chats/{WRITER}@c.us/messages?limit=500");
        let mirrored: Vec<String> = daemon
            .get(&path)
            .await
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["body"].as_str().unwrap().to_owned())
            .collect();
        assert_once("the mirror", &promised.written, &mirrored);
    }

    let is_message = |one: &&Got| {
        ["message", "message_sent"].contains(&one.body["event"].as_str().unwrap_or_default())
    };
    // Chats are delivered beside each other: one may have its last messages later than the others.
    let has_come = tokio::time::timeout(PATIENCE, async {
        loop {
            let got = receiver.got.lock().await.clone();
            let said: HashSet<&str> = got.iter().filter(is_message).map(Got::said).collect();
            if told_of.iter().all(|text| said.contains(text.as_str())) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    // What is missing then is named below.
    let _ = has_come.await;
    let got = receiver.got.lock().await.clone();
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in got.iter().filter(is_message) {
        ids.entry(one.said()).or_default().insert(one.header("webhook-id"));
    }
    for text in &told_of {
        let known = ids.get(text.as_str()).map_or(0, BTreeSet::len);
        assert_eq!(known, 1, "{text} was delivered under {known} ids");
    }
    // Chats are delivered beside each other: one may have its last events later than the others.
    let all_came = tokio::time::timeout(PATIENCE, async {
        while 0 < missing(&receiver.got.lock().await) {
            tokio::time::sleep(LOOK).await;
        }
    });
    assert!(all_came.await.is_ok(), "{} events never came", missing(&receiver.got.lock().await));
}

/// How many numbers are missing between the first and the last.
fn missing(got: &[Got]) -> usize {
    let numbers: BTreeSet<u64> = got.iter().map(|one| one.body["seq"].as_u64().unwrap()).collect();
    let (first, last) = (numbers.first().unwrap(), numbers.last().unwrap());
    usize::try_from(last - first + 1).unwrap() - numbers.len()
}

/// Waits until every send has come to its end.
async fn wait_for_the_outbox(daemon: &Daemon) {
    let under_way = async || -> Vec<Value> {
        let answer = daemon.get("/api/v1/sessions/s/outbox?limit=200").await;
        let ends = ["delivered", "read", "failed"];
        let entries = answer["outbox"].as_array().unwrap().iter();
        let open = entries.filter(|entry| !ends.contains(&entry["state"].as_str().unwrap()));
        open.cloned().collect()
    };
    let ended = async {
        while !under_way().await.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(PATIENCE, ended).await.is_err() {
        panic!("these do not end: {:?}", under_way().await);
    }
}

/// Has a first message in each chat. Contacts and conversations that are new are events which no webhook of a session
/// gets: after this there are none of them.
async fn open_conversations(daemon: &Daemon) {
    for phone in [QUEUED, KEYED, PLAIN] {
        daemon.send("s", &format!("{phone}@c.us"), OPENING).await;
    }
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": OPENING });
    daemon.post(&format!("/_simulator/v1/accounts/{WRITER}/messages"), body).await;
    let path = format!("/api/v1/sessions/s/chats/{WRITER}@c.us/messages?limit=1");
    let has_come = |page: &Value| page.as_array().is_some_and(|all| !all.is_empty());
    let is_there = async {
        loop {
            let called = daemon.try_call(Method::GET, &path, None).await;
            if called.is_some_and(|(status, page)| status == 200 && has_come(&page["data"])) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_there).await.expect("the first message");
    let is_done = |all: &Value| all.as_array().unwrap().iter().all(|one| one["lag"] == 0);
    daemon.wait_until("/api/v1/info/consumers", "the consumers", is_done).await;
}

/// A data folder with a linked session, opened conversations and a webhook: each death begins with a copy of it.
async fn prepare(folder: &Path, receiver: &Receiver) {
    let daemon = Daemon::start_with(folder, 0, SETTINGS).await;
    daemon.link("s", PHONE).await;
    open_conversations(&daemon).await;
    daemon
        .post("/api/v1/sessions/s/webhooks", json!({ "url": receiver.url, "events": ["*"] }))
        .await;
    daemon.stop().await;
}

/// Copies a folder with its rights. Sockets that a process left are no part of it.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn dies_at(folder: &Path, receiver: &Receiver, point: Breakpoint, pass: usize) -> Promised {
    receiver.got.lock().await.clear();
    let plan = format!("{}:{pass}", point.name());
    let doomed: Vec<_> = SETTINGS.iter().copied().chain([(VARIABLE, plan.as_str())]).collect();
    let mut promised = match Daemon::try_start(folder, 0, &doomed).await {
        Some(daemon) => use_until_it_dies(daemon).await,
        None => Promised::default(),
    };

    let daemon = Daemon::start_with(folder, 0, SETTINGS).await;
    daemon.wait_until_ready("s").await;
    let unheard = format!("keyed-{}", promised.keyed.len());
    ask_again(&daemon, &unheard).await;
    promised.keyed.push(unheard);
    wait_for_the_outbox(&daemon).await;
    let hooks = daemon.call(Method::GET, "/api/v1/sessions/s/webhooks", None).await;
    let hook = format!("/api/v1/sessions/s/webhooks/{}", hooks[0]["id"].as_str().unwrap());
    let last = promised.written.last().cloned();
    let is_delivered =
        |got: &[Got]| last.iter().all(|text| got.iter().any(|one| one.said() == text));
    tokio::time::timeout(PATIENCE, async {
        while !is_delivered(&receiver.got.lock().await) {
            tokio::time::sleep(LOOK).await;
        }
    })
    .await
    .expect("what was written to the session is not delivered");
    daemon.wait_until(&hook, "the end of the line", |hook| hook["stats"]["waiting"] == 0).await;
    assert_nothing_is_lost(&daemon, receiver, &promised).await;
    daemon.kill().await;
    promised
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_process_dies_what_was_promised_happens_once() {
    let (mut runs, mut sends, mut writes) = (0, 0, 0);
    let is_of_sends = |point: &Breakpoint| {
        !(point.is_of_removal()
            || point.is_of_rotation()
            || point.is_of_broadcasts()
            || point.is_of_models())
    };
    let (prepared, receiver) = (tempfile::tempdir().unwrap(), Receiver::start(&[]).await);
    prepare(prepared.path(), &receiver).await;
    for point in Breakpoint::ALL.into_iter().filter(is_of_sends) {
        for pass in (0..kills(2).min(MOST_PASSES)).map(|number| 2 + 5 * number) {
            let folder = tempfile::tempdir().unwrap();
            copy_folder(prepared.path(), folder.path());
            let promised = dies_at(folder.path(), &receiver, point, pass).await;
            runs += 1;
            sends += promised.queued.len() + promised.keyed.len() + promised.plain.len();
            writes += promised.written.len();
        }
        println!("{}: nothing lost, nothing doubled", point.name());
    }
    println!(
        "{runs} deaths at chosen points: {sends} sends and {writes} incoming messages, each there once"
    );
}

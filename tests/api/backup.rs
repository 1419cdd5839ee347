//! Backups with the real program: taken under load, damaged, and restored into another folder.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::process::Command;
use wagate::{
    config::{Config, Flags, NetworkKind},
    domain::{Clock, SessionConfig, session::EngineKind},
    gateway::Gateway,
};

use crate::{
    app::{PHONE, PNG, TestApp, code},
    daemon::Daemon,
};

const OTHER_PHONE: &str = "15551112222";
const NEW_PHONE: &str = "15551113333";

/// Runs the program in a folder, on `data` in it.
async fn wagate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wagate"));
    command.args(arguments).args(["--data", "data"]).current_dir(folder);
    command.env_remove("WAGATE_API_KEY").output().await.unwrap()
}

/// The same, when it must work; what it says.
async fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = wagate(folder, arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same, when it must not; what it complains of.
async fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = wagate(folder, arguments).await;
    assert!(!output.status.success(), "{arguments:?} should have been refused");
    String::from_utf8(output.stderr).unwrap()
}

/// What lies in a folder, by name.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn picture(daemon: &Daemon, id: &str, chat: &str) -> PathBuf {
    let body = json!({ "chatId": chat, "data": PNG, "caption": "a pixel" });
    let sent = daemon.post(&format!("/api/v1/sessions/{id}/send-image"), body).await;
    let id =
        format!("/api/v1/sessions/{id}/messages/{}/media", sent["messageId"].as_str().unwrap());
    PathBuf::from(id)
}

async fn bytes_of(daemon: &Daemon, path: &Path) -> Vec<u8> {
    let url = format!("{}{}", daemon.base, path.display());
    let answer = daemon.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.bytes().await.unwrap().to_vec()
}

/// The numbers and names of all events.
async fn events(daemon: &Daemon, id: &str) -> Vec<(u64, String)> {
    let url = format!("{}/api/v1/sessions/{id}/events?since=0", daemon.base);
    let newest = daemon.get(&format!("/api/v1/sessions/{id}/chats")).await;
    assert!(newest.is_array());
    let mut answer = daemon.http.get(url).send().await.unwrap();
    let (mut text, pause) = (String::new(), std::time::Duration::from_millis(500));
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(pause, answer.chunk()).await {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let frames = text.split("\n\n").filter_map(|frame| {
        let (number, rest) = frame.strip_prefix("id: ")?.split_once("\nevent: ")?;
        Some((number.parse().unwrap(), rest.split('\n').next()?.to_owned()))
    });
    frames.collect()
}

/// The numbers of the whole log in a data folder, and of those of WhatsApp, which listeners of sessions have names for.
async fn logged(data: &Path, newest: u64) -> (Vec<u64>, Vec<u64>) {
    let flags = Flags {
        port: Some(0),
        data: Some(data.to_owned()),
        network: Some(NetworkKind::Simulated),
        engine: Some(EngineKind::Simulated),
        ..Flags::default()
    };
    let config = Config::load(&flags, &BTreeMap::new()).unwrap();
    let gateway = Gateway::start(config, Clock::system()).await.unwrap();
    let most = usize::try_from(newest).unwrap();
    let events = gateway.services().events.read(None, 0, most).await.unwrap();
    let (mut all, mut named) = (Vec::new(), Vec::new());
    for event in events {
        all.push(event.seq);
        if event.body.whatsapp().is_some() {
            named.push(event.seq);
        }
    }
    gateway.stop().await;
    (all, named)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_under_load_goes_on_elsewhere_without_a_new_scan() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (old.path(), new.path());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let daemon = Daemon::start_on(old, port).await;
    daemon.link("a", PHONE).await;
    daemon.link("b", OTHER_PHONE).await;
    let (a, b) = (format!("{PHONE}@c.us"), format!("{OTHER_PHONE}@c.us"));
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "events": ["message"] });
    let hook = daemon.post("/api/v1/sessions/a/webhooks", hook).await["id"].clone();
    let key = json!({ "name": "bot", "scopes": ["send"] });
    let key = daemon.post("/api/v1/api-keys", key).await["key"].as_str().unwrap().to_owned();
    daemon.send("a", &b, "before").await;
    daemon.wait_for_newest("b", "before").await;
    let media = picture(&daemon, "a", &b).await;
    let pixel = bytes_of(&daemon, &media).await;

    let (is_over, writing) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let (http, base, chat) = (daemon.http.clone(), daemon.base.clone(), b.clone());
            let (is_over, writing) = (is_over.clone(), writing.clone());
            tokio::spawn(async move {
                let mut sent: u32 = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let body = json!({ "chatId": chat, "content": format!("{writer}-{sent}") });
                    let url = format!("{base}/api/v1/sessions/a/send-text");
                    let answer = http.post(url).json(&body).send().await.unwrap();
                    assert!(answer.status().is_success(), "{answer:?}");
                    sent += 1;
                    if sent == 3 {
                        writing.fetch_add(1, Ordering::SeqCst);
                    }
                }
                sent
            })
        })
        .collect();
    daemon.wait_until("/health", "both to write", |_| writing.load(Ordering::SeqCst) == 2).await;
    // Found by the lock on the folder and the port of the settings.
    let said = done(old, &["backup", "b.tar.zst", "--port", &port.to_string()]).await;
    is_over.store(true, Ordering::SeqCst);
    for writer in writers {
        assert_ne!(writer.await.unwrap(), 0);
    }
    assert!(said.contains("session a: its login is in\nsession b: its login is in\n"), "{said}");
    assert!(said.contains("the simulated network; read back and whole"), "{said}");
    let mode = std::fs::metadata(old.join("b.tar.zst")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(listing(old), ["b.tar.zst", "data"]);
    assert!(!listing(&old.join("data")).iter().any(|name| name.starts_with(".backup")));
    let again = refused(old, &["backup", "b.tar.zst", "--url", &daemon.base]).await;
    assert!(again.contains("b.tar.zst exists already"), "{again}");
    daemon.stop().await;

    std::fs::rename(old.join("b.tar.zst"), new.join("b.tar.zst")).unwrap();
    let said = done(new, &["restore", "b.tar.zst"]).await;
    assert!(said.contains("data: restored "), "{said}");
    assert_eq!(
        listing(&new.join("data")),
        ["bootstrap.key", "master.key", "media", "sessions", "simulator", "store"]
    );
    let daemon = Daemon::start(new).await;
    daemon.wait_until_ready("a").await;
    daemon.wait_until_ready("b").await;
    // The index of messages is not in it: it is rebuilt, and both sides of the message are found.
    let is_found = |page: &Value| {
        page["indexing"].is_null() && page["messages"].as_array().is_some_and(|all| all.len() == 2)
    };
    daemon.wait_until("/api/v1/messages?search=before", "the index", is_found).await;
    let devices = daemon.get(&format!("/_simulator/v1/accounts/{PHONE}/devices")).await;
    assert_eq!(devices["devices"].as_array().map(Vec::len), Some(1), "{devices}");
    // All that the session knows to have sent, the network knows too.
    let known = daemon.get(&format!("/api/v1/sessions/a/chats/{b}/messages?limit=100")).await;
    let on_phone = daemon.on_phone(PHONE, &b).await;
    let known = known.as_array().unwrap();
    assert!(2 < known.len());
    for message in known.iter().filter(|message| message["type"] == "chat") {
        let body = message["body"].as_str().unwrap();
        assert!(on_phone.iter().any(|text| text == body), "{body} is unknown to the network");
    }
    assert_eq!(bytes_of(&daemon, &media).await, pixel);
    let hooks = daemon.get("/api/v1/sessions/a/webhooks").await;
    assert_eq!(hooks[0]["id"], hook, "{hooks}");
    let with_key = daemon.http.get(format!("{}/api/v1/sessions", daemon.base)).bearer_auth(&key);
    assert_eq!(with_key.send().await.unwrap().status(), StatusCode::FORBIDDEN, "it may only send");
    daemon.send("b", &a, "after").await;
    daemon.wait_for_newest("a", "after").await;
    daemon.stop().await;
    // From the first event of the old to the last of the new, each once.
    let daemon = Daemon::start(new).await;
    daemon.wait_until_ready("a").await;
    let mut all = events(&daemon, "a").await;
    assert!(all.iter().any(|(_, name)| name == "message_sent"), "{all:?}");
    all.extend(events(&daemon, "b").await);
    all.sort_unstable();
    let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
    let newest = numbers[numbers.len() - 1];
    daemon.stop().await;
    let (logged, named) = logged(&new.join("data"), newest).await;
    assert_eq!(logged, (1..=newest).collect::<Vec<_>>());
    // Those of contacts and of the inbox have no names for listeners of a session.
    assert_eq!(numbers, named);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_refuses_what_is_damaged_or_in_the_way_and_changes_nothing_then() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = refused(folder, &["backup", "b.tar.zst"]).await;
    assert!(said.contains("there is nothing of wagate in data"), "{said}");
    let daemon = Daemon::start(folder).await;
    daemon.link("a", PHONE).await;
    daemon.stop().await;
    let said = done(folder, &["backup", "b.tar.zst"]).await;
    assert!(said.contains("session a: its login is in"), "{said}");
    let before = listing(&folder.join("data"));
    let said = refused(folder, &["restore", "b.tar.zst"]).await;
    assert!(said.contains("data is not empty"), "{said}");

    let mut bytes = std::fs::read(folder.join("b.tar.zst")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.join("damaged"), &bytes).unwrap();
    std::fs::write(folder.join("torn"), &bytes[..middle]).unwrap();
    for file in ["damaged", "torn"] {
        let said = refused(folder, &["restore", file, "--force"]).await;
        assert!(said.contains("the archive is damaged"), "{said}");
        assert_eq!(listing(&folder.join("data")), before);
    }

    // What came after the backup is gone with --force, and still there to be found.
    let daemon = Daemon::start(folder).await;
    daemon.link("later", NEW_PHONE).await;
    let said = refused(folder, &["restore", "b.tar.zst", "--force"]).await;
    assert!(said.contains("stop it first"), "{said}");
    daemon.stop().await;
    let said = done(folder, &["restore", "b.tar.zst", "--force"]).await;
    assert!(said.contains("what was there before is in data/.replaced-"), "{said}");
    let daemon = Daemon::start(folder).await;
    daemon.wait_until_ready("a").await;
    let sessions = daemon.get("/api/v1/sessions").await;
    assert!(!sessions.to_string().contains("\"later\""), "{sessions}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_needs_a_key_that_reaches_everything() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let services = app.gateway.services();
    let config = SessionConfig { engine: EngineKind::Simulated, ..SessionConfig::default() };
    services.supervisor.create("a".parse().unwrap(), config).await.unwrap();
    let keys = &services.api_keys;
    let key = async |scope: &str, session: Option<&str>| {
        let session = session.map(|id| id.parse().unwrap());
        keys.create("k", vec![scope.to_owned()], session, None).await.unwrap().1
    };
    let ask = async |key: &str, query: &str| {
        let url = format!("{}/api/v1/backup{query}", app.base);
        let answer = app.http.post(url).bearer_auth(key).send().await.unwrap();
        (answer.status().as_u16(), answer)
    };
    assert_eq!(ask(&key("send", None).await, "").await.0, 403);
    assert_eq!(ask(&key("admin", Some("a")).await, "").await.0, 403);
    let admin = key("admin", None).await;
    let (status, answer) = ask(&admin, "?profiles=some").await;
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"));
    let (status, answer) = ask(&admin, "").await;
    assert_eq!(
        (status, &answer.headers()["content-type"]),
        (200, &"application/zstd".parse().unwrap())
    );
    assert!(answer.bytes().await.unwrap().starts_with(&[0x28, 0xB5, 0x2F, 0xFD]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backup_is_taken_at_a_time_and_one_that_nobody_reads_any_more_ends() {
    let app = TestApp::start().await;
    // Files of a session that is not there would be removed.
    app.create("s").await;
    let media = app.folder.path().join("media/s");
    std::fs::create_dir_all(&media).unwrap();
    // More than fits into any buffer on the way, and not to be compressed.
    let bytes: Vec<u8> = (0..1_000_000)
        .flat_map(|_| *uuid::Uuid::new_v4().as_bytes())
        .chain(std::iter::repeat_n(7, 1_000))
        .collect();
    std::fs::write(media.join("m-1"), bytes).unwrap();
    let ask = async || app.http.post(format!("{}/api/v1/backup", app.base)).send().await.unwrap();
    let first = ask().await;
    assert_eq!(first.status(), 200);
    let second = ask().await;
    assert_eq!((second.status().as_u16(), code(&second.json().await.unwrap())), (409, "CONFLICT"));
    drop(first);
    let third = app
        .wait_for("the next backup", || async {
            let answer = ask().await;
            (answer.status() == 200).then_some(answer)
        })
        .await;
    assert!(16_000_000 < third.bytes().await.unwrap().len());
    let left: Vec<String> = listing(app.folder.path());
    assert!(!left.iter().any(|name| name.starts_with(".backup")), "{left:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_closed_for_its_copy_and_the_copy_is_linked_elsewhere() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (old.path(), new.path());
    let daemon = Daemon::start(old).await;
    let create = json!({
        "sessionId": "s", "waitForQR": true, "config": { "engine": "browser" },
    });
    daemon.post("/api/v1/sessions", create).await;
    daemon.scan("s", PHONE).await;
    daemon.send("s", "15550000001@c.us", "hello").await;

    let url = ["--url", daemon.base.as_str()];
    let order = |file: &'static str, profiles: &'static str| {
        let mut order = vec!["backup", file, "--profiles", profiles];
        order.extend(url);
        order
    };
    let said = done(old, &order("without.tar.zst", "stopped")).await;
    assert!(said.contains("session s: its login is NOT in: its browser is running"), "{said}");
    let said = done(old, &order("with.tar.zst", "stop")).await;
    assert!(said.contains("its login is in; its browser was closed for the copy"), "{said}");
    // It is open again, and nobody scanned anything.
    daemon.wait_until_ready("s").await;
    daemon.send("s", "15550000001@c.us", "still here").await;
    daemon.stop().await;

    std::fs::rename(old.join("with.tar.zst"), new.join("with.tar.zst")).unwrap();
    done(new, &["restore", "with.tar.zst"]).await;
    let daemon = Daemon::start(new).await;
    daemon.wait_until_ready("s").await;
    daemon.send("s", "15550000001@c.us", "from elsewhere").await;
    daemon.stop().await;
}

//! A disk that is full, or fails: what was acknowledged is there, what was not gets a clear error, and
//! the gateway recovers by itself. First on a disk that the test sets, then on a real one of a few MiB.

use std::{collections::HashSet, io::Write, path::Path};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;
use wagate::{domain::Clock, store::disk::Disk};

use crate::{
    app::{PHONE, SILENT, TestApp, code},
    daemon::{Daemon, PROGRAM},
};

const RESERVE: u64 = 100;
const SEND: &str = "/api/v1/sessions/s/send-text";

async fn app_on(disk: &Disk) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], Clock::system(), disk.clone()).await;
    app.ready("s", PHONE).await;
    app
}

/// A message comes in on the network.
async fn incoming(app: &TestApp, text: &str) {
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
    let path = "/_simulator/v1/accounts/15550000011/messages";
    assert_eq!(app.post(path, body).await.0, 200);
}

fn message(text: &str) -> Value {
    json!({ "chatId": SILENT, "content": text })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_refuses_sends_and_lets_in_what_came_when_it_has_room() {
    let disk = Disk::manual(RESERVE);
    let app = app_on(&disk).await;
    let mut listener = app.listen("/ws/s?events=message").await;

    disk.set_free(RESERVE - 1);
    let (status, answer) = app.post(SEND, message("new")).await;
    assert_eq!((status.as_u16(), code(&answer)), (507, "INSUFFICIENT_STORAGE"), "{answer}");
    assert_eq!(answer["success"], false);
    let keyed = app.http.post(format!("{}{SEND}", app.base)).header("idempotency-key", "k");
    assert_eq!(keyed.json(&message("keyed")).send().await.unwrap().status(), 507);
    let (status, health) = app.get("/health").await;
    assert_eq!((status.as_u16(), &health["data"]["checks"]["disk"]), (200, &json!("warn")));
    // What comes in is still written, from the reserve.
    incoming(&app, "first").await;
    assert_eq!(listener.next().await["data"]["body"], "first");

    disk.set_free(RESERVE / 2 - 1);
    for text in ["second", "third", "fourth"] {
        incoming(&app, text).await;
    }
    let (status, answer) = app.get("/api/v1/sessions/s/chats").await;
    assert_eq!(
        (status, &answer["data"][0]["lastMessage"]["body"]),
        (200.try_into().unwrap(), &json!("first"))
    );
    assert_eq!(app.get("/health").await.0, 503);
    assert_eq!(app.post(SEND, message("refused")).await.0, 507);

    disk.set_free(u64::MAX);
    for text in ["second", "third", "fourth"] {
        assert_eq!(listener.next().await["data"]["body"], text);
    }
    assert_eq!(app.post(SEND, message("after")).await.0, 200);
    let keyed = app.http.post(format!("{}{SEND}", app.base)).header("idempotency-key", "k");
    assert_eq!(keyed.json(&message("keyed")).send().await.unwrap().status(), 200);
    assert_eq!(app.get("/health").await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_is_kept_in_memory_is_read_again_when_the_disk_has_room() {
    const MANY: usize = 1_200;
    let disk = Disk::manual(RESERVE);
    let app = app_on(&disk).await;
    let mut listener = app.listen("/ws/s?events=message,history_gap").await;
    incoming(&app, "before").await;
    assert_eq!(listener.next().await["data"]["body"], "before");
    disk.set_free(0);
    for number in 0..MANY {
        incoming(&app, &format!("{number}")).await;
    }
    disk.set_free(u64::MAX);
    let mut seen = HashSet::new();
    while seen.len() < MANY {
        let frame = listener.next().await;
        assert_eq!(frame["event"], "message", "{frame}");
        let text = frame["data"]["body"].as_str().unwrap().to_owned();
        assert!(seen.insert(text.clone()), "{text} came twice");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_is_an_error_that_says_so_and_an_accepted_send_goes_out_later() {
    let disk = Disk::manual(0);
    let app = app_on(&disk).await;
    let due = Clock::system().now() + std::time::Duration::from_secs(1);
    let later =
        json!({ "chatId": SILENT, "content": "queued", "queue": true, "sendAt": due.to_string() });
    let (status, queued) = app.post(SEND, later).await;
    assert_eq!(status, 202, "{queued}");
    disk.set_failing(true);
    let (status, answer) = app.post(SEND, message("x")).await;
    assert_eq!((status.as_u16(), code(&answer)), (503, "STORAGE_UNAVAILABLE"), "{answer}");
    assert!(!answer.to_string().contains("asked for"), "what the disk says is for the log");
    let (status, answer) = app.post("/api/v1/sessions", json!({ "sessionId": "t" })).await;
    assert_eq!((status.as_u16(), code(&answer)), (503, "STORAGE_UNAVAILABLE"), "{answer}");
    incoming(&app, "meanwhile").await;
    app.wait_for("the message to be due", || async { (due < Clock::system().now()).then_some(()) })
        .await;
    disk.set_failing(false);
    let id = queued["data"]["outboxId"].as_str().or(queued["data"]["id"].as_str()).unwrap();
    let path = format!("/api/v1/sessions/s/outbox/{id}");
    app.wait_for("the message to go out", || async {
        let (_, entry) = app.get(&path).await;
        ["sent", "delivered"].contains(&entry["data"]["state"].as_str()?).then_some(())
    })
    .await;
    app.wait_for("what came in meanwhile", || async {
        let (_, chats) = app.get("/api/v1/sessions/s/chats").await;
        chats.to_string().contains("meanwhile").then_some(())
    })
    .await;
    app.stop().await;
}

/// The real program with its store on a disk of its own, which nobody else sees; none where the
/// system does not let a caller make one.
async fn on_small_disk(folder: &Path, mebibytes: u32, reserve: &str) -> Option<Daemon> {
    let store = folder.join("data/store");
    std::fs::create_dir_all(&store).unwrap();
    let mount = format!("mount -t tmpfs -o size={mebibytes}m none '{}'", store.display());
    let may = Command::new("unshare").args(["-Urm", "sh", "-c", &mount]).status().await;
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: this system does not let a test mount a disk of its own");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &format!("{mount} && exec \"$@\""), "sh", PROGRAM]);
    Some(Daemon::run(command, folder, 0, &[("WAGATE_DATA__MIN_FREE_MIB", reserve)]).await)
}

/// A file on the daemon's disk that takes the room of others.
struct Ballast(std::path::PathBuf);

impl Ballast {
    fn new(daemon: &Daemon, folder: &Path) -> Self {
        let inside = folder.join("data/store/ballast");
        Self(format!("/proc/{}/root{}", daemon.process(), inside.display()).into())
    }

    /// Grows by so many KiB, or until nothing more fits.
    fn grow(&self, kibibytes: usize) {
        let mut file = std::fs::File::options().create(true).append(true).open(&self.0).unwrap();
        for _ in 0..kibibytes / 4 {
            if file.write_all(&[0; 4_096]).is_err() {
                return;
            }
        }
    }

    fn go(&self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// Sends until one is refused. What was acknowledged, and the refusal.
async fn send_until_refused(daemon: &Daemon, prefix: &str) -> (Vec<String>, Option<(u16, Value)>) {
    let mut acknowledged = Vec::new();
    for number in 0..2_000 {
        let text = format!("{prefix} {number} {}", "x".repeat(3_000));
        match daemon.try_call(Method::POST, SEND, Some(message(&text))).await {
            Some((200, _)) => acknowledged.push(text),
            refusal => return (acknowledged, refusal),
        }
    }
    panic!("the disk took everything");
}

/// Each is in the gateway's store as a message that went out, and arrived once.
async fn are_all_there(daemon: &Daemon, acknowledged: &[String]) {
    let on_phone = daemon.on_phone(PHONE, SILENT).await;
    let (mut gone_out, mut before) = (0, String::new());
    loop {
        let page = daemon.get(&format!("/api/v1/sessions/s/outbox?limit=100{before}")).await;
        let entries = page["outbox"].as_array().unwrap();
        let is_out = |entry: &&Value| entry["messageId"].is_string() && entry["state"] != "failed";
        gone_out += entries.iter().filter(is_out).count();
        let Some(last) = entries.last() else { break };
        before = format!("&before={}", last["id"].as_str().unwrap());
    }
    assert!(acknowledged.len() <= gone_out, "{gone_out} of {}", acknowledged.len());
    for text in acknowledged {
        let times = on_phone.iter().filter(|other| *other == text).count();
        assert_eq!(times, 1, "{text:.20} arrived {times} times");
    }
}

/// Until the gateway says that it is well, or no longer says so.
async fn wait_for_health(daemon: &Daemon, what: &str, is_well: bool) {
    let deadline = tokio::time::Instant::now() + crate::app::PATIENCE;
    loop {
        let answer = daemon.try_call(Method::GET, "/health", None).await;
        if answer.is_some_and(|(status, _)| status == 200) == is_well {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "expected: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_disk_that_is_full_breaks_the_store_and_the_gateway_comes_back_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let Some(daemon) = on_small_disk(folder.path(), 24, "0").await else { return };
    daemon.link("s", PHONE).await;
    let ballast = Ballast::new(&daemon, folder.path());
    let mut acknowledged = Vec::new();
    for round in 0..2 {
        for number in 0..30 {
            let text = format!("before {round} {number}");
            daemon.send("s", SILENT, &text).await;
            acknowledged.push(text);
        }
        ballast.grow(64 * 1_024);
        let (sent, refusal) = send_until_refused(&daemon, &format!("round {round}")).await;
        if let Some((status, answer)) = refusal {
            assert_eq!((status, code(&answer)), (503, "STORAGE_UNAVAILABLE"), "{answer}");
        }
        acknowledged.extend(sent);
        wait_for_health(&daemon, "it stops, since its store cannot be written", false).await;
        ballast.go();
        wait_for_health(&daemon, "it comes back", true).await;
        daemon.wait_until_ready("s").await;
        let text = format!("after {round}");
        daemon.send("s", SILENT, &text).await;
        acknowledged.push(text);
        are_all_there(&daemon, &acknowledged).await;
    }
    println!("{} sends acknowledged around two full disks, each arrived once", acknowledged.len());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_disk_with_a_reserve_never_breaks_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let Some(daemon) = on_small_disk(folder.path(), 24, "8").await else { return };
    daemon.link("s", PHONE).await;
    let ballast = Ballast::new(&daemon, folder.path());
    // Leaves less than the reserve, and more than its half.
    ballast.grow(13 * 1_024);
    let (acknowledged, refusal) = send_until_refused(&daemon, "x").await;
    let (status, answer) = refusal.expect("it answers");
    assert_eq!((status, code(&answer)), (507, "INSUFFICIENT_STORAGE"), "{answer}");
    ballast.grow(5 * 1_024);
    wait_for_health(&daemon, "it measures the disk again", false).await;
    for text in ["one", "two"] {
        let body = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
        daemon.post("/_simulator/v1/accounts/15550000011/messages", body).await;
    }
    let (status, health) = daemon.try_call(Method::GET, "/health", None).await.unwrap();
    assert_eq!((status, &health["data"]["checks"]["database"]), (503, &json!("error")));
    ballast.go();
    daemon.wait_for_newest("s", "two").await;
    daemon.send("s", SILENT, "after").await;
    are_all_there(&daemon, &acknowledged).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_finds_its_disk_full_ends_with_a_code_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("data/store");
    std::fs::create_dir_all(&store).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=64k none '{0}' || exit 99; \
         dd if=/dev/zero of='{0}/ballast' bs=4k 2>/dev/null; \
         exec \"$@\" serve --network simulated --engine simulated --port 0 --data '{1}'",
        store.display(),
        folder.path().join("data").display(),
    );
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &script, "sh", PROGRAM]).kill_on_drop(true);
    let ended = tokio::time::timeout(crate::app::PATIENCE, command.output()).await;
    let output = ended.expect("it does not end").unwrap();
    match output.status.code() {
        Some(99 | 1) if !String::from_utf8_lossy(&output.stderr).contains("wagate") => {
            println!("skipped: this system does not let a test mount a disk of its own");
        }
        code => assert_eq!(code, Some(75), "{}", String::from_utf8_lossy(&output.stderr)),
    }
}

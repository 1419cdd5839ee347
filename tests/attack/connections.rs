//! Connections: clients that do not read, that dribble, that come in numbers, or that talk nonsense.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};

use crate::support::{
    PATIENCE, PHONE,
    daemon::{Daemon, PROGRAM},
};

fn address(daemon: &Daemon) -> &str {
    daemon.base().strip_prefix("http://").unwrap()
}

async fn connect(daemon: &Daemon, said: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(daemon)).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    stream
}

/// What comes until the other side closes; fails when it does not.
async fn until_closed(stream: &mut TcpStream, patience: Duration) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(patience, stream.read_to_end(&mut all)).await;
    // A reset is an end as well.
    let _ = read.unwrap_or_else(|_| panic!("still open: {}", String::from_utf8_lossy(&all)));
    String::from_utf8_lossy(&all).into_owned()
}

/// A chunked body that begins and never ends, on a route that wants none.
const DRIBBLED: &str =
    "GET /openapi.json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";

fn descriptors(daemon: &Daemon) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", daemon.process())).unwrap().count()
}

fn memory_mib(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.process())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() / 1024
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_nobody_wants_does_not_hold_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[("OPENWA_AUTH", "required")]).await;
    let refused = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";
    for (said, status) in [(DRIBBLED, "200"), (refused, "401")] {
        let mut stream = connect(&daemon, said).await;
        let answer = until_closed(&mut stream, PATIENCE).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:.200}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_dribbles_ends_its_request() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("WAGATE_SERVER__BODY_TIMEOUT_SECONDS", "1")];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let host = address(&daemon);
    let head = |framing: &str| {
        format!(
            "POST /api/v1/sessions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             {framing}\r\n\r\n"
        )
    };
    // Something comes often enough, and it is still too little.
    for (framing, piece) in [
        ("Content-Length: 1000", " "),
        ("Transfer-Encoding: chunked", "1\r\n \r\n"),
        ("Connection: upgrade\r\nContent-Length: 1000", " "),
    ] {
        let stream = connect(&daemon, &head(framing)).await;
        let (mut reading, mut writing) = stream.into_split();
        let dribble = tokio::spawn(async move {
            while writing.write_all(piece.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut answer));
        let _ = read.await.expect("it waits for the rest");
        dribble.abort();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("too slowly"), "{answer}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_head_has_to_come_whole_as_the_first_does() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let first = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    for begun in ["", first] {
        let stream = connect(&daemon, begun).await;
        let (mut reading, mut writing) = stream.into_split();
        let dribble = tokio::spawn(async move {
            writing.write_all(b"GET /health HTTP/1.1\r\nX-Slow: ").await.unwrap();
            while writing.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut answer));
        let _ = read.await.expect("it waits for the rest of the head");
        dribble.abort();
    }
    daemon.stop().await;
}

/// Longer than a connection may rest. Each request is answered at once and begins a new rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_used_now_and_then_is_kept() {
    const KEPT_FOR: Duration = Duration::from_secs(12);
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let ask = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", address(&daemon));
    let mut stream = TcpStream::connect(address(&daemon)).await.unwrap();
    let (begun, mut pace) = (Instant::now(), tokio::time::interval(Duration::from_millis(200)));
    while begun.elapsed() < KEPT_FOR {
        pace.tick().await;
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = [0; 64 * 1024];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await;
        let read = read.expect("no answer").unwrap();
        let said = String::from_utf8_lossy(&answer[..read]);
        let after = begun.elapsed();
        assert!(said.starts_with("HTTP/1.1 200 "), "after {after:?}: {said:.100}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_are_closed_and_cost_little() {
    const CLIENTS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let settings = [("WAGATE_SERVER__WRITE_TIMEOUT_SECONDS", "2")];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let usual = descriptors(&daemon);
    // The document is made when it is first asked for.
    daemon.http.get(format!("{}/openapi.json", daemon.base())).send().await.unwrap();
    let before = memory_mib(&daemon);
    // More than the system itself would hold for a reader that takes nothing, and each of these
    // requests would cost several kilobytes if all were read at once.
    let asked = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let mut held = Vec::new();
    for _ in 0..CLIENTS {
        held.push(connect(&daemon, &asked).await);
    }
    let mut most = 0;
    let deadline = Instant::now() + PATIENCE;
    // A few connections may be under way that are not of the attack.
    while usual + 10 < descriptors(&daemon) {
        assert!(Instant::now() < deadline, "{} are still open", descriptors(&daemon));
        most = most.max(memory_mib(&daemon));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("{CLIENTS} clients that do not read: {before} MiB, then {most} MiB at most");
    assert!(most.saturating_sub(before) < 60, "{before} MiB became {most} MiB");
    drop(held);
    daemon.stop().await;
}

/// The program under these limits of open files.
async fn limited(folder: &Path, limits: &str, settings: &[(&str, &str)]) -> Daemon {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{limits}; exec \"$0\" \"$@\"")).arg(PROGRAM);
    Daemon::run(command, folder, 0, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_open_files_is_raised_to_what_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = limited(folder.path(), "ulimit -Sn 512", &[]).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.process())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<&str> = line.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers[0], numbers[1], "{line}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_gets_through_while_more_come_than_there_is_room_for() {
    const CLIENTS: usize = 1_300;
    let own = wagate::descriptors::raise();
    if own < 3_000 {
        println!("skipped: the test itself may open {own} files alone");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = [("OPENWA_AUTH", "required")];
    let daemon = limited(folder.path(), "ulimit -n 1024", &settings).await;
    let key = std::fs::read_to_string(folder.path().join("data/bootstrap.key")).unwrap();
    let key = key.trim();
    let ask = async |path: &str| {
        let request = daemon.http.get(format!("{}{path}", daemon.base())).bearer_auth(key);
        let answer = tokio::time::timeout(Duration::from_secs(5), request.send()).await;
        answer.expect("the owner waits").unwrap().status().as_u16()
    };
    assert_eq!(ask("/api/v1/sessions").await, 200);
    // Heads that never end, bodies that nobody wants, and those who say nothing.
    let sayings = ["GET /health HTTP/1.1\r\nX-Slow: ", DRIBBLED, ""];
    let begun = Instant::now();
    let mut held = Vec::new();
    let mut slowest = Duration::ZERO;
    for at in 0..CLIENTS {
        held.push(connect(&daemon, sayings[at % sayings.len()]).await);
        if at % 100 == 0 {
            let asked = Instant::now();
            assert_eq!(ask("/api/v1/sessions").await, 200, "at {at}");
            // On a connection of its own.
            let stranger = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            let mut stream = connect(&daemon, stranger).await;
            let answer = until_closed(&mut stream, Duration::from_secs(5)).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "at {at}: {answer}");
            slowest = slowest.max(asked.elapsed());
        }
    }
    println!("{CLIENTS} clients in {:?}; the owner waited {slowest:?} at most", begun.elapsed());
    assert!(descriptors(&daemon) < 1_024);
    drop(held);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_stays_while_strangers_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("WAGATE_SERVER__MAX_CONNECTIONS", "32")];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    daemon.link("a", PHONE).await;
    let said =
        format!("GET /api/v1/sessions/a/events HTTP/1.1\r\nHost: {}\r\n\r\n", address(&daemon));
    let mut listener = connect(&daemon, &said).await;
    let mut begun = [0; 512];
    let read = tokio::time::timeout(PATIENCE, listener.read(&mut begun)).await.unwrap().unwrap();
    assert!(begun[..read].starts_with(b"HTTP/1.1 200 "));
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(connect(&daemon, DRIBBLED).await);
    }
    until("strangers to be closed", || descriptors(&daemon) < 200).await;
    let text = json!({ "chat": format!("{PHONE}@c.us"), "text": "still there" });
    // A connection that was kept open and idle may have made room: then another is opened.
    let path = "/_simulator/v1/accounts/15550000001/messages";
    let write = async || daemon.try_call(Method::POST, path, Some(text.clone())).await;
    let written = async { while write().await.is_none_or(|(status, _)| status != 200) {} };
    tokio::time::timeout(PATIENCE, written).await.expect("nothing can be written");
    let received = async {
        let mut all = String::new();
        while !all.contains("still there") {
            let mut part = [0; 4_096];
            let read = listener.read(&mut part).await.unwrap();
            assert_ne!(read, 0, "the listener was closed: {all}");
            all.push_str(&String::from_utf8_lossy(&part[..read]));
        }
    };
    tokio::time::timeout(PATIENCE, received).await.expect("the listener hears nothing");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_counted_and_not_logged() {
    const REQUESTS: u64 = 300;
    let folder = tempfile::tempdir().unwrap();
    // The daemon's own errors go to a file.
    let log = folder.path().join("log");
    let mut command = Command::new("sh");
    command.arg("-c").arg("exec \"$0\" \"$@\" 2>\"$LOG\"").arg(PROGRAM).env("LOG", &log);
    let daemon = Daemon::run(command, folder.path(), 0, &[]).await;
    let before = std::fs::metadata(&log).unwrap().len();
    for _ in 0..REQUESTS {
        let mut stream = connect(&daemon, "NON SENSE\r\n\r\n").await;
        let answer = until_closed(&mut stream, PATIENCE).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let written = std::fs::metadata(&log).unwrap().len() - before;
    assert!(written < 4_096, "{written} bytes: {}", std::fs::read_to_string(&log).unwrap());
    let metrics = daemon.http.get(format!("{}/metrics", daemon.base())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let counted = metrics
        .lines()
        .find_map(|line| line.strip_prefix("wagate_http_connection_errors_total "))
        .unwrap_or_else(|| panic!("not counted: {metrics}"));
    assert!(REQUESTS <= counted.parse().unwrap(), "{counted}");
    daemon.stop().await;
}

/// Each body comes nearly whole and then waits: 240 MiB in all.
#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_under_way_hold_a_bounded_part_of_the_memory() {
    const BODIES: usize = 12;
    const LENGTH: usize = 20 * 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let before = memory_mib(&daemon);
    let head = format!(
        "POST /api/v1/sessions/a/send-image HTTP/1.1\r\nHost: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        address(&daemon),
        LENGTH + 1_000
    );
    let piece = vec![b' '; 1024 * 1024];
    let (mut refused, mut open) = (0, Vec::new());
    for _ in 0..BODIES {
        let mut stream = connect(&daemon, &head).await;
        let mut written = 0;
        while written < LENGTH && stream.write_all(&piece).await.is_ok() {
            written += piece.len();
        }
        // Who is refused is answered at once; the others wait for the rest.
        let mut answer = [0; 1_024];
        let read = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut answer)).await;
        match read {
            Ok(Ok(read)) => {
                let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
                let is_cut = answer.is_empty();
                assert!(is_cut || answer.starts_with("HTTP/1.1 429 "), "{answer}");
                refused += 1;
            }
            Ok(Err(_)) => refused += 1,
            Err(_) => open.push(stream),
        }
    }
    let after = memory_mib(&daemon);
    println!("{refused} of {BODIES} refused, {before} MiB before, {after} MiB with the others");
    assert!(0 < refused && !open.is_empty());
    assert!(after < before + 220, "{before} MiB before, {after} MiB now");
    drop(open);
    daemon.stop().await;
}

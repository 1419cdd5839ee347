//! What only a browser can go through: killed, crashed, hung, reloaded, half loaded, behind a proxy.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use wagate::{
    domain::{
        Command, Content, ErrorCode, MessageKind, Proxy, Reply, SessionConfig,
        command::{MediaKind, OutgoingMedia},
        proxy::ProxyProtocol,
    },
    driver::{Close, DriverEvent},
    simulator::{Faults, protocol::PageFault},
};

use crate::{
    processes::{kill, main_process, processes_of, renderer_of},
    stage::{ADA, OWNER, PATIENCE, Session, Stage, person},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_browser_is_reported_and_its_login_survives() {
    let stage = Stage::chromium();
    let mut session = linked_and_written_down(&stage).await;
    kill(main_process(&stage.profile("one")).expect("no browser"));
    let reason = crashed(&mut session).await;
    assert!(reason.contains("ended by itself"), "{reason}");
    // The commands of a browser that is gone end, and so does it itself.
    session.close(Close::KeepLogin).await;
    no_process_is_left(&stage).await;
    let mut again = stage.open("one").await;
    assert_eq!(again.ready().await.id, person(OWNER));
    again.close(Close::KeepLogin).await;
    no_process_is_left(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_shows_the_page_also_before_it_is_linked() {
    let stage = Stage::chromium();
    let session = stage.open("one").await;
    let reply = session.ask(Command::Screenshot).await;
    let Ok(Reply::Screenshot(picture)) = reply else { panic!("{reply:?}") };
    let (start, end) = ([0xff, 0xd8, 0xff], [0xff, 0xd9]);
    assert!(picture.starts_with(&start) && picture.ends_with(&end), "{} bytes", picture.len());
    session.close(Close::KeepLogin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_renderer_is_reported() {
    let stage = Stage::chromium();
    let mut session = stage.linked("one", OWNER).await;
    let main = main_process(&stage.profile("one")).expect("no browser");
    kill(renderer_of(main).expect("no renderer"));
    let reason = crashed(&mut session).await;
    assert!(reason.contains("the page's process crashed"), "{reason}");
    session.close(Close::KeepLogin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_page_does_not_answer_and_can_still_be_closed() {
    let stage = Stage::chromium();
    let session = stage.linked("one", OWNER).await;
    assert_eq!(stage.network.account(&person(OWNER)).inject_page_fault(PageFault::Hang), 1);
    let asking = async { while session.driver.execute(Command::Ping).await.is_ok() {} };
    assert!(timeout(Duration::from_secs(3), asking).await.is_err(), "a hung page answered");
    session.close(Close::LogOut).await;
    no_process_is_left(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_page_that_is_loaded_again_fails_and_the_session_comes_back() {
    let stage = Stage::chromium();
    let mut session = stage.linked("one", OWNER).await;
    let driver = session.driver.clone();
    let unanswered = Command::Messages { chat: person(ADA), before: None, limit: 5 };
    stage.network.phone(&person(ADA)).write(&person(OWNER), "hello").unwrap();
    session.message("a message", |message| message.body == "hello").await;
    stage.network.plan_faults(Faults { ignore_requests: 1, ..Faults::default() });
    let asked = tokio::spawn(async move { driver.execute(unanswered).await });
    wait_for("the request", || stage.network.faults().ignore_requests == 0).await;
    assert_eq!(stage.network.account(&person(OWNER)).inject_page_fault(PageFault::Reload), 1);
    let outcome = timeout(PATIENCE, asked).await.expect("it was never answered").unwrap();
    assert_eq!(outcome.unwrap_err().code, ErrorCode::EngineFailed);
    session.ready().await;
    session.say(&person(ADA), "back again").await;
    session.close(Close::KeepLogin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_lost_its_race_with_the_page_is_given_another() {
    let mut stage = Stage::chromium();
    let settings = stage.settings.as_mut().unwrap();
    settings.url = "https://web.whatsapp.com/?trap=load-race".to_owned();
    let session = stage.linked("one", OWNER).await;
    session.say(&person(ADA), "in spite of it").await;
    session.close(Close::KeepLogin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_whose_handle_is_dropped_ends_all_the_same() {
    let stage = Stage::chromium();
    let session = stage.linked("one", OWNER).await;
    drop(session);
    no_process_is_left(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_an_earlier_gateway_left_behind_makes_way() {
    let stage = Stage::chromium();
    let left_behind = linked_and_written_down(&stage).await;
    let first = main_process(&stage.profile("one")).expect("no browser");
    // Two on one profile: only the second knows that the first is nobody's any more.
    let mut session = stage.open("one").await;
    session.ready().await;
    assert_ne!(main_process(&stage.profile("one")), Some(first));
    assert!(std::fs::read(format!("/proc/{first}/cmdline")).unwrap_or_default().is_empty());
    session.close(Close::KeepLogin).await;
    drop(left_behind);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_key_the_page_is_not_trusted() {
    let mut stage = Stage::chromium();
    stage.settings.as_mut().unwrap().trusted_key = None;
    let Err(error) = stage.open_with("one", SessionConfig::default()).await else {
        panic!("it trusts everybody");
    };
    assert!(error.message.contains("did not load"), "{error}");
    no_process_is_left(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_through_its_proxy_and_gives_it_the_password() {
    let stage = Stage::chromium();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = tokio::spawn(serve_one_tunnel_after_another(listener));
    let proxy = Proxy {
        protocol: ProxyProtocol::Http,
        host: "127.0.0.1".to_owned(),
        port,
        username: Some("me".to_owned()),
        password: Some("secret".to_owned()),
    };
    let config = SessionConfig { proxy: Some(proxy), ..SessionConfig::default() };
    let mut session = stage.open_with("one", config).await.unwrap();
    stage.scan(&mut session, OWNER).await;
    session.ready().await;
    session.close(Close::KeepLogin).await;
    asked.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_both_ways_without_lying_in_memory() {
    const SIZE: usize = 100 * 1024 * 1024;
    let stage = Stage::chromium();
    let session = stage.linked("one", OWNER).await;
    let path = stage.folder.path().join("large");
    let mut bytes = vec![0_u8; SIZE];
    let mut number = 1_u64;
    for chunk in bytes.chunks_mut(8) {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
    }
    std::fs::write(&path, &bytes).unwrap();
    drop(bytes);
    let before = resident_peak();
    let media = OutgoingMedia {
        path: path.clone(),
        kind: MediaKind::Document,
        mime: "application/octet-stream".to_owned(),
        filename: "large.bin".to_owned(),
        size: SIZE as u64,
        caption: None,
        seconds: None,
        url: None,
    };
    let ada = person(ADA);
    let sending = session.send(&ada, Content::Media(media));
    let sent = timeout(PATIENCE * 4, sending).await.expect("it takes too long").unwrap();
    let arrived = stage.on_phone(&ada, &sent.id.key, |_| true).await;
    assert_eq!(arrived.kind, MessageKind::Document);
    let into = stage.folder.path().join("back");
    let download = Command::DownloadMedia { message: sent.id, into: into.clone() };
    let reply = timeout(PATIENCE * 4, session.driver.execute(download)).await;
    assert_eq!(reply.expect("it takes too long"), Ok(Reply::Done));
    let grown = resident_peak().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "the gateway grew by {} KiB", grown / 1024);
    let same = std::process::Command::new("cmp").arg(&path).arg(&into).status().unwrap();
    assert!(same.success(), "it came back changed");
    session.close(Close::KeepLogin).await;
}

/// A linked session whose login is on the disk: Chromium writes the storage of a page a moment later, and
/// at once when it is closed.
async fn linked_and_written_down(stage: &Stage) -> Session {
    stage.linked("one", OWNER).await.close(Close::KeepLogin).await;
    let mut session = stage.open("one").await;
    session.ready().await;
    session
}

async fn crashed(session: &mut Session) -> String {
    session
        .await_event("the crash", |event| match event {
            DriverEvent::Crashed { reason } => Some(reason.clone()),
            _ => None,
        })
        .await
}

/// A proxy that wants a password and knows no address but loopback.
async fn serve_one_tunnel_after_another(listener: TcpListener) {
    let wanted = format!("proxy-authorization: basic {}", BASE64.encode("me:secret"));
    loop {
        let mut socket = BufReader::new(listener.accept().await.unwrap().0);
        let wanted = wanted.clone();
        tokio::spawn(async move {
            let (mut target, mut is_known) = (String::new(), false);
            loop {
                let mut line = String::new();
                socket.read_line(&mut line).await.unwrap();
                if let Some(rest) = line.strip_prefix("CONNECT ") {
                    target = rest.split(' ').next().unwrap().to_owned();
                }
                is_known |= line.trim().eq_ignore_ascii_case(&wanted);
                if line.trim().is_empty() {
                    break;
                }
            }
            if !is_known {
                socket.write_all(b"HTTP/1.1 407 Who are you?\r\n\r\n").await.unwrap();
                return;
            }
            let mut onward = TcpStream::connect(target).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let _ = copy_bidirectional(&mut socket, &mut onward).await;
        });
    }
}

/// What a browser's main process leaves behind is killed with it, and gone a moment later.
async fn no_process_is_left(stage: &Stage) {
    wait_for("its end", || processes_of(&stage.profile("one")).is_empty()).await;
}

async fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}: did not happen"));
}

/// The most memory that this process has had.
fn resident_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

//! The simulated network over a kill of the gateway's process, and its clock.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    app::{PATIENCE, PHONE, TestApp, code},
    daemon::Daemon,
    processes::{main_process, processes_of},
};

const OTHER_PHONE: &str = "15551112222";
const SLOW: &str = "15550000002@c.us";

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_outlive_a_kill_with_their_chats_and_talk_on() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("a", PHONE).await;
    daemon.link("b", OTHER_PHONE).await;
    let (a, b) = (format!("{PHONE}@c.us"), format!("{OTHER_PHONE}@c.us"));
    daemon.send("a", &b, "from a").await;
    daemon.wait_for_newest("b", "from a").await;
    daemon.send("b", &a, "from b").await;
    daemon.wait_for_newest("a", "from b").await;
    let group = json!({ "name": "Ours", "participants": [b] });
    let group = daemon.post("/api/v1/sessions/a/groups", group).await["gid"].clone();
    let group = group.as_str().unwrap().to_owned();
    let file = json!({
        "chat": a, "mediaBase64": "AAECAwQ=", "mime": "application/x-test", "filename": "five",
    });
    let sent = daemon.post("/_simulator/v1/accounts/15550000011/messages", file).await;
    let key = sent["message"]["id"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
    daemon.wait_for_newest("a", "[document]").await;
    // Acknowledged, and on its way to b when the process ends.
    daemon.send("a", &b, "last words").await;
    daemon.kill().await;

    let daemon = Daemon::start(folder.path()).await;
    // Nobody scans anything: what gets them in is their credential.
    daemon.wait_until_ready("a").await;
    daemon.wait_until_ready("b").await;
    for phone in [PHONE, OTHER_PHONE] {
        let devices = daemon.get(&format!("/_simulator/v1/accounts/{phone}/devices")).await;
        assert_eq!(devices["devices"].as_array().map(Vec::len), Some(1), "{devices}");
    }
    assert_eq!(daemon.on_phone(PHONE, &b).await, ["from a", "from b", "last words"]);
    let of_b = format!("/_simulator/v1/accounts/{OTHER_PHONE}/chats/{a}/messages");
    daemon
        .wait_until(&of_b, "the last words", |answer| {
            let bodies: Vec<&Value> =
                answer["messages"].as_array().unwrap().iter().map(|m| &m["body"]).collect();
            bodies == ["from a", "from b", "last words"]
        })
        .await;
    let messages = daemon.get(&format!("/api/v1/sessions/b/chats/{a}/messages")).await;
    let mut bodies: Vec<&str> = messages
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|message| message["body"].as_str())
        .collect();
    // The API does not promise an order among messages of the same second.
    bodies.sort_unstable();
    assert_eq!(bodies, ["from a", "from b", "last words"]);
    let members = daemon.get(&format!("/api/v1/sessions/b/groups/{group}")).await;
    assert_eq!(members["participants"].as_array().map(Vec::len), Some(2), "{members}");
    let path =
        format!("{}/api/v1/sessions/a/messages/false_15550000011@c.us_{key}/media", daemon.base);
    let bytes = daemon.http.get(path).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.as_ref(), [0, 1, 2, 3, 4]);

    daemon.send("a", &b, "again").await;
    daemon.wait_for_newest("b", "again").await;
    daemon.send("b", &group, "to all").await;
    daemon.wait_for_newest("a", "to all").await;
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_when_the_process_is_killed_is_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("a", PHONE).await;
    daemon.link("b", OTHER_PHONE).await;
    let (a, b) = (format!("{PHONE}@c.us"), format!("{OTHER_PHONE}@c.us"));
    let (counts, mut count) = watch::channel(0);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (http, base, chat) = (daemon.http.clone(), daemon.base.clone(), b.clone());
            let counts = counts.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    let text = format!("{writer}-{number}");
                    let body = json!({ "chatId": chat, "content": text });
                    let url = format!("{base}/api/v1/sessions/a/send-text");
                    match http.post(url).json(&body).send().await {
                        Ok(answer) if answer.status().is_success() => {
                            acknowledged.push(text);
                            counts.send_modify(|count| *count += 1);
                        }
                        // The process is gone.
                        _ => break,
                    }
                }
                acknowledged
            })
        })
        .collect();
    let enough = tokio::time::timeout(PATIENCE, count.wait_for(|count| 20 < *count)).await;
    enough.expect("too few are acknowledged").unwrap();
    daemon.kill().await;
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    assert!(20 < acknowledged.len(), "{acknowledged:?}");

    let daemon = Daemon::start(folder.path()).await;
    let sent = daemon.on_phone(PHONE, &b).await;
    let lost: Vec<&String> = acknowledged.iter().filter(|text| !sent.contains(text)).collect();
    assert!(lost.is_empty(), "lost by the sender: {lost:?}");
    let path = format!("/_simulator/v1/accounts/{OTHER_PHONE}/chats/{a}/messages");
    let has_all = |answer: &Value| answer["messages"].as_array().map(Vec::len) == Some(sent.len());
    daemon.wait_until(&path, "all to be delivered", has_all).await;
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_sessions_come_back_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let sessions: Vec<(String, String)> =
        (0..50).map(|n| (format!("s{n}"), format!("1555800{n:04}"))).collect();
    for (id, phone) in &sessions {
        daemon.link(id, phone).await;
    }
    daemon.kill().await;

    let daemon = Daemon::start(folder.path()).await;
    for (id, _) in &sessions {
        daemon.wait_until_ready(id).await;
    }
    let (id, phone) = &sessions[49];
    daemon.send("s0", &format!("{phone}@c.us"), "hello").await;
    daemon.wait_for_newest(id, "hello").await;
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_networks_clock_is_stopped_moved_and_released() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let put = |body: Value| app.call(Method::PUT, "/_simulator/v1/clock", Some(body));
    let (status, answer) = put(json!({ "now": "2027-01-15T08:00:00Z" })).await;
    assert_eq!((status.as_u16(), &answer["data"]["manual"]), (200, &json!(true)), "{answer}");
    let body = json!({ "chatId": SLOW, "content": "hello" });
    assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 200);
    let mut listener = app.listen("/ws/s?events=message").await;
    let (_, clock) = app.get("/_simulator/v1/clock").await;
    assert_eq!(
        clock["data"],
        json!({
            "now": "2027-01-15T08:00:00Z",
            "manual": true,
            "waiting": 1,
            "next": "2027-01-15T08:00:00.02Z",
        })
    );
    let (status, answer) = put(json!({ "advanceBy": 10 })).await;
    assert_eq!((status.as_u16(), &answer["data"]["waiting"]), (200, &json!(0)), "{answer}");
    // The answer that takes three seconds is there at once, under its own time.
    let frame = listener.event("message").await;
    assert_eq!(
        (&frame["data"]["body"], &frame["data"]["timestamp"]),
        (&json!("hello"), &json!(1_800_000_003))
    );
    let (_, answer) = put(json!({ "now": null })).await;
    assert_eq!(answer["data"]["manual"], false);
    for (body, field) in [
        (json!({}), None),
        (json!({ "now": "yesterday" }), Some("now")),
        (json!({ "advanceBy": -1 }), Some("advanceBy")),
        (json!({ "advanceBy": 1e12 }), Some("advanceBy")),
        (json!({ "now": null, "advanceBy": 1 }), Some("advanceBy")),
        (json!({ "forward": 1 }), None),
    ] {
        let (status, answer) = put(body.clone()).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "VALIDATION_ERROR"), "{body}");
        if let Some(field) = field {
            assert!(answer["error"]["details"]["fields"].get(field).is_some(), "{body}: {answer}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_can_be_linked_on_a_clock_that_stands_in_the_past() {
    let app = TestApp::start().await;
    let body = json!({ "now": "2020-01-01T00:00:00Z" });
    app.call(Method::PUT, "/_simulator/v1/clock", Some(body)).await;
    app.ready("s", PHONE).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_was_reset_is_empty_after_a_kill_too() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    daemon.post("/_simulator/v1/reset", json!({})).await;
    let path = "/api/v1/sessions/s/status";
    daemon.wait_until(path, "the session to end", |status| status["status"] == "terminated").await;
    daemon.kill().await;
    let daemon = Daemon::start(folder.path()).await;
    let accounts = daemon.get("/_simulator/v1/accounts").await;
    let mut phones = accounts["accounts"].as_array().unwrap().iter().map(|a| &a["phone"]);
    assert!(phones.all(|phone| phone != PHONE), "{accounts}");
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_browser_outlives_a_kill_and_its_browser_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link_on("browser", "s", PHONE).await;
    // Closed in order once, Chromium has written its login down.
    daemon.post("/api/v1/sessions/s/restart", json!({})).await;
    daemon.wait_until_ready("s").await;
    let profile = folder.path().join("data/sessions/s/profile").canonicalize().unwrap();
    assert!(main_process(&profile).is_some());
    daemon.kill().await;
    let gone = async {
        while !processes_of(&profile).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the browser outlived the gateway");

    let daemon = Daemon::start(folder.path()).await;
    daemon.wait_until_ready("s").await;
    daemon.send("s", SLOW, "here again").await;
    let path = format!("/_simulator/v1/accounts/15550000002/chats/{PHONE}@c.us/messages");
    let arrived = |answer: &Value| answer["messages"][0]["body"] == "here again";
    daemon.wait_until(&path, "the message", arrived).await;
    daemon.kill().await;
}

//! Whole journeys through real Chromium: sessions of different engines among each other, and browsers
//! that are killed under the gateway.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, SILENT, TestApp, code},
    processes::{kill, main_process, processes_of, renderer_of},
};

const OTHER: &str = "15557650002";
const THIRD: &str = "15557650003";

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_and_a_session_in_process_talk_to_each_other_and_in_one_group() {
    let app = TestApp::start().await;
    let people = [("a", "browser", PHONE), ("b", "browser", OTHER), ("c", "simulated", THIRD)];
    let mut listeners = Vec::new();
    for (id, engine, phone) in people {
        linked(&app, id, engine, phone).await;
        listeners.push(app.listen(&format!("/ws/{id}")).await);
    }
    for (from, _, _) in people {
        for (place, (to, _, phone)) in people.iter().enumerate() {
            if from == *to {
                continue;
            }
            let words = format!("from {from} to {to}");
            let chat = format!("{phone}@c.us");
            let sent = say(&app, from, &chat, &words).await;
            assert_eq!(sent.0, 200, "{}", sent.1);
            let received = message(&mut listeners[place], &words).await;
            assert_eq!(received["data"]["from"], format!("{}@c.us", phone_of(&people, from)));
        }
    }
    let create = json!({
        "name": "All three",
        "participants": [format!("{OTHER}@c.us"), format!("{THIRD}@c.us")],
    });
    let (status, answer) = app.post("/api/v1/sessions/a/groups", create).await;
    assert_eq!(status, 201, "{answer}");
    let group = answer["data"]["gid"].as_str().unwrap().to_owned();
    for (from, _, _) in people {
        // Who was taken in hears of it a moment later than who made it.
        app.wait_for("the group to be there", || async {
            let sent = say(&app, from, &group, &format!("{from} to all")).await;
            assert!(!sent.0.is_server_error(), "{}", sent.1);
            (sent.0 == 200).then_some(())
        })
        .await;
        for (place, (to, _, _)) in people.iter().enumerate() {
            if from != *to {
                message(&mut listeners[place], &format!("{from} to all")).await;
            }
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_browser_or_page_is_killed_comes_back_and_the_api_says_the_truth() {
    let app = TestApp::start_with(&[("WAGATE_SESSIONS__PROBE_INTERVAL_SECONDS", "1")]).await;
    linked(&app, "s", "browser", PHONE).await;
    let memory = app
        .wait_for("the browser to be weighed", || async {
            app.get("/api/v1/sessions/s").await.1["data"]["memory"].as_u64()
        })
        .await;
    // Less than this no browser takes, nor more.
    assert!((20 << 20..4 << 30).contains(&memory), "{memory}");
    let (_, metrics) = app.text("/metrics").await;
    assert!(metrics.contains("wagate_sessions_memory_bytes "), "{metrics}");
    restarted(&app).await;
    let profile = app.folder.path().join("sessions/s/profile").canonicalize().unwrap();
    for is_renderer in [false, true] {
        let mut listener = app.listen("/ws/s").await;
        let main = main_process(&profile).expect("there is no browser");
        kill(if is_renderer { renderer_of(main).expect("there is no page") } else { main });
        let (mut refused, mut back) = (0_u32, false);
        let started = tokio::time::Instant::now();
        while !back {
            assert!(started.elapsed() < Duration::from_secs(60), "it did not come back");
            let (status, answer) = say(&app, "s", SILENT, "are you there?").await;
            match status.as_u16() {
                200 => back = listener_saw_crash(&mut listener).await,
                409 => {
                    assert_eq!(code(&answer), "SESSION_NOT_READY");
                    refused += 1;
                }
                // Sent to a browser that was just dying: its outcome is not known.
                502 => assert_eq!(code(&answer), "SEND_FAILED"),
                other => panic!("{other}: {answer}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_ne!(refused, 0, "nobody said that it is gone");
    }
    app.stop().await;
    assert_eq!(processes_of(&profile), Vec::<u32>::new());
}

/// Whether the crash is known by now; a send may go through before anybody noticed.
async fn listener_saw_crash(listener: &mut crate::app::Listener) -> bool {
    let crash =
        async { while listener.event("disconnected").await["data"]["reason"] != "CRASHED" {} };
    tokio::time::timeout(Duration::from_millis(200), crash).await.is_ok()
}

async fn linked(app: &TestApp, id: &str, engine: &str, phone: &str) {
    let body = json!({ "sessionId": id, "waitForQR": true, "config": { "engine": engine } });
    let (status, answer) = app.post("/api/v1/sessions", body).await;
    assert_eq!(status, 201, "{answer}");
    app.link(id, phone).await;
}

/// In order, which writes the login down.
async fn restarted(app: &TestApp) {
    let (status, answer) = app.post("/api/v1/sessions/s/restart", json!({})).await;
    assert_eq!(status, 200, "{answer}");
    app.wait_for_status("s", "ready").await;
}

async fn say(app: &TestApp, id: &str, chat: &str, words: &str) -> (StatusCode, Value) {
    let body = json!({ "chatId": chat, "content": words });
    app.post(&format!("/api/v1/sessions/{id}/send-text"), body).await
}

async fn message(listener: &mut crate::app::Listener, words: &str) -> Value {
    loop {
        let frame = listener.event("message").await;
        if frame["data"]["body"] == words {
            return frame;
        }
    }
}

fn phone_of<'a>(people: &[(&str, &str, &'a str)], id: &str) -> &'a str {
    people.iter().find(|(known, _, _)| *known == id).map(|(_, _, phone)| *phone).unwrap()
}

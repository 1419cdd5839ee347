//! What is unread, where messages come while the chats of a new link are read.

use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
};

const PEOPLE: usize = 6;
const MEANWHILE: usize = 5;

fn person(number: usize) -> String {
    format!("1555000040{number}")
}

async fn unread(app: &TestApp) -> Option<Vec<Value>> {
    let (_, chats) = app.get("/api/v1/sessions/s/chats?limit=50").await;
    let of = |number: usize| {
        let id = format!("{}@c.us", person(number));
        let chat = chats["data"].as_array()?.iter().find(|chat| chat["id"] == id.as_str())?;
        Some(chat["unreadCount"].clone())
    };
    (0..PEOPLE).map(of).collect()
}

async fn each_message_counts_once(app: TestApp) {
    app.create("s").await;
    let (_, answer) = app.get("/api/v1/sessions/s/qr?format=text").await;
    let scan = json!({ "code": answer["data"]["qrText"], "name": "Owner" });
    let path = format!("/_simulator/v1/accounts/{PHONE}/scan");
    assert_eq!(app.post(&path, scan).await.0, 200);
    for round in 0..MEANWHILE {
        for number in 0..PEOPLE {
            write(&app, &person(number), &format!("meanwhile {round}")).await;
        }
    }
    app.wait_for_status("s", "ready").await;
    // Nothing lowers a count that is too high.
    for (count, text) in [(MEANWHILE, None), (MEANWHILE + 1, Some("after"))] {
        for number in 0..PEOPLE {
            if let Some(text) = text {
                write(&app, &person(number), text).await;
            }
        }
        let wanted = Some(vec![Value::from(count); PEOPLE]);
        app.wait_for(&format!("{count} unread in every chat"), || async {
            (unread(&app).await == wanted).then_some(())
        })
        .await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_while_a_session_is_linked_is_unread_once() {
    each_message_counts_once(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_an_engine_across_a_network() {
    each_message_counts_once(TestApp::start_in_memory().await).await;
}

//! Chats whose last message is of the same second: every list has them in one order, and its pages neither skip nor
//! repeat one.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::app::{BUSINESS, PHONE, TestApp};

const OTHER_PHONE: &str = "15557654399";
const PEOPLE: usize = 7;

/// The ids on a page, which lies in the answer at this place.
async fn page(app: &TestApp, path: &str, place: &str) -> Vec<String> {
    let (status, answer) = app.get(path).await;
    assert_eq!(status, 200, "{path}: {answer}");
    let rows = answer.pointer(place).and_then(Value::as_array);
    let rows = rows.unwrap_or_else(|| panic!("{path} has no {place}: {answer}"));
    // In the plain form the id is a number, and the UUID stands beside it.
    let id = |row: &Value| row["uuid"].as_str().or(row["id"].as_str()).unwrap().to_owned();
    rows.iter().map(id).collect()
}

/// All pages of a list, from the first to the one behind the last.
async fn pages(app: &TestApp, place: &str, path: impl Fn(usize) -> String) -> Vec<String> {
    let mut all = Vec::new();
    for number in 0.. {
        let found = page(app, &path(number), place).await;
        if found.is_empty() {
            break;
        }
        all.extend(found);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_of_one_second_stand_in_one_order_on_every_list() {
    let clock = Clock::manual(Clock::system().now());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    // The older session has the later name.
    app.ready("s", PHONE).await;
    app.ready("a", OTHER_PHONE).await;
    // What is said in the second of a login counts as said before it.
    clock.advance(Duration::from_secs(60));
    for person in 0..PEOPLE {
        for phone in [PHONE, OTHER_PHONE] {
            let body = json!({ "chat": format!("{phone}@c.us"), "text": "good morning" });
            let path = format!("/_simulator/v1/accounts/1555000020{person}/messages");
            assert_eq!(app.post(&path, body).await.0, 200);
        }
    }
    let inbox = format!("{BUSINESS}/chats");
    app.wait_for("all conversations", || async {
        clock.advance(Duration::from_millis(5));
        let all = page(&app, &format!("{inbox}?limit=100"), "/chats").await;
        (all.len() == 2 * PEOPLE).then_some(())
    })
    .await;

    let all = page(&app, &format!("{inbox}?limit=100"), "/chats").await;
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    let of_session = page(&app, "/api/v1/sessions/s/chats", "/data").await;
    assert_eq!(of_session.len(), PEOPLE);
    assert!(of_session.is_sorted(), "{of_session:?}");
    for size in [1, 2, 3, 5] {
        for path in ["/api/v1/chat/conversations", "/api/v1/conversations"] {
            let path = |number: usize| format!("{path}?per_page={size}&page={}", number + 1);
            assert_eq!(pages(&app, "/data/data", path).await, all, "{size}");
        }
        let path = |number: usize| format!("{inbox}?limit={size}&page={}", number + 1);
        assert_eq!(pages(&app, "/chats", path).await, all, "{size}");
        // Behind the last conversation of the page before.
        let mut behind = Vec::new();
        loop {
            let before = behind.last().map(|id| format!("&before={id}")).unwrap_or_default();
            let found = page(&app, &format!("{inbox}?limit={size}{before}"), "/chats").await;
            if found.is_empty() {
                break;
            }
            behind.extend(found);
        }
        assert_eq!(behind, all, "{size}");
        let path = |number: usize| {
            format!("/api/v1/sessions/s/chats?limit={size}&offset={}", number * size)
        };
        assert_eq!(pages(&app, "/data", path).await, of_session, "{size}");
    }
    app.stop().await;
}

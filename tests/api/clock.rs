//! A wall clock that is set by an hour under a running gateway.

use std::time::Duration;

use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::app::{PHONE, SILENT, TestApp};

const SEND: &str = "/api/v1/sessions/s/send-text";
const HOUR: i64 = 3_600;

async fn app(clock: &Clock) -> TestApp {
    let settings = [("WAGATE_OUTBOX__PAUSE_MILLISECONDS", "1000")];
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &settings, clock.clone(), Disk::manual(0)).await;
    app.ready("s", PHONE).await;
    app
}

async fn state(app: &TestApp, queued: &Value) -> String {
    let id = queued["data"]["outboxId"].as_str().unwrap();
    let (_, entry) = app.get(&format!("/api/v1/sessions/s/outbox/{id}")).await;
    entry["data"]["state"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_keep_their_pause_and_their_time_however_the_clock_is_set() {
    for jump in [-HOUR, HOUR] {
        let clock = Clock::manual(Clock::system().now());
        let app = app(&clock).await;
        let text = |text: &str| json!({ "chatId": SILENT, "content": text });
        let at = clock.now() + Duration::from_secs(2 * 3_600);
        let later = json!({ "chatId": SILENT, "content": "later", "sendAt": at.to_string() });
        let (status, later) = app.post(SEND, later).await;
        assert_eq!(status, 202, "{later}");
        assert_eq!(app.post(SEND, text("first")).await.0, 200);
        clock.jump(jump);
        // The pause of a second is over after a second, on either side of the jump.
        {
            let second = app.post(SEND, text("second"));
            let waits = app.wait_for("the second to wait beside the later one", || async {
                let (_, page) = app.get("/api/v1/sessions/s/outbox").await;
                let entries = page["data"]["outbox"].as_array()?;
                (entries.iter().filter(|entry| entry["state"] == "queued").count() == 2)
                    .then_some(())
            });
            tokio::pin!(second);
            tokio::select! {
                answer = &mut second => panic!("it did not wait for its pause: {answer:?}"),
                () = waits => clock.advance(Duration::from_secs(1)),
            }
            assert_eq!(second.await.0, 200);
        }
        // A time of day is meant as it is written: not before, and then at once.
        assert_eq!(state(&app, &later).await, "queued");
        clock.jump(2 * HOUR - jump);
        clock.advance(Duration::from_secs(1));
        app.wait_for("its time", || async {
            (state(&app, &later).await != "queued").then_some(())
        })
        .await;
        let (status, health) = app.get("/health").await;
        assert_eq!(status, 200, "{health}");
        app.wait_for_status("s", "ready").await;
        app.stop().await;
    }
}

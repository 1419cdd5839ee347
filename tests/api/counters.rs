//! What came in, was stored and was delivered: the sums that `/metrics` shows agree with each other,
//! with the log and with what a receiver saw.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;

use crate::{
    app::{ECHO, PHONE, SILENT},
    daemon::Daemon,
    receiver::{Answer, Got, Receiver},
};

/// The metrics of a gateway, by their whole names.
struct Sums(BTreeMap<String, f64>);

impl Sums {
    async fn of(daemon: &Daemon) -> Self {
        let request = daemon.http.get(format!("{}/metrics", daemon.base));
        let text = request.send().await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.rsplit_once(' '));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect())
    }

    /// All of one name, or those whose labels hold a text too.
    fn sum(&self, name: &str, label: &str) -> u64 {
        let is_meant = |key: &str| {
            key.strip_prefix(name).is_some_and(|rest| {
                (rest.is_empty() || rest.starts_with('{')) && rest.contains(label)
            })
        };
        let found = self.0.iter().filter(|(key, _)| is_meant(key)).map(|(_, value)| *value);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it counts")]
        let sum = found.sum::<f64>() as u64;
        sum
    }

    /// Events that got a number and that a webhook is sent: not those of the business, which no listener knows.
    fn stored(&self) -> u64 {
        let is_sent =
            |kind: &String| !kind.starts_with("contact.") && !kind.starts_with("conversation.");
        let kinds = self.kinds().into_iter().filter(is_sent);
        kinds.map(|kind| self.sum("wagate_events_stored_total", &format!("kind=\"{kind}\""))).sum()
    }

    fn kinds(&self) -> HashSet<String> {
        let received = |key: &String| {
            let rest = key.strip_prefix("wagate_events_received_total")?;
            Some(rest.split('"').nth(1)?.to_owned())
        };
        self.0.keys().filter_map(received).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_stored_and_delivered_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::choosing(|got, before| {
        // Some are tried twice, and one is given up.
        let line = match () {
            () if got.said() == "poison" => "413 Too Large",
            () if before % 5 == 2 => "500 Oops",
            () => "200 OK",
        };
        Answer::status(line)
    })
    .await;
    let settings = [("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "5ms,5ms,5ms,5ms,5ms,5ms")];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let body = json!({ "url": receiver.url, "events": ["*"] });
    let hook = daemon.post("/api/v1/gateway-webhooks", body).await;
    let hook = hook["id"].as_str().unwrap().to_owned();
    daemon.link("s", PHONE).await;
    let faults = |plan| daemon.call(reqwest::Method::PUT, "/_simulator/v1/faults", Some(plan));
    for number in 0..10 {
        faults(json!({ "duplicateEvents": 2 })).await;
        daemon.send("s", if number % 2 == 0 { ECHO } else { SILENT }, &format!("{number}")).await;
        let body = json!({ "chat": format!("{PHONE}@c.us"), "text": format!("in {number}") });
        daemon.post("/_simulator/v1/accounts/15550000011/messages", body).await;
    }
    daemon.send("s", SILENT, "poison").await;
    daemon.wait_for_newest("s", "poison").await;

    let path = format!("/api/v1/gateway-webhooks/{hook}");
    // Receipts and echoes come for a while: all is quiet when the log and the webhook agree twice.
    let mut before = 0;
    let deadline = tokio::time::Instant::now() + crate::app::PATIENCE;
    let sums = loop {
        assert!(tokio::time::Instant::now() < deadline, "the sums do not agree: {before} stored");
        daemon.wait_until(&path, "the end of the line", |hook| hook["stats"]["waiting"] == 0).await;
        let sums = Sums::of(&daemon).await;
        let stored = sums.stored();
        let accepted = sums.sum("wagate_webhook_deliveries_total", "accepted");
        if stored == accepted && stored == before {
            break sums;
        }
        before = stored;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    };
    for kind in sums.kinds() {
        let of = |name: &str| sums.sum(name, &format!("kind=\"{kind}\""));
        assert_eq!(
            of("wagate_events_received_total"),
            of("wagate_events_stored_total") + of("wagate_events_known_total"),
            "{kind}"
        );
    }
    assert_eq!(sums.sum("wagate_events_waiting", ""), 0);
    let stored = sums.stored();
    let known = sums.sum("wagate_events_known_total", "");
    assert!(0 < known, "nothing was reported twice");
    let received = sums.sum("wagate_events_stored_total", "kind=\"message\"");
    assert!(10 <= received, "{received} messages came in");
    let deliveries = |state: &str| sums.sum("wagate_webhook_deliveries_total", state);
    assert_eq!(deliveries("\"accepted\""), stored);
    assert_eq!(deliveries("\"delivered\"") + deliveries("\"dead\""), stored);
    assert_eq!(deliveries("\"dead\""), 1);
    assert_eq!(
        sums.sum("wagate_webhook_attempts_total", "\"delivered\""),
        deliveries("\"delivered\"")
    );

    let got = receiver.got.lock().await.clone();
    assert_eq!(sums.sum("wagate_webhook_attempts_total", "outcome"), got.len() as u64);
    let ids: HashSet<&str> = got.iter().map(|got: &Got| got.header("webhook-id")).collect();
    assert_eq!(ids.len() as u64, stored);
    let newest = got.iter().filter_map(|got| got.body["seq"].as_u64()).max();
    let all = sums.sum("wagate_events_stored_total", "");
    assert!(
        newest.is_some_and(|newest| stored <= newest && newest <= all),
        "{newest:?}, {stored} and {all}"
    );
    println!(
        "{} received = {stored} stored + {known} known; {} delivered + 1 dead in {} attempts",
        sums.sum("wagate_events_received_total", ""),
        deliveries("\"delivered\""),
        got.len(),
    );
    daemon.stop().await;
}

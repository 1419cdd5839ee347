//! One log, several wordings: each endpoint gets the events in the wording that it names, and only those that
//! this has a name for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use wagate::{
    api::AllFrames,
    domain::{Body, Clock, Event, EventSubject, LogEvent, WaEvent, clock::from_seconds},
    events::{Codes, NewEvent, Wording, Wordings},
    store::{Batch, Store},
    webhooks::{OPEN_WA, WebhookChange, WebhookDraft, WebhookRecord, WebhookScope},
};

use crate::{
    receiver::{Answer, Got, Receiver},
    webhook_service::{Service, settings},
};

/// A family that a module above would own.
#[derive(Serialize, Deserialize)]
struct OrderPaid {
    order: String,
}

impl LogEvent for OrderPaid {
    const FAMILY: &'static str = "orders";

    fn kind(&self) -> &'static str {
        "order_paid"
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Record("order".to_owned(), self.order.clone())
    }
}

/// The wording of a second dialect.
struct Terse;

impl Wording for Terse {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match &event.body {
            Body::WhatsApp(WaEvent::Ack { .. }) => Some("receipt"),
            Body::WhatsApp(_) => None,
            Body::Module(event) => event.read::<OrderPaid>().map(|_| "order.paid"),
        }
    }

    fn write(&self, event: &Event, _: Codes, bytes: &mut Vec<u8>) -> Option<()> {
        let order = event.body.read::<OrderPaid>().map(|paid| paid.order);
        let body = json!({ "type": self.name(event)?, "n": event.seq, "order": order });
        serde_json::to_writer(bytes, &body).ok()
    }

    fn names(&self) -> &'static [&'static str] {
        &["receipt", "order.paid"]
    }
}

fn both() -> Wordings {
    let frames = AllFrames::default();
    let open_wa: Arc<dyn Wording> = Arc::new(frames.of(OPEN_WA).unwrap().clone());
    Wordings::new([(OPEN_WA, open_wa), ("terse", Arc::new(Terse))])
}

async fn start(store: Store, wordings: Wordings) -> Service {
    let clock = Clock::manual(from_seconds(1_000_000));
    Service::start_with(store, clock, settings(), wordings).await
}

fn draft(url: &str, wording: &str, events: &[&str]) -> WebhookDraft {
    let events = events.iter().map(|name| (*name).to_owned()).collect();
    let (url, wording) = (url.to_owned(), Some(wording.to_owned()));
    WebhookDraft { url, events, wording, ..WebhookDraft::default() }
}

async fn register(service: &Service, url: &str, wording: &str) -> WebhookRecord {
    let draft = draft(url, wording, &["*"]);
    service.webhooks.endpoints.register(&WebhookScope::Gateway, draft).await.unwrap().webhook
}

async fn receiver() -> Receiver {
    Receiver::choosing(|_, _| Answer::status("200 OK")).await
}

async fn bodies(receiver: &Receiver) -> Vec<serde_json::Value> {
    receiver.got.lock().await.iter().map(|got: &Got| got.body.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_log_serves_two_wordings_and_a_family_of_neither_goes_to_nobody() {
    let service = start(Store::temporary().await.unwrap(), both()).await;
    let (plain, terse) = (receiver().await, receiver().await);
    let of_open_wa = service.register(&plain.url).await;
    let of_terse = register(&service, &terse.url, "terse").await;
    assert_eq!((of_open_wa.wording.as_str(), of_terse.wording.as_str()), (OPEN_WA, "terse"));

    service.happen(1, 0..1).await;
    let paid = NewEvent::of_module(None, &OrderPaid { order: "7".to_owned() }).unwrap();
    service.log.append_of(vec![paid], Batch::new()).await.unwrap();
    let authenticated = vec![WaEvent::Authenticated];
    service.log.append(&"s".parse().unwrap(), authenticated, Batch::new()).await.unwrap();
    service.happen(2, 0..1).await;
    service.when(&of_open_wa, |webhook| webhook.delivered == 3).await;
    service.when(&of_terse, |webhook| webhook.delivered == 3).await;

    let mut got: Vec<_> = bodies(&plain).await.iter().map(|body| body["seq"].clone()).collect();
    got.sort_by_key(serde_json::Value::as_u64);
    assert_eq!(got, [1, 3, 4], "what has no name in a wording is not reported in it");
    let mut got = bodies(&terse).await;
    got.sort_by_key(|body| body["n"].as_u64());
    let expected = [
        json!({ "type": "receipt", "n": 1, "order": null }),
        json!({ "type": "order.paid", "n": 2, "order": "7" }),
        json!({ "type": "receipt", "n": 4, "order": null }),
    ];
    assert_eq!(got, expected);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_asks_for_the_names_of_its_own_wording_and_keeps_it() {
    let service = start(Store::temporary().await.unwrap(), both()).await;
    let receiver = receiver().await;
    let refused = async |wording, events: &[&str]| {
        let draft = draft(&receiver.url, wording, events);
        service
            .webhooks
            .endpoints
            .register(&WebhookScope::Gateway, draft)
            .await
            .unwrap_err()
            .to_string()
    };
    assert!(refused("nobody's", &["*"]).await.contains("there is no wording"));
    assert!(refused("terse", &["message"]).await.contains("receipt"));
    assert!(refused(OPEN_WA, &["receipt"]).await.contains("message"));
    let draft = draft(&receiver.url, "terse", &["order.paid"]);
    let webhook =
        service.webhooks.endpoints.register(&WebhookScope::Gateway, draft).await.unwrap().webhook;
    let change = |name: &str| WebhookChange {
        events: Some(vec![name.to_owned()]),
        ..WebhookChange::default()
    };
    assert!(
        service
            .webhooks
            .endpoints
            .change(&WebhookScope::Gateway, webhook.id, change("message"))
            .await
            .is_err()
    );
    let changed = service
        .webhooks
        .endpoints
        .change(&WebhookScope::Gateway, webhook.id, change("receipt"))
        .await
        .unwrap();
    assert_eq!(changed.wording, "terse");
    // Registered again without a word about it, it stays as it is.
    let again = WebhookDraft {
        url: receiver.url.clone(),
        events: vec!["receipt".to_owned()],
        ..WebhookDraft::default()
    };
    let again = service.webhooks.endpoints.register(&WebhookScope::Gateway, again).await;
    assert_eq!(again.unwrap().webhook.wording, "terse");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_wording_is_gone_gets_nothing_and_holds_nothing_up() {
    let store = Store::temporary().await.unwrap();
    let service = start(store.clone(), both()).await;
    let (gone, other) = (receiver().await, receiver().await);
    register(&service, &gone.url, "terse").await;
    service.end().await;
    let service = start(store, AllFrames::default().wordings()).await;
    let webhook = service.register(&other.url).await;
    service.happen(1, 0..1).await;
    service.when(&webhook, |webhook| webhook.delivered == 1).await;
    assert!(bodies(&gone).await.is_empty());
    service.end().await;
}

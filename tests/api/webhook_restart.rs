//! Webhooks over a clock that is set and a process that ends: retries keep their times, and open deliveries are made.

use std::time::Duration;

use wagate::{
    domain::Clock,
    webhooks::{DeliveryState, WebhookRecord, WebhookScope},
};

use crate::{
    receiver::{Answer, Got, Receiver},
    webhook_service::{HOUR, STEP, Service, chat, settings},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_by_an_hour_makes_no_retry_late_or_early() {
    for jump in [-3_600, 3_600] {
        let mut short = settings();
        short.full.retries = [5, 60].map(Duration::from_secs).to_vec();
        let service = Service::start(short).await;
        let receiver = Receiver::start(&[
            Answer::status("500 Oops"),
            Answer::status("429 Slow\r\nretry-after: 60"),
        ])
        .await;
        let webhook = service.register(&receiver.url).await;
        service.happen(1, 0..1).await;
        service.when(&webhook, |webhook| webhook.failures_in_row == 1).await;
        service.clock.jump(jump);
        service.pass(Duration::from_secs(3), &webhook).await;
        // Another chat goes out meanwhile, and its first failure is not taken for one of old age.
        service.happen(2, 0..1).await;
        service.when(&webhook, |webhook| webhook.failures_in_row == 2).await;
        let states: Vec<_> = service.deliveries(&webhook).await;
        assert!(states.iter().all(|(delivery, _)| delivery.state == DeliveryState::Waiting));
        service.clock.jump(-jump);
        service.clock.jump(jump);
        // The receiver wished for a minute, of which a part has passed.
        service.pass(Duration::from_secs(50), &webhook).await;
        service.happen(3, 0..1).await;
        tokio::time::sleep(STEP * 20).await;
        assert_eq!(receiver.got.lock().await.len(), 2, "jump {jump}: it was left alone");
        service.pass(Duration::from_secs(25), &webhook).await;
        service.when(&webhook, |webhook| webhook.delivered == 3).await;
        // What is signed and shown is the wall clock's.
        let got = receiver.got.lock().await.clone();
        let signed: i64 = got[4].header("webhook-timestamp").parse().unwrap();
        assert_eq!(signed, service.clock.now().as_second());
        service.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_while_the_gateway_was_down_makes_nothing_late() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::start(&[Answer::status("503 Slow\r\nretry-after: 600")]).await;
    let webhook = service.register(&receiver.url).await;
    service.happen(1, 0..2).await;
    service.when(&webhook, |webhook| webhook.failures_in_row == 1).await;
    let (store, now) = (service.store.clone(), service.clock.now());
    service.end().await;
    // Steady time begins with the wall clock of a new process.
    let clock = Clock::manual(now - HOUR);
    let service = Service::start_on(store, clock, settings()).await;
    service.when(&webhook, |webhook| webhook.delivered == 2).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_open_when_the_process_ended_is_delivered_and_nothing_else() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::choosing(|got, before| {
        let hangs = chat(&got.body).starts_with("15550000001") && before < 3;
        if hangs { Answer::Hang } else { Answer::status("200 OK") }
    })
    .await;
    let webhook = service.register(&receiver.url).await;
    service.happen(1, 0..2).await;
    service.happen(2, 0..2).await;
    // What goes from under way to its record is counted twice for a moment.
    let is_settled = |webhook: &WebhookRecord| webhook.delivered == 2 && webhook.accepted == 4;
    service.when(&webhook, is_settled).await;
    let record = service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await.unwrap();
    assert_eq!(record.waiting(), 2, "one under way and one behind it");
    assert_eq!(service.needed_from().await, [1], "the log keeps what is under way");
    let (store, clock) = (service.store.clone(), service.clock.clone());
    service.end().await;

    let service = Service::start_on(store, clock, settings()).await;
    service.when(&webhook, |webhook| webhook.delivered == 4).await;
    assert_eq!(service.needed_from().await, [5]);
    let got = receiver.got.lock().await.clone();
    let numbers: Vec<_> = got.iter().map(|got| got.body["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), 5, "{numbers:?}");
    assert_eq!(numbers[3..], [1, 2], "in order, and nothing that was recorded");
    let first: Vec<&Got> = got.iter().filter(|got| got.body["seq"] == 1).collect();
    assert_eq!(first.len(), 2);
    for name in ["webhook-id", "x-webhook-id"] {
        assert_eq!(first[0].header(name), first[1].header(name), "{name}");
    }
    service.end().await;
}

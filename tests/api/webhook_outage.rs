//! A receiver that was down and comes back is served at once, on a clock that is moved by hand.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use wagate::webhooks::{WebhookRecord, WebhookScope};

use crate::{
    receiver::{Answer, Receiver},
    webhook_service::{Service, chats_in_order, settings},
};

const MINUTE: Duration = Duration::from_secs(60);

/// An address that nobody listens on, until a receiver takes it.
async fn unused() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Moves the clock to the next probe of an endpoint that is down, and waits until that is over. How long
/// that was.
async fn probe(service: &Service, webhook: &WebhookRecord) -> Duration {
    let before = service
        .webhooks
        .endpoints
        .get(&WebhookScope::Gateway, webhook.id)
        .await
        .unwrap()
        .outage
        .unwrap();
    let next = before.next_probe_at;
    let pause: Duration = next.duration_since(service.clock.now()).try_into().unwrap_or_default();
    service.pass(pause, webhook).await;
    let is_over = |webhook: &WebhookRecord| {
        webhook.outage.is_none_or(|now| now.last_probe_at != before.last_probe_at)
    };
    service.when(webhook, is_over).await;
    pause
}

/// Lets a few times two seconds pass, until so many are delivered. A probe may have been chosen just
/// before the last event came: then that event is the next one's.
async fn deliver_soon(service: &Service, webhook: &WebhookRecord, delivered: u64) {
    for _ in 0..4 {
        service.pass(Duration::from_secs(2), webhook).await;
        let now = service.clock.steady();
        let is_tried = |webhook: &WebhookRecord| {
            let is_probed = webhook.outage.is_some_and(|outage| outage.last_probe_at == now);
            webhook.delivered == delivered || is_probed
        };
        service.when(webhook, is_tried).await;
        if service
            .webhooks
            .endpoints
            .get(&WebhookScope::Gateway, webhook.id)
            .await
            .unwrap()
            .delivered
            == delivered
        {
            return;
        }
    }
    panic!("{:?}", service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await);
}

async fn down(service: &Service, webhook: &WebhookRecord, time: Duration) -> u32 {
    service.when(webhook, |webhook| webhook.outage.is_some()).await;
    let mut passed = Duration::ZERO;
    let mut probes = 0;
    while passed < time {
        passed += probe(service, webhook).await;
        probes += 1;
    }
    probes
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_minute_all_that_waited_is_delivered_within_seconds_and_in_order() {
    let service = Service::start(settings()).await;
    let address = unused().await;
    let webhook = service.register(&format!("http://{address}/hook")).await;
    for chat in 0..40 {
        service.happen(chat, 0..5).await;
    }
    let probes = down(&service, &webhook, MINUTE).await;
    assert!((5..30).contains(&probes), "{probes} probes in a minute");
    let receiver =
        Receiver::at(TcpListener::bind(address).await.unwrap(), |_, _| Answer::status("200 OK"));
    let waited = probe(&service, &webhook).await;
    let begun = Instant::now();
    released(&service, &webhook, 200).await;
    println!(
        "a receiver was down for 60 s, 200 events wait: tried again after {:.0} s, all delivered {:.1} s later",
        waited.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
    );
    assert!(waited <= Duration::from_secs(15), "{waited:?}");
    let got = receiver.reach(200).await;
    assert_eq!((got.len(), chats_in_order(&got)), (200, 40));
    service.end().await;
}

/// How many events wait in the tests of long outages: a few, or as many as `make faults` wants.
fn waiting() -> u32 {
    std::env::var("OUTAGE_EVENTS").map_or(200, |text| text.parse().unwrap())
}

/// Waits until so many are delivered and the outage is over, however many they are.
async fn released(service: &Service, webhook: &WebhookRecord, count: u64) {
    let begun = Instant::now();
    loop {
        let now = service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await.unwrap();
        if now.delivered == count && now.outage.is_none() {
            return;
        }
        assert!(begun.elapsed() < MINUTE * 5, "{now:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A receiver is down for an hour while events come, and up again; the gateway is started again before that
/// where this is asked for.
async fn an_hour(is_restarted: bool) {
    const CHATS: u32 = 50;
    let count = waiting();
    let mut service = Service::start(settings()).await;
    let address = unused().await;
    let webhook = service.register(&format!("http://{address}/hook")).await;
    for chat in 0..CHATS {
        service.happen(chat, 0..count / CHATS).await;
    }
    down(&service, &webhook, MINUTE * 60).await;
    if is_restarted {
        let (store, clock) = (service.store.clone(), service.clock.clone());
        service.end().await;
        service = Service::start_on(store, clock, settings()).await;
    }
    let receiver =
        Receiver::at(TcpListener::bind(address).await.unwrap(), |_, _| Answer::status("200 OK"));
    let waited = probe(&service, &webhook).await;
    let begun = Instant::now();
    released(&service, &webhook, count.into()).await;
    let took = begun.elapsed();
    println!(
        "a receiver was down for an hour{}, {count} events wait: tried again after {:.0} s, all delivered {:.1} s later",
        if is_restarted { " over a restart" } else { "" },
        waited.as_secs_f64(),
        took.as_secs_f64(),
    );
    assert!(waited <= MINUTE, "{waited:?}");
    // How fast a busy machine is says nothing.
    if std::env::var_os("OUTAGE_EVENTS").is_some() {
        assert!(took <= Duration::from_secs(30), "{took:?}");
    }
    let got = receiver.reach(count as usize).await;
    assert_eq!((got.len(), chats_in_order(&got)), (count as usize, CHATS as usize));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_all_that_waited_is_delivered_in_order() {
    an_hour(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_an_hour_outlives_a_restart_and_loses_nothing() {
    an_hour(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_refuses_everything_is_probed_too() {
    let service = Service::start(settings()).await;
    let is_well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let answers = is_well.clone();
    let receiver = Receiver::choosing(move |_, _| {
        let is_well = answers.load(std::sync::atomic::Ordering::SeqCst);
        Answer::status(if is_well { "200 OK" } else { "500 Oops" })
    })
    .await;
    let webhook = service.register(&receiver.url).await;
    for chat in 0..5 {
        service.happen(chat, 0..2).await;
    }
    down(&service, &webhook, MINUTE).await;
    is_well.store(true, std::sync::atomic::Ordering::SeqCst);
    probe(&service, &webhook).await;
    service.when(&webhook, |webhook| webhook.delivered == 10 && webhook.failed == 0).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_alone_holds_up_no_other_chat() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::choosing(|got, _| {
        let is_poison = got.body["data"]["chatId"] == "15550000001@c.us";
        if is_poison { Answer::Close } else { Answer::status("200 OK") }
    })
    .await;
    let webhook = service.register(&receiver.url).await;
    service.happen(1, 0..1).await;
    service.when(&webhook, |webhook| webhook.failures_in_row == 1).await;
    service.pass(Duration::from_secs(7), &webhook).await;
    // Nothing else was tried: as far as anybody knows the endpoint is down.
    service.when(&webhook, |webhook| webhook.outage.is_some()).await;
    service.happen(2, 0..1).await;
    deliver_soon(&service, &webhook, 1).await;
    service.when(&webhook, |webhook| webhook.outage.is_none()).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_asks_for_a_delivery_does_not_wait_for_the_next_probe() {
    let service = Service::start(settings()).await;
    let address = unused().await;
    let webhook = service.register(&format!("http://{address}/hook")).await;
    for chat in 0..8 {
        service.happen(chat, 0..1).await;
    }
    down(&service, &webhook, MINUTE * 10).await;
    let receiver =
        Receiver::at(TcpListener::bind(address).await.unwrap(), |_, _| Answer::status("200 OK"));
    let waiting = service
        .webhooks
        .deliveries
        .list(&WebhookScope::Gateway, webhook.id, None, None, 1)
        .await
        .unwrap();
    service
        .webhooks
        .deliveries
        .redeliver(&WebhookScope::Gateway, webhook.id, waiting[0].0.id)
        .await
        .unwrap();
    service.when(&webhook, |webhook| webhook.delivered == 8 && webhook.outage.is_none()).await;
    assert_eq!(receiver.reach(8).await.len(), 8);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_that_are_refused_beside_others_that_are_not_keep_their_schedules() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::choosing(|got, _| {
        let chat = got.body["data"]["chatId"].as_str().unwrap_or_default().to_owned();
        let is_bad = ["15550000001", "15550000002", "15550000003", "15550000004"]
            .iter()
            .any(|number| chat.starts_with(number));
        Answer::status(if is_bad { "500 Oops" } else { "200 OK" })
    })
    .await;
    let webhook = service.register(&receiver.url).await;
    for chat in 1..5 {
        service.happen(chat, 0..1).await;
    }
    service.when(&webhook, |webhook| webhook.outage.is_some()).await;
    for round in 0..20 {
        service.happen(9, round..round + 1).await;
        deliver_soon(&service, &webhook, u64::from(round) + 1).await;
    }
    let all = service
        .webhooks
        .deliveries
        .list(&WebhookScope::Gateway, webhook.id, None, None, 200)
        .await
        .unwrap();
    let failed = all.iter().filter(|(delivery, _)| delivery.attempts != 1);
    let most = failed.map(|(delivery, _)| delivery.attempts).max().unwrap();
    assert!(most <= 5, "{most} attempts in 40 s");
    service.when(&webhook, |webhook| webhook.failed == 0 && webhook.outage.is_none()).await;
    service.end().await;
}

//! Webhooks without the API before them, on a clock that is moved by hand: retries over days, long queues, and
//! receivers with a wrong certificate.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wagate::{
    api::AllFrames,
    domain::{Ack, Clock, EventBody, SessionId, clock::from_seconds},
    egress::{Guard, OwnPorts, Private},
    events::{EventLog, Need, Retention, Wordings},
    store::{Batch, Store},
    webhooks::{
        Attempt, Delivery, DeliveryState, Schedule, WebhookChange, WebhookDraft, WebhookRecord,
        WebhookScope, WebhookSettings, WebhookTables, Webhooks,
    },
};

use crate::{
    app::PATIENCE,
    receiver::{Answer, Got, Receiver},
};

pub const HOUR: Duration = Duration::from_secs(3_600);
pub const STEP: Duration = Duration::from_millis(5);

pub struct Service {
    pub webhooks: Webhooks,
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    session: SessionId,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Service {
    pub async fn start(settings: WebhookSettings) -> Self {
        let store = Store::temporary().await.unwrap();
        Self::start_on(store, Clock::manual(from_seconds(1_000_000)), settings).await
    }

    pub async fn start_on(store: Store, clock: Clock, settings: WebhookSettings) -> Self {
        Self::start_with(store, clock, settings, AllFrames::default().wordings()).await
    }

    /// The same with other wordings.
    pub async fn start_with(
        store: Store,
        clock: Clock,
        settings: WebhookSettings,
        wordings: Wordings,
    ) -> Self {
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let webhooks = Webhooks::new(store.clone(), log.clone(), clock.clone(), settings, wordings);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        webhooks.start(&tasks, stop.clone());
        Self { webhooks, store, log, clock, session: "s".parse().unwrap(), tasks, stop }
    }

    pub async fn register(&self, url: &str) -> WebhookRecord {
        let url = url.to_owned();
        let draft = WebhookDraft { url, events: vec!["*".to_owned()], ..WebhookDraft::default() };
        self.webhooks.endpoints.register(&WebhookScope::Gateway, draft).await.unwrap().webhook
    }

    /// Logs what happened in a chat.
    pub async fn happen(&self, chat: u32, keys: std::ops::Range<u32>) {
        let ack = |key| {
            let message = format!("true_1555{chat:07}@c.us_K{key}").parse().unwrap();
            EventBody::Ack { message, ack: Ack::Read, participant: None }
        };
        self.log.append(&self.session, keys.map(ack).collect(), Batch::new()).await.unwrap();
    }

    /// Drops old events, even those that somebody still needs. How many.
    async fn drop_older_than(&self, age: Duration) -> usize {
        let nobody: &[Need<()>] = &[];
        self.log.prune(Retention::of_age(age), nobody).await.unwrap().dropped
    }

    /// The first number that each endpoint still has to get.
    pub async fn needed_from(&self) -> Vec<u64> {
        self.webhooks.endpoints.needs().await.unwrap().iter().map(|need| need.from).collect()
    }

    /// Moves the clock, and lets the endpoint notice at once.
    pub async fn pass(&self, time: Duration, webhook: &WebhookRecord) {
        self.clock.advance(time);
        self.webhooks
            .endpoints
            .change(&WebhookScope::Gateway, webhook.id, WebhookChange::default())
            .await
            .unwrap();
    }

    async fn switch(&self, webhook: &WebhookRecord, enabled: bool) {
        let change = WebhookChange { enabled: Some(enabled), ..WebhookChange::default() };
        self.webhooks.endpoints.change(&WebhookScope::Gateway, webhook.id, change).await.unwrap();
    }

    pub async fn deliveries(&self, webhook: &WebhookRecord) -> Vec<(Delivery, Vec<Attempt>)> {
        self.webhooks
            .deliveries
            .list(&WebhookScope::Gateway, webhook.id, None, None, 200)
            .await
            .unwrap()
    }

    pub async fn when(&self, webhook: &WebhookRecord, is: impl Fn(&WebhookRecord) -> bool) {
        let looked = async {
            while !is(&self
                .webhooks
                .endpoints
                .get(&WebhookScope::Gateway, webhook.id)
                .await
                .unwrap())
            {
                tokio::time::sleep(STEP).await;
            }
        };
        let last = tokio::time::timeout(PATIENCE, looked).await;
        assert!(
            last.is_ok(),
            "{:?}",
            self.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await
        );
    }

    pub async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait()).await.expect("a task did not end");
    }
}

pub fn settings() -> WebhookSettings {
    let retries = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    let full = Schedule {
        retries: retries.map(Duration::from_secs).to_vec(),
        respite: Duration::from_secs(60),
    };
    let guard = Guard::for_webhooks(OwnPorts::default(), Private::Yes, &[]);
    WebhookSettings {
        timeout: Duration::from_secs(10),
        guard: guard.clone(),
        guard_of_one_session: guard.for_one_session(),
        max_per_session: 20,
        short: full.clone(),
        full,
        disable_after: HOUR * 120,
        disable_after_failures: 10,
        secret_overlap: HOUR * 24,
        per_endpoint: 10,
        per_host: 32,
        max_event: 1_048_576,
        keep_for: HOUR * 24 * 30,
        max_waiting: 100_000,
        keep_delivered: 1_000,
        recovered_per_second: 20,
    }
}

pub fn chat(body: &Value) -> &str {
    body["data"]["chatId"].as_str().unwrap_or_default()
}

/// How many chats these are of; each has its events in order, and once.
pub fn chats_in_order(got: &[Got]) -> usize {
    let mut last = HashMap::new();
    for got in got {
        let seq = got.body["seq"].as_u64().unwrap();
        let before = last.insert(chat(&got.body).to_owned(), seq).unwrap_or(0);
        assert!(before < seq, "{seq} after {before}");
    }
    last.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_tried_for_three_days_and_its_endpoint_is_switched_off_after_five() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::choosing(|_, _| Answer::status("500 Oops")).await;
    let webhook = service.register(&receiver.url).await;
    service.happen(1, 0..1).await;
    for count in 1..=11 {
        service.when(&webhook, |webhook| webhook.failures_in_row == count).await;
        if count < 11 {
            let (delivery, _) = service.deliveries(&webhook).await.remove(0);
            let next = delivery.next_attempt_at.unwrap();
            let pause = next.duration_since(service.clock.now());
            service.pass(pause.try_into().unwrap(), &webhook).await;
        }
    }
    let (delivery, attempts) = service.deliveries(&webhook).await.remove(0);
    assert_eq!((delivery.state, attempts.len()), (DeliveryState::Dead, 11));
    let took = attempts[10].at.duration_since(attempts[0].at).as_hours();
    assert!((61..=92).contains(&took), "{took} hours");

    service.pass(HOUR * 60, &webhook).await;
    service.happen(1, 1..2).await;
    service.when(&webhook, |webhook| !webhook.enabled).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_line_of_one_chat_holds_up_no_other() {
    const LONG: u32 = 3_000;
    let service = Service::start(settings()).await;
    let receiver = Receiver::choosing(|got, _| {
        let fails = chat(&got.body).starts_with("15550000001");
        Answer::status(if fails { "500 Oops" } else { "200 OK" })
    })
    .await;
    let webhook = service.register(&receiver.url).await;
    service.happen(1, 0..LONG).await;
    for chat in 2..52 {
        service.happen(chat, 0..2).await;
    }
    service.when(&webhook, |webhook| webhook.delivered == 100).await;
    let record = service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await.unwrap();
    assert_eq!(record.accepted, u64::from(LONG) + 100);
    assert_eq!(record.waiting(), u64::from(LONG));
    let got = receiver.got.lock().await.clone();
    let tried = got.iter().filter(|got| chat(&got.body).starts_with("15550000001")).count();
    assert_eq!(tried, 1, "only the head of the lane is tried, once");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_place_in_a_full_line_stays_in_the_log_and_comes_in_its_turn() {
    const MOST: u64 = 100;
    const CHATS: u32 = 10;
    const ALL: u64 = 1_500;
    let mut few = settings();
    few.max_waiting = MOST;
    let service = Service::start(few).await;
    let is_down = Arc::new(AtomicBool::new(true));
    let down = is_down.clone();
    let answer = move |_: &Got, _| match down.load(Ordering::SeqCst) {
        true => Answer::status("500 Oops"),
        false => Answer::status("200 OK"),
    };
    let receiver = Receiver::choosing(answer).await;
    let webhook = service.register(&receiver.url).await;
    for round in 0..150 {
        for chat in 0..CHATS {
            service.happen(chat, round..round + 1).await;
        }
    }
    service.when(&webhook, |webhook| MOST <= webhook.accepted).await;
    service.when(&webhook, |webhook| webhook.outage.is_some()).await;
    service.pass(HOUR, &webhook).await;
    service.when(&webhook, |webhook| 3 < webhook.failures_in_row).await;
    let record = service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await.unwrap();
    assert!(record.accepted < MOST + 1_000, "{} are in the line", record.accepted);
    assert_eq!(service.needed_from().await, [1], "the log keeps all");

    is_down.store(false, Ordering::SeqCst);
    receiver.got.lock().await.clear();
    // An attempt that was refused before may be written down only now, and put the next probe off.
    let mut is_delivered = false;
    for _ in 0..4 {
        service.pass(HOUR, &webhook).await;
        let now = service.clock.steady();
        let is_probed = |webhook: &WebhookRecord| {
            let outage = webhook.outage.filter(|outage| !outage.is_over);
            webhook.delivered == ALL || outage.is_some_and(|outage| outage.last_probe_at == now)
        };
        service.when(&webhook, is_probed).await;
        is_delivered = service
            .webhooks
            .endpoints
            .get(&WebhookScope::Gateway, webhook.id)
            .await
            .unwrap()
            .delivered
            == ALL;
        if is_delivered {
            break;
        }
    }
    assert!(is_delivered);
    let got = receiver.got.lock().await.clone();
    assert_eq!((got.len() as u64, chats_in_order(&got)), (ALL, CHATS as usize));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_chats_at_once_each_keep_their_order() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::start(&[]).await;
    let webhook = service.register(&receiver.url).await;
    for key in 0..20 {
        for chat in 0..15 {
            service.happen(chat, key..key + 1).await;
        }
    }
    // Looked at again and again meanwhile: no event is counted twice on its way.
    let mut most = 0;
    let all_came = async {
        loop {
            let webhook =
                service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await.unwrap();
            most = most.max(webhook.accepted);
            if webhook.delivered == 300 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all_came).await.expect("not all came");
    assert_eq!(most, 300);
    let got = receiver.got.lock().await.clone();
    for number in 0..15 {
        let name = format!("1555{number:07}@c.us");
        let of_chat: Vec<&Got> = got.iter().filter(|got| chat(&got.body) == name).collect();
        let numbers: Vec<_> = of_chat.iter().map(|got| got.body["seq"].as_u64()).collect();
        assert_eq!(numbers.len(), 20);
        assert!(numbers.is_sorted(), "{name}: {numbers:?}");
    }
    let connections = receiver.connections.load(std::sync::atomic::Ordering::SeqCst);
    assert!(connections <= 30, "connections are kept: {connections}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_signed_is_a_failure_and_nothing_is_sent() {
    let service = Service::start(settings()).await;
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/hook", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        acceptor.accept(stream).await.is_err()
    });
    let webhook = service.register(&url).await;
    service.happen(1, 0..1).await;
    service.when(&webhook, |webhook| webhook.failures_in_row == 1).await;
    let (_, attempts) = service.deliveries(&webhook).await.remove(0);
    let error = attempts[0].error.clone().unwrap();
    assert!(error.to_lowercase().contains("certificate"), "{error}");
    assert!(server.await.unwrap(), "the handshake went through");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_is_paced_and_survives_a_log_that_moved_on() {
    let mut slow = settings();
    (slow.recovered_per_second, slow.full.retries) = (1, Vec::new());
    let service = Service::start(slow).await;
    let receiver = Receiver::choosing(|_, before| {
        Answer::status(if before < 4 { "500 Oops" } else { "200 OK" })
    })
    .await;
    let webhook = service.register(&receiver.url).await;
    service.happen(1, 0..1).await;
    service.when(&webhook, |webhook| webhook.failed == 1).await;
    service.clock.advance(HOUR);
    for chat in 2..5 {
        service.happen(chat, 0..1).await;
    }
    service.when(&webhook, |webhook| webhook.failed == 4).await;
    // The oldest event is dropped: its letter stays dead, and is not asked for.
    assert_eq!(service.drop_older_than(HOUR / 2).await, 1);
    let since = from_seconds(0);
    assert_eq!(
        service
            .webhooks
            .deliveries
            .recover(&WebhookScope::Gateway, webhook.id, since)
            .await
            .unwrap(),
        3
    );
    let oldest = service.deliveries(&webhook).await.pop().unwrap().0;
    assert!(
        service
            .webhooks
            .deliveries
            .redeliver(&WebhookScope::Gateway, webhook.id, oldest.id)
            .await
            .is_err()
    );
    service.when(&webhook, |webhook| webhook.delivered == 1).await;
    // What is live goes out beside the recovery, which waits for its time.
    service.happen(9, 0..1).await;
    service.when(&webhook, |webhook| webhook.delivered == 2).await;
    assert_eq!(
        service.webhooks.endpoints.get(&WebhookScope::Gateway, webhook.id).await.unwrap().waiting(),
        2
    );
    for count in 3..=4 {
        service.pass(Duration::from_secs(1), &webhook).await;
        service.when(&webhook, |webhook| webhook.delivered == count).await;
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_off_holds_no_event_back_and_shows_how_many_it_missed() {
    let service = Service::start(settings()).await;
    let receiver = Receiver::start(&[]).await;
    let webhook = service.register(&receiver.url).await;
    service.switch(&webhook, false).await;
    service.happen(1, 0..4).await;
    service.clock.advance(HOUR);
    assert!(service.needed_from().await.is_empty());
    assert_eq!(service.drop_older_than(HOUR / 2).await, 3);
    service.switch(&webhook, true).await;
    service.when(&webhook, |webhook| webhook.delivered == 1 && webhook.missed == 3).await;
    assert_eq!(service.needed_from().await, [5]);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_comes_once_and_in_order_and_of_what_is_over_little_is_kept() {
    const CHATS: u32 = 40;
    let mut few = settings();
    few.keep_delivered = 100;
    let service = Service::start(few).await;
    let receiver = Receiver::start(&[]).await;
    let webhook = service.register(&receiver.url).await;
    service.switch(&webhook, false).await;
    for round in 0..30 {
        for chat in 0..CHATS {
            service.happen(chat, round..round + 1).await;
        }
    }
    service.switch(&webhook, true).await;
    service.when(&webhook, |webhook| webhook.delivered == 1_200).await;
    let got = receiver.got.lock().await.clone();
    assert_eq!((got.len(), chats_in_order(&got)), (1_200, CHATS as usize));
    // Old ones are forgotten without waiting for the round that forgets.
    let stored = service.store.deliveries();
    let is_little = async {
        while 700 < stored.page(webhook.id, None, None, 2_000).await.unwrap().len() {
            tokio::time::sleep(STEP).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_little).await.expect("all are kept");
    service.end().await;
}

//! The business layer at work: its send beside that of open-wa, how far the inbox lags behind messages that come in, how
//! fast it catches up, figures of a month, and rules that tag by words.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use wagate::{
    domain::{Clock, EventBody, Jid, Message, SessionRef, Timestamp, clock::from_millis},
    events::EventLog,
    inbox::InboxEvent,
    messaging::Ingest,
    session::SessionTables,
    store::Store,
    vault::Keyring,
};

use crate::{
    Outcome,
    caller::Caller,
    gateway::{Gateway, PATIENCE},
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
/// Gets messages and never reads or answers.
const SILENT: &str = "15550000003";
const SENDS: usize = 300;
/// People who write, so many a second, for so long.
const A_SECOND: usize = 200;
const SECONDS: usize = 5;
/// Messages that came while the gateway was away.
const MISSED: i64 = 5_000;
const ASKED: usize = 500;
const RULES: usize = 200;
const SETTINGS: [(&str, &str); 3] = [
    ("WAGATE_LIMITS__BUSINESS", "0"),
    ("WAGATE_LIMITS__PER_RECIPIENT_HOUR", "0"),
    ("WAGATE_BUSINESS__WINDOW", "off"),
];

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start_with(folder.path(), "simulated", &SETTINGS).await?;
    gateway.link(SESSION, PHONE).await?;
    let caller = Caller::of(&gateway)?;
    let (by_ka, by_ow) = sends(&gateway, &caller).await?;
    let (with_rules, without) = tagging(&caller).await?;
    flood(&gateway).await?;
    gateway.await_consumers().await?;
    let few = asked(&caller).await?;
    gateway.stop().await?;
    let lags = lags(folder.path()).await?;
    miss(folder.path()).await?;
    let begun = Instant::now();
    let gateway = Gateway::start_with(folder.path(), "simulated", &SETTINGS).await?;
    gateway.await_consumers().await?;
    let rate = MISSED as f64 / begun.elapsed().as_secs_f64();
    let many = asked(&Caller::of(&gateway)?).await?;
    gateway.stop().await?;

    let send = by_ka.median() / by_ow.median();
    let rules = (with_rules.median() - without.median()).max(0.0);
    let (lag, month) = (lags.quantile(0.99), many.quantile(0.99));
    let growth = month / few.quantile(0.99);
    let rows = vec![
        Figure {
            name: "send of the business API, beside send-text of open-wa",
            ours: format!("{:.2} ms", by_ka.median()),
            beside: format!("{:.2} ms", by_ow.median()),
            ratio: Some(send),
            target: Some(Target::at_most("≤ 1.25×", 1.25, send)),
        },
        Figure {
            name: "inbox behind 200 messages a second, p99",
            ours: format!("{lag:.0} ms"),
            beside: format!("{:.0} ms: the median", lags.median()),
            ratio: None,
            target: Some(Target::at_most("≤ 50 ms", 50.0, lag)),
        },
        Figure {
            name: "inbox after 5,000 missed messages, messages a second from the start of the process",
            ours: format!("{rate:.0}"),
            beside: String::new(),
            ratio: None,
            target: Some(Target::at_least("≥ 1,000", 1_000.0, rate)),
        },
        Figure {
            name: "figures of 30 days over 6,000 messages, p99",
            ours: format!("{month:.2} ms"),
            beside: format!("{:.2} ms: over 1,000", few.quantile(0.99)),
            ratio: Some(growth),
            target: Some(Target::at_most("≤ 10 ms", 10.0, month)),
        },
        Figure {
            name: "200 rules on one message, beside none",
            ours: format!("+ {:.0} µs", rules * 1_000.0),
            beside: format!("{:.2} ms: the request without rules", without.median()),
            ratio: None,
            target: Some(Target::at_most("≤ 50 µs", 0.05, rules)),
        },
    ];
    let raw = format!(
        "## The business layer\n\nMilliseconds. The inbox lags by the time between the event of a message and that of the \
         conversation which it opened, as the log has them.\n\n{HEAD}{}{}{}{}{}{}{}",
        by_ka.row("POST send"),
        by_ow.row("POST send-text"),
        lags.row("from a message to its conversation"),
        few.row("GET analytics, 1,000 messages"),
        many.row("GET analytics, 6,000 messages"),
        without.row("POST auto-tagging/test without rules"),
        with_rules.row("POST auto-tagging/test with 200 rules"),
    );
    Ok(Figures { rows, raw })
}

/// Milliseconds of sends by the two APIs, turn by turn.
async fn sends(gateway: &Gateway, caller: &Caller<'_>) -> Outcome<(Series, Series)> {
    let to = format!("+{SILENT}");
    caller.post("/contacts", &json!({ "phone": to, "optedIn": true })).await?;
    let (mut by_ka, mut by_ow) = (Vec::new(), Vec::new());
    let (ka, ow) = (
        json!({ "to": to, "text": "Hello" }),
        json!({ "chatId": format!("{SILENT}@c.us"), "content": "Hello" }),
    );
    for _ in 0..SENDS {
        let begun = Instant::now();
        caller.post("/send", &ka).await?;
        by_ka.push(milliseconds(begun.elapsed()));
        let begun = Instant::now();
        gateway.post(&format!("/api/v1/sessions/{SESSION}/send-text"), &ow).await?;
        by_ow.push(milliseconds(begun.elapsed()));
    }
    Ok((Series::of(by_ka), Series::of(by_ow)))
}

/// Milliseconds of a text that is tried against all rules, and against none.
async fn tagging(caller: &Caller<'_>) -> Outcome<(Series, Series)> {
    let text =
        json!({ "text": "Hello, could you tell me when my word77 order of last week arrives?" });
    let without = tried(caller, &text).await?;
    for rule in 0..RULES {
        let keyword = format!("word{rule}");
        let rule = json!({ "type": "contains", "keyword": keyword, "tag": format!("tag {rule}") });
        caller.post("/auto-tagging/rules", &rule).await?;
    }
    Ok((tried(caller, &text).await?, without))
}

async fn tried(caller: &Caller<'_>, text: &Value) -> Outcome<Series> {
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let begun = Instant::now();
        caller.post("/auto-tagging/test", text).await?;
        times.push(milliseconds(begun.elapsed()));
    }
    Ok(Series::of(times))
}

/// Milliseconds of the figures of a month.
async fn asked(caller: &Caller<'_>) -> Outcome<Series> {
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let begun = Instant::now();
        caller.get("/analytics").await?;
        times.push(milliseconds(begun.elapsed()));
    }
    Ok(Series::of(times))
}

/// New people write at a steady rate.
async fn flood(gateway: &Gateway) -> Outcome<()> {
    let mut beat = tokio::time::interval(Duration::from_secs(1) / A_SECOND as u32);
    let mut writing = Vec::new();
    for number in 0..A_SECOND * SECONDS {
        beat.tick().await;
        let request = gateway
            .http
            .post(format!("{}/_simulator/v1/accounts/1557{number:07}/messages", gateway.base));
        let body = json!({ "chat": format!("{PHONE}@c.us"), "text": "Hello" });
        writing.push(tokio::spawn(request.json(&body).timeout(PATIENCE).send()));
    }
    for written in writing {
        written.await??.error_for_status()?;
    }
    Ok(())
}

async fn open(data: &Path) -> Outcome<(Store, EventLog)> {
    let keyring = Keyring::at(data, &wagate::config::Vault::default());
    let store = Store::open(&data.join("store"), &keyring, wagate::tables::CATALOGUE).await?;
    let log = EventLog::open(store.clone(), Clock::system()).await?;
    Ok((store, log))
}

/// How long after its first message each conversation was opened, in milliseconds.
async fn lags(data: &Path) -> Outcome<Series> {
    let (_, log) = open(data).await?;
    let (mut came, mut lags, mut after) = (HashMap::<Jid, Timestamp>::new(), Vec::new(), 0);
    loop {
        let events = log.read(None, after, 1_000).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        for event in &events {
            if let Some(EventBody::Message { message }) = event.body.whatsapp() {
                came.insert(message.chat().clone(), event.at);
            }
            if let Some(InboxEvent::Opened { of, .. }) = event.body.read()
                && let Some(came) = came.get(&of.chat)
            {
                lags.push((event.at.as_microsecond() - came.as_microsecond()) as f64 / 1_000.0);
            }
        }
    }
    if lags.len() < A_SECOND * SECONDS {
        return Err(format!("only {} conversations were opened", lags.len()).into());
    }
    Ok(Series::of(lags))
}

/// Messages come while no inbox runs.
async fn miss(data: &Path) -> Outcome<()> {
    const AT_ONCE: i64 = 100;
    let (store, log) = open(data).await?;
    let sessions = store.sessions().list().await?;
    let session =
        sessions.into_iter().find(|one| one.id.as_str() == SESSION).ok_or("no session")?;
    log.bind(&SessionRef { id: session.id.clone(), uuid: session.uuid });
    let ingest = Ingest::new(store.clone(), log, Clock::system());
    let now = Clock::system().now().as_millisecond();
    for first in (0..MISSED).step_by(usize::try_from(AT_ONCE)?) {
        let group = (first..first + AT_ONCE).map(|number| {
            let (ingest, session) = (&ingest, &session.id);
            async move {
                let id = format!("false_1558{number:07}@c.us_3EB0{number:018X}");
                let id: wagate::domain::MessageId = id.parse().map_err(|_| "not an id")?;
                let at = from_millis(now + number);
                let message = Box::new(Message::text(id.clone(), id.chat, "Hello", at));
                let taken = ingest.take_in(session, EventBody::Message { message }).await;
                taken.map_err(|error| -> Box<dyn std::error::Error + Send + Sync> { error.into() })
            }
        });
        try_join_all(group).await?;
    }
    Ok(store.durable().await?)
}

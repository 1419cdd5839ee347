//! Lists of the inbox with one filter each, over a large store and over a small one. Lists read no messages, so that one
//! message in each conversation is enough.

use std::{path::Path, time::Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use wagate::{
    domain::{
        Chat, Message, SessionId, Timestamp, chat::LastMessage, clock::from_seconds,
        conversation::conversation_uuid,
    },
    inbox::{InboxState, Status, put_state},
    messaging::MessagingTables,
    store::{Batch, Store},
    vault::Keyring,
};

use crate::{
    Outcome,
    caller::Caller,
    gateway::Gateway,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const SESSION: &str = "bench";
const LARGE: i64 = 100_000;
const SMALL: i64 = 1_000;
const ROUNDS: usize = 400;
const WARM_UP: usize = 50;
const FILTERS: [&str; 6] = [
    "status=OPEN",
    "status=RESOLVED",
    "assignedTo=unassigned",
    "unread=true",
    "starred=true",
    "channel=whatsapp",
];
/// Fewer than a hundred thousand, for a quick look.
const FEWER: &str = "WAGATE_BENCH_CONVERSATIONS";

pub async fn measure() -> Outcome<Figures> {
    let asked = std::env::var(FEWER).ok();
    let large = asked.map_or(Ok(LARGE), |text| text.parse())?.max(SMALL);
    let (large, small) = (Stage::begin(large).await?, Stage::begin(SMALL).await?);
    let (big, little) = (Caller::of(&large.gateway)?, Caller::of(&small.gateway)?);
    let (mut worst, mut table) = (0.0_f64, String::new());
    let mut shown = (0.0, 0.0, "");
    for filter in FILTERS {
        let (mut many, mut few) = (Vec::new(), Vec::new());
        for round in 0..WARM_UP + ROUNDS {
            let times = (list(&big, filter).await?, list(&little, filter).await?);
            if WARM_UP <= round {
                many.push(times.0);
                few.push(times.1);
            }
        }
        let (many, few) = (Series::of(many), Series::of(few));
        let (ours, beside) = (many.quantile(0.99), few.quantile(0.99));
        if worst < ours / beside {
            (worst, shown) = (ours / beside, (ours, beside, filter));
        }
        table.push_str(&many.row(&format!("{filter}, {} conversations", large.conversations)));
        table.push_str(&few.row(&format!("{filter}, {SMALL} conversations")));
    }
    large.gateway.stop().await?;
    small.gateway.stop().await?;
    let (ours, beside, filter) = shown;
    let figure = Figure {
        name: "20 of 100,000 conversations of the inbox by the slowest of six filters, p99",
        ours: format!("{ours:.2} ms: {filter}"),
        beside: format!("{beside:.2} ms: of 1,000"),
        ratio: Some(worst),
        target: Some(Target::at_most("≤ 2×", 2.0, worst)),
    };
    let raw = format!(
        "## Lists of the inbox\n\nMilliseconds of `GET chats?limit=20` with a filter, turn by turn; one message in each \
         conversation.\n\n{HEAD}{table}"
    );
    Ok(Figures { rows: vec![figure], raw })
}

async fn list(caller: &Caller<'_>, filter: &str) -> Outcome<f64> {
    let begun = Instant::now();
    let page = caller.get(&format!("/chats?limit=20&{filter}")).await?;
    let elapsed = milliseconds(begun.elapsed());
    if page["pagination"]["total"].as_u64().is_none_or(|total| total == 0) {
        return Err(format!("nothing by {filter}: {page}").into());
    }
    Ok(elapsed)
}

/// A gateway on a store that was filled before.
struct Stage {
    gateway: Gateway,
    conversations: i64,
    _folder: TempDir,
}

impl Stage {
    async fn begin(conversations: i64) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        fill(folder.path(), conversations).await?;
        let settings = [("WAGATE_LIMITS__BUSINESS", "0")];
        let gateway = Gateway::start_with(folder.path(), "simulated", &settings).await?;
        gateway.link(SESSION, "15557654321").await?;
        Ok(Self { gateway, conversations, _folder: folder })
    }
}

async fn fill(data: &Path, conversations: i64) -> Outcome<()> {
    const AT_ONCE: i64 = 200;
    let folder = data.join("store");
    std::fs::create_dir_all(&folder)?;
    let keyring = Keyring::at(data, &wagate::config::Vault::default());
    let store = Store::open(&folder, &keyring, wagate::tables::CATALOGUE).await?;
    let session: SessionId = SESSION.parse().map_err(|_| "not a session's name")?;
    for first in (0..conversations).step_by(usize::try_from(AT_ONCE)?) {
        let mut work = store.transaction();
        for number in first..(first + AT_ONCE).min(conversations) {
            let message = message(number)?;
            let mut batch = Batch::new();
            work.store().chats().put_in(&mut batch, &session, &chat(&message, number)).await?;
            work.store().messages().put_in(&mut batch, &session, &message).await?;
            work.store().commit(batch).await?;
            put_state(work.store(), &state(&session, &message, number)?).await?;
        }
        if !work.commit().await? {
            return Err("somebody else writes to the store".into());
        }
    }
    Ok(store.durable().await?)
}

fn at(number: i64) -> Timestamp {
    from_seconds(1_700_000_000 + number)
}

fn message(number: i64) -> Outcome<Message> {
    let id = format!("false_{}@c.us_3EB0{number:018X}", 491_500_000_000 + number);
    let id: wagate::domain::MessageId = id.parse().map_err(|_| "not an id")?;
    Ok(Message::text(id.clone(), id.chat, format!("Hello from {number}"), at(number)))
}

fn chat(last: &Message, number: i64) -> Chat {
    Chat {
        id: last.id.chat.clone(),
        name: format!("Contact {number}"),
        unread: u32::from(is_unread(number)),
        archived: false,
        pinned: false,
        muted_until: None,
        last_activity: last.timestamp,
        last_message: Some(LastMessage {
            preview: last.body.clone(),
            timestamp: last.timestamp,
            from_me: false,
            key: None,
        }),
    }
}

fn is_unread(number: i64) -> bool {
    number % 30 == 0
}

fn state(session: &SessionId, message: &Message, number: i64) -> Outcome<InboxState> {
    let status = if number % 20 == 0 { Status::Open } else { Status::Resolved };
    let state: Value = json!({
        "session": session, "chat": message.chat(), "status": status,
        "conversation": conversation_uuid(session, message.chat()),
        "openedAt": message.timestamp, "starred": number % 100 == 0, "messages": 1,
        "lastActivity": message.timestamp, "unread": is_unread(number),
    });
    Ok(serde_json::from_value(state)?)
}

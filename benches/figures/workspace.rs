//! The workspace API at work: sign-ins beside other requests, checks of credentials, answers of a language model word by
//! word, answers from a large knowledge base, heartbeats, and the inbox of a bot.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::sleep;
use wagate::{
    config::{Config, Flags, NetworkKind},
    domain::{Clock, session::EngineKind},
    egress,
};

use crate::{
    Outcome,
    chats::{empty_server, fetch},
    gateway::{Gateway, PATIENCE},
    machine::{processor_time, resident},
    model::{Model, Times},
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse 7";
/// Sign-ins of each who signs in, and how many do at once.
const LOGINS: usize = 20;
const LOGINS_AT_ONCE: usize = 2;
/// Requests beside the sign-ins, and without them.
const BESIDE: usize = 2_000;
const CHECKS: usize = 20_000;
const ANSWERS: usize = 200;
const STREAMS: u32 = 100;
const CHUNKS: u64 = 10_000;
/// Characters of one document.
const DOCUMENT: usize = 700_000;
const CONVERSATIONS: usize = 1_000;
const LISTS: usize = 1_500;
const WARM_UP: usize = 100;
/// People who send heartbeats as often as a thousand would: each of them every 30 seconds.
const PEOPLE: usize = 10;
const AGENTS: u32 = 1_000;
const BEAT: Duration = Duration::from_secs(30);
const BEATING: Duration = Duration::from_secs(20);
/// After it what follows a request is over.
const REST: Duration = Duration::from_secs(2);
const LIMITS: [(&str, &str); 4] = [
    ("WAGATE_LIMITS__WORKSPACE", "0"),
    ("WAGATE_LIMITS__SIGN_IN", "0"),
    ("WAGATE_LIMITS__ASSISTANT", "0"),
    ("WAGATE_LIMITS__STREAMS_PER_KEY", "0"),
];

pub async fn measure() -> Outcome<Figures> {
    let mut all = Figures::default();
    let folder = tempfile::tempdir()?;
    let mut model = Model::start().await?;
    let settings: Vec<_> = LIMITS.into_iter().chain(model.settings()).collect();
    let gateway = Gateway::start_with(folder.path(), "simulated", &settings).await?;
    let desk = Desk::open(&gateway).await?;
    all.add(sign_ins(&desk).await?);
    all.add(heartbeats(&desk).await?);
    all.add(inbox(&desk).await?);
    all.add(first_words(&desk, &mut model).await?);
    all.add(streams(&desk, &mut model).await?);
    all.add(knowledge(&desk, &mut model).await?);
    let (token, key) = (desk.token.clone(), desk.key.clone());
    gateway.stop().await?;
    all.add(checks(folder.path(), (&token, &key)).await?);
    Ok(all)
}

/// The owner of a workspace, signed in.
struct Desk<'g> {
    gateway: &'g Gateway,
    token: String,
    key: String,
}

impl<'g> Desk<'g> {
    async fn open(gateway: &'g Gateway) -> Outcome<Self> {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "name": "Owner" });
        let made = gateway.post("/api/v1/auth/register", &body).await?;
        let token = text(&made["token"])?;
        let body = json!({ "name": "bench", "scopes": ["*"] });
        let key = gateway.post("/api/v1/api-keys", &body).await?;
        Ok(Self { gateway, token, key: text(&key["data"]["key"])? })
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Outcome<Response> {
        let url = format!("{}{path}", self.gateway.base);
        let mut request = self.gateway.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(request.timeout(PATIENCE).send().await?.error_for_status()?)
    }

    async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        Ok(self.send(Method::POST, path, Some(body)).await?.json().await?)
    }

    /// A bot that answers; by the model, or from what it knows.
    async fn bot(&self, name: &str, is_by_model: bool) -> Outcome<String> {
        let provider = if is_by_model { "openai" } else { "embedded" };
        let body = json!({ "name": name, "model": { "provider": provider } });
        let bot = text(&self.post("/api/v1/bots", &body).await?["id"])?;
        self.post(&format!("/api/v1/bots/{bot}/activate"), &json!({})).await?;
        Ok(bot)
    }
}

fn text(value: &Value) -> Outcome<String> {
    Ok(value.as_str().ok_or_else(|| format!("no text: {value}"))?.to_owned())
}

/// Sign-ins, and other requests meanwhile beside the same without them.
async fn sign_ins(desk: &Desk<'_>) -> Outcome<Figures> {
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let (alone, beside, logins) = (Times::default(), Times::default(), Times::default());
    let ask = async |times: &Times| {
        let begun = Instant::now();
        desk.send(Method::GET, "/api/v1/bots", None).await?.bytes().await?;
        times.add(milliseconds(begun.elapsed()));
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    for _ in 0..WARM_UP {
        ask(&alone).await?;
    }
    alone.take();
    for _ in 0..BESIDE {
        ask(&alone).await?;
    }
    {
        let signing_in = try_join_all((0..LOGINS_AT_ONCE).map(|_| async {
            for _ in 0..LOGINS {
                let begun = Instant::now();
                desk.gateway.post("/api/v1/auth/login", &body).await?;
                logins.add(milliseconds(begun.elapsed()));
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
        tokio::pin!(signing_in);
        loop {
            tokio::select! {
                done = &mut signing_in => {
                    done?;
                    break;
                }
                asked = ask(&beside) => asked?,
            }
        }
    }
    let [alone, beside, logins] = [alone, beside, logins].map(|times| Series::of(times.take()));
    let ratio = beside.quantile(0.99) / alone.quantile(0.99);
    let rows = vec![
        Figure {
            name: "Sign-in with a password, two at once",
            ours: format!("{:.0} ms", logins.median()),
            beside: String::new(),
            ratio: None,
            target: Some(Target::at_most("≤ 150 ms", 150.0, logins.median())),
        },
        Figure {
            name: "GET of the workspace API while people sign in, p99",
            ours: format!("{:.2} ms", beside.quantile(0.99)),
            beside: format!("{:.2} ms: while nobody does", alone.quantile(0.99)),
            ratio: Some(ratio),
            target: Some(Target::at_most("≤ 2×", 2.0, ratio)),
        },
    ];
    let raw = [
        logins.row("POST auth/login, two at once"),
        alone.row("GET bots"),
        beside.row("GET bots beside the sign-ins"),
    ];
    Ok(figures("Sign-ins", "Milliseconds.", rows, &raw))
}

/// Checks of a token and of a key, as each request makes them, in this process.
async fn checks(data: &Path, (token, key): (&str, &str)) -> Outcome<Figures> {
    let flags = Flags {
        port: Some(0),
        data: Some(data.to_owned()),
        network: Some(NetworkKind::Simulated),
        engine: Some(EngineKind::Simulated),
        ..Flags::default()
    };
    let config = Config::load(&flags, &BTreeMap::new())?;
    let gateway = wagate::gateway::Gateway::start(config, Clock::system()).await?;
    let services = gateway.services();
    let (mut tokens, mut keys) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + CHECKS {
        let begun = Instant::now();
        services.accounts.sign_ins.authenticate(token).await?;
        let by_token = begun.elapsed();
        let begun = Instant::now();
        services.api_keys.authenticate(key).await?;
        let by_key = begun.elapsed();
        if WARM_UP <= round {
            tokens.push(milliseconds(by_token));
            keys.push(milliseconds(by_key));
        }
    }
    gateway.stop().await;
    let (tokens, keys) = (Series::of(tokens), Series::of(keys));
    let worst = tokens.median().max(keys.median());
    let row = Figure {
        name: "Check of a person's token, beside that of a key",
        ours: format!("{:.1} µs", tokens.median() * 1_000.0),
        beside: format!("{:.1} µs: of a key", keys.median() * 1_000.0),
        ratio: Some(tokens.median() / keys.median()),
        target: Some(Target::at_most("≤ 100 µs", 0.1, worst)),
    };
    let raw = [tokens.row("of a token"), keys.row("of a key")];
    let words = "Milliseconds, turn by turn, without the way through HTTP.";
    Ok(figures("Checks of credentials", words, vec![row], &raw))
}

/// A stream of an answer, read until it holds this.
async fn read_until(response: &mut Response, wanted: &str) -> Outcome<Instant> {
    let mut said = String::new();
    while let Some(chunk) = response.chunk().await? {
        said.push_str(&String::from_utf8_lossy(&chunk));
        if said.contains(wanted) {
            return Ok(Instant::now());
        }
    }
    Err(format!("no {wanted} in {said}").into())
}

const STREAM: &str = "/api/v1/chat/stream";

/// How long after the model's first word the client has it.
async fn first_words(desk: &Desk<'_>, model: &mut Model) -> Outcome<Figures> {
    let bot = desk.bot("By a model", true).await?;
    let body = json!({ "bot_id": bot, "message": "What do you think of the weather?" });
    let (mut words, mut whole) = (Vec::new(), Vec::new());
    model.finishes(true);
    for round in 0..WARM_UP / 10 + ANSWERS {
        let begun = Instant::now();
        let mut response = desk.send(Method::POST, STREAM, Some(&body)).await?;
        let received = read_until(&mut response, "event: token").await?;
        let asked = model.asked().await?;
        while response.chunk().await?.is_some() {}
        if WARM_UP / 10 <= round {
            words.push(milliseconds(received.saturating_duration_since(asked.first_word)));
            whole.push(milliseconds(begun.elapsed()));
        }
    }
    let (words, whole) = (Series::of(words), Series::of(whole));
    let row = Figure {
        name: "First word of a streamed answer, after the model's, p99",
        ours: format!("{:.2} ms", words.quantile(0.99)),
        beside: format!("{:.2} ms: the whole answer, p99", whole.quantile(0.99)),
        ratio: None,
        target: Some(Target::at_most("≤ 10 ms", 10.0, words.quantile(0.99))),
    };
    let raw =
        [words.row("from the model's first word to the client's"), whole.row("POST chat/stream")];
    Ok(figures("Streams of answers", "Milliseconds.", vec![row], &raw))
}

/// What the gateway holds for each of many streams whose model is in the middle of a sentence.
async fn streams(desk: &Desk<'_>, model: &mut Model) -> Outcome<Figures> {
    let bot = desk.bot("Of many", true).await?;
    let mut held = Vec::new();
    // The first round makes what is needed once.
    for round in 0..4 {
        sleep(REST).await;
        let before = resident(desk.gateway.process()?)?;
        model.finishes(false);
        let body = json!({ "bot_id": bot, "message": "Tell me a long story, will you?" });
        let opening = (0..STREAMS).map(|_| async {
            let mut response = desk.send(Method::POST, STREAM, Some(&body)).await?;
            read_until(&mut response, "event: token").await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(response)
        });
        let mut open = try_join_all(opening).await?;
        sleep(REST).await;
        let during = resident(desk.gateway.process()?)?;
        model.finishes(true);
        for response in &mut open {
            while response.chunk().await?.is_some() {}
        }
        for _ in 0..STREAMS {
            model.asked().await?;
        }
        if 0 < round {
            held.push((during - before) / f64::from(STREAMS));
        }
    }
    let held = Series::of(held);
    let row = Figure {
        name: "Memory of the gateway for each of 100 streams of answers (RSS)",
        ours: format!("{:.0} KiB", held.median()),
        beside: String::new(),
        ratio: None,
        target: Some(Target::at_most("≤ 100 KiB", 100.0, held.median())),
    };
    let words =
        "KiB. Each stream has a conversation of its own and waits for the model's second word.";
    Ok(figures("Memory of streams", words, vec![row], &[held.row("for each stream")]))
}

/// How long a question takes until the model is asked: of a bot that knows much, and of one that knows nothing.
async fn knowledge(desk: &Desk<'_>, model: &mut Model) -> Outcome<Figures> {
    let (much, nothing) =
        (desk.bot("Knows much", true).await?, desk.bot("Knows nothing", true).await?);
    let mut chunks = 0;
    for number in 0.. {
        let body = json!({ "title": format!("Part {number}"), "content": document(number) });
        let made = desk.post(&format!("/api/v1/kb/{much}"), &body).await?;
        chunks += made["chunk_count"].as_u64().filter(|count| 0 < *count).ok_or("no chunks")?;
        if CHUNKS <= chunks {
            break;
        }
    }
    model.finishes(true);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP / 10 + ANSWERS {
        for (bot, times) in [(&much, &mut with), (&nothing, &mut without)] {
            let question =
                format!("What is word{} about, and how does topic{round} go on?", round * 7);
            let body = json!({ "bot_id": bot, "message": question });
            let begun = Instant::now();
            let mut response = desk.send(Method::POST, STREAM, Some(&body)).await?;
            let asked = model.asked().await?;
            while response.chunk().await?.is_some() {}
            if WARM_UP / 10 <= round {
                times.push(milliseconds(asked.came.saturating_duration_since(begun)));
            }
        }
    }
    let (with, without) = (Series::of(with), Series::of(without));
    let row = Figure {
        name: "A question to a bot with 10,000 chunks until the model is asked, p99",
        ours: format!("{:.1} ms", with.quantile(0.99)),
        beside: format!("{:.1} ms: a bot that knows nothing", without.quantile(0.99)),
        ratio: Some(with.quantile(0.99) / without.quantile(0.99)),
        target: Some(Target::at_most("≤ 20 ms", 20.0, with.quantile(0.99))),
    };
    let raw = [with.row(&format!("{chunks} chunks")), without.row("no chunk")];
    let words = "Milliseconds, turn by turn; the message is on the disk by then.";
    Ok(figures("Knowledge", words, vec![row], &raw))
}

/// Sentences of many words, most of which are in few chunks.
fn document(number: usize) -> String {
    let mut text = String::with_capacity(DOCUMENT + 200);
    let mut place = number * 100_000;
    while text.len() < DOCUMENT {
        place += 1;
        text.push_str(&format!(
            "The shop explains word{} and topic{} to customers who ask about order {}. ",
            place % 9_000,
            place % 700,
            place
        ));
    }
    text
}

/// Heartbeats as often as a thousand people send them.
async fn heartbeats(desk: &Desk<'_>) -> Outcome<Figures> {
    let mut tokens = Vec::new();
    for number in 0..PEOPLE {
        let email = format!("agent{number}@example.com");
        let body =
            json!({ "email": email, "password": PASSWORD, "name": "Agent", "role": "AGENT" });
        desk.post("/api/v1/users", &body).await?;
        let body = json!({ "email": email, "password": PASSWORD });
        tokens.push(text(&desk.gateway.post("/api/v1/auth/login", &body).await?["token"])?);
    }
    let url = format!("{}/api/v1/presence/heartbeat", desk.gateway.base);
    let beat = async |token: &String| {
        let request = desk.gateway.http.post(&url).bearer_auth(token).json(&json!({}));
        request.timeout(PATIENCE).send().await?.error_for_status()?.bytes().await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    // They come online, which is news.
    for token in &tokens {
        beat(token).await?;
    }
    sleep(REST).await;
    let process = desk.gateway.process()?;
    let (written, time) = (written(process)?, processor_time(process)?);
    sleep(BEATING).await;
    let idle = processor_time(process)?.saturating_sub(time);
    let idle_writes = self::written(process)? - written;
    let (written, time) = (self::written(process)?, processor_time(process)?);
    let mut pace = tokio::time::interval(BEAT / AGENTS);
    let (begun, mut beats) = (Instant::now(), 0_usize);
    while begun.elapsed() < BEATING {
        pace.tick().await;
        beat(tokens.get(beats % PEOPLE).ok_or("nobody")?).await?;
        beats += 1;
    }
    let busy = processor_time(process)?.saturating_sub(time);
    let writes = self::written(process)? - written;
    let share = |time: Duration| time.as_secs_f64() / BEATING.as_secs_f64() * 100.0;
    let (ours, beside) = (share(busy), share(idle));
    let own = (ours - beside).max(0.0);
    let rows = vec![
        Figure {
            name: "Heartbeats of 1,000 agents, of one processor",
            ours: format!("{own:.2} %"),
            beside: format!("{beside:.2} %: without them"),
            ratio: None,
            target: Some(Target::at_most("≤ 1 %", 1.0, own)),
        },
        Figure {
            name: "Writes to the disk by heartbeats",
            ours: format!("{} KiB", writes.saturating_sub(idle_writes) / 1_024),
            beside: format!("{} KiB: without them, in the same time", idle_writes / 1_024),
            ratio: None,
            target: Some(Target::at_most("none", 0.0, writes.saturating_sub(idle_writes) as f64)),
        },
    ];
    let words = format!(
        "{beats} heartbeats of {PEOPLE} people in {} seconds, as often as 1,000 send them.",
        BEATING.as_secs()
    );
    Ok(figures("Heartbeats", &words, rows, &[]))
}

/// Bytes that a process has written to disks until now.
fn written(process: u32) -> Outcome<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/io"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.ok_or("a process does not say what it writes")?.trim().parse()?)
}

/// A page of the inbox of a bot beside a request that does nothing.
async fn inbox(desk: &Desk<'_>) -> Outcome<Figures> {
    let bot = desk.bot("Desk", false).await?;
    for number in 0..CONVERSATIONS {
        let visitor = json!({ "name": format!("Visitor {number}") });
        let body = json!({ "bot_id": bot, "message": "Hello there", "visitor": visitor });
        desk.post("/api/v1/chat", &body).await?;
    }
    let (mut server, empty) = empty_server().await?;
    let other = egress::local_client()?;
    let path = format!("/api/v1/inbox/conversations/{bot}?limit=20");
    let (mut pages, mut nothings) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + LISTS {
        let begun = Instant::now();
        desk.send(Method::GET, &path, None).await?.bytes().await?;
        let page = milliseconds(begun.elapsed());
        let (nothing, _) = fetch(&other, &empty).await?;
        if WARM_UP <= round {
            pages.push(page);
            nothings.push(nothing);
        }
    }
    server.kill().await?;
    let (pages, nothings) = (Series::of(pages), Series::of(nothings));
    let ratio = pages.median() / nothings.median();
    let row = Figure {
        name: "20 of 1,000 conversations of a bot's inbox",
        ours: format!("{:.2} ms", pages.median()),
        beside: format!("{:.2} ms: an actix handler that does nothing", nothings.median()),
        ratio: Some(ratio),
        target: Some(Target::at_most("≤ 5×", 5.0, ratio)),
    };
    let raw = [pages.row("GET inbox/conversations"), nothings.row("GET of nothing")];
    let words = "Milliseconds, over one connection each, turn by turn.";
    Ok(figures("Inbox of a bot", words, vec![row], &raw))
}

fn figures(title: &str, words: &str, rows: Vec<Figure>, raw: &[String]) -> Figures {
    let table = if raw.is_empty() { String::new() } else { format!("\n\n{HEAD}{}", raw.concat()) };
    Figures { rows, raw: format!("## {title}\n\n{words}{table}\n") }
}

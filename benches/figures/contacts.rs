//! An import of 50,000 contacts, with the memory that it takes and a request beside it, searches among 100,000, and
//! a page of them by a tool for assistants beside the same page by REST.

use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::{
    Outcome,
    gateway::Gateway,
    machine::resident,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const ROWS: usize = 50_000;
const FILES: usize = 2;
const SEARCHES: usize = 2_000;
/// Pages by each way, in turns.
const PAGES: usize = 1_000;
const BOUNDARY: &str = "a-boundary";
const BASE: &str = "/api/whatsapp-api/contacts";
/// Longer than an import takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
const FIRST_NAMES: [&str; 8] = ["Ada", "John", "Zoë", "José", "Mei", "Olga", "Amara", "Priya"];
const LAST_NAMES: [&str; 10] = [
    "Lovelace", "Doe", "Müller", "García", "Chen", "Ivanova", "Okafor", "Patel", "Smith", "Nguyen",
];

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let settings = [("WAGATE_LIMITS__BUSINESS", "0")];
    let gateway = Gateway::start_with(folder.path(), "simulated", &settings).await?;
    let key = std::fs::read_to_string(folder.path().join("bootstrap.key"))?;
    let key = key.trim();
    let process = gateway.process()?;
    // The first one is for the second to be measured among as many.
    import(&gateway, key, 0).await?;
    let idle = resident(process)? / 1_024.0;
    let mut before = Vec::new();
    for _ in 0..PAGES {
        before.push(timed_page(&gateway, key).await?.0);
    }
    let begun = Instant::now();
    let (imported, watched) = tokio::join!(import(&gateway, key, 1), watch(&gateway, process));
    let (seconds, (most, meanwhile)) =
        (imported.map(|()| begun.elapsed().as_secs_f64())?, watched?);
    let mut searches = Vec::new();
    for round in 0..SEARCHES {
        let query = match round % 4 {
            0 => format!("search={}%20contact", LAST_NAMES[round % LAST_NAMES.len()]),
            1 => format!("search={}", round * 37 % 100_000),
            2 => format!("search=%2B1555{:07}", round * 41 % 100_000),
            _ => format!("search=number{}", round * 43 % 100_000),
        };
        let begun = Instant::now();
        get(&gateway, key, &format!("{BASE}?{query}")).await?;
        searches.push(milliseconds(begun.elapsed()));
    }
    let (by_rest, by_tool) = pages(&gateway, key).await?;
    gateway.stop().await?;
    let again = Gateway::start_with(folder.path(), "simulated", &settings).await?;
    let start = milliseconds(again.start);
    again.stop().await?;
    let (before, meanwhile) = (Series::of(before), Series::of(meanwhile));
    let beside = meanwhile.quantile(0.99) / before.quantile(0.99);
    let ratio = by_tool.median() / by_rest.median();
    let (growth, searches) = (most - idle, Series::of(searches));
    let p95 = searches.quantile(0.95);
    let rows = vec![
        Figure {
            name: "import of 50,000 contacts",
            ours: format!("{seconds:.1} s"),
            beside: String::new(),
            ratio: None,
            target: Some(Target::at_most("≤ 20 s", 20.0, seconds)),
        },
        Figure {
            name: "memory that the import takes",
            ours: format!("{growth:.0} MiB"),
            beside: format!("{idle:.0} MiB: before"),
            ratio: None,
            target: Some(Target::at_most("≤ 32 MiB", 32.0, growth)),
        },
        Figure {
            name: "a page of contacts beside the import, p99",
            ours: format!("{:.2} ms", meanwhile.quantile(0.99)),
            beside: format!("{:.2} ms: without one", before.quantile(0.99)),
            ratio: Some(beside),
            target: Some(Target::at_most("≤ 2×", 2.0, beside)),
        },
        Figure {
            name: "Cold start with 100,000 contacts",
            ours: format!("{start:.0} ms"),
            beside: String::new(),
            ratio: None,
            target: Some(Target::at_most("< 300 ms", 300.0, start)),
        },
        Figure {
            name: "search among 100,000 contacts, p95",
            ours: format!("{p95:.2} ms"),
            beside: format!("median {:.2} ms", searches.median()),
            ratio: None,
            target: Some(Target::at_most("≤ 50 ms", 50.0, p95)),
        },
        Figure {
            name: "tools/call list_contacts, beside GET contacts",
            ours: format!("{:.2} ms", by_tool.median()),
            beside: format!("{:.2} ms", by_rest.median()),
            ratio: Some(ratio),
            target: Some(Target::at_most("≤ 1.5×", 1.5, ratio)),
        },
    ];
    let raw = format!(
        "## Contacts\n\nMilliseconds of searches by word, by part of a number, by whole number and by a word of one \
         contact. Memory of the gateway: {idle:.0} MiB before the import, {most:.0} MiB at most meanwhile.\n\n{HEAD}{}{}{}{}{}",
        searches.row("GET contacts?search="),
        by_rest.row("GET contacts?limit=20"),
        by_tool.row("tools/call list_contacts"),
        before.row("GET contacts?limit=1"),
        meanwhile.row("the same beside the import"),
    );
    Ok(Figures { rows, raw })
}

/// Milliseconds of a page of 20 contacts by REST and by a tool.
async fn pages(gateway: &Gateway, key: &str) -> Outcome<(Series, Series)> {
    let (mut by_rest, mut by_tool) = (Vec::new(), Vec::new());
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "list_contacts", "arguments": { "limit": 20 } },
    });
    for _ in 0..PAGES {
        let begun = Instant::now();
        let page = get(gateway, key, &format!("{BASE}?limit=20")).await?;
        by_rest.push(milliseconds(begun.elapsed()));
        let begun = Instant::now();
        let request = gateway.http.post(format!("{}/api/mcp", gateway.base)).bearer_auth(key);
        let answer = request.json(&call).send().await?.error_for_status()?;
        let answer: Value = answer.json().await?;
        by_tool.push(milliseconds(begun.elapsed()));
        if answer["result"]["structuredContent"] != page {
            return Err(format!("the tool says something else: {answer}").into());
        }
    }
    Ok((Series::of(by_rest), Series::of(by_tool)))
}

async fn import(gateway: &Gateway, key: &str, file: usize) -> Outcome<()> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n\
         phone,name,email,tags,optedIn\n"
    );
    for row in file * ROWS..(file + 1) * ROWS {
        let (first, last) =
            (FIRST_NAMES[row % FIRST_NAMES.len()], LAST_NAMES[row % LAST_NAMES.len()]);
        body.push_str(&format!(
            "+1555{row:07},{first} {last} number{row},c{row}@example.com,\"all,group {}\",{}\n",
            row % 50,
            row % 2 == 0
        ));
    }
    body.push_str(&format!("\r\n--{BOUNDARY}--\r\n"));
    let request = gateway.http.post(format!("{}{BASE}/import", gateway.base)).bearer_auth(key);
    let request = request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
    let answer: Value = request.body(body).timeout(PATIENCE).send().await?.json().await?;
    if answer["imported"] == ROWS { Ok(()) } else { Err(format!("the import: {answer}").into()) }
}

/// The most memory that the gateway has until an import is over, in MiB, and the milliseconds of pages meanwhile.
async fn watch(gateway: &Gateway, process: u32) -> Outcome<(f64, Vec<f64>)> {
    let (mut most, mut times) = (0.0_f64, Vec::new());
    let key = std::fs::read_to_string(gateway.data.join("bootstrap.key"))?;
    let begun = Instant::now();
    loop {
        most = most.max(resident(process)? / 1_024.0);
        let (elapsed, total) = timed_page(gateway, key.trim()).await?;
        times.push(elapsed);
        if total == ROWS * FILES {
            return Ok((most, times));
        }
        if PATIENCE < begun.elapsed() {
            return Err("the import does not end".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How long a short page took, in milliseconds, and how many contacts there are.
async fn timed_page(gateway: &Gateway, key: &str) -> Outcome<(f64, Value)> {
    let begun = Instant::now();
    let page = get(gateway, key, &format!("{BASE}?limit=1")).await?;
    Ok((milliseconds(begun.elapsed()), page["pagination"]["total"].clone()))
}

async fn get(gateway: &Gateway, key: &str, path: &str) -> Outcome<Value> {
    let request = gateway.http.get(format!("{}{path}", gateway.base)).bearer_auth(key);
    Ok(request.send().await?.error_for_status()?.json().await?)
}

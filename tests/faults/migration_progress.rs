//! A migration of a large store, for those who wait for it: the terminal and callers learn how far it has come.

use std::{net::TcpListener, time::Duration};

use serde_json::Value;

use crate::support::{daemon::Daemon, http, layout_2};

/// A busy machine needs more than two seconds for these; for a quick one there are three times as many in each try. So
/// no try takes much longer than the program may take to listen.
const FIRST: u64 = 1_000;
const MOST: u64 = 250_000;
const LOOK: Duration = Duration::from_millis(20);

/// How far a sentence says that it is, in percent.
fn percent(sentence: &str) -> Option<u64> {
    let (before, _) = sentence.split_once(" %")?;
    before.rsplit(' ').next()?.parse().ok()
}

async fn asked(client: &http::Client, port: u16) -> Option<(u16, Value)> {
    let url = format!("http://127.0.0.1:{port}/api/v1/sessions");
    let response = client.get(url).send().await.ok()?;
    Some((response.status().as_u16(), response.json().await.ok()?))
}

/// What the terminal and callers got while a store with so many messages more was migrated.
async fn migrate(messages: u64) -> (Vec<u64>, Vec<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let mut pairs = layout_2::pairs();
    layout_2::more(&mut pairs, messages);
    layout_2::write(&folder.path().join("data/store"), &pairs);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = folder.path().to_owned();
    let starting = tokio::spawn(async move { Daemon::start_on(&path, port).await });
    let (client, mut answered) = (http::Client::new(), Vec::new());
    while !starting.is_finished() {
        if let Some((503, answer)) = asked(&client, port).await {
            let details = &answer["error"]["details"];
            assert_eq!(details["status"], "starting", "{answer}");
            let is_migrating = details["step"]
                .as_str()
                .is_some_and(|step| step.starts_with("migrating the store"));
            answered.extend(details["percent"].as_u64().filter(|_| is_migrating));
        }
        tokio::time::sleep(LOOK).await;
    }
    let daemon = starting.await.unwrap();
    let lines = daemon.printed.lines().filter(|line| line.starts_with("starting: migrating"));
    let shown = lines.filter_map(percent).collect();
    let (status, listed) = asked(&client, port).await.unwrap();
    assert_eq!(status, 200, "{listed}");
    daemon.stop().await;
    (shown, answered)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_takes_long_says_on_the_terminal_and_to_callers_how_far_it_is() {
    let mut messages = FIRST;
    let (shown, answered) = loop {
        let (shown, answered) = migrate(messages).await;
        if !shown.is_empty() && !answered.is_empty() || MOST <= messages {
            break (shown, answered);
        }
        messages *= 3;
    };
    println!("{messages} messages: the terminal showed {shown:?} %, callers got {answered:?} %");
    for percents in [shown, answered] {
        assert!(!percents.is_empty() && percents.is_sorted(), "{percents:?}");
        assert!(percents.iter().all(|percent| *percent <= 100), "{percents:?}");
    }
}

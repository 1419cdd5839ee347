//! What the gateway itself holds for each session, without a browser.

use std::{ops::Range, time::Duration};

use tokio::time::sleep;

use crate::{
    Outcome,
    gateway::Gateway,
    machine::resident,
    report::{Figure, Figures, Target},
    series::{HEAD, Series},
};

const SESSIONS: u32 = 50;
const ROUNDS: u32 = 3;
/// After it everything that follows a session's start is over.
const SETTLED: Duration = Duration::from_secs(2);

pub async fn measure() -> Outcome<Figures> {
    let (mut none, mut some, mut many) = (Vec::new(), Vec::new(), Vec::new());
    let (mut first, mut next) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let gateway = Gateway::start(folder.path(), "simulated").await?;
        warm_up(&gateway).await?;
        sleep(SETTLED).await;
        let at_none = resident(gateway.process()?)?;
        let at_some = with_sessions(&gateway, 0..SESSIONS).await?;
        let at_many = with_sessions(&gateway, SESSIONS..2 * SESSIONS).await?;
        gateway.stop().await?;
        first.push((at_some - at_none) / f64::from(SESSIONS));
        next.push((at_many - at_some) / f64::from(SESSIONS));
        none.push(at_none);
        some.push(at_some);
        many.push(at_many);
    }
    let (none, some, many) = (Series::of(none), Series::of(some), Series::of(many));
    let (first, next) = (Series::of(first), Series::of(next));
    let figure = Figure {
        name: "Memory of the gateway for each session without a browser (RSS)",
        ours: format!("{:.0} KiB", first.median()),
        beside: format!(
            "{:.1} MiB with none, {:.1} with {SESSIONS}, {:.1} with {} ({:.0} KiB for each more)",
            none.median() / 1_024.0,
            some.median() / 1_024.0,
            many.median() / 1_024.0,
            2 * SESSIONS,
            next.median(),
        ),
        ratio: None,
        target: Some(Target::at_most("≤ 64 KiB", 64.0, first.median())),
    };
    let raw = [
        none.row("resident with no session"),
        some.row(&format!("resident with {SESSIONS} linked sessions")),
        many.row(&format!("resident with {}", 2 * SESSIONS)),
        first.row("for each of the first"),
        next.row("for each of the next"),
    ];
    let raw = format!(
        "## Memory of the gateway\n\nKiB, by a gateway of its own in each round, which has had \
         one session that was removed again: what the first requests set up once and for all is \
         there before. Of the first sessions nobody can tell what is theirs and what the gateway \
         needs once, such as the buffers of the store; the next as many tell. The simulated \
         network lives in the same process: its accounts are in the figure.\n\n{HEAD}{}",
        raw.concat()
    );
    Ok(Figures { rows: vec![figure], raw })
}

/// What is resident when these are linked, too.
async fn with_sessions(gateway: &Gateway, numbers: Range<u32>) -> Outcome<f64> {
    for number in numbers {
        gateway.link(&format!("bench-{number}"), &format!("155570001{number:02}")).await?;
    }
    sleep(SETTLED).await;
    resident(gateway.process()?)
}

/// One session comes and goes.
async fn warm_up(gateway: &Gateway) -> Outcome<()> {
    gateway.link("first", "15557000099").await?;
    gateway.call(reqwest::Method::DELETE, "/api/v1/sessions/first", None).await?;
    Ok(())
}

//! What the gateway itself holds for each session, without a browser.

use std::time::Duration;

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
    let (mut none, mut many, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let gateway = Gateway::start(folder.path(), "simulated").await?;
        warm_up(&gateway).await?;
        sleep(SETTLED).await;
        let before = resident(gateway.process()?)?;
        for number in 0..SESSIONS {
            gateway.link(&format!("bench-{number}"), &format!("155570001{number:02}")).await?;
        }
        sleep(SETTLED).await;
        let after = resident(gateway.process()?)?;
        gateway.stop().await?;
        none.push(before);
        many.push(after);
        each.push((after - before) / f64::from(SESSIONS));
    }
    let (none, many, each) = (Series::of(none), Series::of(many), Series::of(each));
    let figure = Figure {
        name: "Memory of the gateway for each session without a browser (RSS)",
        ours: format!("{:.0} KiB", each.median()),
        beside: format!(
            "{:.1} MiB with none, {:.1} MiB with {SESSIONS}",
            none.median() / 1_024.0,
            many.median() / 1_024.0
        ),
        ratio: None,
        target: Some(Target::at_most("≤ 64 KiB", 64.0, each.median())),
    };
    let raw = [
        none.row("resident with no session"),
        many.row(&format!("resident with {SESSIONS} linked sessions")),
        each.row("for each"),
    ];
    let raw = format!(
        "## Memory of the gateway\n\nKiB, by a gateway of its own in each round, which has had \
         one session that was removed again: what the first requests set up once and for all is \
         there before. The simulated network lives in the same process: its accounts are in the \
         figure.\n\n{HEAD}{}",
        raw.concat()
    );
    Ok(Figures { rows: vec![figure], raw })
}

/// One session comes and goes.
async fn warm_up(gateway: &Gateway) -> Outcome<()> {
    gateway.link("first", "15557000099").await?;
    gateway.call(reqwest::Method::DELETE, "/api/v1/sessions/first", None).await?;
    Ok(())
}

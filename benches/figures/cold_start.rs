//! From the start of the process to its word that it listens, on an empty folder.

use std::time::Instant;

use tokio::process::Command;

use crate::{
    Outcome,
    gateway::{Gateway, PROGRAM},
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const ROUNDS: usize = 30;

pub async fn measure() -> Outcome<Figures> {
    let (mut starts, mut versions) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let gateway = Gateway::start(folder.path(), "browser").await?;
        starts.push(milliseconds(gateway.start));
        gateway.stop().await?;
        let begun = Instant::now();
        Command::new(PROGRAM).arg("--version").output().await?;
        versions.push(milliseconds(begun.elapsed()));
    }
    let (starts, versions) = (Series::of(starts), Series::of(versions));
    let figure = Figure {
        name: "Cold start: from exec to listening, empty store",
        ours: format!("{:.0} ms", starts.median()),
        beside: format!("{:.0} ms: `wagate --version`", versions.median()),
        ratio: None,
        target: Some(Target::at_most("< 300 ms", 300.0, starts.median())),
    };
    let raw = [starts.row("`wagate serve` until it listens"), versions.row("`wagate --version`")];
    let raw = format!(
        "## Cold start\n\nMilliseconds; the simulated network starts with it, no browser \
         does.\n\n{HEAD}{}",
        raw.concat()
    );
    Ok(Figures { rows: vec![figure], raw })
}

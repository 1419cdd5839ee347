//! The store: what a message takes on the disk with its indexes and its event, and how long the opening of a million of
//! them takes.

use std::time::Instant;

use wagate::{domain::Clock, events::EventLog, store::Store, vault::Keyring};

use crate::{
    Outcome,
    chat_pages::{Filling, fill, size_of},
    report::{Figure, Figures, Target},
    series::{HEAD, Series},
};

const MESSAGES: i64 = 1_000_000;
/// Written at the pace of use, which is the collector's: some 400 a second.
const AT_THE_PACE_OF_USE: i64 = 50_000;
const OPENINGS: usize = 5;
/// Fewer than a million, for a quick look.
const FEWER: &str = "WAGATE_BENCH_MESSAGES";

pub async fn measure() -> Outcome<Figures> {
    let asked = std::env::var(FEWER).ok();
    let messages = asked.map_or(Ok(MESSAGES), |text| text.parse())?;
    let in_use = messages.min(AT_THE_PACE_OF_USE);
    let (bytes, filling) = {
        let folder = tempfile::tempdir()?;
        let (store, begun) = (folder.path().join("store"), Instant::now());
        fill(&store, in_use, Filling::AtThePaceOfUse).await?;
        (size_of(&store)? as f64 / in_use as f64, begun.elapsed().as_secs_f64())
    };
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("store");
    fill(&store, messages, Filling::WithEvents).await?;
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        let keyring = Keyring::at(folder.path(), &wagate::config::Vault::default());
        let opened = Store::open(&store, &keyring, wagate::tables::CATALOGUE).await?;
        let log = EventLog::open(opened, Clock::system()).await?;
        openings.push(begun.elapsed().as_secs_f64());
        let logged = log.newest();
        if i64::try_from(logged)? != messages {
            return Err(format!("{logged} events of {messages} messages").into());
        }
    }
    let openings = Series::of(openings);
    let opening = openings.quantile(1.0);
    let rows = vec![
        Figure {
            name: "A message with its indexes and its event on the disk",
            ours: format!("{bytes:.0} B"),
            beside: format!("of {in_use}, written in {filling:.0} s at the pace of the collector"),
            ratio: None,
            target: Some(Target::at_most("≤ 1300 B", 1_300.0, bytes)),
        },
        Figure {
            name: "Opening the store of a million messages with their events, the longest",
            ours: format!("{opening:.2} s"),
            beside: format!("{messages} messages, after an orderly end"),
            ratio: None,
            target: Some(Target::at_most("≤ 2 s", 2.0, opening)),
        },
    ];
    let raw = format!(
        "## The store\n\nSeconds, of a store that was closed in order and lies in the memory of the \
         system.\n\n{HEAD}{}",
        openings.row("until the store and its event log are open")
    );
    Ok(Figures { rows, raw })
}

//! The figures of the README, measured side by side in one run: `make bench`.
//!
//! Names as arguments choose figures (`cargo bench --bench figures -- chats`); then nothing is
//! written. Each figure drives the program itself, built for release, from outside. `soak` is no
//! figure and runs only by its name: `make soak`.

mod broadcast;
mod business;
mod browser_memory;
mod caller;
mod chat_pages;
mod chats;
mod cold_start;
mod connection;
mod contacts;
mod cost;
mod deliveries;
mod event_rate;
mod fan_out;
mod gateway;
mod inbox;
mod isolation;
mod machine;
mod model;
mod outbox;
mod page;
mod receiver;
mod report;
mod send;
mod series;
mod session_memory;
mod soak;
mod store_size;
mod workspace;

use std::{future::Future, pin::Pin, process::ExitCode, time::Instant};

use self::{machine::say, report::Figures};

/// What is worth measuring either works or says why not.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

type Measuring = Pin<Box<dyn Future<Output = Outcome<Figures>>>>;

/// The name that chooses a group of figures, and what measures it.
type Group = (&'static str, fn() -> Measuring);

const GROUPS: [Group; 19] = [
    ("send", || Box::pin(send::measure())),
    ("outbox", || Box::pin(outbox::measure())),
    ("cost", || Box::pin(cost::measure())),
    ("page", || Box::pin(page::measure())),
    ("chats", || Box::pin(chats::measure())),
    ("store", || Box::pin(store_size::measure())),
    ("chat-pages", || Box::pin(chat_pages::measure())),
    ("contacts", || Box::pin(contacts::measure())),
    ("inbox", || Box::pin(inbox::measure())),
    ("business", || Box::pin(business::measure())),
    ("workspace", || Box::pin(workspace::measure())),
    ("broadcast", || Box::pin(broadcast::measure())),
    ("fan-out", || Box::pin(fan_out::measure())),
    ("event-rate", || Box::pin(event_rate::measure())),
    ("deliveries", || Box::pin(deliveries::measure())),
    ("isolation", || Box::pin(isolation::measure())),
    ("browser-memory", || Box::pin(browser_memory::measure())),
    ("session-memory", || Box::pin(session_memory::measure())),
    ("cold-start", || Box::pin(cold_start::measure())),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == chats::EMPTY_SERVER) {
        return chats::serve_nothing();
    }
    // `cargo test --all-targets` starts this too, without the switch that `cargo bench` gives.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let wanted = arguments.into_iter().filter(|argument| !argument.starts_with('-')).collect();
    let ran = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(wanted)));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("make bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(wanted: Vec<String>) -> Outcome<()> {
    machine::check_requirements()?;
    machine::raise_file_limit()?;
    if wanted.iter().any(|one| one == soak::NAME) {
        return soak::run().await;
    }
    let started = Instant::now();
    let mut all = Figures::default();
    for (name, measure) in GROUPS {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            let begun = Instant::now();
            let figures = measure().await.map_err(|error| format!("{name}: {error}"))?;
            say(&format!("{name}: measured in {:.0} s", begun.elapsed().as_secs_f64()));
            all.add(figures);
        }
    }
    say(&format!("\n{}", all.table()));
    if wanted.is_empty() {
        all.write(started.elapsed())?;
        say("written to README.md and docs/benchmarks.md");
    } else {
        say(&all.details());
    }
    Ok(())
}

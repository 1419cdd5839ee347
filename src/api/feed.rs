//! Following the event log for one listener: replay from a number, then live, filtered.
//!
//! WebSocket and server-sent events differ only in how they write a frame.

use std::collections::HashSet;

use tokio::sync::watch;

use crate::{
    api::{
        body::Query,
        error::ApiError,
        frames::{Frame, Frames},
        sessions::wire::EVENT_NAMES,
    },
    domain::{Error, SessionId},
    events::EventLog,
};

const READ_AT_ONCE: usize = 100;

/// One listener's place in the log.
pub struct Feed {
    log: EventLog,
    frames: Frames,
    wake: watch::Receiver<u64>,
    session: Option<SessionId>,
    cursor: u64,
    /// None for all.
    wanted: Option<HashSet<String>>,
}

/// Where a listener asks to begin.
pub enum Start {
    Now,
    Replay,
    /// The log no longer reaches back so far; it holds events from this number on.
    TooOld(u64),
}

impl Feed {
    pub fn new(
        log: EventLog,
        frames: Frames,
        session: Option<SessionId>,
        query: &Query,
    ) -> Result<Self, ApiError> {
        let wanted = query.text("events").map(names).transpose()?;
        let wake = log.wake();
        let cursor = log.newest();
        Ok(Self { log, frames, wake, session, cursor, wanted })
    }

    /// Moves to where the listener left off.
    pub fn begin(&mut self, since: Option<u64>) -> Start {
        match since {
            None => Start::Now,
            Some(since) if since + 1 < self.log.oldest() => {
                self.cursor = self.log.oldest() - 1;
                Start::TooOld(self.log.oldest())
            }
            Some(since) => {
                self.cursor = since;
                Start::Replay
            }
        }
    }

    pub fn choose(&mut self, wanted: HashSet<String>) {
        self.wanted = Some(wanted);
    }

    /// The next frames; waits until there are any.
    pub async fn next(&mut self) -> Result<Vec<Frame>, Error> {
        loop {
            self.wake.mark_unchanged();
            let events = self.log.read(self.session.as_ref(), self.cursor, READ_AT_ONCE).await?;
            let is_at_end = events.len() < READ_AT_ONCE;
            if let Some(last) = events.last() {
                self.cursor = last.seq;
            }
            let frames = events.iter().filter_map(|event| self.frames.of(event));
            let frames: Vec<Frame> = frames.filter(|frame| self.wants(frame.name)).collect();
            if !frames.is_empty() {
                return Ok(frames);
            }
            if is_at_end && self.wake.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    pub fn wants(&self, name: &str) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains("*") || wanted.contains(name))
    }
}

/// Reads a list of event names.
pub fn names(text: &str) -> Result<HashSet<String>, ApiError> {
    let names: HashSet<String> =
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    match names.iter().find(|name| *name != "*" && !EVENT_NAMES.contains(&name.as_str())) {
        Some(name) => {
            let message =
                format!("'{name}' is not an event; there are *, {}", EVENT_NAMES.join(", "));
            Err(Error::invalid_field("events", message).into())
        }
        None => Ok(names),
    }
}

//! Following the event log for one listener: replay from a number, then live, filtered.
//!
//! WebSocket and server-sent events differ only in how they write a frame.

use std::collections::HashSet;

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    api::{
        error::ApiError,
        streams::{
            frames::{Frame, Frames},
            inbox::Follower,
        },
    },
    domain::{Error, ErrorCode, Event},
    events::{Codes, EventLog},
};

const READ_AT_ONCE: usize = 100;

/// One listener's place in the log.
pub struct Feed {
    log: EventLog,
    frames: Frames,
    codes: Codes,
    wake: watch::Receiver<u64>,
    /// The UUID of the one session that is followed; none for all.
    session: Option<Uuid>,
    cursor: u64,
    /// Events after this number are not sent.
    until: u64,
    /// None for all.
    wanted: Option<HashSet<String>>,
    /// For who follows the inbox, too.
    inbox: Option<(Frames, Follower)>,
}

/// Where a listener asks to begin.
pub enum Start {
    Now,
    Replay,
    /// The log does not know the number: it no longer reaches back so far, or has not come to it,
    /// as after a restore. It holds events from this number on, which all follow.
    Reset(u64),
}

impl Feed {
    pub fn new(log: EventLog, frames: Frames, session: Option<Uuid>, codes: Codes) -> Self {
        let (wake, cursor) = (log.wake(), log.newest());
        let (until, wanted, inbox) = (u64::MAX, None, None);
        Self { log, frames, codes, wake, session, cursor, until, wanted, inbox }
    }

    /// The same with the events of the inbox that a follower sees.
    #[must_use]
    pub fn with_inbox(self, inbox: Option<(Frames, Follower)>) -> Self {
        Self { inbox, ..self }
    }

    /// The same with the events of these names alone; none for all.
    pub fn of_names(self, wanted: Option<&str>) -> Result<Self, ApiError> {
        let wanted = wanted.map(|text| self.read_names(text)).transpose()?;
        Ok(Self { wanted, ..self })
    }

    /// Moves to where the listener left off.
    pub fn begin(&mut self, since: Option<u64>) -> Start {
        match since {
            None => Start::Now,
            Some(since)
                if since.saturating_add(1) < self.log.oldest() || self.log.newest() < since =>
            {
                self.cursor = self.log.oldest().saturating_sub(1);
                Start::Reset(self.log.oldest())
            }
            Some(since) => {
                self.cursor = since;
                Start::Replay
            }
        }
    }

    /// The number that the listener has everything up to.
    pub fn position(&self) -> u64 {
        self.cursor
    }

    pub fn end_at(&mut self, until: u64) {
        self.until = self.until.min(until);
    }

    /// Tells what has happened until now, and no more: the session is gone.
    pub fn end_now(&mut self) {
        self.end_at(self.log.newest());
    }

    /// Whether all that was requested has been sent.
    pub fn is_over(&self) -> bool {
        self.until <= self.cursor
    }

    /// Only the events of these names from now on. A list with a name that there is not changes nothing.
    pub fn choose(&mut self, list: &str) {
        if let Ok(wanted) = self.read_names(list) {
            self.wanted = Some(wanted);
        }
    }

    /// The next frames; waits until there are any, and gives none when it is over. An error when
    /// the log was dropped before the listener had it: a listener that resumes there gets a notice.
    pub async fn next(&mut self) -> Result<Vec<Frame>, Error> {
        loop {
            self.wake.mark_unchanged();
            let newest = self.log.newest();
            let events = self.log.read(self.session, self.cursor, READ_AT_ONCE).await?;
            let is_at_end = events.len() < READ_AT_ONCE;
            if self.cursor + 1 < self.log.oldest() {
                let message = "the log no longer reaches back so far; resume by number";
                return Err(Error::new(ErrorCode::Unavailable, message));
            }
            // At the end nothing of others' events is needed either, however much is dropped later.
            let reached = if is_at_end { newest } else { 0 };
            let last = events.last().map_or(0, |last| last.seq);
            self.cursor = self.cursor.max(last).max(reached);
            let mut frames = Vec::new();
            for event in events.iter().take_while(|event| event.seq <= self.until) {
                frames.extend(self.frame(event).await?);
            }
            if !frames.is_empty() || self.is_over() {
                return Ok(frames);
            }
            if is_at_end && self.wake.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The frame of an event; none for one that the listener does not want or may not see.
    async fn frame(&self, event: &Event) -> Result<Option<Frame>, Error> {
        if let Some(frame) = self.frames.of(event, self.codes) {
            return Ok(Some(frame).filter(|frame| self.wants(frame.name)));
        }
        let Some((frames, follower)) = &self.inbox else { return Ok(None) };
        let frame = frames.of(event, self.codes).filter(|frame| self.wants(frame.name));
        match frame {
            Some(frame) if follower.sees(event).await? => Ok(Some(frame)),
            Some(_) | None => Ok(None),
        }
    }

    /// Reads a list of event names.
    fn read_names(&self, text: &str) -> Result<HashSet<String>, ApiError> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: HashSet<String> = names.map(str::to_owned).collect();
        let mut known = self.frames.names().to_vec();
        known.extend(self.inbox.iter().flat_map(|(frames, _)| frames.names()));
        match names.iter().find(|name| *name != "*" && !known.contains(&name.as_str())) {
            Some(name) => {
                let message =
                    format!("'{name}' is not an event; there are *, {}", known.join(", "));
                Err(Error::invalid_field("events", message).into())
            }
            None => Ok(names),
        }
    }

    pub fn wants(&self, name: &str) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains("*") || wanted.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::streams::frames::AllFrames,
        domain::{Clock, Event, EventBody, SessionRef},
        events::{Need, Retention, Wording},
        store::{Batch, Store},
        webhooks::OPEN_WA,
    };

    const UUID: Uuid = Uuid::from_u128(1);

    async fn feed(events: usize) -> (EventLog, Feed) {
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store, Clock::system()).await.unwrap();
        log.bind(&SessionRef { id: "s".parse().unwrap(), uuid: UUID });
        let bodies = vec![EventBody::Authenticated; events];
        log.append(&"s".parse().unwrap(), bodies, Batch::new()).await.unwrap();
        let session = Some(UUID);
        let frames = AllFrames::default().of(OPEN_WA).unwrap().clone();
        let feed = Feed::new(log.clone(), frames, session, Codes::Shown);
        (log, feed)
    }

    /// A dialect that tells failures alone, and those as words.
    struct Terse;

    impl Wording for Terse {
        fn name(&self, event: &Event) -> Option<&'static str> {
            matches!(event.body.whatsapp(), Some(EventBody::Failed { .. })).then_some("broken")
        }

        fn write(&self, event: &Event, _: Codes, bytes: &mut Vec<u8>) -> Option<()> {
            bytes.extend(format!("\"number {}\"", event.seq).bytes());
            Some(())
        }

        fn names(&self) -> &'static [&'static str] {
            &["broken"]
        }
    }

    #[tokio::test]
    async fn one_log_is_followed_in_two_wordings() {
        let (log, mut plain) = feed(1).await;
        let frames = Frames::new(std::sync::Arc::new(Terse));
        let followed = |wanted: &str| {
            let (log, frames) = (log.clone(), frames.clone());
            Feed::new(log, frames, Some(UUID), Codes::Shown).of_names(Some(wanted))
        };
        let mut terse = followed("broken").ok().unwrap();
        assert!(followed("failed").is_err(), "that is another wording's name");
        let bodies = vec![EventBody::Failed { reason: "x".to_owned() }, EventBody::Authenticated];
        log.append(&"s".parse().unwrap(), bodies, Batch::new()).await.unwrap();
        let names = async |feed: &mut Feed| -> Vec<&'static str> {
            feed.next().await.unwrap().iter().map(|frame| frame.name).collect()
        };
        assert_eq!(names(&mut plain).await, ["failed", "authenticated"]);
        terse.begin(Some(0));
        let frames = terse.next().await.unwrap();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].stream, "id: 2\nevent: broken\ndata: \"number 2\"\n\n");
        assert_eq!(frames[0].json, "\"number 2\"");
    }

    async fn drop_all(log: &EventLog) {
        let nobody: &[Need<()>] = &[];
        log.prune(Retention::of_bytes(1), nobody).await.unwrap();
    }

    #[tokio::test]
    async fn a_log_dropped_under_a_replay_is_no_silent_gap() {
        let (log, mut feed) = feed(3 * READ_AT_ONCE).await;
        assert!(matches!(feed.begin(Some(0)), Start::Replay));
        assert_eq!(feed.next().await.unwrap().len(), READ_AT_ONCE);
        drop_all(&log).await;
        assert!(feed.next().await.is_err());
        assert!(matches!(feed.begin(Some(READ_AT_ONCE as u64)), Start::Reset(300)));
    }

    #[tokio::test]
    async fn a_number_that_the_log_has_not_come_to_is_no_silence() {
        let (log, mut feed) = feed(3).await;
        assert!(matches!(feed.begin(Some(3)), Start::Replay));
        assert!(matches!(feed.begin(Some(4)), Start::Reset(1)));
        assert_eq!(feed.next().await.unwrap().len(), 3);
        assert!(matches!(feed.begin(Some(u64::MAX - 1)), Start::Reset(1)));
        assert_eq!(log.newest(), 3);
    }

    #[tokio::test]
    async fn what_happened_to_others_may_be_dropped_behind_a_quiet_listener() {
        let (log, mut feed) = feed(1).await;
        let append = async |session: &str, bodies| {
            log.append(&session.parse().unwrap(), bodies, Batch::new()).await.unwrap();
        };
        let next = tokio::spawn(async move { feed.next().await.map(|frames| frames.len()) });
        for _ in 0..10 {
            append("other", vec![EventBody::Authenticated; 5]).await;
            tokio::task::yield_now().await;
        }
        drop_all(&log).await;
        append("s", vec![EventBody::Authenticated]).await;
        assert_eq!(next.await.unwrap().unwrap(), 1);
    }
}

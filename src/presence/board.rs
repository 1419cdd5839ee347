//! Board of presence: what is known of each person, and what follows from it. Pure.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Timestamp, clock::Moment};

/// How long a heartbeat counts.
pub const LIFE: Duration = Duration::from_secs(90);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Online,
    Away,
    Busy,
    #[default]
    Offline,
}

impl Status {
    pub const WORDS: [&str; 4] = ["online", "away", "busy", "offline"];

    /// What stays chosen: online is what heartbeats say by themselves.
    pub fn lasting(self) -> Option<Self> {
        (self != Self::Online).then_some(self)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// What others see of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub status: Status,
    pub last_seen: Option<Timestamp>,
    /// What the person says of it.
    pub message: Option<String>,
}

/// What is known of a person.
#[derive(Debug, Default)]
struct Seen {
    last_seen: Option<Timestamp>,
    /// In steady time: until when the last heartbeat counts.
    fresh_until: Option<Timestamp>,
    /// A status that the person chose; it stays until another is chosen.
    chosen: Option<Status>,
    message: Option<String>,
    /// Streams that are open.
    streams: usize,
    /// What was published last.
    announced: Status,
}

impl Seen {
    fn status(&self, steady: Timestamp) -> Status {
        let is_here = 0 < self.streams || self.fresh_until.is_some_and(|until| steady < until);
        match self.chosen {
            Some(chosen) => chosen,
            None if is_here => Status::Online,
            None => Status::Offline,
        }
    }
}

/// A person whose status is another than before.
pub type Change = (Uuid, Status);

#[derive(Debug, Default)]
pub struct Board {
    people: HashMap<Uuid, Seen>,
}

impl Board {
    /// A sign of life. What it changes.
    pub fn beat(&mut self, user: Uuid, now: Moment) -> Option<Change> {
        let seen = self.people.entry(user).or_default();
        seen.last_seen = Some(now.wall);
        seen.fresh_until = Some(now.steady + LIFE);
        change_of(user, seen, now.steady)
    }

    /// Somebody chooses a status.
    pub fn choose(
        &mut self,
        user: Uuid,
        status: Status,
        message: Option<String>,
        now: Moment,
    ) -> Option<Change> {
        let seen = self.people.entry(user).or_default();
        seen.chosen = status.lasting();
        seen.message = message;
        self.beat(user, now)
    }

    /// What somebody chose before the gateway was started again. Its event was sent then.
    pub fn restore(&mut self, user: Uuid, status: Option<Status>, message: Option<String>) {
        let seen = self.people.entry(user).or_default();
        (seen.chosen, seen.message) = (status, message);
        seen.announced = status.unwrap_or_default();
    }

    /// What somebody has chosen, and says of it.
    pub fn chosen(&self, user: Uuid) -> (Option<Status>, Option<String>) {
        let seen = self.people.get(&user);
        seen.map_or((None, None), |seen| (seen.chosen, seen.message.clone()))
    }

    /// A stream is opened, or closed.
    pub fn stream(&mut self, user: Uuid, is_open: bool, now: Moment) -> Option<Change> {
        let seen = self.people.entry(user).or_default();
        seen.streams =
            if is_open { seen.streams.saturating_add(1) } else { seen.streams.saturating_sub(1) };
        self.beat(user, now)
    }

    /// Those who are gone since, and when the next one may be.
    pub fn expire(&mut self, now: Moment) -> (Vec<Change>, Option<Timestamp>) {
        let people = self.people.iter_mut();
        let gone = people.filter_map(|(user, seen)| change_of(*user, seen, now.steady)).collect();
        let waiting = self.people.values().filter(|seen| seen.status(now.steady) == Status::Online);
        let next = waiting.filter(|seen| seen.streams == 0).filter_map(|seen| seen.fresh_until);
        (gone, next.min())
    }

    pub fn shown(&self, user: Uuid, now: Moment) -> Shown {
        let Some(seen) = self.people.get(&user) else { return Shown::default() };
        let last_seen = if 0 < seen.streams { Some(now.wall) } else { seen.last_seen };
        Shown { status: seen.status(now.steady), last_seen, message: seen.message.clone() }
    }

    pub fn forget(&mut self, user: Uuid) {
        self.people.remove(&user);
    }
}

/// The status of a person, if it is news.
fn change_of(user: Uuid, seen: &mut Seen, steady: Timestamp) -> Option<Change> {
    let status = seen.status(steady);
    let is_news = status != seen.announced;
    seen.announced = status;
    is_news.then_some((user, status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    const ADA: Uuid = Uuid::from_u128(1);

    fn at(seconds: i64) -> Moment {
        Moment { wall: from_seconds(1_000 + seconds), steady: from_seconds(seconds) }
    }

    #[test]
    fn a_heartbeat_counts_for_ninety_seconds_and_each_change_is_told_once() {
        let mut board = Board::default();
        assert_eq!(board.shown(ADA, at(0)), Shown::default());
        assert_eq!(board.beat(ADA, at(0)), Some((ADA, Status::Online)));
        assert_eq!(board.beat(ADA, at(30)), None);
        assert_eq!(board.expire(at(119)), (vec![], Some(from_seconds(120))));
        assert_eq!(board.expire(at(120)), (vec![(ADA, Status::Offline)], None));
        assert_eq!(board.expire(at(121)), (vec![], None));
        let shown = board.shown(ADA, at(121));
        assert_eq!((shown.status, shown.last_seen), (Status::Offline, Some(from_seconds(1_030))));
    }

    #[test]
    fn a_chosen_status_stays_until_another_is_chosen() {
        let mut board = Board::default();
        let message = Some("Lunch".to_owned());
        let changed = board.choose(ADA, Status::Busy, message.clone(), at(0));
        assert_eq!(changed, Some((ADA, Status::Busy)));
        assert_eq!(board.beat(ADA, at(10)), None);
        assert_eq!(board.expire(at(500)), (vec![], None));
        let shown = board.shown(ADA, at(500));
        assert_eq!((shown.status, shown.message), (Status::Busy, message));
        let changed = board.choose(ADA, Status::Online, None, at(501));
        assert_eq!(changed, Some((ADA, Status::Online)));
        assert_eq!(board.expire(at(591)).0, [(ADA, Status::Offline)]);
    }

    #[test]
    fn what_was_chosen_before_a_restart_holds_and_is_no_news() {
        let mut board = Board::default();
        board.restore(ADA, Some(Status::Away), Some("Lunch".to_owned()));
        assert_eq!(board.expire(at(0)), (vec![], None));
        let shown = board.shown(ADA, at(0));
        assert_eq!((shown.status, shown.last_seen), (Status::Away, None));
        assert_eq!(board.beat(ADA, at(1)), None);
        assert_eq!(board.choose(ADA, Status::Online, None, at(2)), Some((ADA, Status::Online)));
        assert_eq!(board.chosen(ADA), (None, None));
    }

    #[test]
    fn an_open_stream_is_a_lasting_heartbeat() {
        let mut board = Board::default();
        assert_eq!(board.stream(ADA, true, at(0)), Some((ADA, Status::Online)));
        assert_eq!(board.stream(ADA, true, at(0)), None);
        assert_eq!(board.expire(at(900)), (vec![], None));
        assert_eq!(board.stream(ADA, false, at(900)), None);
        assert_eq!(board.stream(ADA, false, at(950)), None);
        assert_eq!(board.expire(at(1_039)), (vec![], Some(from_seconds(1_040))));
        assert_eq!(board.expire(at(1_040)).0, [(ADA, Status::Offline)]);
    }
}

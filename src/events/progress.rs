//! Progress of a consumer: a cursor with holes, and the waiting lanes. Pure.
//!
//! Events of a lane are handled in order. A lane whose event failed waits, with all events behind it. Other lanes
//! go on until the limit of open events is reached.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Instant,
};

use crate::events::consumer_records::ConsumerCursor;

pub struct Progress {
    read_to: u64,
    open: BTreeSet<u64>,
    lanes: BTreeMap<String, Lane>,
    most_open: usize,
}

/// A lane that waits.
struct Lane {
    /// In order; the first is tried when it is due.
    waiting: VecDeque<u64>,
    due: Instant,
}

impl Progress {
    /// Starts at a cursor. Its open events are added with [`Self::hold`].
    pub fn new(cursor: &ConsumerCursor, most_open: usize) -> Self {
        let (open, lanes) = (BTreeSet::new(), BTreeMap::new());
        Self { read_to: cursor.read_to, open, lanes, most_open }
    }

    pub fn read_to(&self) -> u64 {
        self.read_to
    }

    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether the log may be read on.
    pub fn has_room(&self) -> bool {
        self.open.len() < self.most_open
    }

    /// Whether this lane waits, so that its next event must wait too.
    pub fn is_waiting(&self, lane: &str) -> bool {
        self.lanes.contains_key(lane)
    }

    /// This event waits behind those of its lane; the first of one is tried at `due`.
    pub fn hold(&mut self, lane: String, seq: u64, due: Instant) {
        self.open.insert(seq);
        let lane = self.lanes.entry(lane).or_insert(Lane { waiting: VecDeque::new(), due });
        lane.waiting.push_back(seq);
        self.read_to = self.read_to.max(seq);
    }

    /// The first of a lane is tried again at `due`.
    pub fn put_off(&mut self, lane: &str, due: Instant) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.due = due;
        }
    }

    /// The lane that is due first, with its first event.
    pub fn due(&self, now: Instant) -> Option<(String, u64)> {
        let due = self.lanes.iter().filter(|(_, lane)| lane.due <= now);
        let (name, lane) = due.min_by_key(|(_, lane)| lane.due)?;
        Some((name.clone(), *lane.waiting.front()?))
    }

    pub fn next_due(&self) -> Option<Instant> {
        self.lanes.values().map(|lane| lane.due).min()
    }

    /// Everything up to this number is read.
    pub fn advance(&mut self, seq: u64) {
        self.read_to = self.read_to.max(seq);
    }

    /// An event is done or skipped. The next one of its lane is due now.
    pub fn done(&mut self, lane: &str, seq: u64, now: Instant) {
        self.advance(seq);
        if !self.open.remove(&seq) {
            return;
        }
        if let Some(waiting) = self.lanes.get_mut(lane) {
            waiting.waiting.retain(|other| *other != seq);
            waiting.due = now;
            if waiting.waiting.is_empty() {
                self.lanes.remove(lane);
            }
        }
    }

    /// The cursor with these done and everything up to `read_to` read.
    pub fn cursor_without(&self, done: &[u64], read_to: u64) -> ConsumerCursor {
        let open = self.open.iter().filter(|seq| !done.contains(seq)).copied().collect();
        ConsumerCursor { read_to: self.read_to.max(read_to), open }
    }

    pub fn cursor(&self) -> ConsumerCursor {
        self.cursor_without(&[], 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_lane_that_waits_keeps_its_order_and_leaves_holes_in_the_cursor() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut progress = Progress::new(&ConsumerCursor { read_to: 4, open: Vec::new() }, 3);
        progress.hold("a".to_owned(), 5, later);
        progress.done("b", 6, now);
        progress.hold("a".to_owned(), 7, now);
        assert!(progress.is_waiting("a") && !progress.is_waiting("b") && progress.has_room());
        assert_eq!((progress.due(now), progress.next_due()), (None, Some(later)));
        assert_eq!(progress.cursor(), ConsumerCursor { read_to: 7, open: vec![5, 7] });
        assert_eq!(progress.due(later), Some(("a".to_owned(), 5)));
        assert_eq!(progress.cursor_without(&[5], 9).open, [7]);
        progress.done("a", 5, later);
        assert_eq!(progress.due(later), Some(("a".to_owned(), 7)));
        progress.done("a", 7, later);
        assert_eq!((progress.due(later), progress.is_waiting("a")), (None, false));
        assert_eq!(progress.cursor(), ConsumerCursor { read_to: 7, open: Vec::new() });
    }

    proptest! {
        /// However events fail, each is done once, in the order of its lane, and what is open is bounded.
        #[test]
        fn every_event_is_done_once_in_the_order_of_its_lane(
            events in prop::collection::vec((0..4_u8, 0..3_u32), 1..60), most in 1..6_usize,
        ) {
            let mut now = Instant::now();
            let mut progress = Progress::new(&ConsumerCursor::default(), most);
            let mut failures: Vec<u32> = events.iter().map(|(_, failures)| *failures).collect();
            let mut done: Vec<u64> = Vec::new();
            let lane_of = |seq: u64| events[usize::try_from(seq).unwrap() - 1].0.to_string();
            for _ in 0..1_000 {
                if let Some((lane, seq)) = progress.due(now) {
                    let left = &mut failures[usize::try_from(seq).unwrap() - 1];
                    if *left == 0 {
                        progress.done(&lane, seq, now);
                        done.push(seq);
                    } else {
                        *left -= 1;
                        progress.put_off(&lane, now + Duration::from_secs(1));
                    }
                    continue;
                }
                let seq = progress.read_to() + 1;
                if events.len() < usize::try_from(seq).unwrap() || !progress.has_room() {
                    now += Duration::from_secs(1);
                    continue;
                }
                let (lane, left) = (lane_of(seq), &mut failures[usize::try_from(seq).unwrap() - 1]);
                if progress.is_waiting(&lane) || 0 < *left {
                    *left = left.saturating_sub(u32::from(!progress.is_waiting(&lane)));
                    progress.hold(lane, seq, now + Duration::from_secs(1));
                } else {
                    progress.done(&lane, seq, now);
                    done.push(seq);
                }
                prop_assert!(progress.open() <= most);
            }
            let mut all = done.clone();
            all.sort_unstable();
            prop_assert_eq!(all, (1..=events.len() as u64).collect::<Vec<_>>());
            for lane in 0..4_u8 {
                let of_lane = done.iter().filter(|seq| lane_of(**seq) == lane.to_string());
                prop_assert!(of_lane.is_sorted());
            }
        }
    }
}

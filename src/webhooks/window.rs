//! The events that an endpoint has read off the log and that are neither ended nor in its line. Pure.
//!
//! Most events go out at the first try and never enter the line: here each stands behind those of its
//! chat until it is started. What became of it is recorded after that, and the same commit says how far
//! the log was read and which of those numbers still stand open ([`Reading`]), so that after the end of
//! the process just these are read again. It is bounded; whatever finds no room here stays in the log.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    domain::{Event, Timestamp},
    store::records::{Delivery, Reading},
};

/// Events that stand open at most; the record of the reading names each.
pub const MOST_OPEN: usize = 512;
/// Events of one lane that wait here at most: a slow chat shall leave room to others.
const MOST_IN_LANE: usize = 32;

#[derive(Debug)]
pub struct Window {
    read_to: u64,
    /// How many events the endpoint has ever taken.
    accepted: u64,
    /// Numbers that were read and of which nothing is recorded.
    open: BTreeSet<u64>,
    lanes: HashMap<String, Lane>,
    /// The first of each lane that is not busy.
    heads: BTreeMap<u64, String>,
}

/// A delivery that was never tried, with the event as it was read.
#[derive(Debug)]
pub struct Fresh {
    pub delivery: Delivery,
    pub event: Arc<Event>,
}

/// Of one chat: what was not started yet.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Fresh>,
    /// Nothing of it may be started.
    is_busy: bool,
}

impl Window {
    /// Goes on behind this number, with so many events accepted and recorded before.
    pub fn new(read_to: u64, accepted: u64) -> Self {
        let (open, lanes, heads) = (BTreeSet::new(), HashMap::new(), BTreeMap::new());
        Self { read_to, accepted, open, lanes, heads }
    }

    /// The number up to which the log was read.
    pub fn read_to(&self) -> u64 {
        self.read_to
    }

    /// The log was read up to here.
    pub fn advance(&mut self, read_to: u64) {
        self.read_to = self.read_to.max(read_to);
    }

    /// How many more events may be read.
    pub fn room(&self) -> usize {
        MOST_OPEN.saturating_sub(self.open.len())
    }

    /// How many events the endpoint has ever taken, those that stand open among them.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// The first number that is neither over nor in the line.
    pub fn needed_from(&self) -> u64 {
        self.open.first().copied().unwrap_or_else(|| self.read_to.saturating_add(1))
    }

    /// An event was read. Where it goes is decided next.
    pub fn opened(&mut self, seq: u64) {
        if self.open.insert(seq) {
            self.accepted += 1;
        }
    }

    /// Whether an event waits or is under way in this lane.
    pub fn holds(&self, lane: &str) -> bool {
        self.lanes.contains_key(lane)
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Whether one more of this lane may wait here.
    pub fn takes(&self, lane: &str) -> bool {
        self.lanes.get(lane).is_none_or(|lane| lane.waiting.len() < MOST_IN_LANE)
    }

    /// Puts an event behind those of its lane.
    pub fn push(&mut self, fresh: Fresh) {
        let delivery = &fresh.delivery;
        let lane = self.lanes.entry(delivery.lane.clone()).or_default();
        if lane.waiting.is_empty() && !lane.is_busy {
            self.heads.insert(delivery.seq, delivery.lane.clone());
        }
        lane.waiting.push_back(fresh);
    }

    /// The first event that may be started.
    pub fn first(&self) -> Option<&Delivery> {
        let (_, lane) = self.heads.first_key_value()?;
        self.lanes.get(lane)?.waiting.front().map(|fresh| &fresh.delivery)
    }

    /// Takes it; nothing of its lane may be started before [`Self::free`].
    pub fn start(&mut self) -> Option<Fresh> {
        let (_, name) = self.heads.pop_first()?;
        let lane = self.lanes.get_mut(&name)?;
        lane.is_busy = true;
        lane.waiting.pop_front()
    }

    /// What was under way in a lane is over, and the lane may go on.
    pub fn free(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.is_busy = false;
        match lane.waiting.front() {
            Some(first) => _ = self.heads.insert(first.delivery.seq, name.to_owned()),
            None => _ = self.lanes.remove(name),
        }
    }

    /// Takes out what waits in a lane, in order. It stays open until it is recorded elsewhere.
    pub fn take_lane(&mut self, name: &str) -> Vec<Delivery> {
        let Some(lane) = self.lanes.get_mut(name) else { return Vec::new() };
        let taken = std::mem::take(&mut lane.waiting).into_iter();
        let taken: Vec<Delivery> = taken.map(|fresh| fresh.delivery).collect();
        if !lane.is_busy {
            self.lanes.remove(name);
        }
        taken.first().inspect(|first| _ = self.heads.remove(&first.seq));
        taken
    }

    /// Takes out all that was not started.
    pub fn take_all(&mut self) -> Vec<Delivery> {
        let names: Vec<String> = self.lanes.keys().cloned().collect();
        names.iter().flat_map(|name| self.take_lane(name)).collect()
    }

    /// When the oldest of those that wait was read.
    pub fn oldest(&self) -> Option<Timestamp> {
        let firsts = self.lanes.values().filter_map(|lane| lane.waiting.front());
        firsts.map(|fresh| fresh.delivery.created_at).min()
    }

    /// What is to be written down when these are recorded.
    pub fn reading_without(&self, recorded: &[u64]) -> Reading {
        let recorded: BTreeSet<u64> = recorded.iter().copied().collect();
        let open = self.open.difference(&recorded).copied().collect();
        Reading { read_to: self.read_to, open }
    }

    /// These are recorded.
    pub fn close(&mut self, recorded: &[u64]) {
        recorded.iter().for_each(|seq| _ = self.open.remove(seq));
    }
}

/// An event of a lane, as it comes from the log.
#[cfg(test)]
pub fn fresh(lane: &str, seq: u64) -> Fresh {
    use crate::{
        domain::{Channel, WaEvent, clock::from_seconds},
        store::records::DeliveryState,
    };
    use uuid::Uuid;

    let delivery = Delivery {
        id: Uuid::now_v7(),
        webhook: Uuid::nil(),
        seq,
        event: Uuid::now_v7(),
        event_name: "authenticated".to_owned(),
        lane: lane.to_owned(),
        state: DeliveryState::Waiting,
        attempts: 0,
        earlier_attempts: 0,
        failed_after: None,
        next_attempt_at: None,
        created_at: from_seconds(0),
        finished_at: None,
        last_attempt: None,
    };
    let event = Event {
        seq,
        id: delivery.event,
        channel: Some(Channel { id: "s".parse().unwrap(), uuid: Uuid::nil() }),
        channel_seq: seq,
        at: from_seconds(0),
        body: WaEvent::Authenticated.into(),
        identities: Vec::new(),
    };
    Fresh { delivery, event: Arc::new(event) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(window: &mut Window, lane: &str, seq: u64) {
        window.opened(seq);
        window.push(fresh(lane, seq));
        window.advance(seq);
    }

    fn start(window: &mut Window) -> Option<u64> {
        window.start().map(|fresh| fresh.delivery.seq)
    }

    #[test]
    fn a_lane_goes_on_when_it_is_free_and_is_forgotten_when_it_is_empty() {
        let mut window = Window::new(0, 0);
        for (lane, seq) in [("a", 1), ("a", 2), ("b", 3)] {
            read(&mut window, lane, seq);
        }
        assert_eq!(
            (start(&mut window), start(&mut window), start(&mut window)),
            (Some(1), Some(3), None)
        );
        window.free("a");
        assert_eq!((start(&mut window), start(&mut window)), (Some(2), None));
        window.free("a");
        window.free("b");
        assert_eq!(window.lanes(), 0);
        assert_eq!(window.reading_without(&[1, 2]), Reading { read_to: 3, open: vec![3] });
    }

    #[test]
    fn what_is_taken_out_is_in_order_and_stays_open() {
        let mut window = Window::new(0, 0);
        for (lane, seq) in [("a", 1), ("b", 2), ("a", 3), ("a", 4)] {
            read(&mut window, lane, seq);
        }
        assert_eq!(start(&mut window), Some(1));
        let taken: Vec<u64> = window.take_lane("a").iter().map(|one| one.seq).collect();
        assert_eq!((taken, window.accepted()), (vec![3, 4], 4));
        assert!(window.holds("a"), "one is under way");
        window.free("a");
        assert!(!window.holds("a"));
        assert_eq!(window.take_all().len(), 1);
        assert_eq!(start(&mut window), None);
        window.close(&[1, 2, 3, 4]);
        assert_eq!((window.accepted(), window.room()), (4, MOST_OPEN));
    }

    #[test]
    fn one_lane_leaves_room_to_others() {
        let mut window = Window::new(0, 0);
        let taken = (1..).find(|seq| {
            read(&mut window, "a", *seq);
            !window.takes("a")
        });
        assert_eq!(taken, Some(MOST_IN_LANE as u64));
        assert!(window.takes("b") && MOST_IN_LANE < window.room());
    }

    proptest! {
        /// Whatever is read, started, freed and recorded: each lane keeps its order, nothing starts
        /// twice, and the reading names exactly what is not recorded.
        #[test]
        fn every_event_starts_once_in_the_order_of_its_lane(
            steps in prop::collection::vec((0..4_u8, 0..3_usize), 1..120),
        ) {
            let names = ["a", "b", "c"];
            let (mut window, mut seq) = (Window::new(0, 0), 0);
            let (mut started, mut recorded) = (Vec::<(usize, u64)>::new(), Vec::new());
            for (step, which) in steps {
                let name = names[which];
                let under_way = started.iter().find(|(lane, seq)| *lane == which && !recorded.contains(seq));
                let under_way = under_way.map(|(_, seq)| *seq);
                match step {
                    0 | 1 => {
                        seq += 1;
                        read(&mut window, name, seq);
                    }
                    2 => {
                        if let Some(next) = window.start() {
                            let lane = names.iter().position(|name| *name == next.delivery.lane).unwrap();
                            let is_busy = started.iter().any(|(other, seq)| *other == lane && !recorded.contains(seq));
                            prop_assert!(!is_busy, "one of a lane at a time");
                            started.push((lane, next.delivery.seq));
                        }
                    }
                    _ => {
                        if let Some(seq) = under_way {
                            recorded.push(seq);
                            window.close(&[seq]);
                            window.free(name);
                        }
                    }
                }
                let open: Vec<u64> = (1..=seq).filter(|seq| !recorded.contains(seq)).collect();
                prop_assert_eq!(window.reading_without(&[]), Reading { read_to: seq, open });
            }
            for lane in 0..names.len() {
                let of_lane: Vec<u64> = started.iter().filter(|one| one.0 == lane).map(|one| one.1).collect();
                prop_assert!(of_lane.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }
}

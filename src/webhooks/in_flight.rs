//! In-flight window of an endpoint: events that were read from the log and are neither finished nor queued. Pure.
//!
//! Most events are delivered at the first attempt and never enter the stored queue: here each waits behind those of
//! its lane until it is started. The commit of a result also writes the cursor ([`WebhookCursor`]): how far the log
//! was read, and which numbers are still open. After a kill just these are read again. The window is bounded;
//! further events stay in the log.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    domain::{Event, Timestamp},
    webhooks::stored::{Delivery, WebhookCursor},
};

/// Most open events; the cursor names each.
pub const MOST_OPEN: usize = 512;
/// Most events of one lane in the window: a slow chat leaves room to others.
const MOST_IN_LANE: usize = 32;

#[derive(Debug)]
pub struct InFlight {
    read_to: u64,
    /// Events that the endpoint has accepted in total.
    accepted: u64,
    /// Numbers that were read and whose result is not committed.
    open: BTreeSet<u64>,
    lanes: HashMap<String, Lane>,
    /// The first event of each lane that is not busy.
    heads: BTreeMap<u64, String>,
}

/// A delivery that was never tried, with the event as it was read.
#[derive(Debug)]
pub struct NewDelivery {
    pub delivery: Delivery,
    pub event: Arc<Event>,
}

/// The events of one chat that were not started yet.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<NewDelivery>,
    /// An attempt of this lane holds up the rest.
    is_busy: bool,
}

impl InFlight {
    /// Starts behind this number, with the total of accepted events as committed.
    pub fn new(read_to: u64, accepted: u64) -> Self {
        let (open, lanes, heads) = (BTreeSet::new(), HashMap::new(), BTreeMap::new());
        Self { read_to, accepted, open, lanes, heads }
    }

    /// Up to which number the log was read.
    pub fn read_to(&self) -> u64 {
        self.read_to
    }

    /// The log was read up to this number.
    pub fn advance(&mut self, read_to: u64) {
        self.read_to = self.read_to.max(read_to);
    }

    /// How many more events may be read.
    pub fn room(&self) -> usize {
        MOST_OPEN.saturating_sub(self.open.len())
    }

    /// Events that the endpoint has accepted in total, open ones included.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// The first number that is neither finished nor queued.
    pub fn needed_from(&self) -> u64 {
        self.open.first().copied().unwrap_or_else(|| self.read_to.saturating_add(1))
    }

    /// An event was read. Its caller decides next where it goes.
    pub fn opened(&mut self, seq: u64) {
        if self.open.insert(seq) {
            self.accepted += 1;
        }
    }

    /// Whether this lane has an event that waits or is in flight.
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
    pub fn push(&mut self, new: NewDelivery) {
        let delivery = &new.delivery;
        let lane = self.lanes.entry(delivery.lane.clone()).or_default();
        if lane.waiting.is_empty() && !lane.is_busy {
            self.heads.insert(delivery.seq, delivery.lane.clone());
        }
        lane.waiting.push_back(new);
    }

    /// The first event that may be started.
    pub fn first(&self) -> Option<&Delivery> {
        let (_, lane) = self.heads.first_key_value()?;
        self.lanes.get(lane)?.waiting.front().map(|new| &new.delivery)
    }

    /// Takes the first event. Its lane starts no other before [`Self::free`].
    pub fn start(&mut self) -> Option<NewDelivery> {
        let (_, name) = self.heads.pop_first()?;
        let lane = self.lanes.get_mut(&name)?;
        lane.is_busy = true;
        lane.waiting.pop_front()
    }

    /// The attempt of a lane has ended, and the lane continues.
    pub fn free(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.is_busy = false;
        match lane.waiting.front() {
            Some(first) => _ = self.heads.insert(first.delivery.seq, name.to_owned()),
            None => _ = self.lanes.remove(name),
        }
    }

    /// Takes the waiting events out of a lane, in order. They stay open until they are committed elsewhere.
    pub fn take_lane(&mut self, name: &str) -> Vec<Delivery> {
        let Some(lane) = self.lanes.get_mut(name) else { return Vec::new() };
        let taken = std::mem::take(&mut lane.waiting).into_iter();
        let taken: Vec<Delivery> = taken.map(|new| new.delivery).collect();
        if !lane.is_busy {
            self.lanes.remove(name);
        }
        taken.first().inspect(|first| _ = self.heads.remove(&first.seq));
        taken
    }

    /// Takes out all events that were not started.
    pub fn take_all(&mut self) -> Vec<Delivery> {
        let names: Vec<String> = self.lanes.keys().cloned().collect();
        names.iter().flat_map(|name| self.take_lane(name)).collect()
    }

    /// When the oldest waiting event was read.
    pub fn oldest(&self) -> Option<Timestamp> {
        let firsts = self.lanes.values().filter_map(|lane| lane.waiting.front());
        firsts.map(|new| new.delivery.created_at).min()
    }

    /// The cursor to commit together with the results of these.
    pub fn cursor_without(&self, recorded: &[u64]) -> WebhookCursor {
        let recorded: BTreeSet<u64> = recorded.iter().copied().collect();
        let open = self.open.difference(&recorded).copied().collect();
        WebhookCursor { read_to: self.read_to, open }
    }

    /// The results of these are committed.
    pub fn close(&mut self, recorded: &[u64]) {
        recorded.iter().for_each(|seq| _ = self.open.remove(seq));
    }
}

/// An event of a lane, as it comes from the log.
#[cfg(test)]
pub fn new_delivery(lane: &str, seq: u64) -> NewDelivery {
    use crate::{
        domain::{Channel, WaEvent, clock::from_seconds},
        webhooks::stored::DeliveryState,
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
    NewDelivery { delivery, event: Arc::new(event) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(in_flight: &mut InFlight, lane: &str, seq: u64) {
        in_flight.opened(seq);
        in_flight.push(new_delivery(lane, seq));
        in_flight.advance(seq);
    }

    fn start(in_flight: &mut InFlight) -> Option<u64> {
        in_flight.start().map(|new| new.delivery.seq)
    }

    #[test]
    fn a_lane_goes_on_when_it_is_free_and_is_forgotten_when_it_is_empty() {
        let mut in_flight = InFlight::new(0, 0);
        for (lane, seq) in [("a", 1), ("a", 2), ("b", 3)] {
            read(&mut in_flight, lane, seq);
        }
        assert_eq!(
            (start(&mut in_flight), start(&mut in_flight), start(&mut in_flight)),
            (Some(1), Some(3), None)
        );
        in_flight.free("a");
        assert_eq!((start(&mut in_flight), start(&mut in_flight)), (Some(2), None));
        in_flight.free("a");
        in_flight.free("b");
        assert_eq!(in_flight.lanes(), 0);
        assert_eq!(in_flight.cursor_without(&[1, 2]), WebhookCursor { read_to: 3, open: vec![3] });
    }

    #[test]
    fn what_is_taken_out_is_in_order_and_stays_open() {
        let mut in_flight = InFlight::new(0, 0);
        for (lane, seq) in [("a", 1), ("b", 2), ("a", 3), ("a", 4)] {
            read(&mut in_flight, lane, seq);
        }
        assert_eq!(start(&mut in_flight), Some(1));
        let taken: Vec<u64> = in_flight.take_lane("a").iter().map(|one| one.seq).collect();
        assert_eq!((taken, in_flight.accepted()), (vec![3, 4], 4));
        assert!(in_flight.holds("a"), "one is under way");
        in_flight.free("a");
        assert!(!in_flight.holds("a"));
        assert_eq!(in_flight.take_all().len(), 1);
        assert_eq!(start(&mut in_flight), None);
        in_flight.close(&[1, 2, 3, 4]);
        assert_eq!((in_flight.accepted(), in_flight.room()), (4, MOST_OPEN));
    }

    #[test]
    fn one_lane_leaves_room_to_others() {
        let mut in_flight = InFlight::new(0, 0);
        let taken = (1..).find(|seq| {
            read(&mut in_flight, "a", *seq);
            !in_flight.takes("a")
        });
        assert_eq!(taken, Some(MOST_IN_LANE as u64));
        assert!(in_flight.takes("b") && MOST_IN_LANE < in_flight.room());
    }

    proptest! {
        /// Whatever is read, started, freed and recorded: each lane keeps its order, nothing starts
        /// twice, and the cursor names exactly what is not committed.
        #[test]
        fn every_event_starts_once_in_the_order_of_its_lane(
            steps in prop::collection::vec((0..4_u8, 0..3_usize), 1..120),
        ) {
            let names = ["a", "b", "c"];
            let (mut in_flight, mut seq) = (InFlight::new(0, 0), 0);
            let (mut started, mut recorded) = (Vec::<(usize, u64)>::new(), Vec::new());
            for (step, which) in steps {
                let name = names[which];
                let under_way = started.iter().find(|(lane, seq)| *lane == which && !recorded.contains(seq));
                let under_way = under_way.map(|(_, seq)| *seq);
                match step {
                    0 | 1 => {
                        seq += 1;
                        read(&mut in_flight, name, seq);
                    }
                    2 => {
                        if let Some(next) = in_flight.start() {
                            let lane = names.iter().position(|name| *name == next.delivery.lane).unwrap();
                            let is_busy = started.iter().any(|(other, seq)| *other == lane && !recorded.contains(seq));
                            prop_assert!(!is_busy, "one of a lane at a time");
                            started.push((lane, next.delivery.seq));
                        }
                    }
                    _ => {
                        if let Some(seq) = under_way {
                            recorded.push(seq);
                            in_flight.close(&[seq]);
                            in_flight.free(name);
                        }
                    }
                }
                let open: Vec<u64> = (1..=seq).filter(|seq| !recorded.contains(seq)).collect();
                prop_assert_eq!(in_flight.cursor_without(&[]), WebhookCursor { read_to: seq, open });
            }
            for lane in 0..names.len() {
                let of_lane: Vec<u64> = started.iter().filter(|one| one.0 == lane).map(|one| one.1).collect();
                prop_assert!(of_lane.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }
}

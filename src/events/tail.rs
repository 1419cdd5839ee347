//! Cache of the newest events, for consumers that follow the log closely. Pure.
//!
//! Older events are read from the store.

use std::{collections::VecDeque, sync::Arc};

use uuid::Uuid;

use crate::domain::Event;

/// Most events in the cache, and most bytes of their stored form.
const MOST_EVENTS: usize = 256;
const MOST_BYTES: usize = 1024 * 1024;

/// Events of successive numbers, up to the last that was committed.
#[derive(Default)]
pub struct Tail {
    events: VecDeque<(Arc<Event>, usize)>,
    bytes: usize,
}

impl Tail {
    /// Adds the next event with its stored size. The oldest events make room.
    pub fn push(&mut self, event: Arc<Event>, bytes: usize) {
        self.bytes += bytes;
        self.events.push_back((event, bytes));
        while MOST_EVENTS < self.events.len() || MOST_BYTES < self.bytes {
            self.drop_oldest();
        }
    }

    /// Drops all events below this number, as the log has.
    pub fn forget_below(&mut self, oldest: u64) {
        while self.events.front().is_some_and(|(event, _)| event.seq < oldest) {
            self.drop_oldest();
        }
    }

    /// Events above `after`; none when the cache does not reach back so far.
    pub fn read(
        &self,
        session: Option<Uuid>,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Option<Vec<Arc<Event>>> {
        if newest <= after {
            return Some(Vec::new());
        }
        let (first, _) = self.events.front()?;
        let start = after.checked_add(1)?.checked_sub(first.seq)?;
        let start = usize::try_from(start).ok()?;
        let events = self.events.range(start.min(self.events.len())..).map(|(event, _)| event);
        let events = events.take_while(|event| event.seq <= newest);
        let wanted =
            events.filter(|event| session.is_none_or(|session| session == event.channel_uuid()));
        Some(wanted.take(limit).cloned().collect())
    }

    fn drop_oldest(&mut self) {
        if let Some((_, bytes)) = self.events.pop_front() {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Channel, WaEvent, clock::from_seconds};

    fn event(seq: u64, session: u128) -> Arc<Event> {
        let id = Uuid::nil();
        let channel = Channel { id: "s".parse().unwrap(), uuid: Uuid::from_u128(session) };
        Arc::new(Event {
            seq,
            id,
            channel: Some(channel),
            channel_seq: seq,
            at: from_seconds(0),
            body: WaEvent::Authenticated.into(),
            identities: Vec::new(),
        })
    }

    fn numbers(found: Option<Vec<Arc<Event>>>) -> Option<Vec<u64>> {
        found.map(|events| events.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn a_reader_who_is_further_behind_is_sent_to_the_log() {
        let mut tail = Tail::default();
        assert_eq!(numbers(tail.read(None, 0, 3, 9)), None);
        (3..=5).for_each(|seq| tail.push(event(seq, 1), 1));
        assert_eq!(numbers(tail.read(None, 1, 5, 9)), None);
        assert_eq!(numbers(tail.read(None, 2, 5, 2)), Some(vec![3, 4]));
        assert_eq!(numbers(tail.read(None, 2, 4, 9)), Some(vec![3, 4]), "5 is not durable yet");
        assert_eq!(numbers(tail.read(None, 5, 5, 9)), Some(Vec::new()));
        tail.forget_below(5);
        assert_eq!(numbers(tail.read(None, 3, 5, 9)), None);
        assert_eq!(numbers(tail.read(None, 4, 5, 9)), Some(vec![5]));
    }

    #[test]
    fn an_event_larger_than_all_room_is_not_held() {
        let mut tail = Tail::default();
        tail.push(event(1, 1), MOST_BYTES + 1);
        assert_eq!((tail.bytes, numbers(tail.read(None, 0, 1, 9))), (0, None));
    }

    proptest! {
        #[test]
        fn it_answers_as_the_whole_log_would_or_not_at_all(
            sizes in prop::collection::vec(1..MOST_BYTES / 4, 1..400),
            after in 0_u64..410,
            newest in 0_u64..400,
            limit in 0_usize..300,
            of_one in any::<bool>(),
        ) {
            let session = |seq: u64| if seq.is_multiple_of(3) { 1 } else { 2 };
            let mut tail = Tail::default();
            for (seq, bytes) in (1..).zip(&sizes) {
                tail.push(event(seq, session(seq)), *bytes);
            }
            prop_assert!(tail.bytes <= MOST_BYTES && tail.events.len() <= MOST_EVENTS);
            let newest = newest.min(sizes.len() as u64);
            let wanted = of_one.then_some(Uuid::from_u128(1));
            if let Some(found) = numbers(tail.read(wanted, after, newest, limit)) {
                let all = (after + 1..=newest).filter(|seq| !of_one || session(*seq) == 1);
                prop_assert_eq!(found, all.take(limit).collect::<Vec<_>>());
            }
        }
    }
}

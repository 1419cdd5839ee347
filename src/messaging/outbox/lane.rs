//! Which message of a session goes next. Pure: time comes in, nothing waits here.
//!
//! Within one chat messages go out in the order of their acceptance. Among chats, what is direct
//! overtakes what is bulk; then the earlier one wins. Between two sends lies at least the session's
//! pause.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use uuid::Uuid;

use crate::domain::{
    Jid, Timestamp,
    clock::{Moment, between},
    outbox::{OutboxEntry, OutboxState, Priority},
};

/// How fast a session sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between the beginnings of two sends.
    pub pause: Duration,
    /// Sends that may be under way at once, each in another chat.
    pub at_once: usize,
}

/// What is to be done now.
#[derive(Debug, PartialEq)]
pub enum Next {
    Send(Box<OutboxEntry>),
    /// Nothing for so long, unless something changes.
    After(Duration),
    /// Nothing until something changes.
    Nothing,
}

#[derive(Debug)]
struct Place {
    entry: OutboxEntry,
    due: Due,
    /// Whether later messages of its chat wait with it.
    holds_chat: bool,
}

/// When an entry may be looked at.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// When the wall clock says this, which its caller meant.
    Wall(Timestamp),
    /// When this much steady time has passed, however the wall clock is set.
    Steady(Timestamp),
    Now,
}

impl Due {
    /// How long it is until then; none when it has come.
    fn left(self, now: Moment) -> Option<Duration> {
        let left = match self {
            Self::Wall(at) => between(now.wall, at),
            Self::Steady(at) => between(now.steady, at),
            Self::Now => Duration::ZERO,
        };
        (!left.is_zero()).then_some(left)
    }
}

/// How many messages of a session wait, by what they wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The time that their caller named.
    pub send_at: usize,
    /// Their session, which is not ready.
    pub session: usize,
    /// Others, which go first.
    pub turn: usize,
    /// Their outcome, which is being found out.
    pub lookup: usize,
}

impl Waiting {
    pub fn total(self) -> usize {
        let Self { send_at, session, turn, lookup } = self;
        send_at + session + turn + lookup
    }
}

impl std::iter::Sum for Waiting {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            send_at: sum.send_at + one.send_at,
            session: sum.session + one.session,
            turn: sum.turn + one.turn,
            lookup: sum.lookup + one.lookup,
        })
    }
}

/// The queue of one session.
#[derive(Debug, Default)]
pub struct Lane {
    /// By the order of acceptance.
    waiting: BTreeMap<Uuid, Place>,
    under_way: HashSet<Jid>,
    /// In steady time.
    last_begun: Option<Timestamp>,
}

impl Lane {
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    pub fn add(&mut self, entry: OutboxEntry) {
        let due = entry.terms.send_at.map_or(Due::Now, Due::Wall);
        self.waiting.insert(entry.id, Place { entry, due, holds_chat: false });
    }

    /// For an entry that comes back, and is not to be looked at before this steady time. One that is to be sent
    /// again keeps its place in its chat; one whose outcome is looked up holds up nobody.
    pub fn add_again(&mut self, entry: OutboxEntry, not_before: Timestamp) {
        let holds_chat = entry.state == OutboxState::Queued;
        let place = Place { due: Due::Steady(not_before), holds_chat, entry };
        self.waiting.insert(place.entry.id, place);
    }

    /// Takes an entry out that has not begun.
    pub fn cancel(&mut self, id: Uuid) -> Option<OutboxEntry> {
        self.waiting.remove(&id).map(|waiting| waiting.entry)
    }

    /// Takes out all entries that do not wait for their session.
    pub fn take_impatient(&mut self) -> Vec<OutboxEntry> {
        let entries = self.waiting.values().map(|waiting| &waiting.entry);
        let ids: Vec<Uuid> =
            entries.filter(|entry| !entry.terms.waits()).map(|entry| entry.id).collect();
        ids.into_iter().filter_map(|id| self.cancel(id)).collect()
    }

    /// Takes out everything that waits.
    pub fn take_all(&mut self) -> Vec<OutboxEntry> {
        std::mem::take(&mut self.waiting).into_values().map(|waiting| waiting.entry).collect()
    }

    /// What the messages wait for, of a session that is ready or not.
    pub fn waiting(&self, is_ready: bool, now: Timestamp) -> Waiting {
        let mut waiting = Waiting::default();
        for Place { entry, .. } in self.waiting.values() {
            let count = match entry.state {
                OutboxState::Unknown => &mut waiting.lookup,
                _ if entry.terms.send_at.is_some_and(|at| now < at) => &mut waiting.send_at,
                _ if !is_ready => &mut waiting.session,
                _ => &mut waiting.turn,
            };
            *count += 1;
        }
        waiting
    }

    pub fn ended(&mut self, chat: &Jid) {
        self.under_way.remove(chat);
    }

    /// The next message of a session that is ready; it counts as under way from now on.
    pub fn next(&mut self, now: Moment, pace: Pace) -> Next {
        if pace.at_once <= self.under_way.len() {
            return Next::Nothing;
        }
        let mut chats = HashSet::new();
        let mut best: Option<(Priority, Uuid)> = None;
        let mut soonest: Option<Duration> = None;
        for (id, Place { entry, due, holds_chat }) in &self.waiting {
            if let Some(left) = due.left(now) {
                if *holds_chat {
                    chats.insert(entry.chat());
                }
                soonest = Some(soonest.map_or(left, |soonest| soonest.min(left)));
                continue;
            }
            let is_first_of_its_chat = chats.insert(entry.chat());
            if !is_first_of_its_chat || self.under_way.contains(entry.chat()) {
                continue;
            }
            let rank = (entry.terms.priority, *id);
            if best.is_none_or(|best| rank < best) {
                best = Some(rank);
            }
        }
        let Some((_, id)) = best else {
            return soonest.map_or(Next::Nothing, Next::After);
        };
        let free = self.last_begun.and_then(|last| Due::Steady(last + pace.pause).left(now));
        if let Some(free) = free {
            return Next::After(soonest.map_or(free, |soonest| soonest.min(free)));
        }
        let Some(entry) = self.cancel(id) else { return Next::Nothing };
        self.under_way.insert(entry.chat().clone());
        self.last_begun = Some(now.steady);
        Next::Send(Box::new(entry))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Content, Outgoing, clock::from_seconds, outbox::Terms};

    const PACE: Pace = Pace { pause: Duration::ZERO, at_once: 4 };

    fn entry(number: u128, chat: u8, priority: Priority, send_at: Option<i64>) -> OutboxEntry {
        let now = from_seconds(0);
        OutboxEntry {
            id: Uuid::from_u128(number),
            session: "s".parse().unwrap(),
            session_uuid: uuid::Uuid::nil(),
            account: None,
            outgoing: Outgoing {
                key: format!("K{number}"),
                chat: format!("1555000000{chat}@c.us").parse().unwrap(),
                content: Content::Text { body: String::new() },
                quoted: None,
                mentions: Vec::new(),
                link_preview: false,
            },
            terms: Terms { patient: false, send_at: send_at.map(from_seconds), priority },
            state: OutboxState::Queued,
            queued_at: now,
            changed_at: now,
            attempts: 0,
            sent: None,
            acked: None,
            reason: None,
            failure: None,
        }
    }

    /// When nobody ever set a clock.
    fn at(seconds: i64) -> Moment {
        let time = from_seconds(seconds);
        Moment { wall: time, steady: time }
    }

    fn lane(entries: Vec<OutboxEntry>) -> Lane {
        let mut lane = Lane::default();
        entries.into_iter().for_each(|entry| lane.add(entry));
        lane
    }

    /// Sends all, one at a time, and says in which order.
    fn order(mut lane: Lane, now: Moment) -> Vec<u128> {
        let mut sent = Vec::new();
        while let Next::Send(entry) = lane.next(now, PACE) {
            lane.ended(entry.chat());
            sent.push(entry.id.as_u128());
        }
        sent
    }

    #[test]
    fn a_direct_send_overtakes_a_bulk_one_of_another_chat() {
        let all = vec![
            entry(1, 1, Priority::Bulk, None),
            entry(2, 2, Priority::Bulk, None),
            entry(3, 3, Priority::Direct, None),
        ];
        assert_eq!(order(lane(all), at(0)), [3, 1, 2]);
    }

    #[test]
    fn a_chat_has_one_message_under_way_and_the_session_only_so_many() {
        let all = vec![
            entry(1, 1, Priority::Direct, None),
            entry(2, 1, Priority::Direct, None),
            entry(3, 2, Priority::Direct, None),
        ];
        let mut lane = lane(all);
        let now = at(0);
        assert!(matches!(lane.next(now, PACE), Next::Send(entry) if entry.id.as_u128() == 1));
        assert!(matches!(lane.next(now, PACE), Next::Send(entry) if entry.id.as_u128() == 3));
        assert_eq!(lane.next(now, PACE), Next::Nothing);
        let one = Pace { at_once: 1, ..PACE };
        lane.ended(&"15550000001@c.us".parse().unwrap());
        assert_eq!(lane.next(now, one), Next::Nothing);
        assert!(matches!(lane.next(now, PACE), Next::Send(entry) if entry.id.as_u128() == 2));
    }

    #[test]
    fn a_message_for_later_waits_without_holding_up_its_chat() {
        let all =
            vec![entry(1, 1, Priority::Direct, Some(60)), entry(2, 1, Priority::Direct, None)];
        let mut lane = lane(all);
        assert!(matches!(
            lane.next(at(0), PACE),
            Next::Send(entry) if entry.id.as_u128() == 2
        ));
        lane.ended(&"15550000001@c.us".parse().unwrap());
        assert_eq!(lane.next(at(0), PACE), Next::After(Duration::from_secs(60)));
        assert_eq!(order(lane, at(60)), [1]);
    }

    #[test]
    fn a_message_that_is_sent_again_keeps_its_place_and_one_that_is_looked_up_does_not() {
        for (state, expected) in [(OutboxState::Queued, None), (OutboxState::Unknown, Some(2))] {
            let mut lane = lane(vec![entry(2, 1, Priority::Direct, None)]);
            let again = OutboxEntry { state, ..entry(1, 1, Priority::Direct, None) };
            lane.add_again(again, from_seconds(5));
            let first = match lane.next(at(0), PACE) {
                Next::Send(entry) => Some(entry.id.as_u128()),
                Next::After(time) => {
                    assert_eq!(time, Duration::from_secs(5));
                    None
                }
                Next::Nothing => panic!("nobody looks again"),
            };
            assert_eq!(first, expected);
            if expected.is_none() {
                assert_eq!(order(lane, at(5)), [1, 2]);
            }
        }
    }

    #[test]
    fn between_two_sends_lies_the_pause() {
        let pace = Pace { pause: Duration::from_secs(5), ..PACE };
        let all = vec![entry(1, 1, Priority::Direct, None), entry(2, 2, Priority::Direct, None)];
        let mut lane = lane(all);
        assert!(matches!(lane.next(at(0), pace), Next::Send(_)));
        assert_eq!(lane.next(at(1), pace), Next::After(Duration::from_secs(4)));
        assert!(matches!(lane.next(at(5), pace), Next::Send(_)));
    }

    #[test]
    fn a_clock_that_is_set_by_an_hour_changes_no_pause_and_a_time_that_was_meant_is_kept() {
        let pace = Pace { pause: Duration::from_secs(5), ..PACE };
        for jump in [-3_600, 3_600] {
            let mut lane = lane(vec![
                entry(1, 1, Priority::Direct, None),
                entry(2, 2, Priority::Direct, None),
                entry(3, 3, Priority::Direct, Some(100_000)),
            ]);
            let now = |steady: i64| Moment {
                wall: from_seconds(50_000 + steady + if steady == 0 { 0 } else { jump }),
                steady: from_seconds(50_000 + steady),
            };
            assert!(matches!(lane.next(now(0), pace), Next::Send(_)));
            assert_eq!(lane.next(now(1), pace), Next::After(Duration::from_secs(4)));
            assert!(matches!(lane.next(now(5), pace), Next::Send(_)));
            lane.ended(&"15550000002@c.us".parse().unwrap());
            lane.add_again(entry(2, 2, Priority::Direct, None), from_seconds(50_020));
            assert_eq!(lane.next(now(10), pace), Next::After(Duration::from_secs(10)));
            assert!(matches!(lane.next(now(20), pace), Next::Send(_)));
            let left = u64::try_from(100_000 - 50_030 - jump).unwrap();
            assert_eq!(lane.next(now(30), pace), Next::After(Duration::from_secs(left)));
        }
    }

    proptest! {
        #[test]
        fn everything_goes_out_once_and_in_the_order_of_its_chat(
            all in proptest::collection::vec((1_u8..4, any::<bool>()), 0..40),
        ) {
            let numbered: Vec<_> = all.iter().zip(1_u128..).collect();
            let entries = numbered.iter().map(|((chat, is_bulk), number)| {
                let priority = if *is_bulk { Priority::Bulk } else { Priority::Direct };
                entry(*number, *chat, priority, None)
            });
            let sent = order(lane(entries.collect()), at(0));
            prop_assert_eq!(sent.len(), all.len());
            for chat in 1..4 {
                let of_chat = |number: &&u128| numbered[usize::try_from(**number).unwrap() - 1].0.0 == chat;
                let order: Vec<_> = sent.iter().filter(of_chat).collect();
                prop_assert!(order.is_sorted());
            }
        }
    }

    #[test]
    fn what_messages_wait_for_is_counted_by_the_first_reason() {
        let mut lane = lane(vec![
            entry(1, 1, Priority::Direct, Some(100)),
            entry(2, 1, Priority::Direct, Some(10)),
            entry(3, 2, Priority::Direct, None),
        ]);
        let unknown =
            OutboxEntry { state: OutboxState::Unknown, ..entry(4, 3, Priority::Direct, None) };
        lane.add_again(unknown, from_seconds(90));
        let now = from_seconds(50);
        let away = Waiting { send_at: 1, session: 2, turn: 0, lookup: 1 };
        assert_eq!(lane.waiting(false, now), away);
        assert_eq!(lane.waiting(true, now), Waiting { session: 0, turn: 2, ..away });
        assert_eq!([away, away].into_iter().sum::<Waiting>().total(), 8);
    }
}

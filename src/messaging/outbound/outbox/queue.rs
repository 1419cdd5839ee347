//! Queue of one session: decides which message is sent next. Pure: time comes in, and waiting entries lie in the
//! store.
//!
//! Within a chat, messages are sent in the order of their acceptance, so only the head of each chat counts. Heads come
//! in order: direct messages before bulk ones, then the older first. Two sends are at least the session's pause apart. Of
//! several that may be in flight at once, one place is left to direct messages.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use uuid::Uuid;

use crate::domain::{
    Jid, SessionRef, Timestamp,
    clock::{Moment, between},
    outbox::{OutboxEntry, Priority},
};

/// How fast a session sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The pause between the starts of two sends.
    pub pause: Duration,
    /// Sends that may be in flight at once, each in another chat.
    pub at_once: usize,
}

/// The first message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub entry: Uuid,
    pub chat: Jid,
    pub priority: Priority,
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send this one.
    Send(Head),
    /// Wait for so long.
    After(Duration),
    /// None of these heads can be sent; later ones may.
    None,
    /// As many as allowed are in flight.
    Full,
}

/// The waiting messages of a session, by what they wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Their scheduled time.
    pub send_at: usize,
    /// The session, which is not ready.
    pub session: usize,
    /// Earlier messages.
    pub turn: usize,
    /// A look-up of their outcome.
    pub lookup: usize,
}

impl QueueStats {
    pub fn total(self) -> usize {
        let Self { send_at, session, turn, lookup } = self;
        send_at + session + turn + lookup
    }
}

impl std::iter::Sum for QueueStats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            send_at: sum.send_at + one.send_at,
            session: sum.session + one.session,
            turn: sum.turn + one.turn,
            lookup: sum.lookup + one.lookup,
        })
    }
}

/// The in-memory state of one session's queue. It grows with the messages in flight, not with the waiting ones.
#[derive(Debug)]
pub struct Queue {
    pub session: SessionRef,
    /// Messages in the queues of chats, without those in flight.
    pub queued: usize,
    pub scheduled: usize,
    pub lookups: usize,
    /// Messages that must not wait for the session.
    pub unqueueable: HashSet<Uuid>,
    in_flight: HashMap<Jid, Priority>,
    /// Messages that back off until this steady time. They block their chats meanwhile.
    backing_off: HashMap<Uuid, Timestamp>,
    /// In steady time.
    last_started: Option<Timestamp>,
}

impl Queue {
    pub fn new(session: SessionRef) -> Self {
        Self {
            session,
            queued: 0,
            scheduled: 0,
            lookups: 0,
            unqueueable: HashSet::new(),
            in_flight: HashMap::new(),
            backing_off: HashMap::new(),
            last_started: None,
        }
    }

    /// The number of waiting messages.
    pub fn len(&self) -> usize {
        self.queued + self.scheduled + self.lookups
    }

    /// Whether no message waits or is in flight.
    pub fn is_idle(&self) -> bool {
        self.len() == 0 && self.in_flight.is_empty()
    }

    pub fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether the queued message is the only one to choose from.
    pub fn has_one_alone(&self) -> bool {
        self.queued == 1 && self.in_flight.is_empty() && self.backing_off.is_empty()
    }

    /// What the messages wait for, given whether the session is ready.
    pub fn stats(&self, is_ready: bool) -> QueueStats {
        let (session, turn) = if is_ready { (0, self.queued) } else { (self.queued, 0) };
        QueueStats { send_at: self.scheduled, session, turn, lookup: self.lookups }
    }

    /// Starts the back-off of an entry, until this steady time.
    pub fn back_off(&mut self, entry: Uuid, until: Timestamp) {
        self.backing_off.insert(entry, until);
    }

    /// Ends the back-off of an entry.
    pub fn backoff_over(&mut self, entry: Uuid) {
        self.backing_off.remove(&entry);
    }

    pub fn started(&mut self, entry: &OutboxEntry, now: Moment) {
        self.queued = self.queued.saturating_sub(1);
        self.unqueueable.remove(&entry.id);
        self.backing_off.remove(&entry.id);
        self.in_flight.insert(entry.chat().clone(), entry.options.priority);
        self.last_started = Some(now.steady);
    }

    pub fn ended(&mut self, chat: &Jid) {
        self.in_flight.remove(chat);
    }

    /// Whether a message of this priority may begin, as far as the number of those in flight goes; none for any message.
    pub fn has_place_for(&self, priority: Option<Priority>, pace: Pace) -> bool {
        let is_full = pace.at_once <= self.in_flight.len();
        !is_full && (priority != Some(Priority::Bulk) || self.has_place_for_bulk(pace))
    }

    fn has_place_for_bulk(&self, pace: Pace) -> bool {
        let bulk = self.in_flight.values().filter(|priority| **priority == Priority::Bulk);
        pace.at_once <= 1 || bulk.count() < pace.at_once - 1
    }

    /// The next step of a ready session, given queue heads in their order.
    pub fn next(&self, heads: &[Head], now: Moment, pace: Pace) -> Next {
        if pace.at_once <= self.in_flight.len() {
            return Next::Full;
        }
        let rests = |head: &Head| {
            self.backing_off.get(&head.entry).is_some_and(|until| now.steady < *until)
        };
        let is_free = |head: &&Head| !self.in_flight.contains_key(&head.chat) && !rests(head);
        let Some(head) = heads.iter().find(is_free) else { return Next::None };
        if head.priority == Priority::Bulk && !self.has_place_for_bulk(pace) {
            // Behind a bulk message come bulk ones alone.
            return Next::Full;
        }
        let next_turn = self.last_started.map_or(now.steady, |last| last + pace.pause);
        match between(now.steady, next_turn) {
            Duration::ZERO => Next::Send(head.clone()),
            left => Next::After(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{clock::from_seconds, outbox::example};

    const PACE: Pace = Pace { pause: Duration::ZERO, at_once: 4 };

    fn entry(number: u128, chat: u8) -> OutboxEntry {
        example(number, &format!("1555000000{chat}@c.us"))
    }

    fn head(number: u128, chat: u8) -> Head {
        let entry = entry(number, chat);
        Head { entry: entry.id, chat: entry.outgoing.chat, priority: Priority::Direct }
    }

    fn queue() -> Queue {
        Queue::new(SessionRef { id: "s".parse().unwrap(), uuid: Uuid::nil() })
    }

    /// A moment at which both clocks agree.
    fn at(seconds: i64) -> Moment {
        let time = from_seconds(seconds);
        Moment { wall: time, steady: time }
    }

    #[test]
    fn a_chat_has_one_message_under_way_and_the_session_only_so_many() {
        let (mut queue, now) = (queue(), at(0));
        let heads = [head(1, 1), head(3, 2)];
        assert_eq!(queue.next(&heads, now, PACE), Next::Send(head(1, 1)));
        queue.started(&entry(1, 1), now);
        assert_eq!(queue.next(&heads, now, PACE), Next::Send(head(3, 2)));
        queue.started(&entry(3, 2), now);
        assert_eq!(queue.next(&heads, now, PACE), Next::None);
        let heads = [head(2, 1), head(3, 2)];
        assert_eq!(queue.next(&heads, now, PACE), Next::None, "the chat's first is in flight");
        queue.ended(entry(1, 1).chat());
        assert_eq!(queue.next(&heads, now, Pace { at_once: 1, ..PACE }), Next::Full);
        assert_eq!(queue.next(&heads, now, PACE), Next::Send(head(2, 1)));
    }

    #[test]
    fn one_place_is_left_to_direct_messages() {
        let (mut queue, now) = (queue(), at(0));
        let bulk = |number| Head { priority: Priority::Bulk, ..head(number, number as u8) };
        let pace = Pace { at_once: 3, ..PACE };
        for number in 1..3_u128 {
            assert_eq!(queue.next(&[bulk(number)], now, pace), Next::Send(bulk(number)));
            let mut entry = entry(number, number as u8);
            entry.options.priority = Priority::Bulk;
            queue.started(&entry, now);
        }
        assert_eq!(queue.next(&[bulk(3)], now, pace), Next::Full);
        let has_place = |queue: &Queue, priority| queue.has_place_for(priority, pace);
        assert!(!has_place(&queue, Some(Priority::Bulk)));
        assert!(has_place(&queue, Some(Priority::Direct)) && has_place(&queue, None));
        let direct = [head(4, 4), bulk(3)];
        assert_eq!(queue.next(&direct, now, pace), Next::Send(head(4, 4)));
        queue.started(&entry(4, 4), now);
        assert_eq!(queue.next(&[head(5, 5)], now, pace), Next::Full);
        assert!(!has_place(&queue, Some(Priority::Direct)) && !has_place(&queue, None));
        queue.ended(entry(4, 4).chat());
        queue.ended(entry(1, 1).chat());
        assert_eq!(queue.next(&[bulk(3)], now, pace), Next::Send(bulk(3)));
    }

    #[test]
    fn a_message_that_is_sent_again_holds_up_its_chat_and_no_other_until_it_has_rested() {
        let mut queue = queue();
        queue.back_off(entry(1, 1).id, from_seconds(5));
        let heads = [head(1, 1), head(2, 2)];
        assert_eq!(queue.next(&heads, at(0), PACE), Next::Send(head(2, 2)));
        assert_eq!(queue.next(&heads[..1], at(4), PACE), Next::None);
        assert_eq!(queue.next(&heads, at(5), PACE), Next::Send(head(1, 1)));
    }

    #[test]
    fn between_two_sends_lies_the_pause_however_the_clock_is_set() {
        let pace = Pace { pause: Duration::from_secs(5), ..PACE };
        for jump in [-3_600, 0, 3_600] {
            let now = |steady: i64| Moment {
                wall: from_seconds(50_000 + steady + if steady == 0 { 0 } else { jump }),
                steady: from_seconds(50_000 + steady),
            };
            let mut queue = queue();
            queue.started(&entry(1, 1), now(0));
            let heads = [head(2, 2)];
            assert_eq!(queue.next(&heads, now(1), pace), Next::After(Duration::from_secs(4)));
            assert_eq!(queue.next(&heads, now(5), pace), Next::Send(head(2, 2)));
        }
    }

    #[test]
    fn what_messages_wait_for_is_counted() {
        let mut queue = queue();
        (queue.scheduled, queue.queued, queue.lookups) = (1, 3, 1);
        queue.started(&entry(1, 1), at(0));
        let away = QueueStats { send_at: 1, session: 2, turn: 0, lookup: 1 };
        assert_eq!(queue.stats(false), away);
        assert_eq!(queue.stats(true), QueueStats { session: 0, turn: 2, ..away });
        assert_eq!([away, away].into_iter().sum::<QueueStats>().total(), 8);
        assert!(!queue.is_idle() && queue.has_in_flight());
    }
}

//! Which message of a session goes out next. Pure: time comes in, nothing waits here, and what waits lies
//! in the store.
//!
//! Within one chat messages go out in the order of their acceptance, so only the head of each chat is
//! looked at. Among chats, what is direct overtakes what is bulk; then the earlier one wins: heads come in
//! that order. Between two sends lies at least the session's pause.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use uuid::Uuid;

use crate::domain::{
    Jid, SessionRef, Timestamp,
    clock::{Moment, between},
    outbox::OutboxEntry,
};

/// How fast a session sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between the beginnings of two sends.
    pub pause: Duration,
    /// Sends that may be under way at once, each in another chat.
    pub at_once: usize,
}

/// The first message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub entry: Uuid,
    pub chat: Jid,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It counts as under way from now on.
    Send(Head),
    /// Nothing for so long.
    After(Duration),
    /// None of these heads; others may be behind them.
    None,
    /// Nothing until something changes.
    Full,
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

/// What is known of one session's queue beside what the store has. It grows with what is under way, not with
/// what waits.
#[derive(Debug)]
pub struct Queue {
    pub session: SessionRef,
    /// Messages in queues, that are not under way.
    pub queued: usize,
    pub scheduled: usize,
    pub lookups: usize,
    /// Messages whose callers do not want them to wait for the session.
    pub urgent: HashSet<Uuid>,
    under_way: HashSet<Jid>,
    /// Messages that are left alone until this steady time; those of their chats wait with them.
    resting: HashMap<Uuid, Timestamp>,
    /// In steady time.
    last_begun: Option<Timestamp>,
}

impl Queue {
    pub fn new(session: SessionRef) -> Self {
        Self {
            session,
            queued: 0,
            scheduled: 0,
            lookups: 0,
            urgent: HashSet::new(),
            under_way: HashSet::new(),
            resting: HashMap::new(),
            last_begun: None,
        }
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.queued + self.scheduled + self.lookups
    }

    /// Nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.len() == 0 && self.under_way.is_empty()
    }

    pub fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Whether the one message that is queued is all that there is to choose from.
    pub fn has_one_alone(&self) -> bool {
        self.queued == 1 && self.under_way.is_empty() && self.resting.is_empty()
    }

    /// What the messages wait for, of a session that is ready or not.
    pub fn waiting(&self, is_ready: bool) -> Waiting {
        let (session, turn) = if is_ready { (0, self.queued) } else { (self.queued, 0) };
        Waiting { send_at: self.scheduled, session, turn, lookup: self.lookups }
    }

    /// An entry that comes back is not to be looked at before this steady time.
    pub fn rest(&mut self, entry: Uuid, until: Timestamp) {
        self.resting.insert(entry, until);
    }

    /// An entry has rested, or waits no longer.
    pub fn rested(&mut self, entry: Uuid) {
        self.resting.remove(&entry);
    }

    pub fn begun(&mut self, entry: &OutboxEntry, now: Moment) {
        self.queued = self.queued.saturating_sub(1);
        self.urgent.remove(&entry.id);
        self.resting.remove(&entry.id);
        self.under_way.insert(entry.chat().clone());
        self.last_begun = Some(now.steady);
    }

    pub fn ended(&mut self, chat: &Jid) {
        self.under_way.remove(chat);
    }

    /// The next message of a session that is ready, among heads in their order.
    pub fn next(&self, heads: &[Head], now: Moment, pace: Pace) -> Next {
        if pace.at_once <= self.under_way.len() {
            return Next::Full;
        }
        let rests =
            |head: &Head| self.resting.get(&head.entry).is_some_and(|until| now.steady < *until);
        let is_free = |head: &&Head| !self.under_way.contains(&head.chat) && !rests(head);
        let Some(head) = heads.iter().find(is_free) else { return Next::None };
        let next_turn = self.last_begun.map_or(now.steady, |last| last + pace.pause);
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
        Head { entry: entry.id, chat: entry.outgoing.chat }
    }

    fn queue() -> Queue {
        Queue::new(SessionRef { id: "s".parse().unwrap(), uuid: Uuid::nil() })
    }

    /// When nobody ever set a clock.
    fn at(seconds: i64) -> Moment {
        let time = from_seconds(seconds);
        Moment { wall: time, steady: time }
    }

    #[test]
    fn a_chat_has_one_message_under_way_and_the_session_only_so_many() {
        let (mut queue, now) = (queue(), at(0));
        let heads = [head(1, 1), head(3, 2)];
        assert_eq!(queue.next(&heads, now, PACE), Next::Send(head(1, 1)));
        queue.begun(&entry(1, 1), now);
        assert_eq!(queue.next(&heads, now, PACE), Next::Send(head(3, 2)));
        queue.begun(&entry(3, 2), now);
        assert_eq!(queue.next(&heads, now, PACE), Next::None);
        let heads = [head(2, 1), head(3, 2)];
        assert_eq!(queue.next(&heads, now, PACE), Next::None, "the chat's first is under way");
        queue.ended(entry(1, 1).chat());
        assert_eq!(queue.next(&heads, now, Pace { at_once: 1, ..PACE }), Next::Full);
        assert_eq!(queue.next(&heads, now, PACE), Next::Send(head(2, 1)));
    }

    #[test]
    fn a_message_that_is_sent_again_holds_up_its_chat_and_no_other_until_it_has_rested() {
        let mut queue = queue();
        queue.rest(entry(1, 1).id, from_seconds(5));
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
            queue.begun(&entry(1, 1), now(0));
            let heads = [head(2, 2)];
            assert_eq!(queue.next(&heads, now(1), pace), Next::After(Duration::from_secs(4)));
            assert_eq!(queue.next(&heads, now(5), pace), Next::Send(head(2, 2)));
        }
    }

    #[test]
    fn what_messages_wait_for_is_counted() {
        let mut queue = queue();
        (queue.scheduled, queue.queued, queue.lookups) = (1, 3, 1);
        queue.begun(&entry(1, 1), at(0));
        let away = Waiting { send_at: 1, session: 2, turn: 0, lookup: 1 };
        assert_eq!(queue.waiting(false), away);
        assert_eq!(queue.waiting(true), Waiting { session: 0, turn: 2, ..away });
        assert_eq!([away, away].into_iter().sum::<Waiting>().total(), 8);
        assert!(!queue.is_idle() && queue.is_under_way());
    }
}

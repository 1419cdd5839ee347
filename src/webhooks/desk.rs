//! What the task of one endpoint has at hand: events that were read, attempts under way, those that
//! ended, and the heads of the line that it tries next. All of it bounded; what a kill takes from it is
//! read and done again.

mod recording;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::{self, JoinError, JoinSet};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    store::records::{Delivery, Reading, WebhookRecord},
    webhooks::{
        desk::recording::InHand,
        pace::Pace,
        record::Ended,
        window::{Fresh, Window},
    },
};

/// How long an endpoint rests after the store failed.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Attempts that ended and are not on the disk yet, at most: each is made again after a kill.
const MOST_UNRECORDED: usize = 384;

pub struct Desk {
    /// As it was last read; none while the endpoint is switched off or gone.
    pub webhook: Option<Arc<WebhookRecord>>,
    pub pace: Pace,
    /// What was read off the log; none until it is known how far that was recorded.
    pub window: Option<Window>,
    /// Events that are to go into the line untried, and events that the log had dropped.
    pub moving: Vec<Delivery>,
    pub missed: u64,
    /// Lanes whose events on the way into the line belong before what the line has of them.
    before_line: HashSet<String>,
    pub under_way: JoinSet<Result<Ended, Error>>,
    /// Writes down a group at a time, while attempts go on. Answers the lanes that wait in the line now.
    pub recording: JoinSet<Result<Vec<String>, Error>>,
    /// Heads that are due, read from the line and not started yet.
    pub ready: VecDeque<Delivery>,
    pub ended: Vec<Ended>,
    /// When the first of those that ended did.
    ended_since: Option<Instant>,
    /// The lanes of attempts under way.
    posting: HashMap<task::Id, String>,
    group: InHand,
    /// All lanes of which something has been started that holds up the rest of it: until it is over
    /// where it is delivered at the first try, until that is on the disk otherwise.
    pub busy: HashSet<String>,
    /// The endpoint's record may have changed; the log, or the line, may hold something new.
    pub is_changed: bool,
    pub has_news: bool,
    pub is_stale: bool,
    /// When the next head is due that was not when the line was last read.
    pub next_due: Option<Timestamp>,
    /// Nothing is started before, since the store failed.
    quiet_until: Option<Instant>,
    /// How far the log was read, as it was last recorded.
    recorded_to: u64,
    pub lag_told: Option<Instant>,
    /// Deliveries that ended since old ones were last forgotten, and what forgets them.
    pub ended_since_tidy: usize,
    pub tidying: JoinSet<Result<usize, Error>>,
}

impl Desk {
    pub fn new(most_at_once: usize) -> Self {
        Self {
            webhook: None,
            pace: Pace::new(most_at_once),
            window: None,
            moving: Vec::new(),
            missed: 0,
            before_line: HashSet::new(),
            under_way: JoinSet::new(),
            recording: JoinSet::new(),
            ready: VecDeque::new(),
            ended: Vec::new(),
            ended_since: None,
            posting: HashMap::new(),
            group: InHand::default(),
            busy: HashSet::new(),
            is_changed: true,
            has_news: true,
            is_stale: true,
            next_due: None,
            quiet_until: None,
            recorded_to: 0,
            lag_told: None,
            ended_since_tidy: 0,
            tidying: JoinSet::new(),
        }
    }

    /// A caller may have changed the endpoint or its line, or the clock.
    pub fn look_anew(&mut self) {
        (self.is_changed, self.is_stale) = (true, true);
        self.ready.clear();
    }

    /// Begins where it was recorded that the log was read to and how many events were accepted. Its
    /// open events are yet to be read.
    pub fn begin(&mut self, reading: &Reading, accepted: u64) {
        self.window = Some(Window::new(reading.read_to, accepted));
        self.recorded_to = reading.read_to;
        (self.has_news, self.is_stale) = (true, true);
        self.ready.clear();
    }

    /// Forgets what was read and not started, to begin from what is recorded: when the endpoint is
    /// switched off, and when something could not be recorded. What is under way comes to its end
    /// unrecorded then, and is made again.
    pub fn let_go(&mut self) {
        (self.window, self.missed) = (None, 0);
        self.moving.clear();
        self.before_line.clear();
        self.ended.clear();
        self.ended_since = None;
        self.ready.clear();
        self.busy = self.posting.values().cloned().collect();
    }

    /// Whether nothing of what was let go goes on.
    pub fn is_at_rest(&self) -> bool {
        self.under_way.is_empty() && self.recording.is_empty()
    }

    /// Whether all that was begun is recorded, and nothing waits to be.
    pub fn is_idle(&self) -> bool {
        self.is_at_rest() && self.ended.is_empty() && self.moving.is_empty() && !self.is_changed
    }

    /// How many attempts may be started now.
    pub fn room(&self) -> usize {
        if self.window.is_none() {
            return 0;
        }
        let unrecorded = self.ended.len() + self.group.ended;
        let bound = MOST_UNRECORDED.saturating_sub(unrecorded);
        self.pace.allowed().min(bound).saturating_sub(self.under_way.len())
    }

    /// How long nothing may be started.
    pub fn quiet_for(&self) -> Option<Duration> {
        let rest = self.quiet_until?.saturating_duration_since(Instant::now());
        (!rest.is_zero()).then_some(rest)
    }

    pub fn rest_after_failure(&mut self) {
        self.quiet_until = Some(Instant::now() + AFTER_FAILURE);
    }

    /// Gives an event that was read its place: behind those of its lane that wait here, or on its way
    /// into the line, where something of its lane is or will be.
    pub fn place(&mut self, fresh: Fresh, is_lined_up: bool) {
        let Fresh { delivery, .. } = &fresh;
        let is_moving = self.is_moving(&delivery.lane);
        let is_busy = self.busy.contains(&delivery.lane);
        let Some(window) = &mut self.window else { return };
        window.opened(delivery.seq);
        // What is under way in a lane that is not held here came from the line.
        let is_of_line = is_lined_up || is_moving || (is_busy && !window.holds(&delivery.lane));
        if is_of_line || !window.takes(&delivery.lane) {
            self.moving.push(fresh.delivery);
        } else {
            window.push(fresh);
        }
    }

    /// Sends all that waits here into the line: what comes after it can be read then.
    pub fn move_all(&mut self) {
        let Some(window) = &mut self.window else { return };
        let all = window.take_all();
        self.before_line.extend(all.iter().map(|delivery| delivery.lane.clone()));
        self.moving.extend(all);
    }

    /// What was placed until now stood open when the process ended, and belongs before the line.
    pub fn has_begun(&mut self) {
        self.before_line.extend(self.moving.iter().map(|delivery| delivery.lane.clone()));
    }

    /// Whether an event of this lane is on its way into the line.
    fn is_moving(&self, lane: &str) -> bool {
        self.group.moved.contains(lane) || self.moving.iter().any(|one| one.lane == lane)
    }

    /// Whether the head that the line has of this lane must wait: something of the lane is under
    /// way, or belongs before it.
    pub fn is_taken(&self, lane: &str) -> bool {
        self.busy.contains(lane)
            || self.window.as_ref().is_some_and(|window| window.holds(lane))
            || self.before_line.contains(lane)
            || self.group.before_line.contains(lane)
    }

    /// How many lanes may be taken.
    pub fn taken(&self) -> usize {
        let held = self.window.as_ref().map_or(0, Window::lanes);
        self.busy.len() + held + self.before_line.len() + self.group.before_line.len()
    }

    pub fn start(
        &mut self,
        lane: String,
        attempt: impl Future<Output = Result<Ended, Error>> + Send + 'static,
    ) {
        self.busy.insert(lane.clone());
        self.posting.insert(self.under_way.spawn(attempt).id(), lane);
    }

    /// Takes in an attempt that is over, and all others that are.
    pub fn end(
        &mut self,
        webhook: Uuid,
        first: Result<(task::Id, Result<Ended, Error>), JoinError>,
    ) {
        let mut next = Some(first);
        while let Some(ended) = next {
            let (task, fault) = match ended {
                Ok((task, Ok(ended))) => {
                    self.take_in(ended);
                    (task, None)
                }
                Ok((task, Err(error))) => (task, Some(error.to_string())),
                Err(error) => (error.id(), Some(error.to_string())),
            };
            let lane = self.posting.remove(&task);
            if self.window.is_none() {
                lane.iter().for_each(|lane| _ = self.busy.remove(lane));
            }
            if let Some(error) = fault {
                tracing::error!(%webhook, error, "webhook {webhook}: an attempt broke off");
                self.let_go();
                self.rest_after_failure();
            }
            next = self.under_way.try_join_next_with_id();
        }
    }

    fn take_in(&mut self, ended: Ended) {
        ended.sign().into_iter().for_each(|sign| self.pace.heard(sign));
        let Some(window) = &mut self.window else { return };
        if ended.lets_go_on() {
            self.busy.remove(&ended.delivery.lane);
            window.free(&ended.delivery.lane);
        }
        self.ended_since.get_or_insert_with(Instant::now);
        self.ended.push(ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::clock::from_seconds,
        store::records::Attempt,
        webhooks::{
            attempt::Outcome,
            desk::recording::READING_STEP,
            record::{Came, Group},
            window::fresh,
        },
    };

    fn desk() -> Desk {
        let mut desk = Desk::new(10);
        desk.begin(&Reading::up_to(0), 0);
        desk
    }

    /// An event of this lane that was posted and answered so.
    async fn answered(status: u16, fresh: Fresh) -> Result<Ended, Error> {
        let (delivery, at) = (fresh.delivery, from_seconds(0));
        let attempt = Attempt {
            delivery: delivery.id,
            number: 1,
            at,
            duration_ms: 1,
            status: Some(status),
            error: None,
            response: None,
            is_public: false,
        };
        let came = Came::Posted(Outcome { attempt, wish: None });
        Ok(Ended { delivery, is_fresh: true, came })
    }

    /// The same for one that stood in the line.
    async fn answered_later(status: u16, fresh: Fresh) -> Result<Ended, Error> {
        Ok(Ended { is_fresh: false, ..answered(status, fresh).await? })
    }

    async fn let_one_end(desk: &mut Desk) {
        let ended = desk.under_way.join_next_with_id().await.unwrap();
        desk.end(Uuid::nil(), ended);
    }

    #[tokio::test]
    async fn a_lane_waits_for_the_disk_unless_it_was_delivered_at_the_first_try() {
        let mut desk = desk();
        for (lane, status) in [("well", 200), ("failing", 500)] {
            desk.start(lane.to_owned(), answered(status, fresh(lane, 1)));
            let_one_end(&mut desk).await;
        }
        desk.start("line".to_owned(), answered_later(200, fresh("line", 1)));
        let_one_end(&mut desk).await;
        assert!(!desk.busy.contains("well"), "nothing of it is in the line");
        assert_eq!(desk.group().unwrap().ended.len(), 3);
        desk.recording.spawn(std::future::pending());
        desk.start("failing".to_owned(), answered(500, fresh("later", 1)));
        let_one_end(&mut desk).await;
        assert!(desk.group().is_none(), "one group at a time");
        assert!(desk.busy.contains("failing") && desk.busy.contains("line"));
        desk.recording.shutdown().await;
        desk.recorded(Uuid::nil(), Ok(Ok(Vec::new())));
        assert!(!desk.busy.contains("failing") && !desk.busy.contains("line"));
        assert_eq!(desk.group().unwrap().ended.len(), 1);
    }

    #[tokio::test]
    async fn events_of_a_chat_that_go_well_follow_each_other_and_are_recorded_in_order() {
        let mut desk = desk();
        (1..=3).for_each(|seq| place(&mut desk, "a", seq, false));
        assert_eq!(try_next(&mut desk, 200).await, 1);
        let group = desk.group().unwrap();
        assert_eq!(group.reading, Reading { read_to: 3, open: vec![2, 3] });
        assert_eq!((try_next(&mut desk, 200).await, try_next(&mut desk, 500).await), (2, 3));
        desk.recorded(Uuid::nil(), Ok(Ok(Vec::new())));
        assert!(desk.is_taken("a"), "the failure is not recorded");
        let numbers: Vec<u64> =
            desk.group().unwrap().ended.iter().map(|ended| ended.delivery.seq).collect();
        assert_eq!(numbers, [2, 3]);
    }

    #[tokio::test]
    async fn what_holds_up_nothing_waits_for_others_while_attempts_are_under_way() {
        let mut desk = desk();
        desk.start("slow".to_owned(), std::future::pending());
        desk.start("a".to_owned(), answered(200, fresh("a", 1)));
        let_one_end(&mut desk).await;
        assert!(desk.group().is_none() && desk.gathering().is_some());
        desk.start("b".to_owned(), answered(500, fresh("b", 2)));
        let_one_end(&mut desk).await;
        assert_eq!(desk.gathering(), None, "its lane waits");
        assert_eq!(desk.group().unwrap().ended.len(), 2);
        desk.recorded(Uuid::nil(), Ok(Ok(Vec::new())));
        desk.start("c".to_owned(), answered(200, fresh("c", 3)));
        let_one_end(&mut desk).await;
        assert!(desk.group().is_none());
        desk.under_way.shutdown().await;
        assert_eq!(desk.group().unwrap().ended.len(), 1, "nothing else will come");
    }

    #[tokio::test]
    async fn what_ended_and_is_not_recorded_is_bounded() {
        let mut desk = desk();
        let mut started = 0;
        while 0 < desk.room() {
            let lane = started.to_string();
            desk.start(lane.clone(), answered(200, fresh(&lane, 1)));
            let_one_end(&mut desk).await;
            started += 1;
        }
        assert_eq!((started, desk.ended.len()), (MOST_UNRECORDED, MOST_UNRECORDED));
        let group = desk.group().unwrap();
        assert_eq!(
            (group.ended.len(), desk.room()),
            (MOST_UNRECORDED, 0),
            "until it is on the disk"
        );
        desk.recorded(Uuid::nil(), Ok(Ok(Vec::new())));
        assert_eq!((desk.room(), desk.busy.len()), (10, 0));
    }

    #[tokio::test]
    async fn an_attempt_that_breaks_off_frees_its_lane_and_the_endpoint_rests() {
        let mut desk = desk();
        desk.start("a".to_owned(), async { Err(Error::internal("no disk")) });
        desk.start("b".to_owned(), async { panic!("a fault") });
        while !desk.under_way.is_empty() {
            let_one_end(&mut desk).await;
        }
        assert!(desk.busy.is_empty() && desk.ended.is_empty());
        assert!(desk.quiet_for().is_some());
    }

    /// An event of a lane, as it comes from the log.
    fn place(desk: &mut Desk, lane: &str, seq: u64, is_lined_up: bool) {
        desk.place(fresh(lane, seq), is_lined_up);
        desk.window.iter_mut().for_each(|window| window.advance(seq));
    }

    /// Starts the first event that may be, which is answered so.
    async fn try_next(desk: &mut Desk, status: u16) -> u64 {
        let next = desk.window.as_mut().and_then(Window::start).unwrap();
        let seq = next.delivery.seq;
        desk.start(next.delivery.lane.clone(), answered(status, next));
        let_one_end(desk).await;
        seq
    }

    fn moved(group: &Group) -> Vec<u64> {
        group.moved.iter().map(|delivery| delivery.seq).collect()
    }

    #[tokio::test]
    async fn what_is_behind_a_failure_follows_it_into_the_line_and_other_lanes_go_on() {
        let mut desk = desk();
        for (seq, lane) in (1..).zip(["a", "a", "b", "a"]) {
            place(&mut desk, lane, seq, false);
        }
        assert_eq!(try_next(&mut desk, 500).await, 1);
        let group = desk.group().unwrap();
        assert_eq!(group.reading, Reading { read_to: 4, open: vec![2, 3, 4] });
        // The lane waits in the line now.
        desk.recorded(Uuid::nil(), Ok(Ok(vec!["a".to_owned()])));
        place(&mut desk, "a", 5, true);
        place(&mut desk, "c", 6, true);
        assert_eq!(try_next(&mut desk, 200).await, 3);
        assert!(desk.window.as_ref().unwrap().first().is_none());
        let group = desk.group().unwrap();
        assert_eq!(moved(&group), [2, 4, 5, 6]);
        assert_eq!(group.reading, Reading::up_to(6));
        assert!(!desk.is_taken("a"), "the head in the line comes first of all");
        place(&mut desk, "c", 7, false);
        desk.recorded(Uuid::nil(), Ok(Ok(Vec::new())));
        assert_eq!(moved(&desk.group().unwrap()), [7], "behind one that was on its way");
    }

    #[tokio::test]
    async fn what_belongs_before_the_line_holds_up_the_lane_there() {
        let mut desk = desk();
        place(&mut desk, "a", 1, false);
        assert!(desk.is_taken("a") && !desk.is_taken("b"));
        desk.move_all();
        assert!(desk.is_taken("a"));
        assert_eq!(moved(&desk.group().unwrap()), [1]);
        assert!(desk.is_taken("a"), "until it is recorded");
        desk.recorded(Uuid::nil(), Ok(Ok(Vec::new())));
        assert!(!desk.is_taken("a"));
    }

    #[tokio::test]
    async fn what_is_not_recorded_is_read_anew_when_all_that_was_under_way_is_over() {
        let mut desk = desk();
        place(&mut desk, "a", 1, false);
        place(&mut desk, "b", 2, false);
        try_next(&mut desk, 200).await;
        desk.group().unwrap();
        let second = desk.window.as_mut().and_then(Window::start).unwrap();
        desk.start("b".to_owned(), answered(200, second));
        desk.recorded(Uuid::nil(), Ok(Err(Error::internal("no disk"))));
        assert!(!desk.is_at_rest() && desk.quiet_for().is_some());
        assert_eq!((desk.room(), desk.is_taken("a"), desk.is_taken("b")), (0, false, true));
        let_one_end(&mut desk).await;
        assert!(desk.is_at_rest() && desk.ended.is_empty() && desk.group().is_none());
        assert!(!desk.is_taken("b"));
    }

    #[tokio::test]
    async fn an_endpoint_that_nothing_concerns_is_written_down_now_and_then() {
        let mut desk = desk();
        desk.window.iter_mut().for_each(|window| window.advance(READING_STEP - 1));
        assert!(desk.group().is_none());
        desk.window.iter_mut().for_each(|window| window.advance(READING_STEP));
        assert_eq!(desk.group().unwrap().reading, Reading::up_to(READING_STEP));
    }
}

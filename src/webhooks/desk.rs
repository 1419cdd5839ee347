//! What the task of one endpoint has at hand: events that were read, attempts under way, those that
//! ended, and the heads of the line that it tries next. All of it bounded; what a kill takes from it is
//! read and done again.

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
        gathering::Gathering,
        pace::{Pace, Sign},
        record::{Ended, Group},
        window::Window,
    },
};

/// How long an endpoint rests after the store failed.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Attempts that ended and are not on the disk yet, at most: each is made again after a kill.
const MOST_UNRECORDED: usize = 64;
/// How far an endpoint was read is written down by itself when it is so far behind: it need only keep
/// the log from being held back.
const READING_STEP: u64 = 500;

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
    pub ended: Gathering<Ended>,
    /// The lanes of attempts under way.
    posting: HashMap<task::Id, String>,
    group: InHand,
    /// All lanes of which something has been started and is not on the disk as ended.
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

/// Of the group that is being recorded.
#[derive(Default)]
struct InHand {
    lanes: Vec<String>,
    moved: HashSet<String>,
    before_line: HashSet<String>,
    numbers: Vec<u64>,
    read_to: u64,
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
            ended: Gathering::default(),
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

    /// Begins where it was recorded that the log was read to. Its open events are yet to be read.
    pub fn begin(&mut self, reading: &Reading) {
        self.window = Some(Window::new(reading.read_to));
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
        self.ended.take();
        self.ready.clear();
        self.busy = self.posting.values().cloned().collect();
    }

    /// Whether nothing of what was let go goes on.
    pub fn is_at_rest(&self) -> bool {
        self.under_way.is_empty() && self.recording.is_empty()
    }

    /// How many attempts may be started now.
    pub fn room(&self) -> usize {
        if self.window.is_none() {
            return 0;
        }
        let unrecorded = self.ended.len() + self.group.lanes.len();
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
    pub fn place(&mut self, delivery: Delivery, is_lined_up: bool) {
        let is_moving = self.is_moving(&delivery.lane);
        let is_busy = self.busy.contains(&delivery.lane);
        let Some(window) = &mut self.window else { return };
        window.opened(delivery.seq);
        // What is under way in a lane that is not held here came from the line.
        let is_of_line = is_lined_up || is_moving || (is_busy && !window.holds(&delivery.lane));
        if is_of_line || !window.takes(&delivery.lane) {
            self.moving.push(delivery);
        } else {
            window.push(delivery);
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
                    ended.sign().into_iter().for_each(|sign: Sign| self.pace.heard(sign));
                    if self.window.is_some() {
                        self.ended.add(ended);
                    }
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

    /// How long those that ended wait for others to be recorded with; none when they do not.
    pub fn gathering(&self) -> Option<Duration> {
        let may_come = !self.under_way.is_empty() && self.recording.is_empty();
        self.ended.patience().filter(|_| may_come)
    }

    /// What is to be recorded next, when nothing is being recorded.
    pub fn group(&mut self) -> Option<Group> {
        let window = self.window.as_ref()?;
        let is_little = self.ended.is_empty() && self.moving.is_empty() && self.missed == 0;
        let is_far = self.recorded_to.saturating_add(READING_STEP) <= window.read_to();
        if (is_little && !is_far) || !self.recording.is_empty() || self.gathering().is_some() {
            return None;
        }
        let (ended, moved) = (self.ended.take(), std::mem::take(&mut self.moving));
        let fresh = ended.iter().filter(|ended| ended.is_fresh).map(|ended| ended.delivery.seq);
        let numbers: Vec<u64> = fresh.chain(moved.iter().map(|delivery| delivery.seq)).collect();
        let reading = window.reading_without(&numbers);
        self.ended_since_tidy += ended.len();
        self.group = InHand {
            lanes: ended.iter().map(|ended| ended.delivery.lane.clone()).collect(),
            moved: moved.iter().map(|delivery| delivery.lane.clone()).collect(),
            before_line: std::mem::take(&mut self.before_line),
            numbers,
            read_to: reading.read_to,
        };
        Some(Group { ended, moved, missed: std::mem::take(&mut self.missed), reading })
    }

    /// The group is on the disk, or it is not and its attempts are made again.
    pub fn recorded(
        &mut self,
        webhook: Uuid,
        result: Result<Result<Vec<String>, Error>, JoinError>,
    ) {
        let group = std::mem::take(&mut self.group);
        (self.is_changed, self.is_stale) = (true, true);
        let fault = match result {
            Ok(Ok(waiting)) => return self.go_on(group, &waiting),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(%webhook, error = fault, "webhook {webhook}: attempts are not recorded");
        self.let_go();
        self.rest_after_failure();
    }

    /// Lets lanes go on whose attempts are recorded. What is behind one that waits in the line goes
    /// there too.
    fn go_on(&mut self, group: InHand, waiting: &[String]) {
        let Some(window) = &mut self.window else { return };
        window.close(&group.numbers);
        self.recorded_to = group.read_to;
        for lane in waiting {
            self.moving.extend(window.take_lane(lane));
        }
        for lane in &group.lanes {
            self.busy.remove(lane);
            window.free(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::clock::from_seconds,
        store::records::{Attempt, DeliveryState},
        webhooks::{attempt::Outcome, record::Came},
    };

    fn delivery(lane: &str) -> Delivery {
        Delivery {
            id: Uuid::now_v7(),
            webhook: Uuid::nil(),
            seq: 1,
            event: Uuid::now_v7(),
            event_name: "message".to_owned(),
            lane: lane.to_owned(),
            state: DeliveryState::Waiting,
            attempts: 1,
            earlier_attempts: 0,
            next_attempt_at: None,
            created_at: from_seconds(0),
            finished_at: None,
            last_attempt: None,
        }
    }

    fn desk() -> Desk {
        let mut desk = Desk::new(10);
        desk.begin(&Reading::up_to(0));
        desk
    }

    async fn delivered(delivery: Delivery) -> Result<Ended, Error> {
        let (id, at) = (delivery.id, from_seconds(0));
        let (status, error, response) = (Some(200), None, None);
        let attempt =
            Attempt { delivery: id, number: 1, at, duration_ms: 1, status, error, response };
        let outcome = Outcome { attempt, wish: None };
        let came = Came::Posted("s".parse().unwrap(), outcome);
        Ok(Ended { delivery, is_fresh: true, came })
    }

    async fn let_one_end(desk: &mut Desk) {
        let ended = desk.under_way.join_next_with_id().await.unwrap();
        desk.end(Uuid::nil(), ended);
    }

    #[tokio::test]
    async fn a_lane_stays_busy_until_its_group_is_on_the_disk() {
        let mut desk = desk();
        desk.start("a".to_owned(), delivered(delivery("a")));
        let_one_end(&mut desk).await;
        let group = desk.group().unwrap();
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        desk.recording.spawn(async move {
            finished.await.unwrap();
            Ok(Vec::new())
        });
        assert_eq!(group.ended.len(), 1);
        desk.start("b".to_owned(), delivered(delivery("b")));
        let_one_end(&mut desk).await;
        assert!(desk.group().is_none(), "one group at a time");
        assert!(desk.busy.contains("a") && desk.busy.contains("b"));
        finish.send(()).unwrap();
        let result = desk.recording.join_next().await.unwrap();
        desk.recorded(Uuid::nil(), result);
        assert!(!desk.busy.contains("a") && desk.busy.contains("b"));
        assert_eq!(desk.group().unwrap().ended.len(), 1);
    }

    #[tokio::test]
    async fn what_ended_and_is_not_recorded_is_bounded() {
        let mut desk = desk();
        let mut started = 0;
        while 0 < desk.room() {
            let lane = started.to_string();
            desk.start(lane.clone(), delivered(delivery(&lane)));
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
        desk.place(Delivery { seq, attempts: 0, ..delivery(lane) }, is_lined_up);
        desk.window.iter_mut().for_each(|window| window.advance(seq));
    }

    /// Starts the first event that may be, which is delivered.
    async fn deliver_next(desk: &mut Desk) -> u64 {
        let next = desk.window.as_mut().and_then(Window::start).unwrap();
        let seq = next.seq;
        desk.start(next.lane.clone(), delivered(next));
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
        assert_eq!(deliver_next(&mut desk).await, 1);
        let group = desk.group().unwrap();
        assert_eq!(group.reading, Reading { read_to: 4, open: vec![2, 3, 4] });
        // The store says that the attempt failed: the lane waits in the line now.
        desk.recorded(Uuid::nil(), Ok(Ok(vec!["a".to_owned()])));
        place(&mut desk, "a", 5, true);
        place(&mut desk, "c", 6, true);
        assert_eq!(deliver_next(&mut desk).await, 3);
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
        deliver_next(&mut desk).await;
        desk.group().unwrap();
        let second = desk.window.as_mut().and_then(Window::start).unwrap();
        desk.start("b".to_owned(), delivered(second));
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

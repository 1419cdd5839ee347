//! What the task of one endpoint has at hand: attempts under way, those that ended, and the heads
//! that it reads next. All of it bounded; what a kill takes from it is done again.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::{self, JoinError, JoinSet};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    store::records::{Delivery, WebhookRecord},
    webhooks::{
        pace::{Pace, Sign},
        record::Ended,
    },
};

/// How long an endpoint rests after the store failed.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Attempts that ended and are not on the disk yet, at most: each is made again after a kill.
const MOST_UNRECORDED: usize = 64;

pub struct Desk {
    /// As it was last read; none while the endpoint is switched off or gone.
    pub webhook: Option<Arc<WebhookRecord>>,
    pub pace: Pace,
    pub under_way: JoinSet<Result<Ended, Error>>,
    /// Writes down a group of attempts at a time, while others go on.
    pub recording: JoinSet<Result<(), Error>>,
    /// Heads that are due, read from the line and not started yet.
    pub ready: VecDeque<Delivery>,
    pub ended: Vec<Ended>,
    /// The lanes of attempts under way, and those of the group that is being recorded.
    posting: HashMap<task::Id, String>,
    being_recorded: Vec<String>,
    /// All lanes whose head has been started and is not on the disk as ended.
    pub busy: HashSet<String>,
    /// The endpoint's record may have changed; the log, or the line, may hold something new.
    pub is_changed: bool,
    pub has_news: bool,
    pub is_stale: bool,
    /// When the next head is due that was not when the line was last read.
    pub next_due: Option<Timestamp>,
    /// Nothing is started before, since the store failed.
    quiet_until: Option<Instant>,
    /// The number up to which the log holds nothing new for this endpoint; 0 when that is not known.
    pub read_to: u64,
    pub lag_told: Option<Instant>,
}

impl Desk {
    pub fn new(most_at_once: usize) -> Self {
        Self {
            webhook: None,
            pace: Pace::new(most_at_once),
            under_way: JoinSet::new(),
            recording: JoinSet::new(),
            ready: VecDeque::new(),
            ended: Vec::new(),
            posting: HashMap::new(),
            being_recorded: Vec::new(),
            busy: HashSet::new(),
            is_changed: true,
            has_news: true,
            is_stale: true,
            next_due: None,
            quiet_until: None,
            read_to: 0,
            lag_told: None,
        }
    }

    /// A caller may have changed the endpoint or its line, or the clock.
    pub fn look_anew(&mut self) {
        (self.is_changed, self.is_stale) = (true, true);
        self.ready.clear();
    }

    /// How many attempts may be started now.
    pub fn room(&self) -> usize {
        let unrecorded = self.ended.len() + self.being_recorded.len();
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
                    self.ended.push(ended);
                    (task, None)
                }
                Ok((task, Err(error))) => (task, Some(error.to_string())),
                Err(error) => (error.id(), Some(error.to_string())),
            };
            let lane = self.posting.remove(&task);
            if let Some(error) = fault {
                tracing::error!(%webhook, error, "webhook {webhook}: an attempt broke off");
                lane.iter().for_each(|lane| _ = self.busy.remove(lane));
                self.rest_after_failure();
            }
            next = self.under_way.try_join_next_with_id();
        }
    }

    /// What is to be recorded next, when nothing is being recorded.
    pub fn group(&mut self) -> Option<Vec<Ended>> {
        if self.ended.is_empty() || !self.recording.is_empty() {
            return None;
        }
        let group = std::mem::take(&mut self.ended);
        self.being_recorded = group.iter().map(|ended| ended.delivery.lane.clone()).collect();
        Some(group)
    }

    /// The group is on the disk, or it is not and its attempts are made again.
    pub fn recorded(&mut self, webhook: Uuid, result: Result<Result<(), Error>, JoinError>) {
        for lane in std::mem::take(&mut self.being_recorded) {
            self.busy.remove(&lane);
        }
        (self.is_changed, self.is_stale) = (true, true);
        let fault = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(%webhook, error = fault, "webhook {webhook}: attempts are not recorded");
        self.rest_after_failure();
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
        }
    }

    async fn delivered(delivery: Delivery) -> Result<Ended, Error> {
        let (id, at) = (delivery.id, from_seconds(0));
        let (status, error, response) = (Some(200), None, None);
        let attempt =
            Attempt { delivery: id, number: 1, at, duration_ms: 1, status, error, response };
        let outcome = Outcome { attempt, wish: None };
        let came = Came::Posted("s".parse().unwrap(), outcome);
        Ok(Ended { delivery, came })
    }

    async fn let_one_end(desk: &mut Desk) {
        let ended = desk.under_way.join_next_with_id().await.unwrap();
        desk.end(Uuid::nil(), ended);
    }

    #[tokio::test]
    async fn a_lane_stays_busy_until_its_group_is_on_the_disk() {
        let mut desk = Desk::new(10);
        desk.start("a".to_owned(), delivered(delivery("a")));
        let_one_end(&mut desk).await;
        let group = desk.group().unwrap();
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        desk.recording.spawn(async move {
            finished.await.unwrap();
            Ok(())
        });
        assert_eq!(group.len(), 1);
        desk.start("b".to_owned(), delivered(delivery("b")));
        let_one_end(&mut desk).await;
        assert!(desk.group().is_none(), "one group at a time");
        assert!(desk.busy.contains("a") && desk.busy.contains("b"));
        finish.send(()).unwrap();
        let result = desk.recording.join_next().await.unwrap();
        desk.recorded(Uuid::nil(), result);
        assert!(!desk.busy.contains("a") && desk.busy.contains("b"));
        assert_eq!(desk.group().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_ended_and_is_not_recorded_is_bounded() {
        let mut desk = Desk::new(10);
        let mut started = 0;
        while 0 < desk.room() {
            let lane = started.to_string();
            desk.start(lane.clone(), delivered(delivery(&lane)));
            let_one_end(&mut desk).await;
            started += 1;
        }
        assert_eq!((started, desk.ended.len()), (MOST_UNRECORDED, MOST_UNRECORDED));
        let group = desk.group().unwrap();
        assert_eq!((group.len(), desk.room()), (MOST_UNRECORDED, 0), "until it is on the disk");
        desk.recorded(Uuid::nil(), Ok(Ok(())));
        assert_eq!((desk.room(), desk.busy.len()), (10, 0));
    }

    #[tokio::test]
    async fn an_attempt_that_breaks_off_frees_its_lane_and_the_endpoint_rests() {
        let mut desk = Desk::new(10);
        desk.start("a".to_owned(), async { Err(Error::internal("no disk")) });
        desk.start("b".to_owned(), async { panic!("a fault") });
        while !desk.under_way.is_empty() {
            let_one_end(&mut desk).await;
        }
        assert!(desk.busy.is_empty() && desk.ended.is_empty());
        assert!(desk.quiet_for().is_some());
    }
}

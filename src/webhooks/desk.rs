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

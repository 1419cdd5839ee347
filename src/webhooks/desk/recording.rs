//! Of a desk: what goes to the disk together, and what may go on when it is there.

use std::{collections::HashSet, time::Duration};

use tokio::task::JoinError;
use uuid::Uuid;

use crate::{
    domain::Error,
    webhooks::{
        desk::Desk,
        record::{Ended, Group},
    },
};

/// How far an endpoint was read is written down by itself when it is so far behind: it need only keep
/// the log from being held back.
pub(super) const READING_STEP: u64 = 500;

/// What holds up nothing waits so long for others to be recorded with, while there are attempts under
/// way: one flush of the disk is for all of them. So many do not wait.
const GATHERED_FOR: Duration = Duration::from_millis(20);
const ENOUGH: usize = 192;

/// Of the group that is being recorded.
#[derive(Default)]
pub(super) struct InHand {
    pub(super) ended: usize,
    /// Lanes that go on when it is recorded.
    lanes: Vec<String>,
    pub(super) moved: HashSet<String>,
    pub(super) before_line: HashSet<String>,
    numbers: Vec<u64>,
    read_to: u64,
}

impl Desk {
    /// How long what ended still waits for others to be recorded with; none when it does not.
    pub fn gathering(&self) -> Option<Duration> {
        let is_first = self.recording.is_empty() && self.moving.is_empty();
        let may_come = !self.under_way.is_empty() && self.ended.len() < ENOUGH;
        let holds_up = self.ended.iter().any(|ended| !ended.lets_go_on());
        let since = self.ended_since.filter(|_| is_first && may_come && !holds_up)?;
        GATHERED_FOR.checked_sub(since.elapsed())
    }

    /// What is to be recorded next, when nothing is being recorded.
    pub fn group(&mut self) -> Option<Group> {
        let window = self.window.as_ref()?;
        let is_little = self.ended.is_empty() && self.moving.is_empty() && self.missed == 0;
        let is_far = self.recorded_to.saturating_add(READING_STEP) <= window.read_to();
        if (is_little && !is_far) || !self.recording.is_empty() || self.gathering().is_some() {
            return None;
        }
        self.ended_since = None;
        let (ended, moved) = (std::mem::take(&mut self.ended), std::mem::take(&mut self.moving));
        let fresh = ended.iter().filter(|ended| ended.is_fresh).map(|ended| ended.delivery.seq);
        let numbers: Vec<u64> = fresh.chain(moved.iter().map(|delivery| delivery.seq)).collect();
        let reading = window.reading_without(&numbers);
        self.ended_since_tidy += ended.len();
        self.group = InHand {
            ended: ended.len(),
            lanes: held_up(&ended),
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

/// The lanes that wait until these are recorded.
fn held_up(ended: &[Ended]) -> Vec<String> {
    let held_up = ended.iter().filter(|ended| !ended.lets_go_on());
    held_up.map(|ended| ended.delivery.lane.clone()).collect()
}

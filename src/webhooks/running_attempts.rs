//! Attempts of one endpoint that run, and the lanes that start nothing meanwhile.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
};

use tokio::task::{self, JoinError, JoinSet};

use crate::{domain::Error, webhooks::results::FinishedAttempt};

/// An attempt whose task has ended.
pub type EndedTask = Result<(task::Id, Result<FinishedAttempt, Error>), JoinError>;

#[derive(Default)]
pub struct RunningAttempts {
    tasks: JoinSet<Result<FinishedAttempt, Error>>,
    lanes_by_task: HashMap<task::Id, String>,
    /// Lanes that start nothing: until the attempt ends with a delivery at the first attempt, until its result is
    /// durable otherwise.
    busy_lanes: HashSet<String>,
}

impl RunningAttempts {
    pub fn start(
        &mut self,
        lane: String,
        attempt: impl Future<Output = Result<FinishedAttempt, Error>> + Send + 'static,
    ) {
        self.busy_lanes.insert(lane.clone());
        self.lanes_by_task.insert(self.tasks.spawn(attempt).id(), lane);
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The next attempt that ends; none when none runs. Its lane is busy until [`Self::free`].
    pub async fn next(&mut self) -> Option<EndedTask> {
        self.tasks.join_next_with_id().await
    }

    /// An attempt that has ended.
    pub fn try_next(&mut self) -> Option<EndedTask> {
        self.tasks.try_join_next_with_id()
    }

    /// Forgets an attempt that has ended. Returns its lane.
    pub fn forget(&mut self, task: task::Id) -> Option<String> {
        self.lanes_by_task.remove(&task)
    }

    pub fn is_busy(&self, lane: &str) -> bool {
        self.busy_lanes.contains(lane)
    }

    pub fn busy_lanes(&self) -> usize {
        self.busy_lanes.len()
    }

    pub fn free(&mut self, lane: &str) {
        self.busy_lanes.remove(lane);
    }

    /// Frees all lanes but those of attempts that run.
    pub fn free_all(&mut self) {
        self.busy_lanes = self.lanes_by_task.values().cloned().collect();
    }

    pub async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}

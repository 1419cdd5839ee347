//! Watches of sessions' statuses: each ends at the next change, and a session has one at most.

use std::collections::HashSet;

use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use crate::domain::SessionStatus;

#[derive(Default)]
pub struct StatusWatches {
    tasks: JoinSet<Uuid>,
    watched: HashSet<Uuid>,
}

impl StatusWatches {
    /// Watches a session until its status changes, unless it is watched already.
    pub fn add(&mut self, uuid: Uuid, mut status: watch::Receiver<SessionStatus>) {
        if self.watched.insert(uuid) {
            self.tasks.spawn(async move {
                // An error means that the session has ended, which is a change too.
                let _ = status.changed().await;
                uuid
            });
        }
    }

    /// The next session whose status has changed; never without a watch. Nothing is lost when the wait is cancelled.
    pub async fn next(&mut self) -> Uuid {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(session)) => {
                    self.watched.remove(&session);
                    return session;
                }
                Some(Err(_)) => (),
                None => std::future::pending().await,
            }
        }
    }
}

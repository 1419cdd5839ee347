//! Publications of sent messages: each waits for the disk in a task of its own, so that the next message of its session is
//! sent meanwhile. So many may wait at once; with more, no attempt begins before one is over.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::messaging::outbound::{outbox::parts::OutboxParts, send_results::Unpublished};

/// Far more than wait for a disk that works: this bounds what a slow one holds in memory.
const MOST: usize = 64;

#[derive(Default)]
pub struct Publications {
    tasks: JoinSet<()>,
    /// The sessions whose attempts wait until there is room.
    held: BTreeSet<Uuid>,
}

impl Publications {
    /// Publishes a sent message. The flush may begin so much later, to serve others too.
    pub fn begin(&mut self, parts: &OutboxParts, sent: Unpublished, patience: Duration) {
        let (results, begun) = (parts.results.clone(), Instant::now());
        self.tasks.spawn(async move {
            let patience = patience.saturating_sub(begun.elapsed());
            if let Err(error) = results.publish(sent, patience).await {
                tracing::error!(%error, "that a message was sent is not on the disk yet");
            }
        });
    }

    /// Whether attempts of a session may begin; if not, it is among those that [`Self::next`] returns.
    pub fn admit(&mut self, session: Uuid) -> bool {
        let has_room = self.tasks.len() < MOST;
        if !has_room {
            self.held.insert(session);
        }
        has_room
    }

    /// The sessions whose attempts may begin once a publication is over; none while there is nothing to wait for.
    pub async fn next(&mut self) -> Option<BTreeSet<Uuid>> {
        self.tasks.join_next().await?.ok();
        Some(std::mem::take(&mut self.held))
    }
}

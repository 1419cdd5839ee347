//! Publications of sent messages: each waits for the disk in a task of its own, so that the next message of its session is
//! sent meanwhile. So many may wait at once; with more, no attempt begins before one is over.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::messaging::outbound::send_results::{SendResults, Unpublished};

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
    pub fn begin(&mut self, results: SendResults, sent: Unpublished, patience: Duration) {
        let ended_at = Instant::now();
        self.spawn(async move {
            let patience = patience.saturating_sub(ended_at.elapsed());
            if let Err(error) = results.publish(sent, patience).await {
                tracing::error!(%error, "that a message was sent is not on the disk yet");
            }
        });
    }

    fn spawn(&mut self, publication: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(publication);
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

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn with_a_slow_disk_sessions_wait_until_one_publication_is_over() {
        let mut publications = Publications::default();
        assert!(publications.next().await.is_none());
        let (goes_on, waits) = oneshot::channel::<()>();
        publications.spawn(async {
            let _ = waits.await;
        });
        for _ in 1..MOST {
            assert!(publications.admit(Uuid::nil()));
            publications.spawn(std::future::pending());
        }
        let [one, other] = [1, 2].map(Uuid::from_u128);
        assert!(!publications.admit(one) && !publications.admit(other) && !publications.admit(one));
        goes_on.send(()).unwrap();
        assert_eq!(publications.next().await, Some(BTreeSet::from([one, other])));
        assert!(publications.admit(one));
        assert!(publications.held.is_empty());
    }
}

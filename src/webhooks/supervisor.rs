//! Supervisor of the endpoint workers: one task per endpoint, so that a slow endpoint holds up no other.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::webhooks::{
    stored::WebhookTables,
    worker::{EndpointWorker, WorkerParts},
};

/// A worker that panicked is replaced within this time.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);

/// Starts and stops workers as endpoints come and go, until the token is cancelled.
pub async fn run(parts: Arc<WorkerParts>, tasks: TaskTracker, stop: CancellationToken) {
    let mut changes = parts.changes.subscribe();
    let mut running: HashMap<Uuid, (CancellationToken, JoinHandle<()>)> = HashMap::new();
    loop {
        changes.mark_unchanged();
        let wanted: HashSet<Uuid> = match parts.store.webhooks().all().await {
            Ok(all) => all.into_iter().map(|webhook| webhook.id).collect(),
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be read from the store");
                running.keys().copied().collect()
            }
        };
        running.retain(|id, (token, task)| {
            if !wanted.contains(id) {
                token.cancel();
            }
            if wanted.contains(id) && task.is_finished() {
                tracing::error!(webhook = %id, "webhook {id}: its worker ended by a fault and is restarted");
            }
            wanted.contains(id) && !task.is_finished()
        });
        for id in wanted {
            running.entry(id).or_insert_with(|| {
                let (token, worker) = (stop.child_token(), EndpointWorker::new(id, parts.clone()));
                let own = token.clone();
                (token, tasks.spawn(async move { worker.run(own).await }))
            });
        }
        let changed = tokio::time::timeout(CHECK_INTERVAL, changes.changed());
        if stop.run_until_cancelled(changed).await.is_none() {
            return;
        }
    }
}

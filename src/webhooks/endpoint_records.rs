//! Records of endpoints: lookup, changes in one transaction, and how callers see them.

use uuid::Uuid;

use crate::{
    domain::{Error, Subject},
    store::Store,
    webhooks::{
        signals::{EndpointChanges, ReadProgress},
        stored::{WebhookRecord, WebhookScope, WebhookTables},
    },
};

/// Clones are the same records.
#[derive(Clone)]
pub struct EndpointRecords {
    store: Store,
    changes: EndpointChanges,
    progress: ReadProgress,
}

impl EndpointRecords {
    pub fn new(store: Store, changes: EndpointChanges, progress: ReadProgress) -> Self {
        Self { store, changes, progress }
    }

    /// Changes an endpoint and returns it as callers see it then.
    pub async fn update(
        &self,
        scope: &WebhookScope,
        id: Uuid,
        change: impl Fn(&mut WebhookRecord),
    ) -> Result<WebhookRecord, Error> {
        let mut work = self.store.transaction();
        loop {
            let mut webhook = find(work.store(), scope, id).await?;
            change(&mut webhook);
            work.store().webhooks().put(&webhook).await?;
            if work.commit().await? {
                return self.updated(webhook).await;
            }
        }
    }

    /// Makes a committed change durable and wakes the endpoint's worker.
    pub async fn updated(&self, webhook: WebhookRecord) -> Result<WebhookRecord, Error> {
        self.store.durable().await?;
        self.changes.notify();
        self.shown(webhook).await
    }

    /// An endpoint as callers see it: events that its worker has read count as accepted.
    ///
    /// The record counts an event once that is finished or queued. Both totals only grow, so the higher is right.
    pub async fn shown(&self, mut webhook: WebhookRecord) -> Result<WebhookRecord, Error> {
        webhook.accepted = match self.progress.of(webhook.id) {
            Some(progress) => webhook.accepted.max(progress.accepted),
            // The worker has not started: it will accept the open events again.
            None => {
                let cursor = self.store.webhooks().cursor(webhook.id).await?;
                webhook.accepted + cursor.map_or(0, |cursor| cursor.open.len() as u64)
            }
        };
        Ok(webhook)
    }
}

/// An endpoint as it is stored.
pub async fn find(store: &Store, scope: &WebhookScope, id: Uuid) -> Result<WebhookRecord, Error> {
    let found = store.webhooks().get(id).await?;
    found.filter(|webhook| webhook.scope() == *scope).ok_or_else(|| {
        Error::not_found(Subject::Webhook, format!("Webhook with ID '{id}' not found"))
    })
}

/// Enables or disables an endpoint and resets its failure state.
pub fn set_enabled(webhook: &mut WebhookRecord, enabled: bool) {
    webhook.enabled = enabled;
    (webhook.disabled_reason, webhook.failing_since) = (None, None);
    (webhook.paused_until, webhook.outage) = (None, None);
    webhook.failures_in_row = 0;
    webhook.failing.clear();
}

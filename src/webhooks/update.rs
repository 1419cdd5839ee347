//! Changes of an endpoint's record, each one transaction, and what goes with them: its queue is made due when
//! it is switched on or answers again.

use uuid::Uuid;

use crate::{
    domain::{Error, SessionRef},
    store::records::WebhookRecord,
    webhooks::{Webhooks, deliveries::find},
};

/// How many heads of the queue are made due in one commit.
const HURRIED_AT_ONCE: usize = 200;

impl Webhooks {
    /// Changes an endpoint; as callers see it then.
    pub(in crate::webhooks) async fn update(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
        change: impl Fn(&mut WebhookRecord),
    ) -> Result<WebhookRecord, Error> {
        let mut work = self.inner.store.transaction();
        loop {
            let mut webhook = find(work.store(), session, id).await?;
            change(&mut webhook);
            work.store().webhooks().put(&webhook).await?;
            if work.commit().await? {
                return self.updated(webhook).await;
            }
        }
    }

    /// An endpoint was changed.
    pub(in crate::webhooks) async fn updated(
        &self,
        webhook: WebhookRecord,
    ) -> Result<WebhookRecord, Error> {
        self.inner.store.durable().await?;
        self.changed();
        self.shown(webhook).await
    }

    /// Lets an endpoint that answers again have its whole queue, in order.
    pub(in crate::webhooks) async fn release(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.lock(id).await;
        let Some(webhook) = self.inner.store.webhooks().get(id).await? else { return Ok(()) };
        if webhook.outage.is_none_or(|outage| !outage.is_over) {
            return Ok(());
        }
        // First: killed in between, the outage is still there and it is done again.
        self.hurry(id).await?;
        let end = |webhook: &mut WebhookRecord| {
            webhook.outage = webhook.outage.filter(|outage| !outage.is_over);
        };
        self.update(webhook.session().as_ref(), id, end).await?;
        Ok(())
    }

    /// When an endpoint is about to be switched on, all its lanes are tried at once. Its caller holds the lock.
    pub(in crate::webhooks) async fn hurry_when_switched_on(
        &self,
        webhook: &WebhookRecord,
        enabled: bool,
    ) -> Result<(), Error> {
        let was_held = webhook.outage.is_some() || webhook.paused_until.is_some();
        if enabled && (!webhook.enabled || was_held) {
            self.hurry(webhook.id).await?;
        }
        Ok(())
    }

    /// Makes the heads of all lanes due.
    async fn hurry(&self, id: Uuid) -> Result<(), Error> {
        let now = self.inner.clock.steady();
        loop {
            let stored = self.inner.store.deliveries();
            let mut heads = stored.heads_due_last(id, HURRIED_AT_ONCE).await?;
            heads.retain(|delivery| delivery.next_attempt_at.is_some_and(|due| now < due));
            if heads.is_empty() {
                return Ok(());
            }
            heads.iter_mut().for_each(|delivery| delivery.next_attempt_at = Some(now));
            self.rewrite(id, |_| (), heads).await?;
        }
    }
}

/// Switches an endpoint on or off at a caller's wish, which resets its failure state.
pub fn switch(webhook: &mut WebhookRecord, enabled: bool) {
    webhook.enabled = enabled;
    (webhook.disabled_reason, webhook.failing_since) = (None, None);
    (webhook.paused_until, webhook.outage) = (None, None);
    webhook.failures_in_row = 0;
    webhook.failing.clear();
}

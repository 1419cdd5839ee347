//! What callers may ask of an endpoint's deliveries: to list them, to have them once more, and to
//! have a test sent.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode, SessionRef, Subject, Timestamp},
    store::{
        Batch,
        records::{Attempt, Delivery, DeliveryState, WebhookRecord},
    },
    webhooks::{
        Webhooks,
        attempt::{self, Letter},
    },
};

/// How many deliveries are put back in line in one commit.
const RECOVERED_AT_ONCE: usize = 200;
/// Marks the lane of what is delivered once more: an old event goes out beside the new ones of its
/// chat and neither waits for the other, while old ones keep their order among themselves.
const AGAIN: &str = "|again|";

impl Webhooks {
    /// Posts a `webhook.test` event at once and answers how it went. Nothing of it is recorded.
    pub async fn test(&self, session: Option<&SessionRef>, id: Uuid) -> Result<Attempt, Error> {
        const NAME: &str = "webhook.test";
        let webhook = self.find(session, id).await?;
        let delivery = Uuid::now_v7();
        let body = serde_json::json!({
            "event": NAME,
            "id": delivery,
            "sessionId": session.map(|session| &session.id),
            "timestamp": self.inner.clock.now().as_second(),
            "data": {},
        });
        let body = body.to_string().into();
        let letter = Letter { id: delivery.to_string(), delivery, event: NAME, body, number: 1 };
        let inner = &*self.inner;
        let outcome =
            attempt::post(&webhook, &letter, &inner.hosts, &inner.settings, &inner.clock).await;
        Ok(outcome.attempt)
    }

    /// Newest first, each with its attempts.
    pub async fn deliveries(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
        state: Option<DeliveryState>,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Delivery, Vec<Attempt>)>, Error> {
        self.find(session, id).await?;
        let stored = self.inner.store.deliveries();
        let mut page = Vec::new();
        for delivery in stored.page(id, state, before, limit).await? {
            let attempts = stored.attempts(&delivery).await?;
            page.push((delivery, attempts));
        }
        Ok(page)
    }

    /// Puts one delivery back in line, whatever became of it. One that still waits is tried as soon
    /// as those before it in its lane are through.
    pub async fn redeliver(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
        delivery: Uuid,
    ) -> Result<Delivery, Error> {
        let _held = self.lock(id).await;
        let mut webhook = self.find(session, id).await?;
        let found = self.inner.store.deliveries().get(id, delivery).await?;
        let mut delivery = found.ok_or_else(|| {
            Error::not_found(Subject::Webhook, format!("there is no delivery '{delivery}'"))
        })?;
        if delivery.seq < self.inner.log.oldest() {
            let message = "the event of this delivery is past its retention";
            return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Webhook));
        }
        let now = self.inner.clock.steady();
        webhook.probe_now(now);
        let mut batch = Batch::new();
        if delivery.state == DeliveryState::Waiting {
            delivery.next_attempt_at = Some(now);
        } else {
            self.inner.store.deliveries().take_delivered_in(&mut batch, &delivery).await?;
            put_back(&mut webhook, &mut delivery, now);
        }
        self.write_with(batch, &webhook, vec![delivery.clone()]).await?;
        self.inner.store.durable().await?;
        self.changed();
        Ok(delivery)
    }

    /// Puts every dead delivery since then, whose event is still there, back in line, at a measured
    /// pace. How many. Asked again, it finds those alone that died meanwhile.
    pub async fn recover(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
        since: Timestamp,
    ) -> Result<usize, Error> {
        self.find(session, id).await?;
        let step = Duration::from_secs(1) / self.inner.settings.recovered_per_second.max(1);
        let mut next = self.inner.clock.steady();
        let (mut recovered, mut after) = (0, None);
        loop {
            let _held = self.lock(id).await;
            let mut webhook = self.find(session, id).await?;
            let stored = self.inner.store.deliveries();
            let page = stored.after(id, after, RECOVERED_AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            let oldest = self.inner.log.oldest();
            let mut dead: Vec<Delivery> = page
                .into_iter()
                .filter(|delivery| delivery.state == DeliveryState::Dead)
                .filter(|delivery| since <= delivery.created_at && oldest <= delivery.seq)
                .collect();
            for delivery in &mut dead {
                put_back(&mut webhook, delivery, next);
                next += step;
            }
            recovered += dead.len();
            if !dead.is_empty() {
                webhook.probe_now(self.inner.clock.steady());
                self.write(&webhook, dead).await?;
            }
        }
        self.inner.store.durable().await?;
        self.changed();
        Ok(recovered)
    }

    /// Writes an endpoint and deliveries of it.
    pub(in crate::webhooks) async fn write(
        &self,
        webhook: &WebhookRecord,
        changed: Vec<Delivery>,
    ) -> Result<(), Error> {
        self.write_with(Batch::new(), webhook, changed).await
    }

    /// The same, with more.
    async fn write_with(
        &self,
        mut batch: Batch,
        webhook: &WebhookRecord,
        changed: Vec<Delivery>,
    ) -> Result<(), Error> {
        let mut line = self.inner.store.change_line(webhook.id);
        for mut delivery in changed {
            // What waits will have other attempts behind this one.
            if delivery.state == DeliveryState::Waiting
                && let Some(attempt) = delivery.last_attempt.take()
            {
                self.inner.store.deliveries().add_attempt_in(&mut batch, &attempt)?;
            }
            line.put(delivery);
        }
        line.write_in(&mut batch).await?;
        self.inner.store.webhooks().put_in(&mut batch, webhook)?;
        Ok(self.inner.store.commit(batch).await?)
    }
}

/// Makes a finished delivery wait again, with the whole schedule before it.
fn put_back(webhook: &mut WebhookRecord, delivery: &mut Delivery, at: Timestamp) {
    delivery.state = DeliveryState::Waiting;
    delivery.next_attempt_at = Some(at);
    delivery.finished_at = None;
    delivery.earlier_attempts = delivery.attempts;
    if !delivery.lane.starts_with(AGAIN) {
        delivery.lane.insert_str(0, AGAIN);
    }
    webhook.redelivered += 1;
    metrics::counter!("wagate_webhook_deliveries_total", "state" => "redelivered").increment(1);
}

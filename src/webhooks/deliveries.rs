//! What callers may ask of an endpoint's deliveries: to list them, to have them once more, and to
//! have a test sent.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode, SessionRef, Subject, Timestamp},
    store::{
        Batch, Store, StoreError,
        records::{Attempt, Delivery, DeliveryState, WebhookRecord},
    },
    webhooks::{
        Webhooks,
        attempt::{self, Letter},
        registry::of_session,
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
        let webhook = find(&self.inner.store, session, id).await?;
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
        find(&self.inner.store, session, id).await?;
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
        // Saves conflicts, no more.
        let _held = self.lock(id).await;
        let unknown =
            || Error::not_found(Subject::Webhook, format!("there is no delivery '{delivery}'"));
        let mut work = self.inner.store.transaction();
        let (delivery, is_put_back) = loop {
            let store = work.store();
            let mut webhook = find(store, session, id).await?;
            let found = store.deliveries().get(id, delivery).await?;
            let mut found = found.ok_or_else(unknown)?;
            if found.seq < self.inner.log.oldest() {
                let message = "the event of this delivery is past its retention";
                return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Webhook));
            }
            let now = self.inner.clock.steady();
            webhook.probe_now(now);
            let is_put_back = found.state != DeliveryState::Waiting;
            if is_put_back {
                let mut batch = Batch::new();
                store.deliveries().take_delivered_in(&mut batch, &found).await?;
                store.commit(batch).await?;
                put_back(&mut webhook, &mut found, now);
            } else {
                found.next_attempt_at = Some(now);
            }
            write(store, &webhook, vec![found.clone()]).await?;
            if work.commit().await? {
                break (found, is_put_back);
            }
        };
        count_put_back(usize::from(is_put_back));
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
        find(&self.inner.store, session, id).await?;
        let step = Duration::from_secs(1) / self.inner.settings.recovered_per_second.max(1);
        let mut next = self.inner.clock.steady();
        let (mut recovered, mut after) = (0, None);
        loop {
            // Saves conflicts, no more.
            let _held = self.lock(id).await;
            let mut work = self.inner.store.transaction();
            let (last, put_back) = loop {
                let store = work.store();
                let mut webhook = find(store, session, id).await?;
                let page = store.deliveries().after(id, after, RECOVERED_AT_ONCE).await?;
                let last = page.last().map(|last| last.id);
                let oldest = self.inner.log.oldest();
                let mut dead: Vec<Delivery> = page
                    .into_iter()
                    .filter(|delivery| delivery.state == DeliveryState::Dead)
                    .filter(|delivery| since <= delivery.created_at && oldest <= delivery.seq)
                    .collect();
                for (place, delivery) in (0..).zip(&mut dead) {
                    put_back(&mut webhook, delivery, next + step * place);
                }
                let count = dead.len();
                if count != 0 {
                    webhook.probe_now(self.inner.clock.steady());
                    write(store, &webhook, dead).await?;
                }
                if work.commit().await? {
                    break (last, count);
                }
            };
            if last.is_none() {
                break;
            }
            count_put_back(put_back);
            next += step * u32::try_from(put_back).unwrap_or(u32::MAX);
            (after, recovered) = (last, recovered + put_back);
        }
        self.inner.store.durable().await?;
        self.changed();
        Ok(recovered)
    }
}

/// Writes an endpoint and deliveries of it, in the work of its caller.
pub async fn write(
    store: &Store,
    webhook: &WebhookRecord,
    changed: Vec<Delivery>,
) -> Result<(), StoreError> {
    let (mut batch, mut line) = (Batch::new(), store.change_line(webhook.id));
    for mut delivery in changed {
        // What waits will have other attempts behind this one.
        if delivery.state == DeliveryState::Waiting
            && let Some(attempt) = delivery.last_attempt.take()
        {
            store.deliveries().add_attempt_in(&mut batch, &attempt)?;
        }
        line.put(delivery);
    }
    line.write_in(&mut batch).await?;
    store.webhooks().put_in(&mut batch, webhook)?;
    store.commit(batch).await
}

/// An endpoint as it is stored.
pub async fn find(
    store: &Store,
    session: Option<&SessionRef>,
    id: Uuid,
) -> Result<WebhookRecord, Error> {
    of_session(store.webhooks().get(id).await?, session, id)
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
}

fn count_put_back(count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    metrics::counter!("wagate_webhook_deliveries_total", "state" => "redelivered").increment(count);
}

//! From the log into the line: new events become waiting deliveries of an endpoint.

use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{Error, Event, Timestamp},
    store::{
        Batch,
        records::{Delivery, DeliveryState, WebhookRecord},
    },
    webhooks::Webhooks,
};

const READ_AT_ONCE: usize = 200;
/// Lanes that are looked through for deliveries tried in the future.
const FORGIVEN: usize = 10_000;
/// The cursor of an endpoint whose session is silent is written once in so many events of others:
/// it need only keep the log from being held back.
const CURSOR_STEP: u64 = 500;

impl Webhooks {
    /// Turns new events into waiting deliveries, in one commit with the cursor. Whether there may
    /// be more.
    pub(in crate::webhooks) async fn take_in(&self, id: Uuid) -> Result<bool, Error> {
        let (store, log) = (&self.inner.store, &self.inner.log);
        let _held = self.lock(id).await;
        let Some(mut webhook) = store.webhooks().get(id).await? else { return Ok(false) };
        let newest = log.newest();
        let mut cursor = store.webhooks().cursor(id).await?.unwrap_or(newest);
        let missed = log.oldest().saturating_sub(1).saturating_sub(cursor);
        if 0 < missed {
            webhook.missed += missed;
            cursor += missed;
            tracing::warn!(webhook = %id, missed, "webhook {id}: {missed} events are gone");
        }
        let events = log.read(webhook.session.as_ref(), cursor, READ_AT_ONCE).await?;
        let is_at_end = events.len() < READ_AT_ONCE;
        let read_to = events.last().map_or(0, |event| event.seq);
        let reached = if is_at_end { read_to.max(newest) } else { read_to };
        let taken: Vec<Delivery> =
            events.iter().filter_map(|event| self.delivery_of(&webhook, event)).collect();
        if events.is_empty() && missed == 0 && reached < cursor + CURSOR_STEP {
            return Ok(false);
        }
        let (mut batch, mut line) = (Batch::new(), store.change_line(id));
        let count = u64::try_from(taken.len()).unwrap_or(u64::MAX);
        webhook.accepted += count;
        taken.into_iter().for_each(|delivery| line.put(delivery));
        line.write_in(&mut batch).await?;
        store.webhooks().set_cursor_in(&mut batch, id, reached.max(cursor))?;
        if 0 < count || 0 < missed {
            store.webhooks().put_in(&mut batch, &webhook)?;
        }
        store.commit(batch).await?;
        Breakpoint::DeliveriesTaken.pass();
        metrics::counter!("wagate_webhook_deliveries_total", "state" => "accepted")
            .increment(count);
        Ok(!is_at_end)
    }

    /// Puts what waits into its lanes where these are missing: a store that was written before
    /// there were lanes has none.
    pub(in crate::webhooks) async fn mend(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.lock(id).await;
        let stored = self.inner.store.deliveries();
        let is_whole = !stored.heads(id, 1).await?.is_empty();
        if is_whole || stored.oldest_waiting(id).await?.is_none() {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = stored.after(id, after, READ_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            let mut line = self.inner.store.change_line(id);
            let waiting = page.into_iter().filter(|one| one.state == DeliveryState::Waiting);
            waiting.for_each(|delivery| line.put(delivery));
            let mut batch = Batch::new();
            line.write_in(&mut batch).await?;
            self.inner.store.commit(batch).await?;
        }
    }

    /// Steady time begins anew with the process, by the wall clock. Where that was set back meanwhile,
    /// what was tried or accepted in the future is due now instead of as much too late.
    pub(in crate::webhooks) async fn forgive_the_future(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.lock(id).await;
        let (store, now) = (&self.inner.store, self.inner.clock.now());
        let Some(mut webhook) = store.webhooks().get(id).await? else { return Ok(()) };
        if webhook.last_delivery_at.is_some_and(|last| now < last) {
            webhook.paused_until = None;
            self.write(&webhook, Vec::new()).await?;
        }
        let mut tried = Vec::new();
        for delivery in store.deliveries().heads_due_last(id, FORGIVEN).await? {
            let last = store.deliveries().attempts(delivery.id).await?.pop();
            if last.is_some_and(|attempt| now < attempt.at) {
                tried.push(due(delivery, now));
            }
        }
        if !tried.is_empty() {
            self.write(&webhook, tried).await?;
        }
        let mut before = None;
        loop {
            let page = store.deliveries().page(id, None, before, READ_AT_ONCE).await?;
            before = page.last().map(|delivery| delivery.id);
            let is_future = |delivery: &Delivery| now < delivery.created_at;
            let goes_on = page.last().is_some_and(is_future);
            let untried = |delivery: &Delivery| {
                delivery.state == DeliveryState::Waiting && delivery.attempts == 0
            };
            let future: Vec<Delivery> = page
                .into_iter()
                .filter(is_future)
                .filter(untried)
                .map(|one| due(one, now))
                .collect();
            if !future.is_empty() {
                self.write(&webhook, future).await?;
            }
            if !goes_on {
                return Ok(());
            }
        }
    }

    fn delivery_of(&self, webhook: &WebhookRecord, event: &Event) -> Option<Delivery> {
        let name = self.inner.envelope.name(event)?;
        if !Self::listens_to(webhook, &event.session, name) {
            return None;
        }
        let chat = event.body.chat().map(ToString::to_string).unwrap_or_default();
        let now = self.inner.clock.now();
        Some(Delivery {
            id: Uuid::now_v7(),
            webhook: webhook.id,
            seq: event.seq,
            event: event.id,
            event_name: name.to_owned(),
            lane: format!("{}|{chat}", event.session),
            state: DeliveryState::Waiting,
            attempts: 0,
            earlier_attempts: 0,
            next_attempt_at: Some(self.inner.clock.steady()),
            created_at: now,
            finished_at: None,
        })
    }
}

fn due(mut delivery: Delivery, now: Timestamp) -> Delivery {
    delivery.next_attempt_at = Some(now);
    delivery
}

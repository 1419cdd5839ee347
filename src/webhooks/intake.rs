//! From the log: which events an endpoint gets, and which of them go into its line untried.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{Error, Event, Timestamp},
    store::records::{Delivery, DeliveryState, Reading, WebhookRecord, delivery_id},
    webhooks::{Webhooks, deliveries::write, desk::Desk, window::Fresh},
};

const READ_AT_ONCE: usize = 200;
/// Lanes that are looked through for deliveries tried in the future.
const FORGIVEN: usize = 10_000;

impl Webhooks {
    /// Reads new events, as many as there is room for. Whether there may be more.
    ///
    /// Where all is well they are tried at once. They go into the line when something of their lane
    /// waits there, when their chat has many more, and when the endpoint fails: then what waits is
    /// listed and counted, and the log is read on until the line is full.
    pub(in crate::webhooks) async fn take_news(
        &self,
        webhook: &WebhookRecord,
        desk: &mut Desk,
    ) -> Result<bool, Error> {
        if desk.window.is_none() {
            if !desk.is_at_rest() {
                return Ok(false);
            }
            self.begin(webhook, desk).await?;
        }
        let is_well = webhook.failing_since.is_none();
        if !is_well {
            desk.move_all();
        }
        let Some(window) = &mut desk.window else { return Ok(false) };
        let most = window.room().min(READ_AT_ONCE);
        if most == 0 || self.is_full(webhook).await? || !std::mem::take(&mut desk.has_news) {
            return Ok(false);
        }
        let log = &self.inner.log;
        let (oldest, newest) = (log.oldest(), log.newest());
        let missed = oldest.saturating_sub(1).saturating_sub(window.read_to());
        if 0 < missed {
            let id = webhook.id;
            tracing::warn!(webhook = %id, missed, "webhook {id}: {missed} events are gone");
            desk.missed += missed;
            window.advance(oldest.saturating_sub(1));
        }
        let events =
            log.read(webhook.session().map(|own| own.uuid), window.read_to(), most).await?;
        let is_at_end = events.len() < most;
        let (is_empty, last) = (events.is_empty(), events.last().map_or(0, |event| event.seq));
        let wanted = events.into_iter().filter(|event| self.is_wanted(webhook, event));
        let taken = wanted.filter_map(|event| self.fresh(webhook, event)).collect();
        self.place(desk, taken, is_well).await?;
        if let Some(window) = &mut desk.window {
            window.advance(if is_at_end { last.max(newest) } else { last });
        }
        if !is_empty {
            Breakpoint::DeliveriesTaken.pass();
        }
        desk.has_news = !is_at_end;
        Ok(!is_at_end)
    }

    /// Whether its line is so long that what is read would only be moved there from the log.
    async fn is_full(&self, webhook: &WebhookRecord) -> Result<bool, Error> {
        // The count is cheap and nearly always enough; but an endpoint shall not stand still for a wrong one.
        let deliveries = self.inner.store.deliveries();
        Ok(self.inner.settings.max_waiting <= Self::waiting(webhook)
            && deliveries.oldest_waiting(webhook.id).await?.is_some())
    }

    /// Begins where it is recorded that the log was read to, with what stood open then.
    async fn begin(&self, webhook: &WebhookRecord, desk: &mut Desk) -> Result<(), Error> {
        let id = webhook.id;
        let (log, webhooks) = (&self.inner.log, self.inner.store.webhooks());
        // Read at this time: whoever holds the record of before may have one of an earlier group.
        let accepted = webhooks.get(id).await?.map_or(0, |webhook| webhook.accepted);
        let recorded = webhooks.reading(id).await?;
        let reading = recorded.unwrap_or_else(|| Reading::up_to(log.newest()));
        desk.begin(&reading, accepted);
        let mut open = Vec::with_capacity(reading.open.len());
        for seq in reading.open {
            let found = log.read(None, seq.saturating_sub(1), 1).await?;
            let event = found.into_iter().find(|event| event.seq == seq);
            match event.and_then(|event| self.fresh(webhook, event)) {
                Some(fresh) => open.push(fresh),
                None => desk.missed += 1,
            }
        }
        self.place(desk, open, true).await?;
        desk.has_begun();
        Ok(())
    }

    /// Gives each event its place: behind those of its lane, wherever these are.
    async fn place(&self, desk: &mut Desk, taken: Vec<Fresh>, is_well: bool) -> Result<(), Error> {
        let stored = self.inner.store.deliveries();
        let mut lined_up: HashMap<String, bool> = HashMap::new();
        for fresh in taken {
            let Fresh { delivery, .. } = &fresh;
            let is_lined_up = match lined_up.get(&delivery.lane) {
                Some(is_lined_up) => *is_lined_up,
                None => {
                    let (webhook, lane) = (delivery.webhook, &delivery.lane);
                    let found = !is_well || stored.is_lined_up(webhook, lane).await?;
                    lined_up.insert(lane.clone(), found);
                    found
                }
            };
            desk.place(fresh, is_lined_up);
        }
        Ok(())
    }

    fn is_wanted(&self, webhook: &WebhookRecord, event: &Event) -> bool {
        let name = self.wording_of(webhook).and_then(|wording| wording.name(event));
        name.is_some_and(|name| Self::listens_to(webhook, event, name))
    }

    /// None for an event that is of no interest outside.
    fn fresh(&self, webhook: &WebhookRecord, event: Arc<Event>) -> Option<Fresh> {
        let name = self.wording_of(webhook)?.name(&event)?;
        let webhook = webhook.id;
        let channel = event.channel.as_ref().map(|channel| channel.id.to_string());
        let chat = event.body.chat().map(ToString::to_string).unwrap_or_default();
        let delivery = Delivery {
            id: delivery_id(webhook, event.seq, event.id),
            webhook,
            seq: event.seq,
            event: event.id,
            event_name: name.to_owned(),
            lane: format!("{}|{chat}", channel.unwrap_or_default()),
            state: DeliveryState::Waiting,
            attempts: 0,
            earlier_attempts: 0,
            failed_after: None,
            next_attempt_at: Some(self.inner.clock.steady()),
            created_at: self.inner.clock.now(),
            finished_at: None,
            last_attempt: None,
        };
        Some(Fresh { delivery, event })
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
            let waiting: Vec<Delivery> =
                page.into_iter().filter(|one| one.state == DeliveryState::Waiting).collect();
            self.rewrite(id, |_| (), waiting).await?;
        }
    }

    /// Steady time begins anew with the process, by the wall clock. Where that was set back meanwhile,
    /// what was tried or accepted in the future is due now instead of as much too late.
    pub(in crate::webhooks) async fn forgive_the_future(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.lock(id).await;
        let (store, now) = (&self.inner.store, self.inner.clock.now());
        let Some(webhook) = store.webhooks().get(id).await? else { return Ok(()) };
        if webhook.last_delivery_at.is_some_and(|last| now < last) {
            let forget =
                |webhook: &mut WebhookRecord| (webhook.paused_until, webhook.outage) = (None, None);
            self.rewrite(id, forget, Vec::new()).await?;
        }
        let mut tried = Vec::new();
        for delivery in store.deliveries().heads_due_last(id, FORGIVEN).await? {
            let last = store.deliveries().attempts(&delivery).await?.pop();
            if last.is_some_and(|attempt| now < attempt.at) {
                tried.push(due(delivery, now));
            }
        }
        if !tried.is_empty() {
            self.rewrite(id, |_| (), tried).await?;
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
                self.rewrite(id, |_| (), future).await?;
            }
            if !goes_on {
                return Ok(());
            }
        }
    }
}

impl Webhooks {
    /// Changes an endpoint and writes deliveries of it in one commit. Its caller holds the endpoint's lock, since
    /// it has read the deliveries before.
    pub(in crate::webhooks) async fn rewrite(
        &self,
        id: Uuid,
        change: impl Fn(&mut WebhookRecord),
        deliveries: Vec<Delivery>,
    ) -> Result<(), Error> {
        let mut work = self.inner.store.transaction();
        loop {
            let Some(mut webhook) = work.store().webhooks().get(id).await? else { return Ok(()) };
            change(&mut webhook);
            write(work.store(), &webhook, deliveries.clone()).await?;
            if work.commit().await? {
                return Ok(());
            }
        }
    }
}

fn due(mut delivery: Delivery, now: Timestamp) -> Delivery {
    delivery.next_attempt_at = Some(now);
    delivery
}

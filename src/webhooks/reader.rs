//! Log reader of an endpoint worker: which events the endpoint gets, and which of them go to its queue untried.

use std::{collections::HashMap, sync::Arc};

use crate::{
    automation::AutomationEvent,
    breakpoint::Breakpoint,
    domain::{Body, Clock, Error, Event},
    events::{EventLog, Wording, Wordings},
    store::Store,
    webhooks::{
        event::WebhookEvent,
        in_flight::NewDelivery,
        settings::WebhookSettings,
        stored::{
            Delivery, DeliveryState, WebhookCursor, WebhookRecord, WebhookTables, delivery_id,
        },
        worker_state::WorkerState,
    },
};

const READ_AT_ONCE: usize = 200;

pub struct LogReader {
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    pub settings: Arc<WebhookSettings>,
    pub wordings: Wordings,
}

impl LogReader {
    /// Reads new events, as many as the in-flight window has room for. Whether there may be more.
    ///
    /// Events of a healthy endpoint are tried at once. An event goes to the queue when its lane is queued already,
    /// when its chat fills its share of the window, and while the endpoint fails. Then the backlog is listed and
    /// counted, and reading goes on until the queue is full.
    pub async fn read(
        &self,
        webhook: &WebhookRecord,
        state: &mut WorkerState,
    ) -> Result<bool, Error> {
        if state.in_flight.is_none() {
            if !state.is_drained() {
                return Ok(false);
            }
            self.restore(webhook, state).await?;
        }
        let is_well = webhook.failing_since.is_none();
        if !is_well {
            state.queue_all();
        }
        let Some(in_flight) = &mut state.in_flight else { return Ok(false) };
        let most = in_flight.room().min(READ_AT_ONCE);
        if most == 0
            || self.is_queue_full(webhook).await?
            || !std::mem::take(&mut state.has_new_events)
        {
            return Ok(false);
        }
        let log = &self.log;
        let (oldest, newest) = (log.oldest(), log.newest());
        let missed = oldest.saturating_sub(1).saturating_sub(in_flight.read_to());
        if 0 < missed {
            let id = webhook.id;
            tracing::warn!(webhook = %id, missed, "webhook {id}: the log dropped {missed} events before delivery");
            state.results.add_missed(missed);
            in_flight.advance(oldest.saturating_sub(1));
        }
        let events =
            log.read(webhook.session().map(|own| own.uuid), in_flight.read_to(), most).await?;
        let is_at_end = events.len() < most;
        let (is_empty, last) = (events.is_empty(), events.last().map_or(0, |event| event.seq));
        let mut taken = Vec::new();
        for event in events.into_iter().filter(|event| self.is_wanted(webhook, event)) {
            if self.is_in_scope(webhook, &event).await? {
                taken.extend(self.new_delivery(webhook, event));
            }
        }
        self.route(state, taken, is_well).await?;
        if let Some(in_flight) = &mut state.in_flight {
            in_flight.advance(if is_at_end { last.max(newest) } else { last });
        }
        if !is_empty {
            Breakpoint::DeliveriesTaken.pass();
        }
        state.has_new_events = !is_at_end;
        Ok(!is_at_end)
    }

    /// Whether the queue is at its limit: more events would only be copied there from the log.
    async fn is_queue_full(&self, webhook: &WebhookRecord) -> Result<bool, Error> {
        // The count is cheap and nearly always enough. The store confirms it, so that a wrong count blocks nothing.
        let deliveries = self.store.deliveries();
        Ok(self.settings.max_waiting <= webhook.waiting()
            && deliveries.oldest_waiting(webhook.id).await?.is_some())
    }

    /// Restores the committed cursor, with the events that were open then.
    async fn restore(&self, webhook: &WebhookRecord, state: &mut WorkerState) -> Result<(), Error> {
        let id = webhook.id;
        let (log, webhooks) = (&self.log, self.store.webhooks());
        // Read now: the caller's record may be from before the last commit.
        let accepted = webhooks.get(id).await?.map_or(0, |webhook| webhook.accepted);
        let recorded = webhooks.cursor(id).await?;
        let cursor = recorded.unwrap_or_else(|| WebhookCursor::up_to(log.newest()));
        state.start_reading(&cursor, accepted);
        let mut open = Vec::with_capacity(cursor.open.len());
        for seq in cursor.open {
            let found = log.read(None, seq.saturating_sub(1), 1).await?;
            let event = found.into_iter().find(|event| event.seq == seq);
            match event.and_then(|event| self.new_delivery(webhook, event)) {
                Some(new) => open.push(new),
                None => state.results.add_missed(1),
            }
        }
        self.route(state, open, true).await?;
        state.results.all_first();
        Ok(())
    }

    /// Routes each event behind those of its lane: in flight or into the queue.
    async fn route(
        &self,
        state: &mut WorkerState,
        taken: Vec<NewDelivery>,
        is_well: bool,
    ) -> Result<(), Error> {
        let stored = self.store.deliveries();
        let mut queued: HashMap<String, bool> = HashMap::new();
        for new in taken {
            let NewDelivery { delivery, .. } = &new;
            let is_queued = match queued.get(&delivery.lane) {
                Some(is_queued) => *is_queued,
                None => {
                    let (webhook, lane) = (delivery.webhook, &delivery.lane);
                    let found = !is_well || stored.is_queued(webhook, lane).await?;
                    queued.insert(lane.clone(), found);
                    found
                }
            };
            state.route(new, is_queued);
        }
        Ok(())
    }

    fn is_wanted(&self, webhook: &WebhookRecord, event: &Event) -> bool {
        let name = wording_of(&self.wordings, webhook).and_then(|wording| wording.name(event));
        name.is_some_and(|name| subscribes(webhook, event, name))
    }

    /// Whether an event is of the bot that the endpoint is for.
    async fn is_in_scope(&self, webhook: &WebhookRecord, event: &Event) -> Result<bool, Error> {
        match (webhook.bot, wording_of(&self.wordings, webhook)) {
            (Some(bot), Some(wording)) => wording.is_of(event, bot).await,
            (Some(_), None) => Ok(false),
            (None, _) => Ok(true),
        }
    }

    /// None for an event that the endpoint's wording has no name for.
    fn new_delivery(&self, webhook: &WebhookRecord, event: Arc<Event>) -> Option<NewDelivery> {
        let name = wording_of(&self.wordings, webhook)?.name(&event)?;
        let webhook = webhook.id;
        let channel = event.channel.as_ref().map(|channel| channel.id.to_string());
        let of = lane_of(&event.body);
        let delivery = Delivery {
            id: delivery_id(webhook, event.seq, event.id),
            webhook,
            seq: event.seq,
            event: event.id,
            event_name: name.to_owned(),
            lane: format!("{}|{of}", channel.unwrap_or_default()),
            state: DeliveryState::Waiting,
            attempts: 0,
            earlier_attempts: 0,
            failed_after: None,
            next_attempt_at: Some(self.clock.steady()),
            created_at: self.clock.now(),
            finished_at: None,
            last_attempt: None,
        };
        Some(NewDelivery { delivery, event })
    }
}

/// How events read for an endpoint. None for a wording that this version does not have: such an endpoint gets
/// nothing.
pub fn wording_of<'w>(wordings: &'w Wordings, webhook: &WebhookRecord) -> Option<&'w dyn Wording> {
    wordings.get(&webhook.wording)
}

/// The events that keep their order: those of one chat, else those of one record of a module.
fn lane_of(body: &Body) -> String {
    match (body.chat(), body) {
        (Some(chat), _) => chat.to_string(),
        (None, Body::Module(event)) => event.subject.lane().into_owned(),
        (None, Body::WhatsApp(_)) => String::new(),
    }
}

fn subscribes(webhook: &WebhookRecord, event: &Event, name: &str) -> bool {
    if let Some(WebhookEvent::Test { webhook: of }) = event.body.read() {
        return of == webhook.id;
    }
    if let Some(AutomationEvent::WebhookCalled { webhook: of, .. }) = event.body.read() {
        return of == webhook.id;
    }
    webhook.session().is_none_or(|own| own.uuid == event.channel_uuid())
        && webhook.events.iter().any(|wanted| wanted == "*" || wanted == name)
}

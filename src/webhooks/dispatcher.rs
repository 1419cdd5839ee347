//! Delivers: one task for each endpoint, so that a slow one holds up no other.
//!
//! The task turns new events into waiting deliveries, and tries those that are due. Deliveries of
//! one lane (the events of one chat) go out one after the other; lanes go out side by side.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    domain::{Error, EventBody, SessionId, Timestamp},
    store::{
        Batch,
        records::{Delivery, DeliveryState, WebhookRecord},
    },
    webhooks::{
        Webhooks,
        attempt::{self, Letter, Outcome},
        schedule::{self, Next},
    },
};

/// Attempts that one endpoint has under way at most.
const AT_ONCE: usize = 10;
/// Deliveries of one endpoint that wait at most; beyond it events stay in the log.
const LINE: usize = 1_000;
const READ_AT_ONCE: usize = 200;
/// How long the task rests after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The longest rest; a clock that was set anew is noticed after it.
const LONGEST_REST: Duration = Duration::from_secs(60);

impl Webhooks {
    /// Runs deliveries until the token is cancelled.
    pub fn start(&self, tasks: &TaskTracker, stop: CancellationToken) {
        let (webhooks, own_tasks) = (self.clone(), tasks.clone());
        tasks.spawn(async move { webhooks.keep_endpoints_running(own_tasks, stop).await });
    }

    async fn keep_endpoints_running(self, tasks: TaskTracker, stop: CancellationToken) {
        let mut changes = self.inner.changes.subscribe();
        let mut running: HashMap<Uuid, CancellationToken> = HashMap::new();
        loop {
            changes.mark_unchanged();
            let wanted: HashSet<Uuid> = match self.inner.store.webhooks().all().await {
                Ok(all) => all.into_iter().filter(|w| w.enabled).map(|w| w.id).collect(),
                Err(error) => {
                    tracing::error!(%error, "webhooks cannot be read");
                    running.keys().copied().collect()
                }
            };
            running.retain(|id, token| {
                let stays = wanted.contains(id);
                if !stays {
                    token.cancel();
                }
                stays
            });
            for id in wanted {
                running.entry(id).or_insert_with(|| {
                    let (token, webhooks) = (stop.child_token(), self.clone());
                    let own = token.clone();
                    tasks.spawn(async move { webhooks.serve(id, own).await });
                    token
                });
            }
            let changed = async { changes.changed().await.is_ok() };
            if stop.run_until_cancelled(changed).await != Some(true) {
                return;
            }
        }
    }

    /// Serves one endpoint until its token is cancelled.
    async fn serve(self, id: Uuid, stop: CancellationToken) {
        let mut wake = self.inner.log.wake();
        let mut changes = self.inner.changes.subscribe();
        loop {
            wake.mark_unchanged();
            changes.mark_unchanged();
            let rest = match stop.run_until_cancelled(self.work(id)).await {
                Some(Ok(rest)) => rest,
                Some(Err(error)) => {
                    tracing::error!(webhook = %id, %error, "webhook {id}: deliveries cannot go on");
                    AFTER_FAILURE
                }
                None => return,
            };
            let woken = wait(&mut wake, &mut changes, rest);
            if stop.run_until_cancelled(woken).await.is_none() {
                return;
            }
        }
    }

    /// Takes in new events and tries what is due. How long there is nothing to do.
    async fn work(&self, id: Uuid) -> Result<Duration, Error> {
        let Some(webhook) = self.inner.store.webhooks().get(id).await?.filter(|w| w.enabled) else {
            return Ok(LONGEST_REST);
        };
        self.take_in(&webhook).await?;
        let waiting = self.inner.store.deliveries().waiting(id, LINE).await?;
        let now = self.inner.clock.now();
        let heads = heads_of_lanes(waiting);
        let (due, later): (Vec<_>, Vec<_>) = heads
            .into_iter()
            .partition(|delivery| delivery.next_attempt_at.is_none_or(|at| at <= now));
        if due.is_empty() {
            let next = later.iter().filter_map(|delivery| delivery.next_attempt_at).min();
            return Ok(next.map_or(LONGEST_REST, |at| until(now, at)));
        }
        let attempts = due.into_iter().map(|delivery| self.attempt(&webhook, delivery));
        let mut outcomes = stream::iter(attempts).buffer_unordered(AT_ONCE);
        while let Some(outcome) = outcomes.next().await {
            outcome?;
        }
        Ok(Duration::ZERO)
    }

    /// Turns new events into waiting deliveries, in one commit with the cursor.
    async fn take_in(&self, webhook: &WebhookRecord) -> Result<(), Error> {
        let (store, log) = (&self.inner.store, &self.inner.log);
        loop {
            let waiting = store.deliveries().waiting(webhook.id, LINE).await?.len();
            let cursor = store.webhooks().cursor(webhook.id).await?.unwrap_or_else(|| log.newest());
            let events =
                log.read(None, cursor, READ_AT_ONCE.min(LINE.saturating_sub(waiting))).await?;
            let Some(last) = events.last().map(|event| event.seq) else { return Ok(()) };
            let mut batch = Batch::new();
            let now = self.inner.clock.now();
            for event in &events {
                let Some((name, _)) = self.inner.envelope.wrap(event) else { continue };
                if !Self::listens_to(webhook, &event.session, &name) {
                    continue;
                }
                let chat = event.body.chat().map(ToString::to_string).unwrap_or_default();
                let delivery = Delivery {
                    id: Uuid::now_v7(),
                    webhook: webhook.id,
                    seq: event.seq,
                    event: event.id,
                    event_name: name,
                    lane: format!("{}|{chat}", event.session),
                    state: DeliveryState::Waiting,
                    attempts: 0,
                    next_attempt_at: Some(now),
                    created_at: now,
                    finished_at: None,
                };
                store.deliveries().put_in(&mut batch, &delivery)?;
            }
            store.webhooks().set_cursor_in(&mut batch, webhook.id, last)?;
            store.commit(batch).await?;
        }
    }

    async fn attempt(&self, webhook: &WebhookRecord, mut delivery: Delivery) -> Result<(), Error> {
        let event = self.inner.log.read(None, delivery.seq.saturating_sub(1), 1).await?;
        let event = event.into_iter().find(|event| event.id == delivery.event);
        let session = event.as_ref().map(|event| event.session.clone());
        let worded = event.and_then(|event| self.inner.envelope.wrap(&event));
        let (Some(session), Some((name, body))) = (session, worded) else {
            // Its event is past the retention: nothing is left to send.
            delivery.state = DeliveryState::Dead;
            delivery.finished_at = Some(self.inner.clock.now());
            let mut batch = Batch::new();
            self.inner.store.deliveries().put_in(&mut batch, &delivery)?;
            return Ok(self.inner.store.commit(batch).await?);
        };
        delivery.attempts += 1;
        let letter = Letter {
            id: delivery.event.to_string(),
            delivery: delivery.id,
            event: &name,
            body: &body,
            number: delivery.attempts,
        };
        let outcome =
            attempt::post(webhook, &letter, &self.inner.settings, &self.inner.clock).await;
        self.record(&session, delivery, outcome).await
    }

    /// Writes down what came of an attempt at an event of the session, and what it means for the
    /// endpoint. One that is switched off is told of in the log of that session, in the same commit.
    async fn record(
        &self,
        session: &SessionId,
        mut delivery: Delivery,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let Outcome { attempt, wish } = outcome;
        let now = self.inner.clock.now();
        let next = schedule::next(delivery.attempts, attempt.status, wish, rand::random());
        let label = if next == Next::Delivered { "delivered" } else { "failed" };
        metrics::counter!("wagate_webhook_attempts_total", "outcome" => label).increment(1);
        // Read anew: a caller may have changed the endpoint meanwhile.
        let Some(mut webhook) = self.inner.store.webhooks().get(delivery.webhook).await? else {
            return Ok(());
        };
        (webhook.last_status, webhook.last_delivery_at) = (attempt.status, Some(now));
        let was_enabled = webhook.enabled;
        match next {
            Next::Delivered => {
                (delivery.state, delivery.finished_at) = (DeliveryState::Delivered, Some(now));
                (webhook.delivered, webhook.failing_since) = (webhook.delivered + 1, None);
            }
            Next::RetryAfter(pause) => delivery.next_attempt_at = Some(now + pause),
            Next::Dead => {
                (delivery.state, delivery.finished_at) = (DeliveryState::Dead, Some(now));
                webhook.failed += 1;
            }
            Next::Gone => {
                (delivery.state, delivery.finished_at) = (DeliveryState::Dead, Some(now));
                webhook.failed += 1;
                webhook.enabled = false;
                webhook.disabled_reason = Some("the receiver answered 410 Gone".to_owned());
            }
        }
        if next != Next::Delivered {
            let since = *webhook.failing_since.get_or_insert(now);
            if since + self.inner.settings.disable_after < now {
                webhook.enabled = false;
                webhook.disabled_reason =
                    Some("nothing could be delivered for too long".to_owned());
            }
        }
        let mut batch = Batch::new();
        self.inner.store.deliveries().put_in(&mut batch, &delivery)?;
        self.inner.store.deliveries().add_attempt_in(&mut batch, &attempt)?;
        self.inner.store.webhooks().put_in(&mut batch, &webhook)?;
        if was_enabled && !webhook.enabled {
            tracing::warn!(webhook = %webhook.id, "webhook {} is switched off", webhook.id);
            self.inner.log.append(session, vec![told(&webhook)], batch).await?;
            self.changed();
        } else {
            self.inner.store.commit(batch).await?;
            self.inner.store.durable().await?;
        }
        Ok(())
    }
}

/// The event that tells of an endpoint's end.
fn told(webhook: &WebhookRecord) -> EventBody {
    EventBody::WebhookDisabled {
        webhook: webhook.id,
        all_sessions: webhook.session.is_none(),
        reason: webhook.disabled_reason.clone().unwrap_or_default(),
        failing_since: webhook.failing_since,
    }
}

/// The first waiting delivery of each lane.
fn heads_of_lanes(waiting: Vec<Delivery>) -> Vec<Delivery> {
    let mut lanes = HashSet::new();
    waiting.into_iter().filter(|delivery| lanes.insert(delivery.lane.clone())).collect()
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    let millis = at.as_millisecond().saturating_sub(now.as_millisecond());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0)).min(LONGEST_REST)
}

async fn wait(wake: &mut watch::Receiver<u64>, changes: &mut watch::Receiver<u64>, rest: Duration) {
    tokio::select! {
        _ = wake.changed() => (),
        _ = changes.changed() => (),
        () = tokio::time::sleep(rest) => (),
    }
}

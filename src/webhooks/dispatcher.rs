//! Deliveries: one task for each endpoint, so that a slow one holds up no other.
//!
//! The task turns new events into waiting deliveries and starts an attempt for each lane whose head
//! is due, as many at once as the endpoint's pace allows. A lane with an attempt under way starts
//! no other, so that the events of one chat go out one after the other; lanes go out side by side.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use tokio::task::{self, JoinError, JoinHandle, JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{Error, EventBody, SessionId, Timestamp, clock::between},
    store::{
        Batch,
        records::{Attempt, Delivery, DeliveryState, RetryPlan, WebhookRecord},
    },
    webhooks::{
        Webhooks,
        attempt::{self, Letter, Outcome},
        pace::{Pace, Sign},
        schedule::{self, Next, Schedule, Tried},
    },
};

/// How long an endpoint rests after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The longest rest; a clock that was set anew is noticed after it, and a task that ended.
const LONGEST_REST: Duration = Duration::from_secs(15);
const SHORTEST_REST: Duration = Duration::from_millis(1);
/// How long attempts under way may go on when the gateway stops.
const LAST_ATTEMPTS: Duration = Duration::from_secs(3);

/// What the task of one endpoint has at hand.
struct Desk {
    pace: Pace,
    /// Tasks of their own: they wait for the endpoint's lock, and so does this one.
    under_way: JoinSet<Ended>,
    /// The lanes of these.
    busy: HashMap<task::Id, String>,
    /// Nothing is started before, since the store failed.
    quiet_until: Option<Instant>,
    /// The session that it listens to, and the number up to which the log holds nothing new of it.
    session: Option<SessionId>,
    read_to: u64,
}

/// What the attempt says of the receiver; none when nothing was sent.
type Ended = Result<Option<Sign>, Error>;

impl Webhooks {
    /// Runs deliveries until the token is cancelled.
    pub fn start(&self, tasks: &TaskTracker, stop: CancellationToken) {
        let (webhooks, own_tasks, own_stop) = (self.clone(), tasks.clone(), stop.clone());
        tasks.spawn(async move { webhooks.keep_endpoints_running(own_tasks, own_stop).await });
        let webhooks = self.clone();
        tasks.spawn(async move { webhooks.keep_tidy(stop).await });
    }

    async fn keep_endpoints_running(self, tasks: TaskTracker, stop: CancellationToken) {
        let mut changes = self.inner.changes.subscribe();
        let mut running: HashMap<Uuid, (CancellationToken, JoinHandle<()>)> = HashMap::new();
        loop {
            changes.mark_unchanged();
            let wanted: HashSet<Uuid> = match self.inner.store.webhooks().all().await {
                Ok(all) => all.into_iter().map(|webhook| webhook.id).collect(),
                Err(error) => {
                    tracing::error!(%error, "webhooks cannot be read");
                    running.keys().copied().collect()
                }
            };
            running.retain(|id, (token, task)| {
                if !wanted.contains(id) {
                    token.cancel();
                }
                if wanted.contains(id) && task.is_finished() {
                    tracing::error!(webhook = %id, "webhook {id}: its task broke off, starts anew");
                }
                wanted.contains(id) && !task.is_finished()
            });
            for id in wanted {
                running.entry(id).or_insert_with(|| {
                    let (token, webhooks) = (stop.child_token(), self.clone());
                    let own = token.clone();
                    (token, tasks.spawn(async move { webhooks.serve(id, own).await }))
                });
            }
            let changed = tokio::time::timeout(LONGEST_REST, changes.changed());
            if stop.run_until_cancelled(changed).await.is_none() {
                return;
            }
        }
    }

    /// Serves one endpoint until its token is cancelled.
    async fn serve(self, id: Uuid, stop: CancellationToken) {
        let mut wake = self.inner.log.wake();
        let mut changes = self.inner.changes.subscribe();
        let mut desk = Desk {
            pace: Pace::new(self.inner.settings.per_endpoint),
            under_way: JoinSet::new(),
            busy: HashMap::new(),
            quiet_until: None,
            session: None,
            read_to: 0,
        };
        let read = async {
            self.mend(id).await?;
            self.forgive_the_future(id).await
        };
        if let Err(error) = read.await {
            tracing::error!(webhook = %id, %error, "webhook {id}: its line cannot be read");
        }
        while !stop.is_cancelled() {
            wake.mark_unchanged();
            changes.mark_unchanged();
            let rest = self.work(id, &mut desk).await.unwrap_or_else(|error| {
                tracing::error!(webhook = %id, %error, "webhook {id}: deliveries cannot go on");
                AFTER_FAILURE
            });
            let end = tokio::time::Instant::now() + rest;
            loop {
                tokio::select! {
                    Some(ended) = desk.under_way.join_next_with_id() => desk.settle(id, ended),
                    _ = wake.changed() => if !self.has_news(&mut desk).await {
                        continue;
                    },
                    _ = changes.changed() => (),
                    () = tokio::time::sleep_until(end) => (),
                    () = stop.cancelled() => (),
                }
                break;
            }
        }
        let all = async { while desk.under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_ATTEMPTS, all).await.is_err() {
            tracing::info!(webhook = %id, "webhook {id}: what is under way is sent again later");
            desk.under_way.shutdown().await;
        }
    }

    /// Whether the log holds anything new for the session that an endpoint listens to. Most of what
    /// wakes it concerns others; that shall cost little, however many endpoints there are.
    async fn has_news(&self, desk: &mut Desk) -> bool {
        let Some(session) = &desk.session else { return true };
        let newest = self.inner.log.newest();
        match self.inner.log.read(Some(session), desk.read_to, 1).await {
            Ok(events) if events.is_empty() => {
                desk.read_to = newest;
                false
            }
            _ => true,
        }
    }

    /// Takes in new events and starts what is due. How long there is nothing else to do.
    async fn work(&self, id: Uuid, desk: &mut Desk) -> Result<Duration, Error> {
        let Some(webhook) = self.inner.store.webhooks().get(id).await?.filter(|w| w.enabled) else {
            return Ok(LONGEST_REST);
        };
        let newest = self.inner.log.newest();
        let more = self.take_in(id).await?;
        desk.session.clone_from(&webhook.session);
        desk.read_to = if more { 0 } else { newest };
        // When something is due is counted in steady time: a clock set by an hour moves nothing.
        let now = self.inner.clock.steady();
        self.report_lag(&webhook).await?;
        if let Some(end) = webhook.paused_until.filter(|end| now < *end) {
            return Ok(until(now, end));
        }
        if let Some(end) = desk.quiet_until.filter(|end| Instant::now() < *end) {
            return Ok(end.saturating_duration_since(Instant::now()));
        }
        // What cannot be recorded would be posted again and again.
        if !self.inner.store.takes_records() {
            return Ok(AFTER_FAILURE);
        }
        let mut room = desk.pace.allowed().saturating_sub(desk.under_way.len());
        // Busy lanes have a head too: looking at one more than all of them and the room is enough.
        let looked_at = desk.busy.len() + room + 1;
        for delivery in self.inner.store.deliveries().heads(id, looked_at).await? {
            if desk.busy.values().any(|lane| *lane == delivery.lane) {
                continue;
            }
            if let Some(due) = delivery.next_attempt_at.filter(|due| now < *due) {
                return Ok(if more { Duration::ZERO } else { until(now, due) });
            }
            if room == 0 {
                break;
            }
            room -= 1;
            let (webhooks, webhook, lane) = (self.clone(), webhook.clone(), delivery.lane.clone());
            let task = async move { webhooks.attempt(&webhook, delivery).await };
            desk.busy.insert(desk.under_way.spawn(task).id(), lane);
        }
        Ok(if more { Duration::ZERO } else { LONGEST_REST })
    }

    async fn attempt(
        &self,
        webhook: &WebhookRecord,
        mut delivery: Delivery,
    ) -> Result<Option<Sign>, Error> {
        let event = self.inner.log.read(None, delivery.seq.saturating_sub(1), 1).await?;
        let event = event.into_iter().find(|event| event.id == delivery.event);
        delivery.attempts += 1;
        let session = event.as_ref().map(|event| event.session.clone());
        let worded = event.and_then(|event| self.inner.envelope.wrap(&event));
        let (Some(session), Some((name, body))) = (session, worded) else {
            self.give_up(delivery, "its event is past the retention").await?;
            return Ok(None);
        };
        let most = self.inner.settings.max_event;
        if most < body.len() {
            let error = format!("the event has {} bytes, which is more than {most}", body.len());
            self.give_up(delivery, &error).await?;
            return Ok(None);
        }
        let letter = Letter {
            id: delivery.event.to_string(),
            delivery: delivery.id,
            event: &name,
            body: &body,
            number: delivery.attempts,
        };
        let inner = &*self.inner;
        let outcome =
            attempt::post(webhook, &letter, &inner.hosts, &inner.settings, &inner.clock).await;
        Breakpoint::DeliveryAnswered.pass();
        let sign = Sign::of(outcome.attempt.status);
        self.record(&session, delivery, outcome).await?;
        Breakpoint::DeliveryRecorded.pass();
        Ok(Some(sign))
    }

    /// Writes down what came of an attempt at an event of the session, and what it means for the
    /// endpoint. One that is switched off is told of in the log of that session, in the same commit.
    async fn record(
        &self,
        session: &SessionId,
        mut delivery: Delivery,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let (now, steady) = (self.inner.clock.now(), self.inner.clock.steady());
        metrics::counter!("wagate_webhook_attempts_total", "outcome" => outcome.label())
            .increment(1);
        let Outcome { attempt, wish } = outcome;
        let _held = self.lock(delivery.webhook).await;
        // Read anew: a caller may have changed the endpoint meanwhile.
        let Some(mut webhook) = self.inner.store.webhooks().get(delivery.webhook).await? else {
            return Ok(());
        };
        let tried = Tried {
            attempt: delivery.attempts - delivery.earlier_attempts,
            status: attempt.status,
            wish,
            // One that was asked for once more has not stood in line all that time.
            age: match delivery.earlier_attempts {
                0 => between(delivery.next_attempt_at.unwrap_or(steady), steady),
                _ => Duration::ZERO,
            },
        };
        let next = self.schedule_of(&webhook).next(tried, rand::random());
        (webhook.last_status, webhook.last_delivery_at) = (attempt.status, Some(now));
        let was_enabled = webhook.enabled;
        match next {
            Next::Delivered => {
                finish(&mut delivery, DeliveryState::Delivered, now);
                webhook.delivered += 1;
                (webhook.failing_since, webhook.failures_in_row) = (None, 0);
                webhook.paused_until = None;
            }
            Next::RetryAfter(pause) => delivery.next_attempt_at = Some(steady + pause),
            Next::Dead => {
                finish(&mut delivery, DeliveryState::Dead, now);
                webhook.failed += 1;
            }
            Next::Gone => {
                finish(&mut delivery, DeliveryState::Dead, now);
                webhook.failed += 1;
                webhook.enabled = false;
                webhook.disabled_reason = Some("the receiver answered 410 Gone".to_owned());
            }
        }
        if next != Next::Delivered {
            let since = *webhook.failing_since.get_or_insert(now);
            webhook.failures_in_row = webhook.failures_in_row.saturating_add(1);
            let is_often = self.inner.settings.disable_after_failures <= webhook.failures_in_row;
            if is_often && since + self.inner.settings.disable_after < now {
                webhook.enabled = false;
                webhook.disabled_reason =
                    Some("nothing could be delivered for too long".to_owned());
            }
            let pause = schedule::pause(attempt.status, wish).map(|pause| steady + pause);
            webhook.paused_until = webhook.paused_until.max(pause);
        }
        let mut batch = Batch::new();
        self.write_delivery_in(&mut batch, delivery).await?;
        self.inner.store.deliveries().add_attempt_in(&mut batch, &attempt)?;
        self.inner.store.webhooks().put_in(&mut batch, &webhook)?;
        if was_enabled && !webhook.enabled {
            tracing::warn!(webhook = %webhook.id, "webhook {} is switched off", webhook.id);
            self.inner.log.append(session, vec![told(&webhook)], batch).await?;
            self.changed();
        } else {
            self.inner.store.commit(batch).await?;
            drop(_held);
            self.inner.store.durable().await?;
        }
        Ok(())
    }

    /// Makes a dead letter of what cannot be sent. That is no fault of the receiver.
    async fn give_up(&self, mut delivery: Delivery, error: &str) -> Result<(), Error> {
        let now = self.inner.clock.now();
        let _held = self.lock(delivery.webhook).await;
        let Some(mut webhook) = self.inner.store.webhooks().get(delivery.webhook).await? else {
            return Ok(());
        };
        finish(&mut delivery, DeliveryState::Dead, now);
        webhook.failed += 1;
        let attempt = Attempt {
            delivery: delivery.id,
            number: delivery.attempts,
            at: now,
            duration_ms: 0,
            status: None,
            error: Some(error.to_owned()),
            response: None,
        };
        let mut batch = Batch::new();
        self.write_delivery_in(&mut batch, delivery).await?;
        self.inner.store.deliveries().add_attempt_in(&mut batch, &attempt)?;
        self.inner.store.webhooks().put_in(&mut batch, &webhook)?;
        Ok(self.inner.store.commit(batch).await?)
    }

    async fn write_delivery_in(&self, batch: &mut Batch, delivery: Delivery) -> Result<(), Error> {
        let ended = match delivery.state {
            DeliveryState::Waiting => None,
            DeliveryState::Delivered => Some("delivered"),
            DeliveryState::Dead => Some("dead"),
        };
        if let Some(state) = ended {
            metrics::counter!("wagate_webhook_deliveries_total", "state" => state).increment(1);
        }
        let mut line = self.inner.store.change_line(delivery.webhook);
        line.put(delivery);
        Ok(line.write_in(batch).await?)
    }

    fn schedule_of(&self, webhook: &WebhookRecord) -> &Schedule {
        match webhook.retries {
            RetryPlan::Full => &self.inner.settings.full,
            RetryPlan::Short => &self.inner.settings.short,
        }
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

impl Desk {
    fn settle(&mut self, webhook: Uuid, ended: Result<(task::Id, Ended), JoinError>) {
        let (task, fault) = match ended {
            Ok((task, Ok(sign))) => {
                sign.into_iter().for_each(|sign| self.pace.heard(sign));
                (task, None)
            }
            Ok((task, Err(error))) => (task, Some(error.to_string())),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        self.busy.remove(&task);
        if let Some(error) = fault {
            tracing::error!(%webhook, error, "webhook {webhook}: an attempt is not recorded");
            self.quiet_until = Some(Instant::now() + AFTER_FAILURE);
        }
    }
}

fn finish(delivery: &mut Delivery, state: DeliveryState, now: Timestamp) {
    (delivery.state, delivery.finished_at) = (state, Some(now));
    delivery.next_attempt_at = None;
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    between(now, at).clamp(SHORTEST_REST, LONGEST_REST)
}

//! Writing down what came of attempts: many in one commit and one flush, however fast they end.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{ChannelId, Error, Timestamp, clock::between},
    events::{GatewayEvent, News, Work},
    store::{
        Batch,
        records::{Attempt, Delivery, DeliveryState, Reading, RetryPlan, WebhookRecord},
    },
    webhooks::{
        Webhooks,
        attempt::Outcome,
        outage::{self, Failure},
        pace::Sign,
        schedule::{self, Next, Schedule, Tried, Waited},
    },
};

/// How long a few attempts that hold up nothing wait for a flush that is made for others, and how many
/// are no longer few.
const LEISURE: Duration = Duration::from_millis(150);
const MANY: usize = 48;

/// An attempt that is over and not yet written down.
pub struct Ended {
    pub delivery: Delivery,
    /// It came from the log and is not in the line.
    pub is_fresh: bool,
    pub came: Came,
}

pub enum Came {
    Posted(Outcome),
    /// It cannot be sent, which is no fault of the receiver.
    Unfit(String),
}

/// What is written down together.
pub struct Group {
    pub ended: Vec<Ended>,
    /// Events that go into the line untried.
    pub moved: Vec<Delivery>,
    /// Events that the log had dropped before they were read.
    pub missed: u64,
    /// How far the log is read then.
    pub reading: Reading,
}

impl Ended {
    /// What it says of the receiver; none when nothing was sent.
    pub fn sign(&self) -> Option<Sign> {
        match &self.came {
            Came::Posted(outcome) => Some(Sign::of(outcome.attempt.status)),
            Came::Unfit(_) => None,
        }
    }

    /// Whether its lane goes on before this is recorded. Nothing is in the line that would have to
    /// leave it first, and what comes next is recorded after it.
    pub fn lets_go_on(&self) -> bool {
        self.is_fresh && self.sign() == Some(Sign::Well)
    }
}

impl Webhooks {
    /// Writes down what came of attempts at one endpoint, and what it means for the endpoint. On
    /// return that is on the disk. One that is switched off is told of in the log, in the same commit.
    /// The lanes in which a delivery waits for another attempt.
    pub(in crate::webhooks) async fn record(
        &self,
        id: Uuid,
        group: Group,
    ) -> Result<Vec<String>, Error> {
        // Saves conflicts, no more: the endpoint's record is read and written in each change of its queue.
        let held = self.lock(id).await;
        let patience = patience(&group.ended);
        let mut work = self.inner.log.work();
        let recorded = loop {
            let Some(recorded) = self.record_in(&mut work, id, &group).await? else {
                return Ok(Vec::new());
            };
            if let Some(events) = work.commit().await? {
                if let Some(last) = events.last() {
                    tracing::warn!(webhook = %id, "webhook {id} is switched off");
                    self.inner.log.publish(last.seq).await?;
                    self.changed();
                }
                break recorded;
            }
        };
        recorded.count(fresh_of(&group));
        drop(held);
        if let Some(patience) = patience {
            self.inner.store.durable_within(patience).await?;
            Breakpoint::DeliveryRecorded.pass();
        }
        Ok(recorded.waiting)
    }

    /// None when the endpoint is gone.
    async fn record_in(
        &self,
        work: &mut Work<'_>,
        id: Uuid,
        group: &Group,
    ) -> Result<Option<Recorded>, Error> {
        let store = work.store();
        let Some(mut webhook) = store.webhooks().get(id).await? else { return Ok(None) };
        let was_enabled = webhook.enabled;
        webhook.accepted += fresh_of(group);
        webhook.missed += group.missed;
        let (mut batch, mut at_once) = (Batch::new(), Vec::new());
        let mut recorded = Recorded::default();
        let (deliveries, mut line) = (store.deliveries(), store.change_line(id));
        for Ended { delivery, is_fresh, came } in &group.ended {
            let mut delivery = delivery.clone();
            let attempt = self.settle(&mut webhook, &mut delivery, came);
            recorded.note(came, delivery.state);
            match delivery.state {
                DeliveryState::Waiting => {
                    deliveries.add_attempt_in(&mut batch, &attempt)?;
                    recorded.waiting.push(delivery.lane.clone());
                    line.put(delivery);
                }
                // What never was in the queue changes nothing there.
                DeliveryState::Delivered if *is_fresh => at_once.push((delivery, attempt)),
                DeliveryState::Delivered | DeliveryState::Dead => {
                    delivery.last_attempt = Some(Box::new(attempt));
                    if *is_fresh {
                        deliveries.add_dead_in(&mut batch, &delivery)?;
                    } else {
                        line.put(delivery);
                    }
                }
            }
        }
        deliveries.add_delivered_in(&mut batch, id, at_once).await?;
        group.moved.iter().for_each(|delivery| line.put(delivery.clone()));
        line.write_in(&mut batch).await?;
        store.webhooks().set_reading_in(&mut batch, id, &group.reading)?;
        store.webhooks().put_in(&mut batch, &webhook)?;
        store.commit(batch).await?;
        if was_enabled && !webhook.enabled {
            let channel = webhook.session.clone().map(ChannelId::from);
            work.tell(News::of_module(channel, &told(&webhook))?);
        }
        Ok(Some(recorded))
    }

    /// Decides what becomes of one delivery.
    fn settle(&self, webhook: &mut WebhookRecord, delivery: &mut Delivery, came: &Came) -> Attempt {
        match came {
            Came::Posted(outcome) => self.judge(webhook, delivery, outcome.clone()),
            Came::Unfit(error) => self.give_up(webhook, delivery, error.clone()),
        }
    }

    /// Decides what becomes of a delivery and its endpoint after an attempt.
    fn judge(
        &self,
        webhook: &mut WebhookRecord,
        delivery: &mut Delivery,
        outcome: Outcome,
    ) -> Attempt {
        let (now, steady) = (self.inner.clock.now(), self.inner.clock.steady());
        let Outcome { attempt, wish } = outcome;
        let is_down = webhook.outage.is_some_and(|outage| !outage.is_over);
        let sign = Sign::of(attempt.status);
        if is_down && sign != Sign::Well {
            // A probe says nothing of its event, and takes nothing of its schedule.
            delivery.earlier_attempts += 1;
        }
        let waited =
            Waited { time: between(delivery.created_at, now), attempts: delivery.attempts };
        let tried = Tried {
            in_outage: is_down.then_some(waited),
            attempt: delivery.attempts - delivery.earlier_attempts,
            status: attempt.status,
            wish,
            // One that was asked for once more has not stood in line all that time.
            age: match delivery.earlier_attempts {
                0 => between(delivery.next_attempt_at.unwrap_or(steady), steady),
                _ => Duration::ZERO,
            },
        };
        let next = self.schedule_of(webhook).next(tried, rand::random());
        (webhook.last_status, webhook.last_delivery_at) = (attempt.status, Some(now));
        match next {
            Next::Delivered => {
                finish(delivery, DeliveryState::Delivered, now);
                webhook.delivered += 1;
                (webhook.failing_since, webhook.failures_in_row) = (None, 0);
                webhook.failing.clear();
                // One that began before the last failure says nothing of what the receiver takes now.
                let begun = steady - Duration::from_millis(attempt.duration_ms);
                webhook.paused_until = webhook.paused_until.filter(|end| begun < *end);
                if let Some(outage) = &mut webhook.outage
                    && outage.last_probe_at <= begun
                {
                    outage.is_over = true;
                }
            }
            Next::RetryAfter(pause) => delivery.next_attempt_at = Some(steady + pause),
            Next::Dead => {
                finish(delivery, DeliveryState::Dead, now);
                webhook.failed += 1;
            }
            Next::Gone => {
                finish(delivery, DeliveryState::Dead, now);
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
            let fails_alone = delivery
                .failed_after
                .replace(webhook.delivered)
                .is_some_and(|before| !is_down && before < webhook.delivered);
            if !fails_alone {
                outage::note_failing(&mut webhook.failing, delivery.id);
            }
            let failure = Failure {
                sign,
                at: steady,
                wish,
                in_row: webhook.failures_in_row,
                failing: &webhook.failing,
                is_first_try: delivery.attempts == 1,
                first_pause: self.schedule_of(webhook).first_pause(),
            };
            // What will not be tried again needs no probe.
            if matches!(next, Next::RetryAfter(_)) && !fails_alone {
                webhook.outage = outage::after_failure(webhook.outage, failure);
            }
            let pause = schedule::pause(attempt.status, wish).map(|pause| steady + pause);
            webhook.paused_until = webhook.paused_until.max(pause);
        }
        attempt
    }

    /// Makes a dead letter of what cannot be sent.
    fn give_up(
        &self,
        webhook: &mut WebhookRecord,
        delivery: &mut Delivery,
        error: String,
    ) -> Attempt {
        let now = self.inner.clock.now();
        finish(delivery, DeliveryState::Dead, now);
        webhook.failed += 1;
        Attempt {
            delivery: delivery.id,
            number: delivery.attempts,
            at: now,
            duration_ms: 0,
            status: None,
            error: Some(error),
            response: None,
            is_public: false,
        }
    }

    pub(in crate::webhooks) fn schedule_of(&self, webhook: &WebhookRecord) -> &Schedule {
        match webhook.retries {
            RetryPlan::Full => &self.inner.settings.full,
            RetryPlan::Short => &self.inner.settings.short,
        }
    }
}

/// How long a group may wait for a flush that is made for others. None for one that need not be flushed.
fn patience(ended: &[Ended]) -> Option<Duration> {
    let holds_up = ended.iter().any(|ended| !ended.lets_go_on());
    match ended.len() {
        0 => None,
        few if few < MANY && !holds_up => Some(LEISURE),
        _ => Some(Duration::ZERO),
    }
}

/// The event that tells of an endpoint's end.
fn told(webhook: &WebhookRecord) -> GatewayEvent {
    GatewayEvent::WebhookDisabled {
        webhook: webhook.id,
        origin: url::Url::parse(&webhook.url).ok().map(|url| url.origin().ascii_serialization()),
        all_sessions: webhook.session.is_none(),
        reason: webhook.disabled_reason.clone().unwrap_or_default(),
        failing_since: webhook.failing_since,
    }
}

/// What became of the attempts of a group.
#[derive(Default)]
struct Recorded {
    /// Lanes in which a delivery waits for another attempt.
    waiting: Vec<String>,
    outcomes: Vec<&'static str>,
    ends: Vec<&'static str>,
}

impl Recorded {
    fn note(&mut self, came: &Came, state: DeliveryState) {
        if let Came::Posted(outcome) = came {
            self.outcomes.push(outcome.label());
        }
        match state {
            DeliveryState::Waiting => (),
            DeliveryState::Delivered => self.ends.push("delivered"),
            DeliveryState::Dead => self.ends.push("dead"),
        }
    }

    /// Adds what is committed to the metrics.
    fn count(&self, fresh: u64) {
        const DELIVERIES: &str = "wagate_webhook_deliveries_total";
        for outcome in &self.outcomes {
            metrics::counter!("wagate_webhook_attempts_total", "outcome" => *outcome).increment(1);
        }
        for state in &self.ends {
            metrics::counter!(DELIVERIES, "state" => *state).increment(1);
        }
        metrics::counter!(DELIVERIES, "state" => "accepted").increment(fresh);
    }
}

/// How many events of a group become deliveries with it.
fn fresh_of(group: &Group) -> u64 {
    let fresh = group.ended.iter().filter(|ended| ended.is_fresh).count() + group.moved.len();
    u64::try_from(fresh).unwrap_or(u64::MAX)
}

fn finish(delivery: &mut Delivery, state: DeliveryState, now: Timestamp) {
    (delivery.state, delivery.finished_at) = (state, Some(now));
    delivery.next_attempt_at = None;
}

//! Writing down what came of attempts: many in one commit and one flush, however fast they end.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{ChannelId, Error, Timestamp, clock::between},
    events::{GatewayEvent, News},
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
const LEISURE: Duration = Duration::from_millis(100);
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
        let held = self.lock(id).await;
        let store = &self.inner.store;
        // Read anew: a caller may have changed the endpoint meanwhile.
        let Some(mut webhook) = store.webhooks().get(id).await? else {
            return Ok(Vec::new());
        };
        let Group { ended, moved, missed, reading } = group;
        let patience = patience(&ended);
        let fresh = ended.iter().filter(|ended| ended.is_fresh).count() + moved.len();
        let fresh = u64::try_from(fresh).unwrap_or(u64::MAX);
        webhook.accepted += fresh;
        webhook.missed += missed;
        let (mut batch, mut waiting, mut at_once) = (Batch::new(), Vec::new(), Vec::new());
        let (deliveries, mut line) = (store.deliveries(), store.change_line(id));
        let was_enabled = webhook.enabled;
        for ended in ended {
            let Ended { mut delivery, is_fresh, came } = ended;
            let attempt = self.settle(&mut webhook, &mut delivery, came);
            match delivery.state {
                DeliveryState::Waiting => {
                    deliveries.add_attempt_in(&mut batch, &attempt)?;
                    waiting.push(delivery.lane.clone());
                    line.put(delivery);
                }
                // What never was in the line changes nothing there.
                DeliveryState::Delivered if is_fresh => at_once.push((delivery, attempt)),
                DeliveryState::Delivered | DeliveryState::Dead => {
                    delivery.last_attempt = Some(Box::new(attempt));
                    if is_fresh {
                        deliveries.add_dead_in(&mut batch, &delivery)?;
                    } else {
                        line.put(delivery);
                    }
                }
            }
        }
        deliveries.add_delivered_in(&mut batch, id, at_once).await?;
        moved.into_iter().for_each(|delivery| line.put(delivery));
        line.write_in(&mut batch).await?;
        store.webhooks().set_reading_in(&mut batch, id, &reading)?;
        store.webhooks().put_in(&mut batch, &webhook)?;
        let accepted = metrics::counter!("wagate_webhook_deliveries_total", "state" => "accepted");
        if was_enabled && !webhook.enabled {
            tracing::warn!(webhook = %id, "webhook {id} is switched off");
            let session = webhook.session.clone().map(ChannelId::from);
            let news = News::of_module(session, &told(&webhook))?;
            self.inner.log.append_of(vec![news], batch).await?;
            accepted.increment(fresh);
            self.changed();
            return Ok(waiting);
        }
        store.commit(batch).await?;
        accepted.increment(fresh);
        drop(held);
        if let Some(patience) = patience {
            store.durable_within(patience).await?;
            Breakpoint::DeliveryRecorded.pass();
        }
        Ok(waiting)
    }

    /// Decides what becomes of one delivery.
    fn settle(&self, webhook: &mut WebhookRecord, delivery: &mut Delivery, came: Came) -> Attempt {
        let attempt = match came {
            Came::Posted(outcome) => self.judge(webhook, delivery, outcome),
            Came::Unfit(error) => self.give_up(webhook, delivery, error),
        };
        count_end(delivery.state);
        attempt
    }

    /// Decides what becomes of a delivery and its endpoint after an attempt.
    fn judge(
        &self,
        webhook: &mut WebhookRecord,
        delivery: &mut Delivery,
        outcome: Outcome,
    ) -> Attempt {
        let (now, steady) = (self.inner.clock.now(), self.inner.clock.steady());
        metrics::counter!("wagate_webhook_attempts_total", "outcome" => outcome.label())
            .increment(1);
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

fn count_end(state: DeliveryState) {
    let state = match state {
        DeliveryState::Waiting => return,
        DeliveryState::Delivered => "delivered",
        DeliveryState::Dead => "dead",
    };
    metrics::counter!("wagate_webhook_deliveries_total", "state" => state).increment(1);
}

fn finish(delivery: &mut Delivery, state: DeliveryState, now: Timestamp) {
    (delivery.state, delivery.finished_at) = (state, Some(now));
    delivery.next_attempt_at = None;
}

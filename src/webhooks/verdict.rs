//! Verdict on an attempt: what becomes of the delivery and of its endpoint. Pure.

use std::time::Duration;

use crate::{
    domain::{Timestamp, clock::between},
    webhooks::{
        attempt::PostOutcome,
        concurrency::ReceiverHealth,
        outage::{self, Failure},
        schedule::{self, Next, Tried, Waited},
        settings::WebhookSettings,
        stored::{Attempt, Delivery, DeliveryState, WebhookRecord},
    },
};

/// What a verdict is made with.
pub struct Verdict<'s> {
    pub settings: &'s WebhookSettings,
    pub now: Timestamp,
    /// In steady time.
    pub steady: Timestamp,
}

impl Verdict<'_> {
    /// Decides after an attempt. `chance` lies between 0 and 1 and spreads retries.
    pub fn judge(
        &self,
        webhook: &mut WebhookRecord,
        delivery: &mut Delivery,
        outcome: PostOutcome,
        chance: f64,
    ) -> Attempt {
        let Self { settings, now, steady } = *self;
        let PostOutcome { attempt, retry_after, begun } = outcome;
        let is_down = webhook.outage.is_some_and(|outage| !outage.is_over);
        let health = ReceiverHealth::of(attempt.status);
        if is_down && health != ReceiverHealth::Healthy {
            // A failed probe is the endpoint's fault: it takes no attempt of the delivery's schedule.
            delivery.earlier_attempts += 1;
        }
        let waited =
            Waited { time: between(delivery.created_at, now), attempts: delivery.attempts };
        let tried = Tried {
            in_outage: is_down.then_some(waited),
            attempt: delivery.attempts - delivery.earlier_attempts,
            status: attempt.status,
            retry_after,
            // A redelivery did not wait in the queue all that time.
            age: match delivery.earlier_attempts {
                0 => between(delivery.next_attempt_at.unwrap_or(steady), steady),
                _ => Duration::ZERO,
            },
        };
        let next = settings.schedule_of(webhook).next(tried, chance);
        (webhook.last_status, webhook.last_delivery_at) = (attempt.status, Some(now));
        match next {
            Next::Delivered => {
                finish(delivery, DeliveryState::Delivered, now);
                webhook.delivered += 1;
                (webhook.failing_since, webhook.failures_in_row) = (None, 0);
                webhook.failing.clear();
                // A success that began before the last failure does not show that the receiver works now.
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
            let is_often = settings.disable_after_failures <= webhook.failures_in_row;
            if is_often && since + settings.disable_after < now {
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
                health,
                at: steady,
                retry_after,
                in_row: webhook.failures_in_row,
                failing: &webhook.failing,
                is_first_try: delivery.attempts == 1,
                first_pause: settings.schedule_of(webhook).first_pause(),
            };
            // A delivery that is not retried needs no probe.
            if matches!(next, Next::RetryAfter(_)) && !fails_alone {
                webhook.outage = outage::after_failure(webhook.outage, failure);
            }
            let pause = schedule::pause(attempt.status, retry_after).map(|pause| steady + pause);
            webhook.paused_until = webhook.paused_until.max(pause);
        }
        attempt
    }
}

/// Makes a dead letter of a delivery that cannot be sent. `delivery.attempts` counts the attempt already.
pub fn unsendable(
    webhook: &mut WebhookRecord,
    delivery: &mut Delivery,
    error: String,
    now: Timestamp,
) -> Attempt {
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

fn finish(delivery: &mut Delivery, state: DeliveryState, now: Timestamp) {
    (delivery.state, delivery.finished_at) = (state, Some(now));
    delivery.next_attempt_at = None;
}

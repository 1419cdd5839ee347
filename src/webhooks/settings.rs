//! Settings of webhooks, as the configuration gives them.

use std::time::Duration;

use crate::{
    egress::Guard,
    webhooks::{
        schedule::Schedule,
        stored::{RetryPlan, SetBy, WebhookRecord},
    },
};

#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Deadline of one attempt.
    pub timeout: Duration,
    /// Which targets are allowed for endpoints that were set by a caller with access to all sessions.
    pub guard: Guard,
    /// The same for endpoints that were set with a key for one session.
    pub guard_of_one_session: Guard,
    pub max_per_session: usize,
    pub full: Schedule,
    pub short: Schedule,
    /// An endpoint is disabled after this long without a delivery and this many failures in a row.
    pub disable_after: Duration,
    pub disable_after_failures: u32,
    /// How long an old secret still signs after a rotation.
    pub secret_overlap: Duration,
    /// Attempts in flight at once, for one endpoint and for one host.
    pub per_endpoint: usize,
    pub per_host: usize,
    /// Bytes. A larger event becomes a dead letter without an attempt.
    pub max_event: usize,
    /// Most deliveries in the queue of one endpoint. At this length the endpoint stops reading the log.
    pub max_waiting: u64,
    /// Retention of finished deliveries: by age, and by number for the delivered ones.
    pub keep_for: Duration,
    pub keep_delivered: usize,
    /// How many dead letters per second are put back in the queue.
    pub recovered_per_second: u32,
}

impl WebhookSettings {
    /// The guard of an existing endpoint. An endpoint for all sessions was set by a caller with access to all.
    pub fn guard_of(&self, webhook: &WebhookRecord) -> &Guard {
        match webhook.set_by {
            SetBy::KeyOfOneSession if webhook.session.is_some() || webhook.bot.is_some() => {
                &self.guard_of_one_session
            }
            SetBy::KeyOfOneSession | SetBy::AllSessions => &self.guard,
        }
    }

    /// The guard for a URL that this caller gives.
    pub fn guard_for(&self, caller: SetBy) -> &Guard {
        match caller {
            SetBy::KeyOfOneSession => &self.guard_of_one_session,
            SetBy::AllSessions => &self.guard,
        }
    }

    pub fn schedule_of(&self, webhook: &WebhookRecord) -> &Schedule {
        match webhook.retries {
            RetryPlan::Full => &self.full,
            RetryPlan::Short => &self.short,
        }
    }
}

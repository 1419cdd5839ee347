//! Webhooks: endpoints, and the delivery of events to them, at least once and in order per chat.
//!
//! Reads the event log with a cursor per endpoint. Knows no session and no engine; the body of a
//! delivery is made by the [`Wording`] that the endpoint names.
//!
//! An event becomes a delivery record in the same commit that moves the endpoint's cursor past it,
//! and a delivery leaves the line only when the receiver's answer is recorded. What was under way
//! when the gateway died is sent again, with the same `webhook-id`.
//!
//! Each endpoint has one task, that owns its attempts and of its line knows a few heads at most:
//! lanes lie in the store ([`crate::store::LineChange`]), and the task asks there which are due. Whoever
//! changes an endpoint's record or line, here or for a caller, holds that endpoint's lock.

mod attempt;
mod deliveries;
mod desk;
mod dispatcher;
mod hosts;
mod intake;
mod outage;
mod pace;
mod record;
mod registry;
mod schedule;
mod signature;
mod update;
mod upkeep;
mod window;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex, MutexGuard, watch};
use uuid::Uuid;

use self::hosts::Hosts;
pub use self::{
    registry::{MASK, check_event, check_secret},
    schedule::Schedule,
};
pub use crate::store::records::{
    Attempt, Delivery, DeliveryState, OPEN_WA, RetryPlan, SetBy, WebhookRecord,
};
use crate::{
    domain::{Clock, Event},
    egress::Guard,
    events::{EventLog, Wording, Wordings},
    store::Store,
};

/// Endpoints share this many locks.
const LOCKS: usize = 64;

/// What a caller asks for when registering an endpoint.
#[derive(Clone, Debug, Default)]
pub struct WebhookDraft {
    pub url: String,
    pub events: Vec<String>,
    pub headers: Vec<(String, String)>,
    pub secret: Option<String>,
    pub enabled: Option<bool>,
    pub retries: Option<RetryPlan>,
    /// The wording of its deliveries; none for open-wa's, and for the one that the endpoint has.
    pub wording: Option<String>,
    pub set_by: SetBy,
}

/// Changes to an endpoint; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub headers: Option<Vec<(String, String)>>,
    pub enabled: Option<bool>,
    pub retries: Option<RetryPlan>,
    /// Who makes the change.
    pub set_by: SetBy,
}

#[derive(Clone, Debug)]
pub struct Registered {
    pub webhook: WebhookRecord,
    /// False when an endpoint of the same address was there and was changed.
    pub created: bool,
    /// The signing secret, shown this once; none when the endpoint kept its own.
    pub secret: Option<String>,
}

#[derive(Clone, Debug)]
pub struct WebhookSettings {
    pub timeout: Duration,
    /// Where webhooks may go that somebody set who may touch all sessions.
    pub guard: Guard,
    /// The same for keys for one session.
    pub guard_of_one_session: Guard,
    pub max_per_session: usize,
    pub full: Schedule,
    pub short: Schedule,
    /// An endpoint is switched off after so long without a delivery, and so many failures.
    pub disable_after: Duration,
    pub disable_after_failures: u32,
    /// How long an old secret still signs after a rotation.
    pub secret_overlap: Duration,
    /// Attempts under way at once, at one endpoint and at one host.
    pub per_endpoint: usize,
    pub per_host: usize,
    /// Bytes; a larger event goes to the dead letters unsent.
    pub max_event: usize,
    /// Deliveries in the line of an endpoint; with more, it reads no further and the log keeps the rest.
    pub max_waiting: u64,
    /// What was finished longer ago is forgotten, and what was delivered beyond so many.
    pub keep_for: Duration,
    pub keep_delivered: usize,
    /// How fast dead letters are put back in line.
    pub recovered_per_second: u32,
}

impl WebhookSettings {
    /// Where this endpoint may lead. One for all sessions was set by somebody who may touch them all.
    fn guard_of(&self, webhook: &WebhookRecord) -> &Guard {
        match webhook.set_by {
            SetBy::KeyOfOneSession if webhook.session.is_some() => &self.guard_of_one_session,
            SetBy::KeyOfOneSession | SetBy::AllSessions => &self.guard,
        }
    }

    fn guard_for(&self, caller: SetBy) -> &Guard {
        match caller {
            SetBy::KeyOfOneSession => &self.guard_of_one_session,
            SetBy::AllSessions => &self.guard,
        }
    }
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

/// How far the task of an endpoint has come.
#[derive(Clone, Copy)]
struct Progress {
    /// How many events it has taken in all.
    accepted: u64,
    /// The first number of the log that is neither over nor in its line.
    needed_from: u64,
}

struct Inner {
    store: Store,
    log: EventLog,
    clock: Clock,
    settings: WebhookSettings,
    wordings: Wordings,
    hosts: Hosts,
    locks: [Mutex<()>; LOCKS],
    /// Held while an endpoint is registered: two calls for one address make one endpoint. Taken
    /// before an endpoint's own lock.
    registering: Mutex<()>,
    /// Endpoints that have a label of their own among the metrics.
    labels: std::sync::Mutex<HashSet<Uuid>>,
    /// How far each endpoint has come, with what it has read and not recorded.
    progress: std::sync::Mutex<HashMap<Uuid, Progress>>,
    /// Raised at every change of an endpoint or of its line.
    changes: watch::Sender<u64>,
}

impl Webhooks {
    pub fn new(
        store: Store,
        log: EventLog,
        clock: Clock,
        settings: WebhookSettings,
        wordings: Wordings,
    ) -> Self {
        let changes = watch::Sender::new(0);
        let hosts = Hosts::new(settings.per_host);
        let inner = Inner {
            store,
            log,
            clock,
            settings,
            wordings,
            hosts,
            locks: std::array::from_fn(|_| Mutex::new(())),
            registering: Mutex::new(()),
            labels: std::sync::Mutex::default(),
            progress: std::sync::Mutex::default(),
            changes,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Held while an endpoint's record or line is changed; never while anything is sent.
    async fn lock(&self, webhook: Uuid) -> MutexGuard<'_, ()> {
        let [.., last] = *webhook.as_bytes();
        self.inner.locks[usize::from(last) % LOCKS].lock().await
    }

    /// Tells the tasks of endpoints that one was changed, came or went.
    pub fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }

    fn tell_progress(&self, webhook: Uuid, made: Progress) {
        let mut progress = self.inner.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.insert(webhook, made);
    }

    /// The endpoint reads no more.
    fn forget_progress(&self, webhook: Uuid) {
        self.inner.progress.lock().unwrap_or_else(PoisonError::into_inner).remove(&webhook);
    }

    /// None for an endpoint that does not read.
    fn progress(&self, webhook: Uuid) -> Option<Progress> {
        let progress = self.inner.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.get(&webhook).copied()
    }

    /// How many events an endpoint has taken in all. Its record counts an event only when that is over
    /// or in the line; both are totals that grow, and the one that is ahead is true.
    fn accepted(&self, webhook: Uuid) -> Option<u64> {
        self.progress(webhook).map(|progress| progress.accepted)
    }

    /// How events read for an endpoint; none for a wording that this version does not have: it gets nothing.
    fn wording_of(&self, webhook: &WebhookRecord) -> Option<&dyn Wording> {
        self.inner.wordings.get(&webhook.wording)
    }

    fn listens_to(webhook: &WebhookRecord, event: &Event, name: &str) -> bool {
        webhook.session().is_none_or(|own| own.uuid == event.channel_uuid())
            && webhook.events.iter().any(|wanted| wanted == "*" || wanted == name)
    }
}

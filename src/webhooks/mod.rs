//! Webhooks: endpoints, and the delivery of events to them, at least once and in order per chat.
//!
//! Reads the event log with a cursor per endpoint. Knows no session and no engine; the body of a
//! delivery is made by the [`Envelope`] that a surface hands in.
//!
//! An event becomes a delivery record in the same commit that moves the endpoint's cursor past it,
//! and a delivery leaves the line only when the receiver's answer is recorded. What was under way
//! when the gateway died is sent again, with the same `webhook-id`.

mod attempt;
mod dispatcher;
mod registry;
mod schedule;
mod signature;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

pub use crate::store::records::{Attempt, Delivery, DeliveryState, WebhookRecord};
use crate::{
    domain::{Clock, Event, SessionId},
    events::EventLog,
    store::Store,
};

/// How a surface words an event for its webhooks.
pub trait Envelope: Send + Sync + 'static {
    /// The event's name and its body as compact JSON; none for an event that this surface does
    /// not tell.
    fn wrap(&self, event: &Event) -> Option<(String, String)>;

    /// The names that an endpoint may ask for.
    fn names(&self) -> &'static [&'static str];
}

/// What a caller asks for when registering an endpoint.
#[derive(Clone, Debug, Default)]
pub struct WebhookDraft {
    pub url: String,
    pub events: Vec<String>,
    pub headers: Vec<(String, String)>,
    pub secret: Option<String>,
    pub enabled: Option<bool>,
}

/// Changes to an endpoint; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub headers: Option<Vec<(String, String)>>,
    pub enabled: Option<bool>,
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
    pub allow_private_targets: bool,
    pub max_per_session: usize,
    pub disable_after: Duration,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    log: EventLog,
    clock: Clock,
    settings: WebhookSettings,
    envelope: Arc<dyn Envelope>,
    /// Raised at every change of an endpoint or of its line.
    changes: watch::Sender<u64>,
}

impl Webhooks {
    pub fn new(
        store: Store,
        log: EventLog,
        clock: Clock,
        settings: WebhookSettings,
        envelope: Arc<dyn Envelope>,
    ) -> Self {
        let changes = watch::Sender::new(0);
        Self { inner: Arc::new(Inner { store, log, clock, settings, envelope, changes }) }
    }

    fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }

    fn listens_to(webhook: &WebhookRecord, session: &SessionId, name: &str) -> bool {
        webhook.session.as_ref().is_none_or(|own| own == session)
            && webhook.events.iter().any(|wanted| wanted == "*" || wanted == name)
    }
}

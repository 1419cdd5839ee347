//! Webhooks: endpoints, and the delivery of events to them, at least once and in order per chat.
//!
//! Reads the event log with a cursor per endpoint. Knows no session and no engine; the body of a
//! delivery is made by the [`Envelope`] that a surface hands in.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    domain::{Clock, Error, Event, SessionId, Timestamp},
    events::EventLog,
    store::{
        Store,
        records::{Attempt, Delivery, DeliveryState, WebhookRecord},
    },
};

/// How a surface words an event for its webhooks.
pub trait Envelope: Send + Sync + 'static {
    /// The event's name and its body as compact JSON; none for an event that this surface does not tell.
    fn wrap(&self, event: &Event) -> Option<(String, String)>;
}

/// What a caller asks for when registering or changing an endpoint.
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

pub struct Registered {
    pub webhook: WebhookRecord,
    /// False when an endpoint of the same address was there and was changed.
    pub created: bool,
    /// The signing secret, shown this once (none when the endpoint kept its own).
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
pub struct Webhooks {}

impl Webhooks {
    pub fn new(
        _store: Store,
        _log: EventLog,
        _clock: Clock,
        _settings: WebhookSettings,
        _envelope: Arc<dyn Envelope>,
    ) -> Self {
        todo!()
    }
    /// Runs deliveries until the token is cancelled; each endpoint is a task of its own.
    pub fn start(&self, _tasks: &TaskTracker, _stop: CancellationToken) {
        todo!()
    }
    pub async fn register(
        &self,
        _session: Option<&SessionId>,
        _draft: WebhookDraft,
    ) -> Result<Registered, Error> {
        todo!()
    }
    pub async fn list(&self, _session: Option<&SessionId>) -> Result<Vec<WebhookRecord>, Error> {
        todo!()
    }
    pub async fn get(
        &self,
        _session: Option<&SessionId>,
        _id: Uuid,
    ) -> Result<WebhookRecord, Error> {
        todo!()
    }
    pub async fn change(
        &self,
        _session: Option<&SessionId>,
        _id: Uuid,
        _change: WebhookChange,
    ) -> Result<WebhookRecord, Error> {
        todo!()
    }
    pub async fn remove(&self, _session: Option<&SessionId>, _id: Uuid) -> Result<(), Error> {
        todo!()
    }
    pub async fn remove_all(&self, _session: &SessionId) -> Result<(), Error> {
        todo!()
    }
    /// The new secret; the old one still signs for a day.
    pub async fn rotate_secret(
        &self,
        _session: Option<&SessionId>,
        _id: Uuid,
    ) -> Result<String, Error> {
        todo!()
    }
    /// Posts a `webhook.test` event at once and answers how it went.
    pub async fn test(&self, _session: Option<&SessionId>, _id: Uuid) -> Result<Attempt, Error> {
        todo!()
    }
    pub async fn deliveries(
        &self,
        _session: Option<&SessionId>,
        _id: Uuid,
        _state: Option<DeliveryState>,
        _before: Option<Uuid>,
        _limit: usize,
    ) -> Result<Vec<(Delivery, Vec<Attempt>)>, Error> {
        todo!()
    }
    pub async fn redeliver(
        &self,
        _session: Option<&SessionId>,
        _id: Uuid,
        _delivery: Uuid,
    ) -> Result<Delivery, Error> {
        todo!()
    }
    /// Puts every dead delivery since then back in line. How many.
    pub async fn recover(
        &self,
        _session: Option<&SessionId>,
        _id: Uuid,
        _since: Timestamp,
    ) -> Result<usize, Error> {
        todo!()
    }
}

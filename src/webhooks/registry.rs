//! Endpoints: registering, changing, removing, and what callers may ask of their deliveries.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{Error, SessionId, Subject, Timestamp},
    egress,
    store::{
        Batch,
        records::{Attempt, Delivery, DeliveryState, WebhookRecord, WebhookSecret},
    },
    webhooks::{
        Registered, WebhookChange, WebhookDraft, Webhooks,
        attempt::{self, Letter},
        signature,
    },
};

const MOST_HEADERS: usize = 20;
const LONGEST_VALUE: usize = 4_096;
/// Headers that the gateway sets itself.
const OWN_HEADERS: [&str; 5] =
    ["host", "content-length", "content-type", "connection", "transfer-encoding"];
/// How long an old secret still signs after a rotation.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
const RECOVERED_AT_ONCE: usize = 10_000;

impl Webhooks {
    /// Registers an endpoint. The same address again, for the same session, changes the one that
    /// is there, so that a bot may register at each of its starts.
    pub async fn register(
        &self,
        session: Option<&SessionId>,
        draft: WebhookDraft,
    ) -> Result<Registered, Error> {
        let settings = &self.inner.settings;
        egress::check_url(&draft.url, settings.allow_private_targets)?;
        self.check_events(&draft.events)?;
        check_headers(&draft.headers)?;
        if draft.secret.as_ref().is_some_and(|secret| secret.is_empty() || 256 < secret.len()) {
            return Err(Error::invalid_field("secret", "must have 1 to 256 characters"));
        }
        let now = self.inner.clock.now();
        let known = self.inner.store.webhooks().list(session).await?;
        if let Some(mut webhook) = known.iter().find(|webhook| webhook.url == draft.url).cloned() {
            (webhook.events, webhook.headers) = (draft.events, draft.headers);
            webhook.enabled = draft.enabled.unwrap_or(true);
            (webhook.disabled_reason, webhook.failing_since) = (None, None);
            if let Some(secret) = draft.secret {
                webhook.secrets = vec![WebhookSecret { secret, valid_until: None }];
            }
            webhook.updated_at = now;
            self.put(&webhook).await?;
            return Ok(Registered { webhook, created: false, secret: None });
        }
        if settings.max_per_session <= known.len() {
            let message = format!("there can be {} webhooks at most", settings.max_per_session);
            return Err(Error::invalid_field("url", message));
        }
        let secret = draft.secret.unwrap_or_else(signature::new_secret);
        let webhook = WebhookRecord {
            id: Uuid::now_v7(),
            session: session.cloned(),
            url: draft.url,
            events: draft.events,
            headers: draft.headers,
            secrets: vec![WebhookSecret { secret: secret.clone(), valid_until: None }],
            enabled: draft.enabled.unwrap_or(true),
            disabled_reason: None,
            created_at: now,
            updated_at: now,
            failing_since: None,
            delivered: 0,
            failed: 0,
            last_status: None,
            last_delivery_at: None,
        };
        let mut batch = Batch::new();
        let webhooks = self.inner.store.webhooks();
        webhooks.put_in(&mut batch, &webhook)?;
        webhooks.set_cursor_in(&mut batch, webhook.id, self.inner.log.newest())?;
        self.inner.store.commit(batch).await?;
        self.inner.store.durable().await?;
        self.changed();
        Ok(Registered { webhook, created: true, secret: Some(secret) })
    }

    pub async fn list(&self, session: Option<&SessionId>) -> Result<Vec<WebhookRecord>, Error> {
        Ok(self.inner.store.webhooks().list(session).await?)
    }

    pub async fn get(&self, session: Option<&SessionId>, id: Uuid) -> Result<WebhookRecord, Error> {
        let found = self.inner.store.webhooks().get(id).await?;
        found.filter(|webhook| webhook.session.as_ref() == session).ok_or_else(|| {
            Error::not_found(Subject::Webhook, format!("Webhook with ID '{id}' not found"))
        })
    }

    pub async fn change(
        &self,
        session: Option<&SessionId>,
        id: Uuid,
        change: WebhookChange,
    ) -> Result<WebhookRecord, Error> {
        let mut webhook = self.get(session, id).await?;
        let WebhookChange { url, events, headers, enabled } = change;
        if let Some(url) = url {
            egress::check_url(&url, self.inner.settings.allow_private_targets)?;
            webhook.url = url;
        }
        if let Some(events) = events {
            self.check_events(&events)?;
            webhook.events = events;
        }
        if let Some(headers) = headers {
            check_headers(&headers)?;
            webhook.headers = headers;
        }
        if let Some(enabled) = enabled {
            webhook.enabled = enabled;
            (webhook.disabled_reason, webhook.failing_since) = (None, None);
        }
        webhook.updated_at = self.inner.clock.now();
        self.put(&webhook).await?;
        Ok(webhook)
    }

    pub async fn remove(&self, session: Option<&SessionId>, id: Uuid) -> Result<(), Error> {
        self.get(session, id).await?;
        self.inner.store.webhooks().remove(id).await?;
        self.changed();
        Ok(())
    }

    /// Removes all endpoints of a session that is itself removed.
    pub async fn remove_all(&self, session: &SessionId) -> Result<(), Error> {
        for webhook in self.list(Some(session)).await? {
            self.inner.store.webhooks().remove(webhook.id).await?;
        }
        self.changed();
        Ok(())
    }

    /// The new secret; the old one still signs for a day.
    pub async fn rotate_secret(
        &self,
        session: Option<&SessionId>,
        id: Uuid,
    ) -> Result<String, Error> {
        let mut webhook = self.get(session, id).await?;
        let now = self.inner.clock.now();
        webhook.secrets.retain(|secret| secret.valid_until.is_none_or(|end| now < end));
        for old in &mut webhook.secrets {
            old.valid_until.get_or_insert(now + OVERLAP);
        }
        let secret = signature::new_secret();
        webhook.secrets.insert(0, WebhookSecret { secret: secret.clone(), valid_until: None });
        webhook.updated_at = now;
        self.put(&webhook).await?;
        Ok(secret)
    }

    /// Posts a `webhook.test` event at once and answers how it went.
    pub async fn test(&self, session: Option<&SessionId>, id: Uuid) -> Result<Attempt, Error> {
        const NAME: &str = "webhook.test";
        let webhook = self.get(session, id).await?;
        let delivery = Uuid::now_v7();
        let body = serde_json::json!({
            "event": NAME,
            "id": delivery,
            "sessionId": session,
            "timestamp": self.inner.clock.now().as_second(),
            "data": {},
        });
        let body = body.to_string();
        let letter =
            Letter { id: delivery.to_string(), delivery, event: NAME, body: &body, number: 1 };
        Ok(attempt::post(&webhook, &letter, &self.inner.settings, &self.inner.clock).await.attempt)
    }

    /// Newest first, each with its attempts.
    pub async fn deliveries(
        &self,
        session: Option<&SessionId>,
        id: Uuid,
        state: Option<DeliveryState>,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Delivery, Vec<Attempt>)>, Error> {
        self.get(session, id).await?;
        let stored = self.inner.store.deliveries();
        let mut page = Vec::new();
        for delivery in stored.page(id, state, before, limit).await? {
            let attempts = stored.attempts(delivery.id).await?;
            page.push((delivery, attempts));
        }
        Ok(page)
    }

    /// Puts one delivery back in line, whatever became of it.
    pub async fn redeliver(
        &self,
        session: Option<&SessionId>,
        id: Uuid,
        delivery: Uuid,
    ) -> Result<Delivery, Error> {
        self.get(session, id).await?;
        let found = self.inner.store.deliveries().get(id, delivery).await?;
        let mut delivery = found.ok_or_else(|| {
            Error::not_found(Subject::Webhook, format!("there is no delivery '{delivery}'"))
        })?;
        self.put_in_line(&mut delivery).await?;
        self.inner.store.durable().await?;
        self.changed();
        Ok(delivery)
    }

    /// Puts every dead delivery since then back in line. How many.
    pub async fn recover(
        &self,
        session: Option<&SessionId>,
        id: Uuid,
        since: Timestamp,
    ) -> Result<usize, Error> {
        self.get(session, id).await?;
        let dead = Some(DeliveryState::Dead);
        let dead = self.inner.store.deliveries().page(id, dead, None, RECOVERED_AT_ONCE).await?;
        let mut recovered = 0;
        for mut delivery in dead.into_iter().filter(|delivery| since <= delivery.created_at) {
            self.put_in_line(&mut delivery).await?;
            recovered += 1;
        }
        self.inner.store.durable().await?;
        self.changed();
        Ok(recovered)
    }

    /// The number of the event up to which every endpoint has what it shall get; none when there
    /// is no endpoint.
    pub async fn slowest_cursor(&self) -> Result<Option<u64>, Error> {
        let mut slowest: Option<u64> = None;
        for webhook in self.inner.store.webhooks().all().await? {
            let cursor = self.inner.store.webhooks().cursor(webhook.id).await?.unwrap_or(0);
            let waiting = self.inner.store.deliveries().waiting(webhook.id, 1).await?;
            let needed = waiting.first().map_or(cursor, |delivery| delivery.seq.saturating_sub(1));
            slowest = Some(slowest.map_or(needed, |slowest| slowest.min(needed)));
        }
        Ok(slowest)
    }

    async fn put_in_line(&self, delivery: &mut Delivery) -> Result<(), Error> {
        delivery.state = DeliveryState::Waiting;
        delivery.next_attempt_at = Some(self.inner.clock.now());
        delivery.finished_at = None;
        let mut batch = Batch::new();
        self.inner.store.deliveries().put_in(&mut batch, delivery)?;
        Ok(self.inner.store.commit(batch).await?)
    }

    async fn put(&self, webhook: &WebhookRecord) -> Result<(), Error> {
        self.inner.store.webhooks().put(webhook).await?;
        self.changed();
        Ok(())
    }

    fn check_events(&self, events: &[String]) -> Result<(), Error> {
        let names = self.inner.envelope.names();
        if events.is_empty() {
            return Err(Error::invalid_field("events", "must name at least one event"));
        }
        match events.iter().find(|name| *name != "*" && !names.contains(&name.as_str())) {
            Some(name) => {
                let message =
                    format!("'{name}' is not an event; there are *, {}", names.join(", "));
                Err(Error::invalid_field("events", message))
            }
            None => Ok(()),
        }
    }
}

fn check_headers(headers: &[(String, String)]) -> Result<(), Error> {
    let fault = |message: String| Err(Error::invalid_field("headers", message));
    if MOST_HEADERS < headers.len() {
        return fault(format!("must be {MOST_HEADERS} at most"));
    }
    for (name, value) in headers {
        if reqwest::header::HeaderName::try_from(name.as_str()).is_err() {
            return fault(format!("'{name}' is not a header name"));
        }
        if OWN_HEADERS.contains(&name.to_lowercase().as_str()) {
            return fault(format!("'{name}' is set by the gateway"));
        }
        if LONGEST_VALUE < value.len()
            || reqwest::header::HeaderValue::try_from(value.as_str()).is_err()
        {
            return fault(format!("the value of '{name}' cannot be sent"));
        }
    }
    Ok(())
}

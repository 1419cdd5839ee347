//! Endpoints: registering, changing, removing, and their secrets.

use std::{collections::HashSet, time::Duration};

use url::Url;
use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode, SessionRef, Subject},
    store::{
        Batch,
        records::{OPEN_WA, Reading, WebhookRecord, WebhookSecret},
    },
    webhooks::{
        Registered, SetBy, WebhookChange, WebhookDraft, Webhooks, deliveries::find, signature,
        update::switch,
    },
};

/// Stands for the value of a header where endpoints are shown.
pub const MASK: &str = "****";
const MOST_HEADERS: usize = 20;
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 4_096;
/// Bytes of all headers of an endpoint; receivers seldom take more.
const LARGEST_HEADERS: usize = 16_384;
/// Headers that the gateway or the connection sets itself, and how others of them begin.
const OWN_HEADERS: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
const OWN_BEGINNINGS: [&str; 2] = ["webhook-", "x-webhook-"];
/// The longest that an old secret may still sign after a rotation, and how many sign at most.
const LONGEST_OVERLAP: Duration = Duration::from_secs(7 * 86_400);
const MOST_SECRETS: usize = 5;
/// How much of a wrong name is shown again.
const SHOWN_NAME: usize = 64;
/// How often it is looked whether the last events of a session are delivered.
const LAST_EVENTS_LOOK: Duration = Duration::from_millis(20);

impl Webhooks {
    /// Registers an endpoint. The same address again, for the same session, changes the one that
    /// is there, so that a bot may register at each of its starts.
    pub async fn register(
        &self,
        session: Option<&SessionRef>,
        mut draft: WebhookDraft,
    ) -> Result<Registered, Error> {
        if draft.wording.is_none() {
            draft.wording = self.wording_at(session, &draft.url).await?;
        }
        let draft = self.checked(draft).await?;
        let now = self.inner.clock.now();
        let _registering = self.inner.registering.lock().await;
        if let Some(session) = session {
            self.check_session(session).await?;
        }
        let known = self.inner.store.webhooks().list(session).await?;
        if let Some(found) = known.iter().find(|webhook| is_same(&webhook.url, &draft.url)) {
            let _held = self.lock(found.id).await;
            let enabled = draft.enabled.unwrap_or(true);
            let change = |webhook: &mut WebhookRecord| {
                let draft = draft.clone();
                (webhook.url, webhook.set_by) = (draft.url, draft.set_by);
                (webhook.events, webhook.headers) = (draft.events, draft.headers);
                webhook.wording = draft.wording.unwrap_or_else(|| webhook.wording.clone());
                switch(webhook, enabled);
                webhook.retries = draft.retries.unwrap_or(webhook.retries);
                if let Some(secret) = draft.secret {
                    webhook.secrets = vec![WebhookSecret { secret, valid_until: None }];
                }
                webhook.updated_at = now;
            };
            self.hurry_when_switched_on(found, enabled).await?;
            let webhook = self.update(session, found.id, change).await?;
            return Ok(Registered { webhook, created: false, secret: None });
        }
        let mut work = self.inner.store.transaction();
        let registered = loop {
            let store = work.store();
            // Changed by each registration: of two at the same time one looks again.
            store.webhooks().note_registration().await?;
            let known = store.webhooks().list(session).await?;
            if known.iter().any(|webhook| is_same(&webhook.url, &draft.url)) {
                let message = "this URL was registered a moment ago; try again";
                return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Webhook));
            }
            self.check_room(known.len())?;
            let mut batch = Batch::new();
            let registered = self.register_in(&mut batch, session, draft.clone())?;
            store.commit(batch).await?;
            if work.commit().await? {
                break registered;
            }
        };
        self.inner.store.durable().await?;
        self.changed();
        Ok(registered)
    }

    /// The wording of the endpoint that has this address already.
    async fn wording_at(
        &self,
        session: Option<&SessionRef>,
        url: &str,
    ) -> Result<Option<String>, Error> {
        let known = self.inner.store.webhooks().list(session).await?;
        let found = known.into_iter().find(|webhook| is_same(&webhook.url, url));
        Ok(found.map(|webhook| webhook.wording))
    }

    /// The draft with its address as it is stored, if an endpoint may be registered so.
    pub async fn checked(&self, draft: WebhookDraft) -> Result<WebhookDraft, Error> {
        let wording = draft.wording.as_deref().unwrap_or(OPEN_WA);
        let events = self.check_events(wording, &draft.events);
        let names = Error::both(events, check_headers(&draft.headers));
        let secret = draft.secret.as_deref().map_or(Ok(()), check_secret);
        let guard = self.inner.settings.guard_for(draft.set_by);
        let rest = Error::both(names, secret);
        let (url, _) = Error::both(guard.admit(&draft.url).await, rest)?;
        Ok(WebhookDraft { url: url.to_string(), ..draft })
    }

    /// Adds a new endpoint to a batch, from a draft that was checked. After the commit
    /// [`Self::changed`] is to be called.
    pub fn register_in(
        &self,
        batch: &mut Batch,
        session: Option<&SessionRef>,
        draft: WebhookDraft,
    ) -> Result<Registered, Error> {
        self.check_room(0)?;
        let now = self.inner.clock.now();
        let secret = draft.secret.unwrap_or_else(signature::new_secret);
        let webhook = WebhookRecord {
            id: Uuid::now_v7(),
            session: session.map(|session| session.id.clone()),
            session_uuid: session.map(|session| session.uuid),
            wording: draft.wording.unwrap_or_else(|| OPEN_WA.to_owned()),
            url: draft.url,
            events: draft.events,
            headers: draft.headers,
            secrets: vec![WebhookSecret { secret: secret.clone(), valid_until: None }],
            enabled: draft.enabled.unwrap_or(true),
            disabled_reason: None,
            created_at: now,
            updated_at: now,
            failing_since: None,
            failures_in_row: 0,
            paused_until: None,
            outage: None,
            failing: Vec::new(),
            retries: draft.retries.unwrap_or_default(),
            set_by: draft.set_by,
            accepted: 0,
            redelivered: 0,
            delivered: 0,
            failed: 0,
            missed: 0,
            last_status: None,
            last_delivery_at: None,
        };
        let webhooks = self.inner.store.webhooks();
        webhooks.put_in(batch, &webhook)?;
        let reading = Reading::up_to(self.inner.log.newest());
        webhooks.set_reading_in(batch, webhook.id, &reading)?;
        Ok(Registered { webhook, created: true, secret: Some(secret) })
    }

    /// Whether there may be one more beside so many.
    fn check_room(&self, known: usize) -> Result<(), Error> {
        let most = self.inner.settings.max_per_session;
        if known < most {
            return Ok(());
        }
        let message = format!("there can be {most} webhooks at most");
        Err(Error::invalid_field("url", message))
    }

    /// What is registered for a session must not outlive it.
    async fn check_session(&self, session: &SessionRef) -> Result<(), Error> {
        let living = self.inner.store.sessions().living(&session.id).await?;
        if living.is_some_and(|record| record.uuid == session.uuid) {
            return Ok(());
        }
        let message = format!("Session with ID '{}' not found", session.id);
        Err(Error::not_found(Subject::Session, message))
    }

    pub async fn list(&self, session: Option<&SessionRef>) -> Result<Vec<WebhookRecord>, Error> {
        let mut list = Vec::new();
        for webhook in self.inner.store.webhooks().list(session).await? {
            list.push(self.shown(webhook).await?);
        }
        Ok(list)
    }

    /// Those of every session, and those for all sessions.
    pub async fn list_all(&self) -> Result<Vec<WebhookRecord>, Error> {
        let mut list = Vec::new();
        for webhook in self.inner.store.webhooks().all().await? {
            list.push(self.shown(webhook).await?);
        }
        Ok(list)
    }

    /// As callers see it: what it has read counts as accepted before that is recorded.
    pub async fn get(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
    ) -> Result<WebhookRecord, Error> {
        self.shown(find(&self.inner.store, session, id).await?).await
    }

    pub async fn change(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
        change: WebhookChange,
    ) -> Result<WebhookRecord, Error> {
        // Saves conflicts, no more.
        let _held = self.lock(id).await;
        if let Some(enabled) = change.enabled {
            let known = find(&self.inner.store, session, id).await?;
            self.hurry_when_switched_on(&known, enabled).await?;
        }
        let mut work = self.inner.store.transaction();
        loop {
            let mut webhook = find(work.store(), session, id).await?;
            self.apply(&mut webhook, change.clone()).await?;
            work.store().webhooks().put(&webhook).await?;
            if work.commit().await? {
                return self.updated(webhook).await;
            }
        }
    }

    async fn apply(&self, webhook: &mut WebhookRecord, change: WebhookChange) -> Result<(), Error> {
        let WebhookChange { url, events, headers, enabled, retries, set_by } = change;
        let url = url.filter(|url| !is_same(url, &webhook.url));
        // Who gives headers decides with the URL what a receiver is asked. An owner who leaves the URL
        // as it is need not have looked at it.
        let is_new = url.is_some() || (headers.is_some() && set_by == SetBy::KeyOfOneSession);
        let admitted = if is_new {
            let url = url.as_ref().unwrap_or(&webhook.url);
            self.inner.settings.guard_for(set_by).admit(url).await.map(Some)
        } else {
            Ok(None)
        };
        let named = match &events {
            Some(events) => self.check_events(&webhook.wording, events),
            None => Ok(()),
        };
        let headers = headers.map(|mut headers| {
            unmask(&mut headers, &webhook.headers)?;
            check_headers(&headers).map(|()| headers)
        });
        let ((admitted, ()), headers) =
            Error::both(Error::both(admitted, named), headers.transpose())?;
        if let Some(url) = admitted {
            webhook.url = url.to_string();
            webhook.set_by = set_by;
            webhook.probe_now(self.inner.clock.steady());
        }
        if let Some(events) = events {
            webhook.events = events;
        }
        if let Some(headers) = headers {
            webhook.headers = headers;
        }
        if let Some(enabled) = enabled {
            switch(webhook, enabled);
        }
        webhook.retries = retries.unwrap_or(webhook.retries);
        webhook.updated_at = self.inner.clock.now();
        Ok(())
    }

    pub async fn remove(&self, session: Option<&SessionRef>, id: Uuid) -> Result<(), Error> {
        let _held = self.lock(id).await;
        find(&self.inner.store, session, id).await?;
        self.inner.store.webhooks().remove(id).await?;
        self.changed();
        Ok(())
    }

    /// Removes all endpoints of a session that is itself removed, with what waits in their queues. Those
    /// that are well get the session's last events first, for which this waits as long as it may.
    pub async fn remove_all(&self, session: &SessionRef, patience: Duration) -> Result<(), Error> {
        let last = self.inner.log.newest();
        let delivered = async {
            while self.is_behind(session, last).await {
                tokio::time::sleep(LAST_EVENTS_LOOK).await;
            }
        };
        let _ = tokio::time::timeout(patience, delivered).await;
        // Whoever registers meanwhile finds the session being removed.
        let _registering = self.inner.registering.lock().await;
        for webhook in self.inner.store.webhooks().list(Some(session)).await? {
            let _held = self.lock(webhook.id).await;
            self.inner.store.webhooks().remove(webhook.id).await?;
        }
        self.changed();
        Ok(())
    }

    /// Whether an endpoint of the session that is well has something to get yet, up to this number.
    async fn is_behind(&self, session: &SessionRef, last: u64) -> bool {
        let stored = self.inner.store.webhooks();
        let Ok(all) = stored.list(Some(session)).await else { return false };
        for webhook in all.iter().filter(|one| one.enabled && one.failing_since.is_none()) {
            let Some(progress) = self.progress(webhook.id) else { continue };
            if progress.needed_from <= last || 0 < Self::waiting(webhook) {
                return true;
            }
        }
        false
    }

    /// The new secret; the old ones still sign for the overlap, or as long as is set.
    pub async fn rotate_secret(
        &self,
        session: Option<&SessionRef>,
        id: Uuid,
        overlap: Option<Duration>,
    ) -> Result<String, Error> {
        let overlap = overlap.unwrap_or(self.inner.settings.secret_overlap);
        if LONGEST_OVERLAP < overlap {
            let message = format!("must be {} at most", LONGEST_OVERLAP.as_secs());
            return Err(Error::invalid_field("overlapSeconds", message));
        }
        // Saves conflicts, no more.
        let _held = self.lock(id).await;
        let now = self.inner.clock.now();
        let (end, secret) = (now + overlap, signature::new_secret());
        let rotate = |webhook: &mut WebhookRecord| {
            for old in &mut webhook.secrets {
                // An earlier rotation may have ended it sooner; this one may end it sooner still.
                old.valid_until = Some(old.valid_until.map_or(end, |until| until.min(end)));
            }
            let new = WebhookSecret { secret: secret.clone(), valid_until: None };
            webhook.secrets.insert(0, new);
            webhook.secrets.retain(|secret| secret.valid_until.is_none_or(|end| now < end));
            webhook.secrets.truncate(MOST_SECRETS);
            webhook.updated_at = now;
        };
        self.update(session, id, rotate).await?;
        Ok(secret)
    }

    fn check_events(&self, wording: &str, events: &[String]) -> Result<(), Error> {
        let unknown =
            || Error::invalid_field("wording", format!("there is no wording '{wording}'"));
        let names = self.inner.wordings.get(wording).ok_or_else(unknown)?.names();
        if events.is_empty() {
            return Err(Error::invalid_field("events", "must name at least one event"));
        }
        let most = names.len() + 1;
        if most < events.len() {
            return Err(Error::invalid_field("events", format!("must be {most} names at most")));
        }
        Error::all(events.iter().map(|name| check_event(name, names))).map(drop)
    }
}

/// Whether an endpoint may ask for the event of this name, which stands for all as `*`.
pub fn check_event(name: &str, names: &[&str]) -> Result<(), Error> {
    if name == "*" || names.contains(&name) {
        return Ok(());
    }
    let name: String = name.chars().take(SHOWN_NAME).collect();
    let message = format!("'{name}' is not an event; there are *, {}", names.join(", "));
    Err(Error::invalid_field("events", message))
}

/// Whether a caller's own secret is long enough to sign with.
pub fn check_secret(secret: &str) -> Result<(), Error> {
    signature::check(secret).map_err(|fault| Error::invalid_field("secret", fault))
}

/// Whether two texts are one URL. One that was stored before URLs were parsed is as it was typed.
fn is_same(one: &str, other: &str) -> bool {
    let parsed = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_fragment(None);
        Some(url)
    };
    one == other || parsed(one).is_some_and(|one| parsed(other) == Some(one))
}

/// Gives masked headers the values that they had: who changes one header need not know the others.
fn unmask(headers: &mut [(String, String)], known: &[(String, String)]) -> Result<(), Error> {
    for (name, value) in headers.iter_mut().filter(|(_, value)| value == MASK) {
        let had = known.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let Some((_, before)) = had else {
            let message = format!("there is no '{name}' whose value could be kept");
            return Err(Error::invalid_field("headers", message));
        };
        value.clone_from(before);
    }
    Ok(())
}

/// The endpoint, if it is this session's.
/// An endpoint, if there is one and it is of this session.
pub fn of_session(
    found: Option<WebhookRecord>,
    session: Option<&SessionRef>,
    id: Uuid,
) -> Result<WebhookRecord, Error> {
    found.filter(|webhook| webhook.session().as_ref() == session).ok_or_else(|| {
        Error::not_found(Subject::Webhook, format!("Webhook with ID '{id}' not found"))
    })
}

fn check_headers(headers: &[(String, String)]) -> Result<(), Error> {
    let fault = |message: String| Err(Error::invalid_field("headers", message));
    if MOST_HEADERS < headers.len() {
        return fault(format!("must be {MOST_HEADERS} at most"));
    }
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if LARGEST_HEADERS < size {
        return fault(format!("must have {LARGEST_HEADERS} bytes at most, all together"));
    }
    let mut names = HashSet::new();
    for (name, value) in headers {
        if LONGEST_NAME < name.len() || hyper::header::HeaderName::try_from(name.as_str()).is_err()
        {
            let name: String = name.chars().take(SHOWN_NAME).collect();
            return fault(format!("'{name}' is not a header name"));
        }
        let lower = name.to_lowercase();
        if !names.insert(lower.clone()) {
            return fault(format!("'{name}' is given twice"));
        }
        if OWN_HEADERS.contains(&lower.as_str())
            || OWN_BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        {
            return fault(format!("'{name}' is set by the gateway"));
        }
        if LONGEST_VALUE < value.len()
            || hyper::header::HeaderValue::try_from(value.as_str()).is_err()
        {
            return fault(format!("the value of '{name}' cannot be sent"));
        }
    }
    Ok(())
}

//! Registry of webhook endpoints: registration, changes, secrets, removal.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    bots::Bot,
    domain::{Clock, Error, ErrorCode, SessionRef, Subject},
    events::{EventLog, Need, NewEvent},
    session::SessionTables,
    store::{Batch, Store},
    webhooks::{
        checks::is_same,
        draft::{Registered, WebhookChange, WebhookDraft},
        endpoint_locks::EndpointLocks,
        endpoint_records::{EndpointRecords, find, set_enabled},
        endpoint_rules::EndpointRules,
        event::WebhookEvent,
        queue::DeliveryQueue,
        signals::{EndpointChanges, ReadProgress},
        signature,
        stored::{
            OPEN_WA, WebhookCursor, WebhookRecord, WebhookScope, WebhookSecret, WebhookTables,
        },
    },
};

/// The longest time that an old secret may still sign after a rotation, and how many secrets sign at most.
const LONGEST_OVERLAP: Duration = Duration::from_secs(7 * 86_400);
const MOST_SECRETS: usize = 5;
/// Poll interval while a removal waits for the last events of its session.
const LAST_EVENTS_POLL: Duration = Duration::from_millis(20);

/// Clones are the same registry.
#[derive(Clone)]
pub struct Registry {
    pub(in crate::webhooks) store: Store,
    pub(in crate::webhooks) log: EventLog,
    pub(in crate::webhooks) clock: Clock,
    pub(in crate::webhooks) rules: EndpointRules,
    pub(in crate::webhooks) records: EndpointRecords,
    pub(in crate::webhooks) queue: DeliveryQueue,
    pub(in crate::webhooks) locks: EndpointLocks,
    /// Held during a registration, so that two calls for one URL make one endpoint. Taken before an endpoint's
    /// lock.
    pub(in crate::webhooks) registering: Arc<Mutex<()>>,
    pub(in crate::webhooks) changes: EndpointChanges,
    pub(in crate::webhooks) progress: ReadProgress,
}

impl Registry {
    /// Registers an endpoint. A new one of the business gets a `webhook.test` event. A URL that the scope has already changes that endpoint, so a bot may register at
    /// each of its starts.
    pub async fn register(
        &self,
        scope: &WebhookScope,
        mut draft: WebhookDraft,
    ) -> Result<Registered, Error> {
        if draft.wording.is_none() {
            draft.wording = self.wording_at(scope, &draft.url).await?;
        }
        let draft = self.rules.checked(draft).await?;
        let now = self.clock.now();
        let _registering = self.registering.lock().await;
        if let WebhookScope::Session(session) = scope {
            self.check_session(session).await?;
        }
        let known = self.store.webhooks().list(scope).await?;
        if let Some(found) = known.iter().find(|webhook| is_same(&webhook.url, &draft.url)) {
            let _held = self.locks.lock(found.id).await;
            let enabled = draft.enabled.unwrap_or(true);
            let change = |webhook: &mut WebhookRecord| {
                let draft = draft.clone();
                (webhook.url, webhook.set_by) = (draft.url, draft.set_by);
                (webhook.events, webhook.headers) = (draft.events, draft.headers);
                webhook.wording = draft.wording.unwrap_or_else(|| webhook.wording.clone());
                webhook.name = draft.name.or_else(|| webhook.name.take());
                set_enabled(webhook, enabled);
                webhook.retries = draft.retries.unwrap_or(webhook.retries);
                if let Some(secret) = draft.secret {
                    webhook.secrets = vec![WebhookSecret { secret, valid_until: None }];
                }
                webhook.updated_at = now;
            };
            self.make_due_when_enabled(found, enabled).await?;
            let webhook = self.records.update(scope, found.id, change).await?;
            return Ok(Registered { webhook, created: false, secret: None });
        }
        let mut work = self.log.work();
        let (registered, events) = loop {
            let store = work.store();
            // Every registration changes this record, so of two at the same time one conflicts and runs again.
            store.webhooks().note_registration().await?;
            if let WebhookScope::Bot(bot) = scope {
                // Read, so that the removal of the bot which begins meanwhile makes this run again.
                let unknown = || Error::not_found(Subject::Bot, format!("there is no bot {bot}"));
                store.get(&Bot::at(*bot)).await?.ok_or_else(unknown)?;
            }
            let known = store.webhooks().list(scope).await?;
            if known.iter().any(|webhook| is_same(&webhook.url, &draft.url)) {
                let message = "this URL is being registered by another request; try again";
                return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Webhook));
            }
            self.rules.check_room(scope, known.len())?;
            let mut batch = Batch::new();
            let registered = self.register_in(&mut batch, scope, draft.clone())?;
            store.commit(batch).await?;
            if *scope == WebhookScope::Business {
                let test = WebhookEvent::Test { webhook: registered.webhook.id };
                work.append(NewEvent::of_module(None, &test)?);
            }
            if let Some(events) = work.commit().await? {
                break (registered, events);
            }
        };
        match events.last() {
            Some(last) => self.log.publish(last.seq).await?,
            None => self.store.durable().await?,
        }
        self.changes.notify();
        Ok(registered)
    }

    /// The wording of the endpoint with this URL, if there is one.
    async fn wording_at(&self, scope: &WebhookScope, url: &str) -> Result<Option<String>, Error> {
        let known = self.store.webhooks().list(scope).await?;
        let found = known.into_iter().find(|webhook| is_same(&webhook.url, url));
        Ok(found.map(|webhook| webhook.wording))
    }

    /// Validates a draft. Returns it with the URL in the form that is stored.
    pub async fn checked(&self, draft: WebhookDraft) -> Result<WebhookDraft, Error> {
        self.rules.checked(draft).await
    }

    /// Adds a new endpoint to a batch, from a checked draft. After the commit the caller calls
    /// [`Self::notify_workers`].
    pub fn register_in(
        &self,
        batch: &mut Batch,
        scope: &WebhookScope,
        draft: WebhookDraft,
    ) -> Result<Registered, Error> {
        self.rules.check_room(scope, 0)?;
        let now = self.clock.now();
        let secret = draft.secret.unwrap_or_else(signature::new_secret);
        let webhook = WebhookRecord {
            id: Uuid::now_v7(),
            session: scope.session().map(|session| session.id.clone()),
            session_uuid: scope.session().map(|session| session.uuid),
            business: *scope == WebhookScope::Business,
            bot: scope.bot(),
            name: draft.name,
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
        let webhooks = self.store.webhooks();
        webhooks.put_in(batch, &webhook)?;
        let cursor = WebhookCursor::up_to(self.log.newest());
        webhooks.set_cursor_in(batch, webhook.id, &cursor)?;
        Ok(Registered { webhook, created: true, secret: Some(secret) })
    }

    /// Refuses a session that is gone or being removed.
    async fn check_session(&self, session: &SessionRef) -> Result<(), Error> {
        let living = self.store.sessions().living(&session.id).await?;
        if living.is_some_and(|record| record.uuid == session.uuid) {
            return Ok(());
        }
        let message = format!("Session with ID '{}' not found", session.id);
        Err(Error::not_found(Subject::Session, message))
    }

    pub async fn list(&self, scope: &WebhookScope) -> Result<Vec<WebhookRecord>, Error> {
        let mut list = Vec::new();
        for webhook in self.store.webhooks().list(scope).await? {
            list.push(self.records.shown(webhook).await?);
        }
        Ok(list)
    }

    /// The endpoints of every session, and those for all sessions.
    pub async fn list_all(&self) -> Result<Vec<WebhookRecord>, Error> {
        let mut list = Vec::new();
        for webhook in self.store.webhooks().all().await? {
            list.push(self.records.shown(webhook).await?);
        }
        Ok(list)
    }

    pub async fn get(&self, scope: &WebhookScope, id: Uuid) -> Result<WebhookRecord, Error> {
        self.records.shown(find(&self.store, scope, id).await?).await
    }

    /// The bot that an endpoint is for; none for one of another scope, and for one that is not there.
    pub async fn bot_of(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        Ok(self.store.webhooks().get(id).await?.and_then(|webhook| webhook.bot))
    }

    pub async fn change(
        &self,
        scope: &WebhookScope,
        id: Uuid,
        change: WebhookChange,
    ) -> Result<WebhookRecord, Error> {
        let _held = self.locks.lock(id).await;
        if let Some(enabled) = change.enabled {
            let known = find(&self.store, scope, id).await?;
            self.make_due_when_enabled(&known, enabled).await?;
        }
        let mut work = self.store.transaction();
        loop {
            let mut webhook = find(work.store(), scope, id).await?;
            self.rules.apply(&mut webhook, change.clone(), &self.clock).await?;
            work.store().webhooks().put(&webhook).await?;
            if work.commit().await? {
                return self.records.updated(webhook).await;
            }
        }
    }

    pub async fn remove(&self, scope: &WebhookScope, id: Uuid) -> Result<(), Error> {
        let _held = self.locks.lock(id).await;
        find(&self.store, scope, id).await?;
        self.store.webhooks().remove(id).await?;
        self.changes.notify();
        Ok(())
    }

    /// Removes all endpoints of a session that is being removed, with their queues. Waits up to `patience` until
    /// the healthy ones have the session's last events.
    pub async fn remove_all(&self, session: &SessionRef, patience: Duration) -> Result<(), Error> {
        let last = self.log.newest();
        let delivered = async {
            while self.is_behind(session, last).await {
                tokio::time::sleep(LAST_EVENTS_POLL).await;
            }
        };
        let _ = tokio::time::timeout(patience, delivered).await;
        // A registration that waits for this lock then finds that the session is being removed.
        let _registering = self.registering.lock().await;
        let of_session = WebhookScope::Session(session.clone());
        for webhook in self.store.webhooks().list(&of_session).await? {
            let _held = self.locks.lock(webhook.id).await;
            self.store.webhooks().remove(webhook.id).await?;
        }
        self.changes.notify();
        Ok(())
    }

    /// Removes all endpoints of a bot that was deleted, with their queues.
    pub async fn remove_of_bot(&self, bot: Uuid) -> Result<(), Error> {
        for webhook in self.store.webhooks().list(&WebhookScope::Bot(bot)).await? {
            let _held = self.locks.lock(webhook.id).await;
            self.store.webhooks().remove(webhook.id).await?;
        }
        self.changes.notify();
        Ok(())
    }

    /// Whether a healthy endpoint of the session lacks an event up to this number.
    async fn is_behind(&self, session: &SessionRef, last: u64) -> bool {
        let (stored, of_session) = (self.store.webhooks(), WebhookScope::Session(session.clone()));
        let Ok(all) = stored.list(&of_session).await else { return false };
        for webhook in all.iter().filter(|one| one.enabled && one.failing_since.is_none()) {
            let Some(progress) = self.progress.of(webhook.id) else { continue };
            if progress.needed_from <= last || 0 < webhook.waiting() {
                return true;
            }
        }
        false
    }

    /// Makes a new secret and returns it. The old ones still sign for `overlap`, or as long as the settings say.
    pub async fn rotate_secret(
        &self,
        scope: &WebhookScope,
        id: Uuid,
        overlap: Option<Duration>,
    ) -> Result<String, Error> {
        let overlap = overlap.unwrap_or(self.rules.settings.secret_overlap);
        if LONGEST_OVERLAP < overlap {
            let message = format!("must be {} at most", LONGEST_OVERLAP.as_secs());
            return Err(Error::invalid_field("overlapSeconds", message));
        }
        let _held = self.locks.lock(id).await;
        let now = self.clock.now();
        let (end, secret) = (now + overlap, signature::new_secret());
        let rotate = |webhook: &mut WebhookRecord| {
            for old in &mut webhook.secrets {
                // An earlier rotation may have set an earlier end, which stays.
                old.valid_until = Some(old.valid_until.map_or(end, |until| until.min(end)));
            }
            let new = WebhookSecret { secret: secret.clone(), valid_until: None };
            webhook.secrets.insert(0, new);
            webhook.secrets.retain(|secret| secret.valid_until.is_none_or(|end| now < end));
            webhook.secrets.truncate(MOST_SECRETS);
            webhook.updated_at = now;
        };
        self.records.update(scope, id, rotate).await?;
        Ok(secret)
    }

    /// An endpoint as it is stored.
    pub(in crate::webhooks) async fn stored(
        &self,
        scope: &WebhookScope,
        id: Uuid,
    ) -> Result<WebhookRecord, Error> {
        find(&self.store, scope, id).await
    }

    /// Wakes the workers after a commit of [`Self::register_in`].
    pub fn notify_workers(&self) {
        self.changes.notify();
    }

    /// From which number each enabled endpoint still needs the log. A disabled one does not hold the log back: when
    /// it is enabled, it counts the events that it missed.
    pub async fn needs(&self) -> Result<Vec<Need<WebhookRecord>>, Error> {
        let mut needs = Vec::new();
        for found in self.store.webhooks().all().await? {
            if !found.enabled {
                continue;
            }
            let webhook = self.records.shown(found).await?;
            let cursor = self.store.webhooks().cursor(webhook.id).await?;
            let waiting = self.store.deliveries().oldest_waiting(webhook.id).await?;
            let unread = cursor.unwrap_or_default().needed_from();
            let from = waiting.map_or(unread, |delivery| delivery.seq.min(unread));
            needs.push(Need { reader: webhook, from });
        }
        Ok(needs)
    }

    /// Makes the whole queue due when the endpoint is about to be enabled, or a pause or an outage is reset. The
    /// caller holds the lock.
    async fn make_due_when_enabled(
        &self,
        webhook: &WebhookRecord,
        enabled: bool,
    ) -> Result<(), Error> {
        let was_held = webhook.outage.is_some() || webhook.paused_until.is_some();
        if enabled && (!webhook.enabled || was_held) {
            self.queue.make_due_now(webhook.id).await?;
        }
        Ok(())
    }
}

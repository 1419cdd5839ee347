//! Creation and removal of a session across all modules that store something of it.
//!
//! ```text
//!   remove ─▶ marked in its record ─▶ engine closed ─▶ outbox cancelled ─▶ event, streams end
//!          ─▶ last deliveries, webhooks ─▶ messages, files, keyed writes, flows, jobs ─▶ API keys ─▶ record: the name is free
//! ```
//!
//! The mark comes first and the record goes last, and each step may run twice: a removal that was cut off continues
//! at the next start. A caller who disconnects cuts off neither a creation nor a removal.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::runtime;
use tokio_util::task::TaskTracker;

use crate::{
    accounts::ApiKeys,
    automation::Flows,
    bots::Bots,
    breakpoint::Breakpoint,
    domain::{Error, Removal, SessionConfig, SessionId, SessionRef},
    events::EventTables,
    jobs::Jobs,
    messaging::SessionCleanup,
    services::idempotency::IdempotencyStore,
    session::{Along, SessionHandle, Supervisor, not_found},
    store::{Batch, Store},
    webhooks::{self, WebhookDraft, WebhookScope},
};

/// How long a removal waits for the delivery of the session's last events.
const LAST_EVENTS: Duration = Duration::from_secs(3);

/// The services that creation and removal need.
pub struct SessionsParts {
    pub store: Store,
    pub supervisor: Supervisor,
    pub cleanup: SessionCleanup,
    pub webhooks: webhooks::Registry,
    pub api_keys: ApiKeys,
    pub idempotency: IdempotencyStore,
    pub bots: Bots,
    pub flows: Flows,
    pub jobs: Jobs,
    pub tasks: TaskTracker,
}

/// Creates and removes sessions. Clones are the same service.
#[derive(Clone)]
pub struct Sessions {
    parts: Arc<SessionsParts>,
    runtime: runtime::Handle,
    /// Removals in progress.
    leaving: Arc<Mutex<HashSet<SessionId>>>,
}

impl Sessions {
    /// Must be called on the runtime of the sessions. Continues removals that were cut off.
    pub fn start(parts: SessionsParts) -> Self {
        let (parts, runtime) = (Arc::new(parts), runtime::Handle::current());
        let sessions = Self { parts, runtime, leaving: Arc::default() };
        let listed = sessions.parts.supervisor.list();
        for status in listed.into_iter().filter(|status| status.removing) {
            let (sessions, id) = (sessions.clone(), status.id);
            sessions.parts.tasks.clone().spawn(async move {
                // The choices of the caller are in the session's record.
                let removal = Removal { log_out: true, keep_data: false };
                match sessions.remove_whole(&id, removal).await {
                    Ok(()) => {
                        tracing::info!(session = %id, "removed session {id}, whose removal was cut off before")
                    }
                    Err(error) => {
                        tracing::error!(session = %id, %error, "session {id} could not be removed completely; the next start tries again");
                    }
                }
            });
        }
        let cleanup = sessions.parts.cleanup.clone();
        sessions.parts.tasks.spawn(async move {
            if let Err(error) = cleanup.sweep_files().await {
                tracing::warn!(%error, "files of former sessions are not removed");
            }
        });
        sessions
    }

    /// Creates a session and its webhook, or neither.
    pub async fn create(
        &self,
        id: SessionId,
        config: SessionConfig,
        webhook: Option<WebhookDraft>,
    ) -> Result<SessionHandle, Error> {
        let webhook = match webhook {
            Some(draft) => Some(self.parts.webhooks.checked(draft).await?),
            None => None,
        };
        let parts = self.parts.clone();
        self.whole(async move {
            let Some(draft) = webhook else { return parts.supervisor.create(id, config).await };
            let along = WithWebhook { webhooks: parts.webhooks.clone(), draft };
            let handle = parts.supervisor.create_with(id, config, &along).await?;
            parts.webhooks.notify_workers();
            Ok(handle)
        })
        .await
    }

    /// Removes a session and all its data.
    pub async fn remove(&self, id: &SessionId, removal: Removal) -> Result<(), Error> {
        self.parts.supervisor.get(id)?;
        let (sessions, id) = (self.clone(), id.clone());
        self.whole(async move { sessions.remove_whole(&id, removal).await }).await
    }

    async fn remove_whole(&self, id: &SessionId, removal: Removal) -> Result<(), Error> {
        let Some(_leaving) = self.leave(id) else { return Err(not_found(id)) };
        let SessionsParts {
            store,
            supervisor,
            cleanup,
            webhooks,
            api_keys,
            idempotency,
            bots,
            flows,
            jobs,
            tasks: _,
        } = &*self.parts;
        let session = supervisor.begin_removal(id, removal).await?;
        cleanup.cancel_sends(&session).await?;
        Breakpoint::RemovalCancelled.pass();
        supervisor.end_removal(&session).await?;
        Breakpoint::RemovalReported.pass();
        webhooks.remove_all(&session, LAST_EVENTS).await?;
        cleanup.wipe(&session).await?;
        idempotency.forget(&session).await?;
        bots.forget_session(id).await?;
        flows.forget_session(id).await?;
        jobs.forget_session(id).await?;
        store.events().forget_identities(session.uuid).await?;
        store.upkeep().clear_session(session.uuid).await?;
        // These keys open nothing since the removal began, and the streams that they opened have ended.
        api_keys.revoke_all(&session).await?;
        store.durable().await?;
        Breakpoint::RemovalWiped.pass();
        supervisor.forget(&session).await
    }

    /// None while another removal of the session runs.
    fn leave(&self, id: &SessionId) -> Option<Leaving> {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.insert(id.clone()).then(|| Leaving { id: id.clone(), all: self.leaving.clone() })
    }

    /// Runs work to its end, even when the caller disconnects.
    async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let done = self.parts.tasks.spawn_on(work, &self.runtime).await;
        done.unwrap_or_else(|_| Err(Error::internal("the work on the session ended by a fault")))
    }
}

/// A removal in progress.
struct Leaving {
    id: SessionId,
    all: Arc<Mutex<HashSet<SessionId>>>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// A webhook that is registered with its session.
struct WithWebhook {
    webhooks: webhooks::Registry,
    draft: WebhookDraft,
}

#[async_trait]
impl Along for WithWebhook {
    fn make_in(&self, session: &SessionRef, batch: &mut Batch) -> Result<(), Error> {
        self.webhooks.register_in(
            batch,
            &WebhookScope::Session(session.clone()),
            self.draft.clone(),
        )?;
        Ok(())
    }

    async fn before_start(&self, session: &SessionRef) -> Result<(), Error> {
        self.webhooks.register(&WebhookScope::Session(session.clone()), self.draft.clone()).await?;
        Ok(())
    }
}

//! The beginning and the end of a session over all parts that keep something of it.
//!
//! ```text
//!   remove ─▶ written down ─▶ engine closed ─▶ outbox cancelled ─▶ listeners told, streams end
//!          ─▶ last deliveries, webhooks ─▶ messages, files, first answers ─▶ API keys ─▶ record: the name is free
//! ```
//!
//! That the session is being removed is written down first and its record goes last, and each step may be
//! done twice: a removal that was cut off by the end of the process goes on at the next start. Neither a
//! creation nor a removal is cut off by a caller who hangs up.

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
    breakpoint::Breakpoint,
    domain::{Error, Removal, SessionConfig, SessionId, SessionRef},
    messaging::Messaging,
    services::idempotency::FirstAnswers,
    session::{Along, SessionHandle, Supervisor, not_found},
    store::{Batch, Store},
    webhooks::{WebhookDraft, Webhooks},
};

/// How long a removal waits until the session's webhooks have its last events.
const LAST_EVENTS: Duration = Duration::from_secs(3);

/// What creating and removing sessions needs.
pub struct SessionsParts {
    pub store: Store,
    pub supervisor: Supervisor,
    pub messaging: Messaging,
    pub webhooks: Webhooks,
    pub api_keys: ApiKeys,
    pub first_answers: FirstAnswers,
    pub tasks: TaskTracker,
}

/// Creates and removes sessions. Clones are the same service.
#[derive(Clone)]
pub struct Sessions {
    parts: Arc<SessionsParts>,
    runtime: runtime::Handle,
    /// Removals under way.
    leaving: Arc<Mutex<HashSet<SessionId>>>,
}

impl Sessions {
    /// Must be called on the runtime that sessions live on. Goes on with the removals that were cut off.
    pub fn start(parts: SessionsParts) -> Self {
        let (parts, runtime) = (Arc::new(parts), runtime::Handle::current());
        let sessions = Self { parts, runtime, leaving: Arc::default() };
        let listed = sessions.parts.supervisor.list();
        for status in listed.into_iter().filter(|status| status.removing) {
            let (sessions, id) = (sessions.clone(), status.id);
            sessions.parts.tasks.clone().spawn(async move {
                // What was asked for then is in the session's record.
                let removal = Removal { log_out: true, keep_data: false };
                match sessions.remove_whole(&id, removal).await {
                    Ok(()) => {
                        tracing::info!(session = %id, "removed session {id}, as begun before")
                    }
                    Err(error) => {
                        tracing::error!(session = %id, %error, "session {id} is not removed whole");
                    }
                }
            });
        }
        let messaging = sessions.parts.messaging.clone();
        sessions.parts.tasks.spawn(async move {
            if let Err(error) = messaging.sweep_files().await {
                tracing::warn!(%error, "files of former sessions are not removed");
            }
        });
        sessions
    }

    /// Makes a session and its webhook, or neither.
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
            parts.webhooks.changed();
            Ok(handle)
        })
        .await
    }

    /// Removes a session for good, with all that is of it.
    pub async fn remove(&self, id: &SessionId, removal: Removal) -> Result<(), Error> {
        self.parts.supervisor.get(id)?;
        let (sessions, id) = (self.clone(), id.clone());
        self.whole(async move { sessions.remove_whole(&id, removal).await }).await
    }

    async fn remove_whole(&self, id: &SessionId, removal: Removal) -> Result<(), Error> {
        let Some(_leaving) = self.leave(id) else { return Err(not_found(id)) };
        let SessionsParts {
            store, supervisor, messaging, webhooks, api_keys, first_answers, ..
        } = &*self.parts;
        let session = supervisor.begin_removal(id, removal).await?;
        messaging.cancel_all(&session).await?;
        Breakpoint::RemovalCancelled.pass();
        supervisor.end_removal(&session).await?;
        Breakpoint::RemovalTold.pass();
        webhooks.remove_all(&session, LAST_EVENTS).await?;
        messaging.wipe(&session).await?;
        first_answers.forget(&session).await?;
        store.events().forget_identities(session.uuid).await?;
        // They open nothing since the removal began; a stream that one opened has had its end by now.
        api_keys.revoke_all(&session).await?;
        store.durable().await?;
        Breakpoint::RemovalWiped.pass();
        supervisor.forget(&session).await
    }

    /// None while the session is being removed already.
    fn leave(&self, id: &SessionId) -> Option<Leaving> {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.insert(id.clone()).then(|| Leaving { id: id.clone(), all: self.leaving.clone() })
    }

    /// Carries something out to its end, whatever becomes of the caller.
    async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let done = self.parts.tasks.spawn_on(work, &self.runtime).await;
        done.unwrap_or_else(|_| Err(Error::internal("the work on the session broke off")))
    }
}

/// One removal that is under way.
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
    webhooks: Webhooks,
    draft: WebhookDraft,
}

#[async_trait]
impl Along for WithWebhook {
    fn make_in(&self, session: &SessionRef, batch: &mut Batch) -> Result<(), Error> {
        self.webhooks.register_in(batch, Some(session), self.draft.clone())?;
        Ok(())
    }

    async fn before_start(&self, session: &SessionRef) -> Result<(), Error> {
        self.webhooks.register(Some(session), self.draft.clone()).await?;
        Ok(())
    }
}

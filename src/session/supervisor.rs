//! Owns all sessions: makes them, finds them, restores them at boot, removes them, stops them all.
//!
//! It starts their tasks on the runtime that it was itself started on, because whoever asks may
//! live on a runtime of its own that ends before the sessions do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime, sync::Semaphore};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    domain::{
        Error, ErrorCode, SessionConfig, SessionId, SessionRecord, SessionState, SessionStatus,
        Subject, session::Desired,
    },
    session::{
        Removal, SessionHandle, SupervisorParts,
        actor::{self, Shared},
        handle::{Request, not_found},
    },
};

/// Owns all sessions; clones are the same supervisor.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    sessions: Mutex<BTreeMap<SessionId, SessionHandle>>,
    /// Held while a session is made, so that two of one name cannot be.
    making: tokio::sync::Mutex<()>,
    runtime: runtime::Handle,
    tasks: TaskTracker,
}

impl Supervisor {
    /// Starts the supervisor on the current runtime, which must be the main one. Restores every
    /// session that shall run, in the background; a stuck one delays no other beyond its place
    /// among those that start at once.
    pub async fn start(parts: SupervisorParts) -> Result<Self, Error> {
        let records = parts.store.sessions().list().await?;
        let starts = Semaphore::new(parts.settings.parallel_starts.max(1));
        let shared = Arc::new(Shared { parts, starts });
        let inner = Inner {
            shared,
            sessions: Mutex::new(BTreeMap::new()),
            making: tokio::sync::Mutex::new(()),
            runtime: runtime::Handle::current(),
            tasks: TaskTracker::new(),
        };
        let supervisor = Self { inner: Arc::new(inner) };
        for record in records {
            supervisor.adopt(record);
        }
        Ok(supervisor)
    }

    /// Makes a session and starts it. A `failed` or `terminated` session of the same id is started
    /// again with the new configuration.
    pub async fn create(
        &self,
        id: SessionId,
        config: SessionConfig,
    ) -> Result<SessionHandle, Error> {
        let _making = self.inner.making.lock().await;
        if !self.inner.shared.parts.engines.contains_key(&config.engine) {
            let message = format!("the engine '{}' is not available here", config.engine.as_str());
            return Err(Error::invalid_field("config.engine", message));
        }
        let known = self.sessions().get(&id).cloned();
        if let Some(handle) = &known
            && handle.status().state.is_active()
        {
            let message = format!("Session with ID '{id}' already exists");
            return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Session));
        }
        self.check_room()?;
        self.inner.shared.parts.store.admit()?;
        if let Some(handle) = known {
            handle.start(config).await?;
            return Ok(handle);
        }
        let now = self.inner.shared.parts.clock.now();
        let record = SessionRecord {
            id,
            uuid: Uuid::now_v7(),
            number: self.inner.shared.parts.store.sessions().next_number().await?,
            config,
            desired: Desired::Running,
            created_at: now,
            last_activity: now,
            me: None,
            state: SessionState::Initializing,
            last_error: None,
        };
        self.inner.shared.parts.store.sessions().put(&record).await?;
        Ok(self.adopt(record))
    }

    /// The session, or [`ErrorCode::NotFound`] about it.
    pub fn get(&self, id: &SessionId) -> Result<SessionHandle, Error> {
        self.sessions().get(id).cloned().ok_or_else(|| not_found(id))
    }

    /// All sessions in the order of their creation.
    pub fn list(&self) -> Vec<SessionStatus> {
        let mut all: Vec<SessionStatus> =
            self.sessions().values().map(SessionHandle::status).collect();
        all.sort_by_key(|status| status.number);
        all
    }

    /// Stops a session and removes its record, and unless told otherwise its login and its data.
    pub async fn remove(&self, id: &SessionId, removal: Removal) -> Result<(), Error> {
        self.get(id)?.remove(removal).await?;
        self.sessions().remove(id);
        Ok(())
    }

    pub fn max_sessions(&self) -> usize {
        self.inner.shared.parts.settings.max_sessions
    }

    pub fn active_sessions(&self) -> usize {
        self.list().iter().filter(|status| status.state.is_active()).count()
    }

    /// Whether every session's task lives and has room in its mailbox.
    pub fn is_healthy(&self) -> bool {
        self.sessions()
            .values()
            .all(|handle| !handle.mailbox.is_closed() && 0 < handle.mailbox.capacity())
    }

    /// Closes every session, keeping its login, in parallel, each within the stop deadline.
    pub async fn stop(&self) {
        let handles: Vec<SessionHandle> = self.sessions().values().cloned().collect();
        for handle in &handles {
            // A full mailbox belongs to a stuck task: the deadline below takes care of it.
            let _ = handle.mailbox.try_send(Request::Stop);
        }
        self.inner.tasks.close();
        let deadline = self.inner.shared.parts.settings.stop_deadline * 2;
        if tokio::time::timeout(deadline, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.inner.tasks.len(), "sessions did not stop in time");
        }
    }

    /// Gives a record a task of its own.
    fn adopt(&self, record: SessionRecord) -> SessionHandle {
        let (handle, task) = actor::session(self.inner.shared.clone(), record);
        self.sessions().insert(handle.id().clone(), handle.clone());
        self.inner.tasks.spawn_on(task, &self.inner.runtime);
        handle
    }

    fn check_room(&self) -> Result<(), Error> {
        let (active, most) = (self.active_sessions(), self.max_sessions());
        if active < most {
            return Ok(());
        }
        let message = format!("The limit of {most} sessions is reached");
        Err(Error::new(ErrorCode::Conflict, message)
            .detail("reason", "max_sessions")
            .detail("maxSessions", most)
            .detail("activeSessions", active))
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<SessionId, SessionHandle>> {
        self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

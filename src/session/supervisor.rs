//! Supervisor of all sessions: creates, finds, restores, removes and stops them.
//!
//! Session tasks run on the runtime that the supervisor was started on, because a caller may have a runtime of
//! its own that ends before the sessions do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{runtime, sync::Semaphore};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    domain::{
        Error, ErrorCode, Removal, SessionConfig, SessionId, SessionRecord, SessionRef,
        SessionStatus, Subject, Timestamp,
    },
    session::{
        SessionHandle, SupervisorParts,
        actor::{self, Shared},
        handle::not_found,
        records::SessionTables,
        request::Request,
    },
    store::{Batch, Store},
};

/// Owns all sessions; clones are the same supervisor.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    sessions: Mutex<BTreeMap<SessionId, SessionHandle>>,
    /// Locked while a session is created: saves conflicts, no more.
    creating: tokio::sync::Mutex<()>,
    runtime: runtime::Handle,
    tasks: TaskTracker,
}

/// Work that is done together with the creation of a session.
#[async_trait]
pub trait Along: Send + Sync {
    /// Adds writes to the commit that creates the session.
    fn make_in(&self, session: &SessionRef, batch: &mut Batch) -> Result<(), Error>;

    /// An existing session is about to be started again. A failure prevents the start.
    async fn before_start(&self, session: &SessionRef) -> Result<(), Error>;
}

struct Alone;

#[async_trait]
impl Along for Alone {
    fn make_in(&self, _: &SessionRef, _: &mut Batch) -> Result<(), Error> {
        Ok(())
    }

    async fn before_start(&self, _: &SessionRef) -> Result<(), Error> {
        Ok(())
    }
}

impl Supervisor {
    /// Starts the supervisor on the current runtime, which must be the main one. Restores every session that is
    /// to run, in the background. A stuck one blocks no more than its own start permit.
    pub async fn start(parts: SupervisorParts) -> Result<Self, Error> {
        let records = parts.store.sessions().list().await?;
        let starts = Semaphore::new(parts.settings.parallel_starts.max(1));
        let shared = Arc::new(Shared { parts, starts });
        let inner = Inner {
            shared,
            sessions: Mutex::new(BTreeMap::new()),
            creating: tokio::sync::Mutex::new(()),
            runtime: runtime::Handle::current(),
            tasks: TaskTracker::new(),
        };
        let supervisor = Self { inner: Arc::new(inner) };
        for record in records {
            supervisor.adopt(record);
        }
        Ok(supervisor)
    }

    /// Creates a session and starts it. A `failed` or `terminated` session of the same id is started again with
    /// the new configuration, and keeps its UUID.
    pub async fn create(
        &self,
        id: SessionId,
        config: SessionConfig,
    ) -> Result<SessionHandle, Error> {
        self.create_with(id, config, &Alone).await
    }

    /// The same, together with other work. A refused creation has no effect.
    pub async fn create_with(
        &self,
        id: SessionId,
        config: SessionConfig,
        along: &dyn Along,
    ) -> Result<SessionHandle, Error> {
        let _creating = self.inner.creating.lock().await;
        if !self.inner.shared.parts.engines.contains_key(&config.engine) {
            let message = format!("the engine '{}' is not available here", config.engine.as_str());
            return Err(Error::invalid_field("config.engine", message));
        }
        let known = self.sessions().get(&id).cloned();
        if let Some(handle) = &known {
            let status = handle.status();
            if status.removing {
                let message = "is still being removed. Try again in a moment";
                let message = format!("Session with ID '{id}' {message}");
                return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Session));
            }
            if status.state.is_active() {
                return Err(exists(&id));
            }
        }
        // The limit is that of WhatsApp accounts.
        if id.is_whatsapp() {
            self.check_room()?;
        }
        self.inner.shared.parts.store.health().admit()?;
        if let Some(handle) = known {
            along.before_start(&handle.status().reference()).await?;
            handle.start(config).await?;
            return Ok(handle);
        }
        let store = &self.inner.shared.parts.store;
        let now = self.inner.shared.parts.clock.now();
        let record = make(store, id, config, now, along).await?;
        store.durable().await?;
        Ok(self.adopt(record))
    }

    /// The session, or [`ErrorCode::NotFound`] about it.
    pub fn get(&self, id: &SessionId) -> Result<SessionHandle, Error> {
        self.sessions().get(id).cloned().ok_or_else(|| not_found(id))
    }

    /// All WhatsApp sessions in the order of their creation.
    pub fn list(&self) -> Vec<SessionStatus> {
        let mut all = self.all();
        all.retain(|status| status.id.is_whatsapp());
        all
    }

    /// The same with those of other channels.
    pub fn all(&self) -> Vec<SessionStatus> {
        let mut all: Vec<SessionStatus> =
            self.sessions().values().map(SessionHandle::status).collect();
        all.sort_by_key(|status| status.number);
        all
    }

    /// Begins to remove a session: the removal is on the disk, the engine is closed, and nothing starts the
    /// session again. A removal that the end of the gateway interrupted continues with its first options.
    pub async fn begin_removal(
        &self,
        id: &SessionId,
        removal: Removal,
    ) -> Result<SessionRef, Error> {
        let handle = self.get(id)?;
        // An earlier attempt may have ended the task and failed after that.
        if !(handle.status().removing && handle.mailbox.is_closed()) {
            handle.begin_removal(removal).await?;
        }
        Ok(handle.status().reference())
    }

    /// Logs the removal, deletes the session's folder, and ends its task and with it the streams of its events.
    /// The name stays taken until [`Self::forget`].
    pub async fn end_removal(&self, session: &SessionRef) -> Result<(), Error> {
        match self.get(&session.id) {
            Ok(handle) if handle.status().uuid == session.uuid => handle.end_removal().await,
            _ => Ok(()),
        }
    }

    /// Deletes the record of a session and the mirror of its account. The name is free after that.
    pub async fn forget(&self, session: &SessionRef) -> Result<(), Error> {
        let parts = &self.inner.shared.parts;
        parts.store.sessions().remove(&session.id).await?;
        parts.sink.ends(session).await;
        let mut sessions = self.sessions();
        if sessions.get(&session.id).is_some_and(|known| known.status().uuid == session.uuid) {
            sessions.remove(&session.id);
        }
        Ok(())
    }

    /// Resolves when a ready session has had no connection to WhatsApp for this long.
    pub async fn lost_connection(&self, id: &SessionId, grace: Duration) {
        match self.get(id) {
            Ok(handle) => handle.lost_connection(grace).await,
            Err(_) => std::future::pending().await,
        }
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
            .filter(|handle| !handle.status.borrow().removing)
            .all(|handle| !handle.mailbox.is_closed() && 0 < handle.mailbox.capacity())
    }

    /// Closes every session, keeping its login, in parallel, each within the stop deadline.
    pub async fn stop(&self) {
        let handles: Vec<SessionHandle> = self.sessions().values().cloned().collect();
        for handle in &handles {
            // A full mailbox belongs to a stuck task, which the deadline below ends.
            let _ = handle.mailbox.try_send(Request::Stop);
        }
        self.inner.tasks.close();
        let deadline = self.inner.shared.parts.settings.stop_deadline * 2;
        if tokio::time::timeout(deadline, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.inner.tasks.len(), "sessions did not stop in time");
        }
    }

    /// Starts the task of a session.
    fn adopt(&self, record: SessionRecord) -> SessionHandle {
        self.inner.shared.parts.sink.begins(&record.reference());
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

/// Writes the record of a new session with what is made together with it. Of two of one name one is refused.
async fn make(
    store: &Store,
    id: SessionId,
    config: SessionConfig,
    now: Timestamp,
    along: &dyn Along,
) -> Result<SessionRecord, Error> {
    let session = SessionRef { id, uuid: Uuid::now_v7() };
    let mut transaction = store.transaction();
    loop {
        if transaction.get(&SessionRecord::at(&session.id)).await?.is_some() {
            return Err(exists(&session.id));
        }
        let mut batch = Batch::new();
        along.make_in(&session, &mut batch)?;
        transaction.store().commit(batch).await?;
        // Numbers count WhatsApp sessions.
        let number = match session.id.is_whatsapp() {
            true => transaction.next_number("session number").await?,
            false => 0,
        };
        let record = SessionRecord::new(session.clone(), number, config.clone(), now);
        transaction.put(&SessionRecord::at(&record.id), &record).await?;
        if transaction.commit().await? {
            return Ok(record);
        }
    }
}

fn exists(id: &SessionId) -> Error {
    let message = format!("Session with ID '{id}' already exists");
    Error::new(ErrorCode::Conflict, message).about(Subject::Session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_sessions_of_one_name_made_at_once_one_is_refused() {
        let stores = Store::two_on_one_engine(0).await;
        for round in 0..100 {
            let id: SessionId = format!("s{round}").parse().unwrap();
            let makings = stores.iter().cloned().map(|store| {
                let id = id.clone();
                tokio::spawn(async move {
                    let (config, now) = (SessionConfig::default(), from_seconds(1));
                    make(&store, id, config, now, &Alone).await
                })
            });
            let made = futures_util::future::join_all(makings).await;
            let made: Vec<_> = made.into_iter().map(|made| made.unwrap().ok()).collect();
            let stored = stores[0].sessions().get(&id).await.unwrap();
            assert!(made.contains(&stored), "round {round}");
            assert_eq!(made.iter().flatten().count(), 1, "round {round}");
        }
        let numbers = stores[0].sessions().list().await.unwrap();
        let mut numbers: Vec<u64> = numbers.iter().map(|record| record.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    }
}

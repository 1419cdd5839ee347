//! State of one session: its record in the store, the status that others watch, its log, and its events.
//!
//! A change is written to the store, and its events are durable, before the status shows it. It knows nothing of
//! engines.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::{
    domain::{
        Clock, EventBody, SessionRecord, SessionRef, SessionState, SessionStatus, Timestamp,
        clock::between, event::DisconnectReason,
    },
    session::{
        EventSink, SupervisorParts, actor::send_pause::present, log::SessionLog,
        records::SessionTables,
    },
    store::{Store, StoreError},
};

/// Shortest interval between two writes of the last activity.
const ACTIVITY_INTERVAL: Duration = Duration::from_secs(5);

pub struct StatePublisher {
    store: Store,
    sink: Arc<dyn EventSink>,
    clock: Clock,
    record: SessionRecord,
    status: watch::Sender<SessionStatus>,
    log: Arc<SessionLog>,
    activity: Activity,
    /// When the present state was entered.
    entered: Instant,
}

/// When a session was last used.
struct Activity {
    /// In steady time.
    touched: Timestamp,
    /// When the time of the last activity was last written to the store.
    written_at: Instant,
}

impl StatePublisher {
    pub fn new(parts: &SupervisorParts, record: SessionRecord, state: SessionState) -> Self {
        let now = Instant::now();
        Self {
            store: parts.store.clone(),
            sink: parts.sink.clone(),
            clock: parts.clock.clone(),
            status: watch::Sender::new(status_of(&record, state)),
            record,
            log: Arc::new(SessionLog::default()),
            activity: Activity { touched: parts.clock.steady(), written_at: now },
            entered: now,
        }
    }

    pub fn watch(&self) -> (watch::Receiver<SessionStatus>, Arc<SessionLog>) {
        (self.status.subscribe(), self.log.clone())
    }

    pub fn record(&self) -> &SessionRecord {
        &self.record
    }

    /// The record, for a change that the next [`Self::enter`] or [`Self::write`] makes durable.
    pub fn record_mut(&mut self) -> &mut SessionRecord {
        &mut self.record
    }

    pub fn status(&self) -> watch::Ref<'_, SessionStatus> {
        self.status.borrow()
    }

    pub fn state(&self) -> SessionState {
        self.status.borrow().state
    }

    /// How long the session has been in its state.
    pub fn age(&self) -> Duration {
        self.entered.elapsed()
    }

    /// How long the session has not been used.
    pub fn idle(&self) -> Duration {
        between(self.activity.touched, self.clock.steady())
    }

    /// Enters a state: writes it to the store, then publishes it.
    pub async fn enter(&mut self, state: SessionState) {
        let before = self.state();
        self.record.state = state;
        self.entered = Instant::now();
        let (last_error, failure) = (self.record.last_error.clone(), self.record.failure);
        if before != state {
            self.note("info", format!("{} → {}", before.as_str(), state.as_str()));
            tracing::info!(session = %self.record.id, from = before.as_str(), to = state.as_str(),
                "session {} is {}", self.record.id, state.as_str());
        }
        self.write().await;
        self.publish(|status| {
            (status.state, status.last_error, status.failure) = (state, last_error, failure);
        });
    }

    /// Writes the record. A failure is logged: the next write repeats the change.
    pub async fn write(&mut self) {
        if let Err(error) = self.try_write().await {
            tracing::error!(session = %self.record.id, %error, "the record of session {} cannot be written", self.record.id);
        }
    }

    pub async fn try_write(&mut self) -> Result<(), StoreError> {
        self.activity.written_at = Instant::now();
        self.store.sessions().put(&self.record).await
    }

    /// Records that the session was used. Returns the write of that time to the store, if it is due.
    pub fn touch(&mut self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let now = self.clock.now();
        self.record.last_activity = now;
        self.activity.touched = self.clock.steady();
        // Nobody waits for this: all watchers of the status would wake for each command and each event.
        self.status.send_if_modified(|status| {
            status.last_activity = now;
            false
        });
        if self.activity.written_at.elapsed() <= ACTIVITY_INTERVAL {
            return None;
        }
        self.activity.written_at = Instant::now();
        let (store, session) = (self.store.clone(), self.record.reference());
        Some(async move {
            // After a crash the time may be a few seconds old.
            let _ = write_activity(&store, &session, now).await;
        })
    }

    pub fn publish(&self, change: impl FnOnce(&mut SessionStatus)) {
        let config = &self.record.config;
        self.status.send_modify(|status| {
            change(status);
            if status.config != *config {
                status.config = config.clone();
            }
        });
    }

    pub fn note(&self, level: &'static str, message: String) {
        self.log.add(self.clock.now(), level, message);
    }

    /// Hands events to the sink, which makes them durable.
    pub async fn log_events(&self, events: Vec<EventBody>) {
        // The engine of a number or a web chat reports its own state alone, of which there are no events.
        if !self.record.id.is_whatsapp() {
            return;
        }
        if let Err(error) = self.sink.ingest(&self.record.id, events).await {
            tracing::error!(session = %self.record.id, %error, "an event of session {} could not be logged", self.record.id);
            self.note("error", format!("an event could not be logged: {error}"));
        }
    }

    pub async fn log_disconnected(&self, reason: DisconnectReason, will_reconnect: bool) {
        self.log_events(vec![EventBody::Disconnected { reason, will_reconnect }]).await;
    }
}

fn status_of(record: &SessionRecord, state: SessionState) -> SessionStatus {
    SessionStatus {
        id: record.id.clone(),
        uuid: record.uuid,
        number: record.number,
        config: record.config.clone(),
        state,
        removing: record.removal.is_some(),
        connected: false,
        line: None,
        created_at: record.created_at,
        last_activity: record.last_activity,
        me: record.me.clone(),
        qr: None,
        pairing_until: None,
        last_error: record.last_error.clone(),
        failure: record.failure,
        recovery: None,
        restarts: 0,
        memory: None,
        send_hold: present(record),
    }
}

/// Writes when a session was last used, and leaves all other fields of the stored record alone.
async fn write_activity(
    store: &Store,
    session: &SessionRef,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        let found = work.store().sessions().get(&session.id).await?;
        let is_later =
            |record: &SessionRecord| record.uuid == session.uuid && record.last_activity < at;
        let Some(record) = found.filter(is_later) else { return Ok(()) };
        work.store().sessions().put(&SessionRecord { last_activity: at, ..record }).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

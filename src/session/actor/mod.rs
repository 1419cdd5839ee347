//! Actor of one session: a task that handles one cause at a time, and is the only writer of the session's state
//! and the only caller of its driver.

mod degraded;
mod hold;
mod lifecycle;
mod pauses;
mod recovery_state;
mod reports;
mod send_hold;
mod stalled;
mod stalls;
mod timers;

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
    time::Instant,
};

use crate::{
    domain::{
        Command, Error, ErrorCode, EventBody, Reply, SessionRecord, SessionRef, SessionState,
        SessionStatus, Subject, Timestamp,
        event::DisconnectReason,
        session::{Desired, RecoveryStage},
    },
    driver::{Close, Driver, DriverEvent, OpenedEngine},
    session::{
        SessionHandle, SupervisorParts,
        actor::{
            pauses::{ends, present},
            recovery_state::RecoveryState,
            stalls::Stalls,
            timers::Timers,
        },
        admission::{admit, needs_connection, not_connected, not_ready},
        log::SessionLog,
        records::SessionTables,
        request::{Request, released},
        restart::Restarts,
    },
    store::{Store, StoreError},
};

const MAILBOX: usize = 64;
/// Commands in flight per session.
const COMMANDS: usize = 64;
/// Shortest interval between two writes of the last activity.
const ACTIVITY_INTERVAL: Duration = Duration::from_secs(5);

/// Shared by all sessions.
pub struct Shared {
    pub parts: SupervisorParts,
    /// Permits of engines that are starting.
    pub starts: Semaphore,
}

/// Everything that makes a session act.
enum Cause {
    Requested(Option<Request>),
    Reported(Option<DriverEvent>),
    Opened(Result<OpenedEngine, Error>),
    Ended(Task),
    /// The hold of the session was released.
    Released,
    /// One of the [`Timers`] fired.
    Timer,
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

/// The result of a background task.
pub enum Task {
    Command,
    /// The fault of the engine, if any, and its memory in bytes, where known.
    Probe {
        fault: Option<String>,
        memory: Option<u64>,
    },
    /// The outcome of a stage of a recovery.
    Recovery {
        stage: RecoveryStage,
        outcome: Result<(), Error>,
    },
    Opening(Result<OpenedEngine, Error>),
    /// A pairing code was issued.
    PairingCode {
        expires_at: Timestamp,
    },
    /// The state of an engine that showed nothing in time.
    Stalled {
        engine_state: Option<String>,
    },
}

/// The task of one session. Its fields are visible to the files of this folder alone.
pub struct Actor {
    shared: Arc<Shared>,
    record: SessionRecord,
    status: watch::Sender<SessionStatus>,
    log: Arc<SessionLog>,
    handle: SessionHandle,
    mailbox: mpsc::Receiver<Request>,
    engine: EngineSlot,
    /// Resolves when the session is released; until then no engine is opened.
    hold: Option<oneshot::Receiver<()>>,
    timers: Timers,
    restarts: Restarts,
    recovery: RecoveryState,
    stalls: Stalls,
    activity: Activity,
    /// When the present state was entered.
    entered: Instant,
}

/// The open engine of a session, and the tasks that belong to it.
#[derive(Default)]
struct EngineSlot {
    driver: Option<Arc<dyn Driver>>,
    events: Option<mpsc::Receiver<Box<DriverEvent>>>,
    tasks: JoinSet<Task>,
    is_opening: bool,
}

/// When a session was last used.
struct Activity {
    /// In steady time.
    touched: Timestamp,
    /// When the time of the last activity was last written to the store.
    written_at: Instant,
}

/// Makes a session's handle and its task.
pub fn session(
    shared: Arc<Shared>,
    record: SessionRecord,
) -> (SessionHandle, impl Future<Output = ()> + Send + 'static) {
    let starts = record.desired == Desired::Running && record.removal.is_none();
    let state = match record.removal {
        Some(_) => SessionState::Terminated,
        None if starts => SessionState::Initializing,
        None => record.state,
    };
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let (status, receiver) = watch::channel(status_of(&record, state));
    let log = Arc::new(SessionLog::default());
    let settings = &shared.parts.settings;
    let handle = SessionHandle {
        id: record.id.clone(),
        mailbox: sender,
        status: receiver,
        log: log.clone(),
        deadlines: settings.deadlines,
    };
    let restarts = Restarts::new(settings.max_restarts, settings.restart_window);
    let touched = shared.parts.clock.steady();
    let send_hold = ends(&record, shared.parts.clock.now());
    let actor = Actor {
        shared,
        record,
        status,
        log,
        handle: handle.clone(),
        mailbox,
        engine: EngineSlot::default(),
        hold: None,
        timers: Timers { send_hold, ..Timers::default() },
        restarts,
        recovery: RecoveryState::default(),
        stalls: Stalls::default(),
        activity: Activity { touched, written_at: Instant::now() },
        entered: Instant::now(),
    };
    (handle, actor.run(starts))
}

impl Actor {
    pub(in crate::session::actor) async fn run(mut self, starts: bool) {
        if starts {
            self.open();
        }
        loop {
            let cause = self.next_cause().await;
            let goes_on = match cause {
                Cause::Requested(Some(request)) => self.requested(request).await,
                Cause::Requested(None) => false,
                Cause::Reported(Some(event)) => self.reported(event).await,
                Cause::Reported(None) => self.crashed("the engine ended without a report").await,
                Cause::Opened(Ok(opened)) => self.opened(opened),
                Cause::Opened(Err(error)) => self.not_opened(error).await,
                Cause::Ended(ended) => self.ended(ended).await,
                Cause::Released => self.release(),
                Cause::Timer => self.timer_fired().await,
            };
            if !goes_on {
                break;
            }
        }
    }

    async fn next_cause(&mut self) -> Cause {
        let next_time = self.timers.next();
        tokio::select! {
            event = next_event(&mut self.engine.events) => Cause::Reported(event),
            Some(ended) = self.engine.tasks.join_next() => match ended {
                Ok(Task::Opening(outcome)) => Cause::Opened(outcome),
                Ok(task) => Cause::Ended(task),
                Err(_) => Cause::Ended(Task::Command),
            },
            request = self.mailbox.recv() => Cause::Requested(request),
            () = released(&mut self.hold) => Cause::Released,
            () = sleep_until(next_time) => Cause::Timer,
        }
    }

    pub(in crate::session::actor) async fn requested(&mut self, request: Request) -> bool {
        let Some(request) = self.refuse_while_removing(request) else { return true };
        match request {
            Request::Execute { command, reply } => self.execute(*command, reply),
            Request::Start { config, reply } => {
                self.record.config = *config;
                self.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::Restart { reply } => {
                if self.engine.driver.is_some() {
                    self.log_disconnected(DisconnectReason::Restart, true).await;
                }
                self.close(Close::KeepLogin).await;
                self.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::LogOut { reply } => {
                self.close(Close::LogOut).await;
                self.wipe().await;
                self.record.me = None;
                self.publish(|status| status.me = None);
                self.log_disconnected(DisconnectReason::LoggedOut, false).await;
                self.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::Hold { may_close, reply } => {
                let _ = reply.send(self.hold(may_close).await);
            }
            Request::HoldSends { refusal, reply } => {
                let _ = reply.send(Ok(self.hold_sends(*refusal).await));
            }
            Request::ResumeSends { reply } => {
                let _ = reply.send(Ok(self.resume_sends(true).await));
            }
            Request::BeginRemoval { removal, reply } => {
                let _ = reply.send(self.begin_removal(removal).await);
            }
            Request::EndRemoval { reply } => {
                self.end_removal().await;
                let _ = reply.send(Ok(()));
                return false;
            }
            Request::Stop => {
                if self.engine.driver.is_some() {
                    self.log_disconnected(DisconnectReason::Shutdown, true).await;
                }
                self.close(Close::KeepLogin).await;
                return false;
            }
        }
        true
    }

    /// Refuses a request that would start a session that is being removed; returns any other.
    fn refuse_while_removing(&self, request: Request) -> Option<Request> {
        if self.record.removal.is_none() {
            return Some(request);
        }
        let refusal = || {
            let message = format!("Session with ID '{}' is being removed", self.record.id);
            Error::new(ErrorCode::Conflict, message).about(Subject::Session)
        };
        match request {
            Request::Start { reply, .. }
            | Request::Restart { reply }
            | Request::LogOut { reply } => {
                let _ = reply.send(Err(refusal()));
            }
            Request::Hold { reply, .. } => {
                let _ = reply.send(Ok(None));
            }
            other => return Some(other),
        }
        None
    }

    pub(in crate::session::actor) fn execute(
        &mut self,
        command: Command,
        reply: oneshot::Sender<Result<Reply, Error>>,
    ) {
        let state = self.state();
        let refused = match admit(state, self.engine.driver.is_some(), &command) {
            Err(error) => Some(error),
            Ok(()) if needs_connection(&command) && self.status.borrow().is_disconnected() => {
                Some(not_connected())
            }
            Ok(()) if COMMANDS <= self.engine.tasks.len() => {
                let message = "too many commands are in flight in this session: try again later";
                Some(Error::new(ErrorCode::Unavailable, message))
            }
            Ok(()) => None,
        };
        let (None, Some(driver)) = (&refused, self.engine.driver.clone()) else {
            let _ = reply.send(Err(refused.unwrap_or_else(|| not_ready(state))));
            return;
        };
        self.touch();
        let deadline = self.shared.parts.settings.deadlines.of(&command);
        self.engine.tasks.spawn(async move {
            let name = command.name();
            let outcome = match tokio::time::timeout(deadline, driver.execute(command)).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    let message = format!("{name}: the engine did not answer in time");
                    Err(Error::new(ErrorCode::Timeout, message))
                }
            };
            let task = match &outcome {
                Ok(Reply::PairingCode { expires_at, .. }) => {
                    Task::PairingCode { expires_at: *expires_at }
                }
                _ => Task::Command,
            };
            let _ = reply.send(outcome);
            task
        });
    }

    /// Enters a state: writes it to the store, then publishes it.
    pub(in crate::session::actor) async fn enter(&mut self, state: SessionState) {
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

    pub(in crate::session::actor) async fn write(&mut self) {
        self.activity.written_at = Instant::now();
        if let Err(error) = self.shared.parts.store.sessions().put(&self.record).await {
            tracing::error!(session = %self.record.id, %error, "the record of session {} cannot be written", self.record.id);
        }
    }

    /// Records that the session was used.
    pub(in crate::session::actor) fn touch(&mut self) {
        let now = self.shared.parts.clock.now();
        self.record.last_activity = now;
        self.activity.touched = self.shared.parts.clock.steady();
        // Nobody waits for this: whoever watches the status would wake for each command and each event.
        self.status.send_if_modified(|status| {
            status.last_activity = now;
            false
        });
        if ACTIVITY_INTERVAL < self.activity.written_at.elapsed() {
            self.activity.written_at = Instant::now();
            let (shared, session) = (self.shared.clone(), self.record.reference());
            self.engine.tasks.spawn(async move {
                // After a crash the time may be a few seconds old.
                let _ = write_activity(&shared.parts.store, &session, now).await;
                Task::Command
            });
        }
    }

    pub(in crate::session::actor) async fn log_disconnected(
        &self,
        reason: DisconnectReason,
        will_reconnect: bool,
    ) {
        self.log_events(vec![EventBody::Disconnected { reason, will_reconnect }]).await;
    }

    /// Hands events to the sink, which makes them durable.
    pub(in crate::session::actor) async fn log_events(&self, events: Vec<EventBody>) {
        // The engine of a number or a web chat reports its own state alone, which is nobody's news.
        if !self.record.id.is_whatsapp() {
            return;
        }
        if let Err(error) = self.shared.parts.sink.ingest(&self.record.id, events).await {
            tracing::error!(session = %self.record.id, %error, "an event of session {} could not be logged", self.record.id);
            self.note("error", format!("an event could not be logged: {error}"));
        }
    }

    pub(in crate::session::actor) fn note(&self, level: &'static str, message: String) {
        self.log.add(self.shared.parts.clock.now(), level, message);
    }

    pub(in crate::session::actor) fn publish(&self, change: impl FnOnce(&mut SessionStatus)) {
        let config = &self.record.config;
        self.status.send_modify(|status| {
            change(status);
            if status.config != *config {
                status.config = config.clone();
            }
        });
    }

    pub(in crate::session::actor) fn state(&self) -> SessionState {
        self.status.borrow().state
    }

    pub(in crate::session::actor) fn folder(&self) -> PathBuf {
        self.shared.parts.sessions_dir.join(self.record.id.as_str())
    }

    pub(in crate::session::actor) fn profile(&self) -> PathBuf {
        self.folder().join("profile")
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

async fn next_event(events: &mut Option<mpsc::Receiver<Box<DriverEvent>>>) -> Option<DriverEvent> {
    match events {
        Some(events) => events.recv().await.map(|event| *event),
        None => std::future::pending().await,
    }
}

async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

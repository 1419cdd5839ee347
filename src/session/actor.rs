//! The task that owns one session: it waits for one cause at a time, and is the only writer of the
//! session's state and the only caller of its driver.

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
    driver::{Close, Connection, Driver, DriverEvent},
    session::{
        SessionHandle, SupervisorParts,
        admission::{admit, needs_connection, not_connected},
        degraded::UnderWay,
        handle::Request,
        hold::released,
        log::SessionLog,
        recovery::Attempts,
        restart::Restarts,
        send_hold::{ends, present},
        stalled::Stalls,
    },
    store::{Store, StoreError},
};

const MAILBOX: usize = 64;
/// Commands that one session may have under way.
const COMMANDS: usize = 64;
/// How often the time of the last activity is written down at most.
const ACTIVITY_INTERVAL: Duration = Duration::from_secs(5);

/// What all sessions share.
pub struct Shared {
    pub parts: SupervisorParts,
    /// Places for engines that are starting.
    pub starts: Semaphore,
}

/// The one list of what can make a session act.
enum Cause {
    Asked(Option<Request>),
    Reported(Option<DriverEvent>),
    Opened(Result<Connection, Error>),
    Ended(Task),
    /// Whoever held the session let it go.
    Released,
    /// One of the times in [`Timers`] has come.
    Time,
}

/// Writes down when a session was last used, and changes nothing else that is written meanwhile.
async fn note_activity(
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

/// What a finished background task brings.
pub enum Task {
    Command,
    /// What was wrong with the engine's answer, and how many bytes of memory it takes, where known.
    Probe {
        fault: Option<String>,
        memory: Option<u64>,
    },
    /// How a stage of a recovery ended.
    Recovery {
        stage: RecoveryStage,
        outcome: Result<(), Error>,
    },
    Opening(Result<Connection, Error>),
    /// A code to type was given out.
    PairingCode {
        expires_at: Timestamp,
    },
    /// Where an engine stands that showed nothing in time.
    Stalled {
        standing: Option<String>,
    },
}

/// Points in time at which something is due.
#[derive(Default)]
pub struct Timers {
    pub qr: Option<Instant>,
    pub authentication: Option<Instant>,
    pub line: Option<Instant>,
    pub restart: Option<Instant>,
    pub probe: Option<Instant>,
    pub hold: Option<Instant>,
    pub send_hold: Option<Instant>,
    /// By when the engine must show something new.
    pub sign: Option<Instant>,
    /// The end of a code to type.
    pub pairing: Option<Instant>,
}

impl Timers {
    fn next(&self) -> Option<Instant> {
        let own = [self.qr, self.authentication, self.line, self.restart, self.probe];
        let others = [self.hold, self.send_hold, self.sign, self.pairing];
        own.into_iter().chain(others).flatten().min()
    }
}

pub fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
}

pub struct Actor {
    pub(in crate::session) shared: Arc<Shared>,
    pub(in crate::session) record: SessionRecord,
    pub(in crate::session) status: watch::Sender<SessionStatus>,
    pub(in crate::session) log: Arc<SessionLog>,
    pub(in crate::session) handle: SessionHandle,
    pub(in crate::session) mailbox: mpsc::Receiver<Request>,
    pub(in crate::session) driver: Option<Arc<dyn Driver>>,
    pub(in crate::session) events: Option<mpsc::Receiver<Box<DriverEvent>>>,
    pub(in crate::session) tasks: JoinSet<Task>,
    pub(in crate::session) is_opening: bool,
    /// Ends when the session is let go; until then no engine is opened.
    pub(in crate::session) hold: Option<oneshot::Receiver<()>>,
    pub(in crate::session) timers: Timers,
    pub(in crate::session) restarts: Restarts,
    pub(in crate::session) failed_probes: u32,
    pub(in crate::session) recovery: Option<UnderWay>,
    pub(in crate::session) attempts: Attempts,
    pub(in crate::session) stalls: Stalls,
    pub(in crate::session) activity_written: Instant,
    /// When somebody last used the session, in steady time.
    pub(in crate::session) touched: Timestamp,
    /// When the present state was entered.
    pub(in crate::session) entered: Instant,
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
        driver: None,
        events: None,
        tasks: JoinSet::new(),
        is_opening: false,
        hold: None,
        timers: Timers { send_hold, ..Timers::default() },
        restarts,
        failed_probes: 0,
        recovery: None,
        attempts: Attempts::default(),
        stalls: Stalls::default(),
        activity_written: Instant::now(),
        touched,
        entered: Instant::now(),
    };
    (handle, actor.run(starts))
}

impl Actor {
    pub(in crate::session) async fn run(mut self, starts: bool) {
        if starts {
            self.open();
        }
        loop {
            let cause = self.next_cause().await;
            let goes_on = match cause {
                Cause::Asked(Some(request)) => self.asked(request).await,
                Cause::Asked(None) => false,
                Cause::Reported(Some(event)) => self.reported(event).await,
                Cause::Reported(None) => self.crashed("the engine ended without a word").await,
                Cause::Opened(Ok(connection)) => self.opened(connection),
                Cause::Opened(Err(error)) => self.not_opened(error).await,
                Cause::Ended(ended) => self.ended(ended).await,
                Cause::Released => self.let_go(),
                Cause::Time => self.time_has_come().await,
            };
            if !goes_on {
                break;
            }
        }
    }

    async fn next_cause(&mut self) -> Cause {
        let next_time = self.timers.next();
        tokio::select! {
            event = next_event(&mut self.events) => Cause::Reported(event),
            Some(ended) = self.tasks.join_next() => match ended {
                Ok(Task::Opening(outcome)) => Cause::Opened(outcome),
                Ok(task) => Cause::Ended(task),
                Err(_) => Cause::Ended(Task::Command),
            },
            request = self.mailbox.recv() => Cause::Asked(request),
            () = released(&mut self.hold) => Cause::Released,
            () = sleep_until(next_time) => Cause::Time,
        }
    }

    pub(in crate::session) async fn asked(&mut self, request: Request) -> bool {
        let Some(request) = self.refuse_while_removing(request) else { return true };
        match request {
            Request::Execute { command, reply } => self.execute(*command, reply),
            Request::Start { config, reply } => {
                self.record.config = *config;
                self.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::Restart { reply } => {
                if self.driver.is_some() {
                    self.tell_disconnected(DisconnectReason::Restart, true).await;
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
                self.tell_disconnected(DisconnectReason::LoggedOut, false).await;
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
                if self.driver.is_some() {
                    self.tell_disconnected(DisconnectReason::Shutdown, true).await;
                }
                self.close(Close::KeepLogin).await;
                return false;
            }
        }
        true
    }

    /// Answers what would start a session that is being removed; gives everything else back.
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

    pub(in crate::session) fn execute(
        &mut self,
        command: Command,
        reply: oneshot::Sender<Result<Reply, Error>>,
    ) {
        let state = self.state();
        let refused = match admit(state, self.driver.is_some(), &command) {
            Err(error) => Some(error),
            Ok(()) if needs_connection(&command) && self.status.borrow().is_disconnected() => {
                Some(not_connected())
            }
            Ok(()) if COMMANDS <= self.tasks.len() => {
                let message = "too many commands are under way in this session";
                Some(Error::new(ErrorCode::Unavailable, message))
            }
            Ok(()) => None,
        };
        let (None, Some(driver)) = (&refused, self.driver.clone()) else {
            let _ = reply
                .send(Err(refused.unwrap_or_else(|| crate::session::admission::not_ready(state))));
            return;
        };
        self.touch();
        let deadline = self.shared.parts.settings.deadlines.of(&command);
        self.tasks.spawn(async move {
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

    /// Enters a state: written down, then published.
    pub(in crate::session) async fn enter(&mut self, state: SessionState) {
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

    pub(in crate::session) async fn write(&mut self) {
        self.activity_written = Instant::now();
        if let Err(error) = self.shared.parts.store.sessions().put(&self.record).await {
            tracing::error!(session = %self.record.id, %error, "the session's record cannot be written");
        }
    }

    /// Notes that somebody used the session.
    pub(in crate::session) fn touch(&mut self) {
        let now = self.shared.parts.clock.now();
        self.record.last_activity = now;
        self.touched = self.shared.parts.clock.steady();
        self.publish(|status| status.last_activity = now);
        if ACTIVITY_INTERVAL < self.activity_written.elapsed() {
            self.activity_written = Instant::now();
            let (shared, session) = (self.shared.clone(), self.record.reference());
            self.tasks.spawn(async move {
                // A time that is a little old after a crash harms nobody.
                let _ = note_activity(&shared.parts.store, &session, now).await;
                Task::Command
            });
        }
    }

    pub(in crate::session) async fn tell_disconnected(
        &self,
        reason: DisconnectReason,
        will_reconnect: bool,
    ) {
        self.tell(vec![EventBody::Disconnected { reason, will_reconnect }]).await;
    }

    /// Hands events to the sink, which makes them durable.
    pub(in crate::session) async fn tell(&self, events: Vec<EventBody>) {
        if let Err(error) = self.shared.parts.sink.ingest(&self.record.id, events).await {
            tracing::error!(session = %self.record.id, %error, "an event could not be logged");
            self.note("error", format!("an event could not be logged: {error}"));
        }
    }

    pub(in crate::session) fn note(&self, level: &'static str, message: String) {
        self.log.add(self.shared.parts.clock.now(), level, message);
    }

    pub(in crate::session) fn publish(&self, change: impl FnOnce(&mut SessionStatus)) {
        let config = &self.record.config;
        self.status.send_modify(|status| {
            change(status);
            if status.config != *config {
                status.config = config.clone();
            }
        });
    }

    pub(in crate::session) fn state(&self) -> SessionState {
        self.status.borrow().state
    }

    pub(in crate::session) fn folder(&self) -> PathBuf {
        self.shared.parts.sessions_dir.join(self.record.id.as_str())
    }

    pub(in crate::session) fn profile(&self) -> PathBuf {
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

//! Lifecycle of a session's engine: open, close, crash, give up. It owns the parts that these steps change together.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};

use crate::{
    domain::{
        Command, Error, ErrorCode, EventBody, Reply, SessionState,
        event::DisconnectReason,
        session::{Desired, FailureKind, RecoveryOutcome, RecoveryStage},
    },
    driver::{Close, OpenRequest},
    session::{
        SessionHandle,
        actor::{
            engine_slot::EngineSlot,
            engine_tasks::{self, Task},
            folder::SessionFolder,
            hold::EngineHold,
            recovery_state::RecoveryState,
            shared::Shared,
            stalls::Stalls,
            state_publisher::StatePublisher,
            timers::{Timer, Timers},
        },
        admission::{admit, needs_connection, not_connected, not_ready},
        restart::{Restarts, Verdict},
    },
};

/// Commands in flight per session.
const COMMANDS: usize = 64;
const LOGOUT_DEADLINE: Duration = Duration::from_secs(5);

/// The parts of one session. Each part owns its fields; the files of this folder use them through this one.
pub struct Lifecycle {
    pub shared: Arc<Shared>,
    pub handle: SessionHandle,
    pub state: StatePublisher,
    pub engine: EngineSlot,
    pub hold: EngineHold,
    pub timers: Timers,
    pub restarts: Restarts,
    pub recovery: RecoveryState,
    pub stalls: Stalls,
    folder: SessionFolder,
}

impl Lifecycle {
    pub fn new(shared: Arc<Shared>, handle: SessionHandle, state: StatePublisher) -> Self {
        let settings = &shared.parts.settings;
        let restarts = Restarts::new(settings.max_restarts, settings.restart_window);
        let folder = SessionFolder::new(&shared.parts.sessions_dir, &state.record().id);
        Self {
            shared,
            handle,
            state,
            engine: EngineSlot::default(),
            hold: EngineHold::default(),
            timers: Timers::default(),
            restarts,
            recovery: RecoveryState::default(),
            stalls: Stalls::default(),
            folder,
        }
    }

    /// Starts the session on request.
    pub async fn begin(&mut self) {
        let record = self.state.record_mut();
        record.desired = Desired::Running;
        (record.last_error, record.failure) = (None, None);
        self.restarts.reset();
        self.recovery.reset();
        self.stalls.reset();
        self.state.enter(SessionState::Initializing).await;
        self.open();
    }

    /// Opens an engine in the background.
    pub fn open(&mut self) {
        if self.engine.is_opening() || self.engine.is_open() || self.hold.is_held() {
            return;
        }
        let record = self.state.record();
        let request = OpenRequest {
            session: record.id.clone(),
            config: record.config.clone(),
            profile: self.folder.profile(),
            deadline: self.shared.parts.settings.open_deadline,
        };
        self.engine.open(engine_tasks::open(self.shared.clone(), request));
    }

    /// Executes a command if the session accepts it now.
    pub fn execute(&mut self, command: Command, reply: oneshot::Sender<Result<Reply, Error>>) {
        let state = self.state.state();
        let refused = match admit(state, self.engine.is_open(), &command) {
            Err(error) => Some(error),
            Ok(()) if needs_connection(&command) && self.state.status().is_disconnected() => {
                Some(not_connected())
            }
            Ok(()) if COMMANDS <= self.engine.tasks() => {
                let message = "too many commands are in flight in this session: try again later";
                Some(Error::new(ErrorCode::Unavailable, message))
            }
            Ok(()) => None,
        };
        let (None, Some(driver)) = (&refused, self.engine.driver().cloned()) else {
            let _ = reply.send(Err(refused.unwrap_or_else(|| not_ready(state))));
            return;
        };
        self.touch();
        let deadline = self.shared.parts.settings.deadlines.of(&command);
        self.engine.spawn(engine_tasks::execute(driver, command, deadline, reply));
    }

    /// Records that the session was used.
    pub fn touch(&mut self) {
        if let Some(write) = self.state.touch() {
            self.engine.spawn(async {
                write.await;
                Task::Command
            });
        }
    }

    /// Lets the sink read what the session missed.
    pub fn catch_up(&mut self) {
        let (sink, handle) = (self.shared.parts.sink.clone(), self.handle.clone());
        sink.will_be_ready(handle.id());
        self.engine.spawn(async move {
            sink.on_ready(handle).await;
            Task::Command
        });
    }

    /// Replaces the engine by a new one.
    pub async fn restart(&mut self) {
        self.close(Close::KeepLogin).await;
        self.state.enter(SessionState::Initializing).await;
        self.open();
    }

    /// The engine is gone. A new one is opened after a pause, unless there were too many crashes.
    pub async fn crashed(&mut self, reason: &str) {
        self.close(Close::KeepLogin).await;
        let verdict = if self.state.record().config.restart_on_crash {
            self.restarts.crashed(Instant::now())
        } else {
            Verdict::GiveUp
        };
        match verdict {
            Verdict::GiveUp => self.fail(DisconnectReason::Crashed, reason.to_owned()).await,
            Verdict::RestartAfter(pause) => {
                let message = format!("{reason}; starting again in {} s", pause.as_secs());
                self.state.note("warn", message);
                let record = self.state.record_mut();
                record.last_error = Some(reason.to_owned());
                record.failure = Some(FailureKind::Crashed);
                self.timers.set(Timer::Restart, Instant::now() + pause);
                self.state.log_disconnected(DisconnectReason::Crashed, true).await;
                self.state.publish(|status| status.restarts += 1);
                self.state.enter(SessionState::Failed).await;
            }
        }
    }

    /// The session fails until it is started again on request.
    pub async fn fail(&mut self, reason: DisconnectReason, message: String) {
        let kind = match reason {
            DisconnectReason::QrTimeout => FailureKind::QrTimeout,
            DisconnectReason::AuthTimeout => FailureKind::AuthTimeout,
            _ => FailureKind::Crashed,
        };
        self.fail_as(kind, reason, message).await;
    }

    pub async fn fail_as(&mut self, kind: FailureKind, reason: DisconnectReason, message: String) {
        self.state.note("error", message.clone());
        self.close(Close::KeepLogin).await;
        let record = self.state.record_mut();
        (record.last_error, record.failure) = (Some(message.clone()), Some(kind));
        record.desired = Desired::Stopped;
        self.state.log_events(vec![EventBody::Failed { reason: message }]).await;
        self.state.log_disconnected(reason, false).await;
        self.state.enter(SessionState::Failed).await;
    }

    /// Closes the engine, and drops everything that belonged to it. Returns whether the engine closed in time.
    pub async fn close(&mut self, how: Close) -> bool {
        let is_last = self.recovery.is_at(RecoveryStage::Restart);
        let outcome = if is_last { RecoveryOutcome::Failed } else { RecoveryOutcome::Abandoned };
        self.end_recovery(outcome);
        self.timers.engine_closed();
        let more = if how == Close::LogOut { LOGOUT_DEADLINE } else { Duration::ZERO };
        let deadline = self.shared.parts.settings.stop_deadline + more;
        let in_order = self.engine.close(how, deadline).await;
        if !in_order {
            self.state.note("error", "the engine did not close in time".to_owned());
        }
        self.state.publish(|status| {
            (status.qr, status.pairing_until) = (None, None);
            (status.connected, status.line) = (false, None);
        });
        in_order
    }

    /// Records the outcome of a recovery, if one is in progress.
    pub fn end_recovery(&mut self, outcome: RecoveryOutcome) {
        let Some(ended) = self.recovery.end(outcome, self.shared.parts.clock.now()) else {
            return;
        };
        let (id, stage) = (&self.state.record().id, ended.stage.as_str());
        count_recovery(ended.stage, outcome);
        tracing::info!(session = %id, stage, outcome = outcome.as_str(),
            "recovery of session {id} by {stage}: {}", outcome.as_str());
        self.state.note("info", format!("recovery by {stage}: {}", outcome.as_str()));
        self.state.publish(|status| status.recovery = Some(ended));
    }

    /// Deletes the session's folder, and the login with it.
    pub async fn wipe(&self) {
        let engine = self.shared.parts.engines.get(&self.state.record().config.engine);
        if let Err(error) = self.folder.delete(engine.map(|engine| &**engine)).await {
            self.state.note("error", format!("the session's folder cannot be removed: {error}"));
        }
    }
}

pub fn count_recovery(stage: RecoveryStage, outcome: RecoveryOutcome) {
    let labels = [("stage", stage.as_str()), ("outcome", outcome.as_str())];
    metrics::counter!("wagate_recoveries_total", &labels).increment(1);
}

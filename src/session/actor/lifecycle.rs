//! Lifecycle of a session's engine: open, close, crash, give up, removal.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    breakpoint::Breakpoint,
    domain::{
        Error, ErrorCode, EventBody, Removal, SessionState, Subject,
        clock::between,
        event::DisconnectReason,
        session::{Desired, FailureKind, RecoveryOutcome, RecoveryStage},
    },
    driver::{Close, OpenRequest, OpenedEngine},
    session::{
        actor::{
            Actor, Task,
            recovery_state::CurrentRecovery,
            timers::{Timers, due},
        },
        records::SessionTables,
        restart::Verdict,
    },
    store::StoreError,
};

const LOGOUT_DEADLINE: Duration = Duration::from_secs(5);
/// How long a session must have been idle before its engine may be restarted for its size.
const IDLE: Duration = Duration::from_secs(30);

impl Actor {
    /// Starts the session on request.
    pub(in crate::session::actor) async fn begin(&mut self) {
        self.record.desired = Desired::Running;
        (self.record.last_error, self.record.failure) = (None, None);
        self.restarts.reset();
        self.recovery.attempts.reset();
        self.stalls.reset();
        self.enter(SessionState::Initializing).await;
        self.open();
    }

    /// Opens an engine in the background, as soon as there is a permit.
    pub(in crate::session::actor) fn open(&mut self) {
        if self.engine.is_opening || self.engine.driver.is_some() || self.hold.is_some() {
            return;
        }
        self.engine.is_opening = true;
        let shared = self.shared.clone();
        let (session, config, profile) =
            (self.record.id.clone(), self.record.config.clone(), self.profile());
        self.engine.tasks.spawn(async move {
            let engine = shared.parts.engines.get(&config.engine).cloned();
            let Some(engine) = engine else {
                let message =
                    format!("the engine '{}' is not available here", config.engine.as_str());
                return Task::Opening(Err(Error::invalid(message)));
            };
            let _permit = shared.starts.acquire().await;
            let deadline = shared.parts.settings.open_deadline;
            let request = OpenRequest { session, config, profile, deadline };
            let outcome = match tokio::time::timeout(deadline, engine.open(request)).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    let message =
                        format!("the engine did not open within {} s", deadline.as_secs());
                    Err(Error::new(ErrorCode::Timeout, message))
                }
            };
            Task::Opening(outcome)
        });
    }

    pub(in crate::session::actor) fn opened(&mut self, opened: OpenedEngine) -> bool {
        self.engine.is_opening = false;
        self.engine.driver = Some(opened.driver);
        self.engine.events = Some(opened.events);
        self.recovery.failed_probes = 0;
        if self.record.failure == Some(FailureKind::ProxyFailed) {
            (self.record.last_error, self.record.failure) = (None, None);
        }
        self.restarts.proxy_works();
        self.timers.probe = Some(Instant::now() + self.shared.parts.settings.probe_interval);
        self.expect_progress(Duration::ZERO);
        self.note("info", "the engine is open".to_owned());
        true
    }

    pub(in crate::session::actor) async fn not_opened(&mut self, error: Error) -> bool {
        self.engine.is_opening = false;
        // An invalid request stays invalid at every retry.
        if matches!(error.code, ErrorCode::Invalid | ErrorCode::Unsupported) {
            return self.fail(DisconnectReason::Crashed, error.message).await;
        }
        if error.subject == Some(Subject::Proxy) {
            return self.proxy_failed(error.message).await;
        }
        self.crashed(&error.message).await
    }

    /// The proxy does not work, which is no fault of the engine. It is retried without end, with growing
    /// pauses. Only the first failure is an event.
    async fn proxy_failed(&mut self, message: String) -> bool {
        if !self.record.config.restart_on_crash {
            let (kind, reason) = (FailureKind::ProxyFailed, DisconnectReason::ConnectionLost);
            return self.fail_as(kind, reason, message).await;
        }
        self.close(Close::KeepLogin).await;
        let is_first =
            self.record.failure.replace(FailureKind::ProxyFailed) != Some(FailureKind::ProxyFailed);
        let pause = self.restarts.proxy_failed();
        self.note("warn", format!("{message}; trying again in {} s", pause.as_secs()));
        self.record.last_error = Some(message);
        self.timers.restart = Some(Instant::now() + pause);
        if is_first {
            self.log_disconnected(DisconnectReason::ConnectionLost, true).await;
        }
        self.enter(SessionState::Failed).await;
        true
    }

    /// The engine is gone. A new one is opened after a pause, unless there were too many crashes.
    pub(in crate::session::actor) async fn crashed(&mut self, reason: &str) -> bool {
        self.close(Close::KeepLogin).await;
        let verdict = if self.record.config.restart_on_crash {
            self.restarts.crashed(Instant::now())
        } else {
            Verdict::GiveUp
        };
        match verdict {
            Verdict::GiveUp => self.fail(DisconnectReason::Crashed, reason.to_owned()).await,
            Verdict::RestartAfter(pause) => {
                self.note("warn", format!("{reason}; starting again in {} s", pause.as_secs()));
                self.record.last_error = Some(reason.to_owned());
                self.record.failure = Some(FailureKind::Crashed);
                self.timers.restart = Some(Instant::now() + pause);
                self.log_disconnected(DisconnectReason::Crashed, true).await;
                self.publish(|status| status.restarts += 1);
                self.enter(SessionState::Failed).await;
                true
            }
        }
    }

    /// The session fails until it is started again on request.
    pub(in crate::session::actor) async fn fail(
        &mut self,
        reason: DisconnectReason,
        message: String,
    ) -> bool {
        let kind = match reason {
            DisconnectReason::QrTimeout => FailureKind::QrTimeout,
            DisconnectReason::AuthTimeout => FailureKind::AuthTimeout,
            _ => FailureKind::Crashed,
        };
        self.fail_as(kind, reason, message).await
    }

    async fn fail_as(
        &mut self,
        kind: FailureKind,
        reason: DisconnectReason,
        message: String,
    ) -> bool {
        self.note("error", message.clone());
        self.close(Close::KeepLogin).await;
        (self.record.last_error, self.record.failure) = (Some(message.clone()), Some(kind));
        self.record.desired = Desired::Stopped;
        self.log_events(vec![EventBody::Failed { reason: message }]).await;
        self.log_disconnected(reason, false).await;
        self.enter(SessionState::Failed).await;
        true
    }

    pub(in crate::session::actor) async fn ended(&mut self, task: Task) -> bool {
        match task {
            Task::Command | Task::Opening(_) => true,
            Task::Probe { fault, memory } => self.probed(fault, memory).await,
            Task::Recovery { stage, outcome } => self.stage_ended(stage, &outcome).await,
            Task::PairingCode { expires_at } => {
                self.pairing_began(expires_at);
                true
            }
            Task::Stalled { engine_state } => self.stalled(engine_state).await,
        }
    }

    pub(in crate::session::actor) async fn timer_fired(&mut self) -> bool {
        let now = Instant::now();
        if due(&mut self.timers.qr, now) {
            let message = match self.timers.pairing {
                Some(_) => "nobody typed the pairing code in time",
                None => "nobody scanned the QR code in time",
            };
            return self.fail(DisconnectReason::QrTimeout, message.to_owned()).await;
        }
        if due(&mut self.timers.pairing, now) {
            self.pairing_ended();
        }
        if due(&mut self.timers.progress, now) {
            self.inspect_stall();
        }
        if due(&mut self.timers.authentication, now) {
            let message = "the account did not load in time after the scan".to_owned();
            return self.fail(DisconnectReason::AuthTimeout, message).await;
        }
        if due(&mut self.timers.connection, now) {
            self.note(
                "warn",
                "no connection to WhatsApp for a minute; starting the engine again".to_owned(),
            );
            self.close(Close::KeepLogin).await;
            self.enter(SessionState::Initializing).await;
            self.open();
        }
        if due(&mut self.timers.hold, now) {
            self.note("warn", "held for too long; released".to_owned());
            self.release();
        }
        if due(&mut self.timers.send_hold, now) {
            self.resume_sends(false).await;
        }
        if due(&mut self.timers.restart, now) {
            self.enter(SessionState::Initializing).await;
            self.open();
        }
        if due(&mut self.timers.probe, now) {
            self.probe(now);
        }
        true
    }

    /// Restarts an engine that takes too much memory, once the session is idle.
    pub(in crate::session::actor) async fn check_memory(&mut self, memory: u64) {
        self.publish(|status| status.memory = Some(memory));
        let over = self.shared.parts.settings.memory_limit.is_some_and(|limit| limit < memory);
        let idle = IDLE <= between(self.activity.touched, self.shared.parts.clock.steady());
        if !over || !idle || self.state() != SessionState::Ready || !self.engine.tasks.is_empty() {
            return;
        }
        self.note("warn", format!("the engine takes {} MiB; restarting it", memory >> 20));
        self.log_disconnected(DisconnectReason::Restart, true).await;
        self.close(Close::KeepLogin).await;
        self.enter(SessionState::Initializing).await;
        self.open();
    }

    /// Records that the session is being removed, and closes the engine. The options of the first request
    /// count, also when an interrupted removal is requested again.
    pub(in crate::session::actor) async fn begin_removal(
        &mut self,
        removal: Removal,
    ) -> Result<(), Error> {
        let before = self.record.removal;
        let removal = *self.record.removal.get_or_insert(removal);
        self.record.desired = Desired::Stopped;
        self.publish(|status| status.removing = true);
        if let Err(error) = self.shared.parts.store.sessions().put(&self.record).await {
            // A removal is possible on a full disk, and may be meant to make room.
            if !matches!(error, StoreError::Full) {
                self.record.removal = before;
                self.publish(|status| status.removing = before.is_some());
                return Err(error.into());
            }
            self.note("warn", "the removal is not recorded: the disk is full".to_owned());
        }
        Breakpoint::RemovalBegun.pass();
        let how = if removal.log_out { Close::LogOut } else { Close::KeepLogin };
        self.close(how).await;
        self.enter(SessionState::Terminated).await;
        Ok(())
    }

    /// Nothing of the session is pending any more: logs its removal, and deletes its folder.
    pub(in crate::session::actor) async fn end_removal(&mut self) {
        self.log_disconnected(DisconnectReason::SessionRemoved, false).await;
        if self.record.removal.is_some_and(|removal| !removal.keep_data) {
            self.wipe().await;
        }
    }

    /// Closes the engine, however stuck it is, and drops everything that belonged to it. Returns whether the
    /// engine closed in time.
    pub(in crate::session::actor) async fn close(&mut self, how: Close) -> bool {
        self.engine.tasks.abort_all();
        while self.engine.tasks.join_next().await.is_some() {}
        let is_last = |current: &CurrentRecovery| current.stage == RecoveryStage::Restart;
        let failed = self.recovery.current.as_ref().is_some_and(is_last);
        self.end_recovery(if failed {
            RecoveryOutcome::Failed
        } else {
            RecoveryOutcome::Abandoned
        });
        self.engine.is_opening = false;
        let Timers { hold, send_hold, .. } = self.timers;
        self.timers = Timers { hold, send_hold, ..Timers::default() };
        self.engine.events = None;
        let mut in_order = true;
        if let Some(driver) = self.engine.driver.take() {
            let deadline = self.shared.parts.settings.stop_deadline
                + if how == Close::LogOut { LOGOUT_DEADLINE } else { Duration::ZERO };
            if tokio::time::timeout(deadline, driver.close(how)).await.is_err() {
                in_order = false;
                self.note("error", "the engine did not close in time".to_owned());
            }
        }
        self.publish(|status| {
            (status.qr, status.pairing_until) = (None, None);
            (status.connected, status.line) = (false, None);
        });
        in_order
    }

    /// Deletes the session's folder. A start that was cancelled may have left a browser that still writes to
    /// it: the engine ends that browser first.
    pub(in crate::session::actor) async fn wipe(&self) {
        const TRIES: u32 = 3;
        let folder = self.folder();
        if let Some(engine) = self.shared.parts.engines.get(&self.record.config.engine) {
            engine.release(&self.profile()).await;
        }
        for attempt in 1..=TRIES {
            match tokio::fs::remove_dir_all(&folder).await {
                Ok(()) => return,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
                Err(error) if attempt == TRIES => {
                    self.note("error", format!("the session's folder cannot be removed: {error}"));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }
}

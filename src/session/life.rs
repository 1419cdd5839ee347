//! The life of a session's engine: opening, closing, crashing, being given up.

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
    driver::{Close, Connection, OpenOrder},
    session::{
        actor::{Actor, Task, Timers, due},
        degraded::UnderWay,
        restart::Verdict,
    },
    store::StoreError,
};

const LOGOUT_DEADLINE: Duration = Duration::from_secs(5);
/// How long a session must have been left alone before its engine may be started anew for its size.
const IDLE: Duration = Duration::from_secs(30);

impl Actor {
    /// Somebody wants this session to run.
    pub(in crate::session) async fn begin(&mut self) {
        self.record.desired = Desired::Running;
        (self.record.last_error, self.record.failure) = (None, None);
        self.restarts.forgive();
        self.attempts.forgive();
        self.stalls.forgive();
        self.enter(SessionState::Initializing).await;
        self.open();
    }

    /// Opens an engine in the background, as soon as there is a place.
    pub(in crate::session) fn open(&mut self) {
        if self.is_opening || self.driver.is_some() || self.hold.is_some() {
            return;
        }
        self.is_opening = true;
        let shared = self.shared.clone();
        let (session, config, profile) =
            (self.record.id.clone(), self.record.config.clone(), self.profile());
        self.tasks.spawn(async move {
            let engine = shared.parts.engines.get(&config.engine).cloned();
            let Some(engine) = engine else {
                let message =
                    format!("the engine '{}' is not available here", config.engine.as_str());
                return Task::Opening(Err(Error::invalid(message)));
            };
            let _place = shared.starts.acquire().await;
            let deadline = shared.parts.settings.open_deadline;
            let order = OpenOrder { session, config, profile, deadline };
            let outcome = match tokio::time::timeout(deadline, engine.open(order)).await {
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

    pub(in crate::session) fn opened(&mut self, connection: Connection) -> bool {
        self.is_opening = false;
        self.driver = Some(connection.driver);
        self.events = Some(connection.events);
        self.failed_probes = 0;
        if self.record.failure == Some(FailureKind::ProxyFailed) {
            (self.record.last_error, self.record.failure) = (None, None);
        }
        self.restarts.proxy_works();
        self.timers.probe = Some(Instant::now() + self.shared.parts.settings.probe_interval);
        self.await_sign(Duration::ZERO);
        self.note("info", "the engine is open".to_owned());
        true
    }

    pub(in crate::session) async fn not_opened(&mut self, error: Error) -> bool {
        self.is_opening = false;
        // What is wrong with the order stays wrong however often it is tried.
        if matches!(error.code, ErrorCode::Invalid | ErrorCode::Unsupported) {
            return self.fail(DisconnectReason::Crashed, error.message).await;
        }
        if error.subject == Some(Subject::Proxy) {
            return self.proxy_failed(error.message).await;
        }
        self.crashed(&error.message).await
    }

    /// The proxy lets nothing through, which is no fault of the engine. It is tried again, ever more
    /// rarely and without end. Listeners learn of the first failure alone.
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
            self.tell_disconnected(DisconnectReason::ConnectionLost, true).await;
        }
        self.enter(SessionState::Failed).await;
        true
    }

    /// The engine is gone. A new one comes after a pause, unless there were too many.
    pub(in crate::session) async fn crashed(&mut self, reason: &str) -> bool {
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
                self.tell_disconnected(DisconnectReason::Crashed, true).await;
                self.publish(|status| status.restarts += 1);
                self.enter(SessionState::Failed).await;
                true
            }
        }
    }

    /// The session ends in failure until somebody starts it again.
    pub(in crate::session) async fn fail(
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
        self.tell(vec![EventBody::Failed { reason: message }]).await;
        self.tell_disconnected(reason, false).await;
        self.enter(SessionState::Failed).await;
        true
    }

    pub(in crate::session) async fn ended(&mut self, task: Task) -> bool {
        match task {
            Task::Command | Task::Opening(_) => true,
            Task::Probe { fault, memory } => self.probed(fault, memory).await,
            Task::Recovery { stage, outcome } => self.tried(stage, &outcome).await,
            Task::PairingCode { expires_at } => {
                self.pairing_began(expires_at);
                true
            }
            Task::Stalled { standing } => self.stalled(standing).await,
        }
    }

    pub(in crate::session) async fn time_has_come(&mut self) -> bool {
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
        if due(&mut self.timers.sign, now) {
            self.look_at_standing();
        }
        if due(&mut self.timers.authentication, now) {
            let message = "the account did not load in time after the scan".to_owned();
            return self.fail(DisconnectReason::AuthTimeout, message).await;
        }
        if due(&mut self.timers.line, now) {
            self.note("warn", "the line did not come back; starting the engine again".to_owned());
            self.close(Close::KeepLogin).await;
            self.enter(SessionState::Initializing).await;
            self.open();
        }
        if due(&mut self.timers.hold, now) {
            self.note("warn", "held for too long; going on".to_owned());
            self.let_go();
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

    /// Starts an engine anew that takes too much memory, as soon as nobody is using it.
    pub(in crate::session) async fn weigh(&mut self, memory: u64) {
        self.publish(|status| status.memory = Some(memory));
        let over = self.shared.parts.settings.memory_limit.is_some_and(|limit| limit < memory);
        let idle = IDLE <= between(self.touched, self.shared.parts.clock.steady());
        if !over || !idle || self.state() != SessionState::Ready || !self.tasks.is_empty() {
            return;
        }
        self.note("warn", format!("the engine takes {} MiB; starting it anew", memory >> 20));
        self.tell_disconnected(DisconnectReason::Restart, true).await;
        self.close(Close::KeepLogin).await;
        self.enter(SessionState::Initializing).await;
        self.open();
    }

    /// Writes down that the session is being removed, and closes the engine. What was asked for first
    /// stands, also where it was cut off and is asked for again.
    pub(in crate::session) async fn begin_removal(
        &mut self,
        removal: Removal,
    ) -> Result<(), Error> {
        let before = self.record.removal;
        let removal = *self.record.removal.get_or_insert(removal);
        self.record.desired = Desired::Stopped;
        self.publish(|status| status.removing = true);
        if let Err(error) = self.shared.parts.store.sessions().put(&self.record).await {
            // A full disk takes no record but lets things go, and somebody may want just that.
            if !matches!(error, StoreError::Full) {
                self.record.removal = before;
                self.publish(|status| status.removing = before.is_some());
                return Err(error.into());
            }
            self.note("warn", "the removal is not written down: the disk is full".to_owned());
        }
        Breakpoint::RemovalBegun.pass();
        let how = if removal.log_out { Close::LogOut } else { Close::KeepLogin };
        self.close(how).await;
        self.enter(SessionState::Terminated).await;
        Ok(())
    }

    /// Nothing of the session is waiting any more: tells that it is removed, and wipes its folder.
    pub(in crate::session) async fn end_removal(&mut self) {
        self.tell_disconnected(DisconnectReason::SessionRemoved, false).await;
        if self.record.removal.is_some_and(|removal| !removal.keep_data) {
            self.wipe().await;
        }
    }

    /// Closes the engine, however stuck it is, and forgets everything that belonged to it. Whether
    /// the engine was done in time.
    pub(in crate::session) async fn close(&mut self, how: Close) -> bool {
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        let is_last = |under_way: &UnderWay| under_way.stage() == RecoveryStage::Restart;
        let failed = self.recovery.as_ref().is_some_and(is_last);
        self.end_recovery(if failed {
            RecoveryOutcome::Failed
        } else {
            RecoveryOutcome::Abandoned
        });
        self.is_opening = false;
        let Timers { hold, send_hold, .. } = self.timers;
        self.timers = Timers { hold, send_hold, ..Timers::default() };
        self.events = None;
        let mut in_order = true;
        if let Some(driver) = self.driver.take() {
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

    /// Removes the session's folder. A start that was called off may have left a browser that still
    /// writes to it: the engine ends that first.
    pub(in crate::session) async fn wipe(&self) {
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

//! Health checks and recovery of a session: an engine that lives but no longer answers or reports is shown as
//! degraded and recovered in stages.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use crate::{
    domain::{
        Command, Error, ErrorCode, EventBody, SessionState,
        session::{Recovery, RecoveryOutcome, RecoveryStage},
    },
    driver::RecoveryMethod,
    session::{
        RecoveryDeadlines,
        actor::{Actor, Task, recovery_state::CurrentRecovery, timers::CONNECTION_PATIENCE},
    },
};

/// Failed probes in a row after which a ready session is degraded. The second probe follows the first soon: a
/// page that reloads itself fails one probe only.
const PROBES: u32 = 2;
const SECOND_LOOK: Duration = Duration::from_secs(3);
/// The same for a session that is not ready yet and loses nothing by a new engine.
const PROBES_BEFORE_READY: u32 = 3;

impl Actor {
    /// Sends the engine a ping, and measures its memory.
    pub(in crate::session::actor) fn probe(&mut self, now: Instant) {
        let Some(driver) = self.engine.driver.clone() else { return };
        let settings = &self.shared.parts.settings;
        self.timers.probe = Some(now + settings.probe_interval);
        if self.state() == SessionState::Degraded {
            return;
        }
        let deadline = settings.probe_interval.min(settings.deadlines.command);
        self.engine.tasks.spawn(async move {
            let answer = tokio::time::timeout(deadline, driver.execute(Command::Ping)).await;
            let fault = match answer {
                Ok(answer) => answer.err().map(|error| error.message),
                Err(_) => Some("the engine does not answer".to_owned()),
            };
            // Measuring reads the process's page tables, which blocks the thread.
            let memory = tokio::task::spawn_blocking(move || driver.memory()).await;
            Task::Probe { fault, memory: memory.ok().flatten() }
        });
    }

    pub(in crate::session::actor) async fn probed(
        &mut self,
        fault: Option<String>,
        memory: Option<u64>,
    ) -> bool {
        // A probe that began before is out of date.
        if self.state() == SessionState::Degraded {
            return true;
        }
        let Some(fault) = fault else {
            self.recovery.failed_probes = 0;
            if let Some(memory) = memory {
                self.check_memory(memory).await;
            }
            return true;
        };
        self.recovery.failed_probes += 1;
        self.note(
            "warn",
            format!("the engine failed {} probes: {fault}", self.recovery.failed_probes),
        );
        let is_ready = self.state() == SessionState::Ready;
        if is_ready && PROBES <= self.recovery.failed_probes {
            return self.degrade(fault).await;
        }
        if !is_ready && PROBES_BEFORE_READY <= self.recovery.failed_probes {
            return self.crashed(&fault).await;
        }
        if is_ready {
            let soon = Instant::now() + SECOND_LOOK;
            self.timers.probe = self.timers.probe.map(|at| at.min(soon));
        }
        true
    }

    /// Enters `degraded`: the engine lives but takes no commands or reports no events.
    async fn degrade(&mut self, reason: String) -> bool {
        self.record.last_error = Some(reason.clone());
        (self.timers.connection, self.recovery.failed_probes) = (None, 0);
        let began = self.shared.parts.clock.now();
        let stage = RecoveryStage::Reinject;
        self.recovery.current = Some(CurrentRecovery { stage, reason, began, connected: None });
        let line = self.status.borrow().line.clone();
        self.log_events(vec![EventBody::StateChanged { state: SessionState::Degraded, line }])
            .await;
        self.publish(|status| status.connected = false);
        self.enter(SessionState::Degraded).await;
        self.try_next(None).await
    }

    async fn try_next(&mut self, failed: Option<RecoveryStage>) -> bool {
        let stage = self.recovery.attempts.next(failed, Instant::now());
        let (Some(current), Some(driver)) =
            (&mut self.recovery.current, self.engine.driver.clone())
        else {
            return true;
        };
        current.stage = stage;
        let reason = current.reason.clone();
        tracing::warn!(session = %self.record.id, stage = stage.as_str(),
            "session {} is degraded; trying: {}", self.record.id, stage.as_str());
        self.note("warn", format!("degraded ({reason}); trying: {}", stage.as_str()));
        self.show_recovery(RecoveryOutcome::UnderWay);
        let RecoveryDeadlines { reinject, reload } = self.shared.parts.settings.recovery;
        let (method, deadline) = match stage {
            RecoveryStage::Reinject => (RecoveryMethod::Soft, reinject),
            RecoveryStage::Reload => (RecoveryMethod::Reconnect, reload),
            RecoveryStage::Restart => return self.restart_degraded(&reason).await,
        };
        self.engine.tasks.spawn(async move {
            let attempt = async {
                driver.recover(method).await?;
                driver.execute(Command::Ping).await
            };
            let outcome = match tokio::time::timeout(deadline, attempt).await {
                Ok(outcome) => outcome.map(drop),
                Err(_) => {
                    let message = format!("no success within {} s", deadline.as_secs_f32());
                    Err(Error::new(ErrorCode::Timeout, message))
                }
            };
            Task::Recovery { stage, outcome }
        });
        true
    }

    /// The last stage: a new engine, as after a crash.
    async fn restart_degraded(&mut self, reason: &str) -> bool {
        let Some(current) = self.recovery.current.take() else { return true };
        let goes_on = self.crashed(reason).await;
        self.recovery.current = Some(current);
        // The stage succeeds when the new engine is ready.
        if self.timers.restart.is_none() {
            self.end_recovery(RecoveryOutcome::Failed);
        }
        goes_on
    }

    /// A stage of the recovery has ended.
    pub(in crate::session::actor) async fn stage_ended(
        &mut self,
        stage: RecoveryStage,
        outcome: &Result<(), Error>,
    ) -> bool {
        // The session has left this stage since.
        let is_current =
            self.recovery.current.as_ref().is_some_and(|current| current.stage == stage);
        if !is_current || self.state() != SessionState::Degraded {
            return true;
        }
        if let Err(error) = outcome {
            self.note("warn", format!("{} did not help: {}", stage.as_str(), error.message));
            count(stage, RecoveryOutcome::Failed);
            return self.try_next(Some(stage)).await;
        }
        if !self.drain_events().await {
            return false;
        }
        if self.state() == SessionState::Degraded {
            self.recovered().await;
        }
        true
    }

    /// Handles the events that wait: they come before the end of the recovery.
    async fn drain_events(&mut self) -> bool {
        let waiting = self.engine.events.as_ref().map_or(0, mpsc::Receiver::len);
        for _ in 0..waiting {
            let event = self.engine.events.as_mut().and_then(|events| events.try_recv().ok());
            if let Some(event) = event
                && !self.reported(*event).await
            {
                return false;
            }
        }
        true
    }

    async fn recovered(&mut self) {
        let connected =
            self.recovery.current.as_ref().and_then(|recovery| recovery.connected).unwrap_or(true);
        self.end_recovery(RecoveryOutcome::Recovered);
        if !connected {
            self.timers.connection = Some(Instant::now() + CONNECTION_PATIENCE);
        }
        self.record.last_error = None;
        let me = self.record.me.clone();
        if let Some(me) = me.clone() {
            self.log_events(vec![EventBody::Ready { me }]).await;
        }
        self.publish(|status| (status.me, status.connected) = (me, connected));
        self.enter(SessionState::Ready).await;
        // Reads the events that were missed.
        self.catch_up();
    }

    /// A change of the connection during a recovery takes effect at its end.
    pub(in crate::session::actor) fn remember_connection(&mut self, connected: bool) {
        if let Some(current) = &mut self.recovery.current {
            current.connected = Some(connected);
        }
    }

    /// Records the outcome of a recovery, if one is in progress.
    pub(in crate::session::actor) fn end_recovery(&mut self, outcome: RecoveryOutcome) {
        self.show_recovery(outcome);
        if let Some(current) = self.recovery.current.take() {
            let stage = current.stage;
            count(stage, outcome);
            tracing::info!(session = %self.record.id, stage = stage.as_str(), outcome = outcome.as_str(),
                "recovery of session {} by {}: {}", self.record.id, stage.as_str(), outcome.as_str());
            self.note("info", format!("recovery by {}: {}", stage.as_str(), outcome.as_str()));
        }
    }

    fn show_recovery(&self, outcome: RecoveryOutcome) {
        let Some(current) = &self.recovery.current else { return };
        let now = self.shared.parts.clock.now();
        let recovery = Recovery {
            stage: current.stage,
            outcome,
            reason: current.reason.clone(),
            began_at: current.began,
            ended_at: (outcome != RecoveryOutcome::UnderWay).then_some(now),
        };
        self.publish(|status| status.recovery = Some(recovery));
    }
}

fn count(stage: RecoveryStage, outcome: RecoveryOutcome) {
    let labels = [("stage", stage.as_str()), ("outcome", outcome.as_str())];
    metrics::counter!("wagate_recoveries_total", &labels).increment(1);
}

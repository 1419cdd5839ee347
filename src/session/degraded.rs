//! A session whose engine lives and no longer answers, or no longer hears what happens: found out,
//! shown as degraded, and brought back by the least that helps.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use crate::{
    domain::{
        Command, Error, ErrorCode, EventBody, SessionState, Timestamp,
        session::{Recovery, RecoveryOutcome, RecoveryStage},
    },
    driver::Cure,
    session::{
        RecoveryDeadlines,
        actor::{Actor, Task},
        report::LINE_PATIENCE,
    },
};

/// Probes in a row that a ready session may fail before it counts as degraded. The second comes soon
/// after the first: a page that loads itself again fails one, and is back.
const PROBES: u32 = 2;
const SECOND_LOOK: Duration = Duration::from_secs(3);
/// The same for a session that is not ready yet, and so has nothing to lose by a new engine.
const PROBES_BEFORE_READY: u32 = 3;

/// The recovery that a session is in the middle of.
pub struct UnderWay {
    stage: RecoveryStage,
    reason: String,
    began: Timestamp,
    /// What the engine said of its line since.
    line: Option<bool>,
}

impl UnderWay {
    pub fn stage(&self) -> RecoveryStage {
        self.stage
    }
}

impl Actor {
    /// Asks the engine whether it lives, and looks at how much memory it takes.
    pub(in crate::session) fn probe(&mut self, now: Instant) {
        let Some(driver) = self.driver.clone() else { return };
        let settings = &self.shared.parts.settings;
        self.timers.probe = Some(now + settings.probe_interval);
        if self.state() == SessionState::Degraded {
            return;
        }
        let deadline = settings.probe_interval.min(settings.deadlines.command);
        self.tasks.spawn(async move {
            let answer = tokio::time::timeout(deadline, driver.execute(Command::Ping)).await;
            let fault = match answer {
                Ok(answer) => answer.err().map(|error| error.message),
                Err(_) => Some("the engine does not answer".to_owned()),
            };
            // The system counts a process's pages while it is asked: not on a thread that others need.
            let memory = tokio::task::spawn_blocking(move || driver.memory()).await;
            Task::Probe { fault, memory: memory.ok().flatten() }
        });
    }

    pub(in crate::session) async fn probed(
        &mut self,
        fault: Option<String>,
        memory: Option<u64>,
    ) -> bool {
        // What was asked before is of no interest any more.
        if self.state() == SessionState::Degraded {
            return true;
        }
        let Some(fault) = fault else {
            self.failed_probes = 0;
            if let Some(memory) = memory {
                self.weigh(memory).await;
            }
            return true;
        };
        self.failed_probes += 1;
        self.note("warn", format!("the engine failed {} probes: {fault}", self.failed_probes));
        let is_ready = self.state() == SessionState::Ready;
        if is_ready && PROBES <= self.failed_probes {
            return self.degrade(fault).await;
        }
        if !is_ready && PROBES_BEFORE_READY <= self.failed_probes {
            return self.crashed(&fault).await;
        }
        if is_ready {
            let soon = Instant::now() + SECOND_LOOK;
            self.timers.probe = self.timers.probe.map(|at| at.min(soon));
        }
        true
    }

    /// Nothing can be done with the session, or nothing is heard of it, though its engine lives.
    async fn degrade(&mut self, reason: String) -> bool {
        self.record.last_error = Some(reason.clone());
        (self.timers.line, self.failed_probes) = (None, 0);
        let began = self.shared.parts.clock.now();
        let stage = RecoveryStage::Reinject;
        self.recovery = Some(UnderWay { stage, reason, began, line: None });
        let line = self.status.borrow().line.clone();
        self.tell(vec![EventBody::StateChanged { state: SessionState::Degraded, line }]).await;
        self.publish(|status| status.connected = false);
        self.enter(SessionState::Degraded).await;
        self.try_next(None).await
    }

    async fn try_next(&mut self, failed: Option<RecoveryStage>) -> bool {
        let stage = self.attempts.next(failed, Instant::now());
        let (Some(under_way), Some(driver)) = (&mut self.recovery, self.driver.clone()) else {
            return true;
        };
        under_way.stage = stage;
        let reason = under_way.reason.clone();
        tracing::warn!(session = %self.record.id, stage = stage.as_str(),
            "session {} is degraded; trying: {}", self.record.id, stage.as_str());
        self.note("warn", format!("degraded ({reason}); trying: {}", stage.as_str()));
        self.show_recovery(RecoveryOutcome::UnderWay);
        let RecoveryDeadlines { reinject, reload } = self.shared.parts.settings.recovery;
        let (cure, deadline) = match stage {
            RecoveryStage::Reinject => (Cure::Reinject, reinject),
            RecoveryStage::Reload => (Cure::Reload, reload),
            RecoveryStage::Restart => return self.restart_degraded(&reason).await,
        };
        self.tasks.spawn(async move {
            let attempt = async {
                driver.recover(cure).await?;
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
        let Some(under_way) = self.recovery.take() else { return true };
        let goes_on = self.crashed(reason).await;
        self.recovery = Some(under_way);
        // Ready, when it comes, is its success.
        if self.timers.restart.is_none() {
            self.end_recovery(RecoveryOutcome::Failed);
        }
        goes_on
    }

    /// A stage has ended.
    pub(in crate::session) async fn tried(
        &mut self,
        stage: RecoveryStage,
        outcome: &Result<(), Error>,
    ) -> bool {
        // Meanwhile the session went on in another way.
        let is_current = self.recovery.as_ref().is_some_and(|under_way| under_way.stage == stage);
        if !is_current || self.state() != SessionState::Degraded {
            return true;
        }
        if let Err(error) = outcome {
            self.note("warn", format!("{} did not help: {}", stage.as_str(), error.message));
            count(stage, RecoveryOutcome::Failed);
            return self.try_next(Some(stage)).await;
        }
        if !self.hear_out().await {
            return false;
        }
        if self.state() == SessionState::Degraded {
            self.recovered().await;
        }
        true
    }

    /// What the engine said up to now comes before what is said of it.
    async fn hear_out(&mut self) -> bool {
        let waiting = self.events.as_ref().map_or(0, mpsc::Receiver::len);
        for _ in 0..waiting {
            let event = self.events.as_mut().and_then(|events| events.try_recv().ok());
            if let Some(event) = event
                && !self.reported(*event).await
            {
                return false;
            }
        }
        true
    }

    async fn recovered(&mut self) {
        let connected = self.recovery.as_ref().and_then(|recovery| recovery.line).unwrap_or(true);
        self.end_recovery(RecoveryOutcome::Recovered);
        if !connected {
            self.timers.line = Some(Instant::now() + LINE_PATIENCE);
        }
        self.record.last_error = None;
        let me = self.record.me.clone();
        if let Some(me) = me.clone() {
            self.tell(vec![EventBody::Ready { me }]).await;
        }
        self.publish(|status| (status.me, status.connected) = (me, connected));
        self.enter(SessionState::Ready).await;
        // What happened while nothing was heard.
        self.catch_up();
    }

    /// What the engine says of its line while it is being recovered counts when it is back.
    pub(in crate::session) fn remember_line(&mut self, connected: bool) {
        if let Some(under_way) = &mut self.recovery {
            under_way.line = Some(connected);
        }
    }

    /// Writes down how a recovery ended, if one is under way.
    pub(in crate::session) fn end_recovery(&mut self, outcome: RecoveryOutcome) {
        self.show_recovery(outcome);
        if let Some(under_way) = self.recovery.take() {
            let stage = under_way.stage;
            count(stage, outcome);
            tracing::info!(session = %self.record.id, stage = stage.as_str(), outcome = outcome.as_str(),
                "recovery of session {} by {}: {}", self.record.id, stage.as_str(), outcome.as_str());
            self.note("info", format!("recovery by {}: {}", stage.as_str(), outcome.as_str()));
        }
    }

    fn show_recovery(&self, outcome: RecoveryOutcome) {
        let Some(under_way) = &self.recovery else { return };
        let now = self.shared.parts.clock.now();
        let recovery = Recovery {
            stage: under_way.stage,
            outcome,
            reason: under_way.reason.clone(),
            began_at: under_way.began,
            ended_at: (outcome != RecoveryOutcome::UnderWay).then_some(now),
        };
        self.publish(|status| status.recovery = Some(recovery));
    }
}

fn count(stage: RecoveryStage, outcome: RecoveryOutcome) {
    let labels = [("stage", stage.as_str()), ("outcome", outcome.as_str())];
    metrics::counter!("wagate_recoveries_total", &labels).increment(1);
}

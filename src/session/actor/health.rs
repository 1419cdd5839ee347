//! Health checks and recovery of a session: an engine that lives but no longer answers or reports is shown as
//! degraded and recovered in stages. An engine that takes too much memory is replaced.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{
        Error, EventBody, SessionState,
        event::DisconnectReason,
        session::{RecoveryOutcome, RecoveryStage},
    },
    driver::RecoveryMethod,
    session::{
        RecoveryDeadlines,
        actor::{
            engine_tasks,
            lifecycle::{Lifecycle, count_recovery},
            recovery_state::ProbeVerdict,
            reports::Reports,
            timers::{CONNECTION_PATIENCE, Timer},
        },
    },
};

/// The pause before the probe that follows a failed one.
const SECOND_LOOK: Duration = Duration::from_secs(3);
/// How long a session must have been idle before its engine may be restarted for its size.
const IDLE: Duration = Duration::from_secs(30);

pub struct Health<'a>(pub &'a mut Lifecycle);

impl Health<'_> {
    /// Sends the engine a ping, and measures its memory.
    pub fn probe(&mut self) {
        let life = &mut *self.0;
        let Some(driver) = life.engine.driver().cloned() else { return };
        let settings = &life.shared.parts.settings;
        life.timers.set(Timer::Probe, Instant::now() + settings.probe_interval);
        if life.state.state() != SessionState::Degraded {
            let deadline = settings.probe_interval.min(settings.deadlines.command);
            life.engine.spawn(engine_tasks::probe(driver, deadline));
        }
    }

    pub async fn probed(&mut self, fault: Option<String>, memory: Option<u64>) {
        let life = &mut *self.0;
        let state = life.state.state();
        // A probe that began before is out of date.
        if state == SessionState::Degraded {
            return;
        }
        let Some(fault) = fault else {
            life.recovery.probe_succeeded();
            if let Some(memory) = memory {
                self.check_memory(memory).await;
            }
            return;
        };
        let (failed, verdict) = life.recovery.probe_failed(state == SessionState::Ready);
        life.state.note("warn", format!("the engine failed {failed} probes: {fault}"));
        match verdict {
            ProbeVerdict::Wait => (),
            ProbeVerdict::ProbeSoon => {
                let soon = Instant::now() + SECOND_LOOK;
                let next = life.timers.get(Timer::Probe).map(|at| at.min(soon));
                life.timers.set(Timer::Probe, next);
            }
            ProbeVerdict::Degrade => self.degrade(fault).await,
            ProbeVerdict::Restart => life.crashed(&fault).await,
        }
    }

    /// Restarts an engine that takes too much memory, once the session is idle.
    async fn check_memory(&mut self, memory: u64) {
        let Lifecycle { state, engine, shared, .. } = &mut *self.0;
        state.publish(|status| status.memory = Some(memory));
        let over = shared.parts.settings.memory_limit.is_some_and(|limit| limit < memory);
        let is_idle = IDLE <= state.idle() && engine.tasks() == 0;
        if !over || !is_idle || state.state() != SessionState::Ready {
            return;
        }
        state.note("warn", format!("the engine takes {} MiB; restarting it", memory >> 20));
        state.log_disconnected(DisconnectReason::Restart, true).await;
        self.0.restart().await;
    }

    /// Enters `degraded`: the engine lives but takes no commands or reports no events.
    async fn degrade(&mut self, reason: String) {
        let Lifecycle { state, timers, recovery, shared, .. } = &mut *self.0;
        state.record_mut().last_error = Some(reason.clone());
        timers.clear([Timer::Connection]);
        recovery.begin(reason, shared.parts.clock.now());
        let line = state.status().line.clone();
        let changed = EventBody::StateChanged { state: SessionState::Degraded, line };
        state.log_events(vec![changed]).await;
        state.publish(|status| status.connected = false);
        state.enter(SessionState::Degraded).await;
        self.try_next(None).await;
    }

    async fn try_next(&mut self, failed: Option<RecoveryStage>) {
        let Lifecycle { state, engine, recovery, shared, .. } = &mut *self.0;
        let Some(driver) = engine.driver().cloned() else { return };
        let Some((stage, reason)) = recovery.next(failed, Instant::now()) else { return };
        let id = &state.record().id;
        tracing::warn!(session = %id, stage = stage.as_str(),
            "session {id} is degraded; trying: {}", stage.as_str());
        state.note("warn", format!("degraded ({reason}); trying: {}", stage.as_str()));
        let shown = recovery.shown(RecoveryOutcome::UnderWay, shared.parts.clock.now());
        state.publish(|status| status.recovery = shown);
        let RecoveryDeadlines { reinject, reload } = shared.parts.settings.recovery;
        let (method, deadline) = match stage {
            RecoveryStage::Reinject => (RecoveryMethod::Soft, reinject),
            RecoveryStage::Reload => (RecoveryMethod::Reconnect, reload),
            RecoveryStage::Restart => return self.restart_degraded(&reason).await,
        };
        engine.spawn(engine_tasks::recover(driver, stage, method, deadline));
    }

    /// The last stage: a new engine, as after a crash.
    async fn restart_degraded(&mut self, reason: &str) {
        let Some(current) = self.0.recovery.suspend() else { return };
        self.0.crashed(reason).await;
        self.0.recovery.resume(current);
        // The stage succeeds when the new engine is ready.
        if !self.0.timers.is_set(Timer::Restart) {
            self.0.end_recovery(RecoveryOutcome::Failed);
        }
    }

    /// A stage of the recovery has ended.
    pub async fn stage_ended(&mut self, stage: RecoveryStage, outcome: &Result<(), Error>) {
        // The session may have left this stage since.
        if !self.0.recovery.is_at(stage) || self.0.state.state() != SessionState::Degraded {
            return;
        }
        if let Err(error) = outcome {
            let message = format!("{} did not help: {}", stage.as_str(), error.message);
            self.0.state.note("warn", message);
            count_recovery(stage, RecoveryOutcome::Failed);
            return self.try_next(Some(stage)).await;
        }
        // Events that wait come before the end of the recovery.
        for _ in 0..self.0.engine.waiting_events() {
            if let Some(event) = self.0.engine.waiting_event() {
                Reports(self.0).handle(event).await;
            }
        }
        if self.0.state.state() == SessionState::Degraded {
            self.recovered().await;
        }
    }

    async fn recovered(&mut self) {
        let connected = self.0.recovery.is_connected();
        self.0.end_recovery(RecoveryOutcome::Recovered);
        let Lifecycle { state, timers, .. } = &mut *self.0;
        if !connected {
            timers.set(Timer::Connection, Instant::now() + CONNECTION_PATIENCE);
        }
        state.record_mut().last_error = None;
        let me = state.record().me.clone();
        if let Some(me) = me.clone() {
            state.log_events(vec![EventBody::Ready { me }]).await;
        }
        state.publish(|status| (status.me, status.connected) = (me, connected));
        state.enter(SessionState::Ready).await;
        // Reads the events that were missed.
        self.0.catch_up();
    }
}

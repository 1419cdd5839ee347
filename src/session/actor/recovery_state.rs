//! Recovery of one session: the failed probes, the recovery in progress, and what was tried before. Pure.

use tokio::time::Instant;

use crate::{
    domain::{
        Timestamp,
        session::{Recovery, RecoveryOutcome, RecoveryStage},
    },
    session::recovery::Attempts,
};

/// Failed probes in a row after which a ready session is degraded. The second probe follows the first soon: a
/// page that reloads itself fails one probe only.
const PROBES: u32 = 2;
/// The same for a session that is not ready yet and loses nothing by a new engine.
const PROBES_BEFORE_READY: u32 = 3;

/// What follows a failed probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    Wait,
    /// The next probe comes soon.
    ProbeSoon,
    Degrade,
    Restart,
}

/// A recovery in progress.
pub struct CurrentRecovery {
    stage: RecoveryStage,
    reason: String,
    began: Timestamp,
    /// Whether the engine has reported a connection to WhatsApp since.
    connected: Option<bool>,
}

#[derive(Default)]
pub struct RecoveryState {
    current: Option<CurrentRecovery>,
    attempts: Attempts,
    /// In a row.
    failed_probes: u32,
}

impl RecoveryState {
    /// A start was requested: earlier attempts no longer count.
    pub fn reset(&mut self) {
        self.attempts.reset();
    }

    /// A probe succeeded, or the engine is new.
    pub fn probe_succeeded(&mut self) {
        self.failed_probes = 0;
    }

    /// Counts a failed probe. Returns the failed probes in a row, and what follows.
    pub fn probe_failed(&mut self, is_ready: bool) -> (u32, ProbeVerdict) {
        self.failed_probes += 1;
        let verdict = match (is_ready, self.failed_probes) {
            (true, PROBES..) => ProbeVerdict::Degrade,
            (true, _) => ProbeVerdict::ProbeSoon,
            (false, PROBES_BEFORE_READY..) => ProbeVerdict::Restart,
            (false, _) => ProbeVerdict::Wait,
        };
        (self.failed_probes, verdict)
    }

    pub fn begin(&mut self, reason: String, began: Timestamp) {
        self.failed_probes = 0;
        let stage = RecoveryStage::Reinject;
        self.current = Some(CurrentRecovery { stage, reason, began, connected: None });
    }

    /// Enters the next stage; none without a recovery in progress. `failed` is the stage that has just failed.
    pub fn next(
        &mut self,
        failed: Option<RecoveryStage>,
        now: Instant,
    ) -> Option<(RecoveryStage, String)> {
        let current = self.current.as_mut()?;
        current.stage = self.attempts.next(failed, now);
        Some((current.stage, current.reason.clone()))
    }

    /// Whether a recovery is at this stage.
    pub fn is_at(&self, stage: RecoveryStage) -> bool {
        self.current.as_ref().is_some_and(|current| current.stage == stage)
    }

    /// A change of the connection during a recovery takes effect at its end.
    pub fn remember_connection(&mut self, connected: bool) {
        if let Some(current) = &mut self.current {
            current.connected = Some(connected);
        }
    }

    /// Whether the engine is connected to WhatsApp, as far as it reported a change during the recovery.
    pub fn is_connected(&self) -> bool {
        self.current.as_ref().and_then(|current| current.connected).unwrap_or(true)
    }

    /// Takes the recovery in progress away, so that closing its engine does not end it.
    pub fn suspend(&mut self) -> Option<CurrentRecovery> {
        self.current.take()
    }

    pub fn resume(&mut self, current: CurrentRecovery) {
        self.current = Some(current);
    }

    /// The recovery in progress as the status shows it.
    pub fn shown(&self, outcome: RecoveryOutcome, now: Timestamp) -> Option<Recovery> {
        self.current.as_ref().map(|current| Recovery {
            stage: current.stage,
            outcome,
            reason: current.reason.clone(),
            began_at: current.began,
            ended_at: (outcome != RecoveryOutcome::UnderWay).then_some(now),
        })
    }

    /// Ends the recovery in progress. Returns it as the status shows it.
    pub fn end(&mut self, outcome: RecoveryOutcome, now: Timestamp) -> Option<Recovery> {
        let ended = self.shown(outcome, now);
        self.current = None;
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_ready_session_is_degraded_and_one_that_is_not_ready_gets_a_new_engine() {
        let mut recovery = RecoveryState::default();
        assert_eq!(recovery.probe_failed(true), (1, ProbeVerdict::ProbeSoon));
        assert_eq!(recovery.probe_failed(true), (2, ProbeVerdict::Degrade));
        recovery.probe_succeeded();
        assert_eq!(recovery.probe_failed(false), (1, ProbeVerdict::Wait));
        assert_eq!(recovery.probe_failed(false), (2, ProbeVerdict::Wait));
        assert_eq!(recovery.probe_failed(false), (3, ProbeVerdict::Restart));
    }

    #[test]
    fn a_recovery_shows_its_stage_and_remembers_the_connection_until_it_ends() {
        let (mut recovery, now) = (RecoveryState::default(), Instant::now());
        assert_eq!(recovery.next(None, now), None);
        recovery.begin("no answer".to_owned(), from_seconds(10));
        let (stage, reason) = recovery.next(None, now).unwrap();
        assert_eq!((stage, reason.as_str()), (RecoveryStage::Reinject, "no answer"));
        let stage = recovery.next(Some(stage), now).unwrap().0;
        assert!(stage == RecoveryStage::Reload && recovery.is_at(stage));
        assert!(recovery.is_connected());
        recovery.remember_connection(false);
        assert!(!recovery.is_connected());
        let shown = recovery.shown(RecoveryOutcome::UnderWay, from_seconds(11)).unwrap();
        assert_eq!((shown.began_at, shown.ended_at), (from_seconds(10), None));

        let current = recovery.suspend().unwrap();
        assert_eq!(recovery.end(RecoveryOutcome::Abandoned, from_seconds(12)), None);
        recovery.resume(current);
        let ended = recovery.end(RecoveryOutcome::Recovered, from_seconds(13)).unwrap();
        assert_eq!((ended.stage, ended.ended_at), (stage, Some(from_seconds(13))));
        assert!(!recovery.is_at(stage));
    }
}

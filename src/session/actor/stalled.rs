//! Stalled start: an engine that shows neither a code nor an account in time is reconnected, then restarted,
//! then given up.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{Command, SessionState, Timestamp, clock::between, event::DisconnectReason},
    driver::RecoveryMethod,
    session::actor::{Actor, Task, stalls::Step},
};

/// Deadline for the engine's description of its state.
const DESCRIPTION_DEADLINE: Duration = Duration::from_secs(5);
/// The longest life of a code that an engine may report.
const LONGEST_CODE: Duration = Duration::from_secs(600);

impl Actor {
    /// Sets the deadline by which the engine must show something new.
    pub(in crate::session::actor) fn expect_progress(&mut self, after: Duration) {
        let deadline = self.shared.parts.settings.start_deadline;
        self.timers.progress = Some(Instant::now() + after + deadline);
    }

    /// The engine showed a code or its account.
    pub(in crate::session::actor) fn progress_made(&mut self) {
        self.timers.progress = None;
        if self.stalls.reset() {
            self.record.last_error = None;
        }
    }

    /// A QR code is shown: the next one must follow when it expires.
    pub(in crate::session::actor) fn qr_shown(&mut self, expires_at: Timestamp) {
        self.progress_made();
        self.expect_progress(self.life_of(expires_at));
    }

    /// A pairing code was issued, which lives longer than a QR code. The engine shows no other code until it
    /// expires, and must not be disturbed.
    pub(in crate::session::actor) fn pairing_began(&mut self, expires_at: Timestamp) {
        if !matches!(self.state(), SessionState::QrReady | SessionState::Initializing) {
            return;
        }
        let life = self.life_of(expires_at);
        let end = Instant::now() + life;
        self.timers.pairing = Some(end);
        self.timers.qr = self.timers.qr.map(|at| at.max(end));
        self.expect_progress(life);
        // The QR code is no longer valid.
        self.publish(|status| (status.qr, status.pairing_until) = (None, Some(expires_at)));
    }

    /// The pairing code expired: QR codes are shown again.
    pub(in crate::session::actor) fn pairing_ended(&mut self) {
        self.publish(|status| status.pairing_until = None);
        if matches!(self.state(), SessionState::QrReady | SessionState::Initializing) {
            self.note("info", "the pairing code expired before it was typed".to_owned());
            self.refresh_codes();
        }
    }

    pub(in crate::session::actor) fn refresh_codes(&mut self) {
        let (reply, _) = tokio::sync::oneshot::channel();
        self.execute(Command::RefreshQr, reply);
        self.expect_progress(Duration::ZERO);
    }

    fn life_of(&self, expires_at: Timestamp) -> Duration {
        between(self.shared.parts.clock.now(), expires_at).min(LONGEST_CODE)
    }

    /// The deadline is over. The engine describes its state, for the error.
    pub(in crate::session::actor) fn inspect_stall(&mut self) {
        let Some(driver) = self.engine.driver.clone() else { return };
        self.engine.tasks.spawn(async move {
            let found = tokio::time::timeout(DESCRIPTION_DEADLINE, driver.describe_state()).await;
            Task::Stalled { engine_state: found.ok().flatten() }
        });
    }

    pub(in crate::session::actor) async fn stalled(
        &mut self,
        engine_state: Option<String>,
    ) -> bool {
        let waits = matches!(self.state(), SessionState::Initializing | SessionState::QrReady);
        // Progress meanwhile has set another deadline, or changed the state.
        let (true, None, Some(driver)) = (waits, self.timers.progress, self.engine.driver.clone())
        else {
            return true;
        };
        let settings = &self.shared.parts.settings;
        let (deadline, most_restarts) = (settings.start_deadline, settings.max_restarts);
        let engine_state = engine_state.unwrap_or_else(|| "unknown".to_owned());
        let reason = format!(
            "the engine showed neither a code nor an account within {} s: its state is {engine_state}",
            deadline.as_secs()
        );
        match self.stalls.next(most_restarts) {
            Step::Reconnect => {
                self.note("warn", format!("{reason}; reconnecting"));
                self.record.last_error = Some(reason);
                self.publish(|status| status.qr = None);
                self.enter(SessionState::Initializing).await;
                self.engine.tasks.spawn(async move {
                    // The engine's next report shows the outcome.
                    let _ =
                        tokio::time::timeout(deadline, driver.recover(RecoveryMethod::Reconnect))
                            .await;
                    Task::Command
                });
                self.expect_progress(Duration::ZERO);
                true
            }
            Step::Restart => self.crashed(&reason).await,
            Step::GiveUp => self.fail(DisconnectReason::Crashed, reason).await,
        }
    }
}

//! A session whose engine is open and shows neither a code nor an account, or no new code: it is loaded
//! again, then started again, then given up.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{Command, SessionState, Timestamp, clock::between, event::DisconnectReason},
    driver::Cure,
    session::actor::{Actor, Task},
};

/// How long an engine may take to say where it stands.
const STANDING: Duration = Duration::from_secs(5);
/// The most that is believed of the life of a code.
const LONGEST_CODE: Duration = Duration::from_secs(600);

/// What is done about an engine that shows nothing in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Reload,
    Restart,
    GiveUp,
}

/// What was done since the engine showed something.
#[derive(Debug, Default)]
pub struct Stalls {
    reloaded: bool,
    restarts: u32,
}

impl Stalls {
    fn next(&mut self, most_restarts: u32) -> Step {
        if !self.reloaded {
            self.reloaded = true;
            return Step::Reload;
        }
        if most_restarts <= self.restarts {
            return Step::GiveUp;
        }
        self.restarts += 1;
        Step::Restart
    }

    /// Nothing counts any more. Whether anything did.
    pub fn forgive(&mut self) -> bool {
        std::mem::take(self).reloaded
    }
}

impl Actor {
    /// The engine must show something new within its deadline after this time.
    pub(in crate::session) fn await_sign(&mut self, after: Duration) {
        let deadline = self.shared.parts.settings.start_deadline;
        self.timers.sign = Some(Instant::now() + after + deadline);
    }

    /// The engine showed a code or its account.
    pub(in crate::session) fn sign_came(&mut self) {
        self.timers.sign = None;
        if self.stalls.forgive() {
            self.record.last_error = None;
        }
    }

    /// A code to scan is shown: another must follow when its life is over.
    pub(in crate::session) fn code_came(&mut self, expires_at: Timestamp) {
        self.sign_came();
        self.await_sign(self.life_of(expires_at));
    }

    /// A code to type was given out, which lives longer than one to scan. Until its end nothing may disturb
    /// the engine, which shows no other code meanwhile.
    pub(in crate::session) fn pairing_began(&mut self, expires_at: Timestamp) {
        if !matches!(self.state(), SessionState::QrReady | SessionState::Initializing) {
            return;
        }
        let life = self.life_of(expires_at);
        let end = Instant::now() + life;
        self.timers.pairing = Some(end);
        self.timers.qr = self.timers.qr.map(|at| at.max(end));
        self.await_sign(life);
        // The code to scan is no longer the one that the engine waits for.
        self.publish(|status| (status.qr, status.pairing_until) = (None, Some(expires_at)));
    }

    /// Nobody typed the code: codes to scan are shown again.
    pub(in crate::session) fn pairing_ended(&mut self) {
        self.publish(|status| status.pairing_until = None);
        if matches!(self.state(), SessionState::QrReady | SessionState::Initializing) {
            self.note("info", "nobody typed the pairing code in time".to_owned());
            self.refresh_codes();
        }
    }

    pub(in crate::session) fn refresh_codes(&mut self) {
        let (reply, _) = tokio::sync::oneshot::channel();
        self.execute(Command::RefreshQr, reply);
        self.await_sign(Duration::ZERO);
    }

    fn life_of(&self, expires_at: Timestamp) -> Duration {
        between(self.shared.parts.clock.now(), expires_at).min(LONGEST_CODE)
    }

    /// The deadline is over. The engine is asked where it stands, for the reader of the error.
    pub(in crate::session) fn look_at_standing(&mut self) {
        let Some(driver) = self.driver.clone() else { return };
        self.tasks.spawn(async move {
            let standing = tokio::time::timeout(STANDING, driver.standing()).await;
            Task::Stalled { standing: standing.ok().flatten() }
        });
    }

    pub(in crate::session) async fn stalled(&mut self, standing: Option<String>) -> bool {
        let waits = matches!(self.state(), SessionState::Initializing | SessionState::QrReady);
        // A sign that came while the engine was asked set another deadline, or changed the state.
        let (true, None, Some(driver)) = (waits, self.timers.sign, self.driver.clone()) else {
            return true;
        };
        let settings = &self.shared.parts.settings;
        let (deadline, most_restarts) = (settings.start_deadline, settings.max_restarts);
        let standing = standing.unwrap_or_else(|| "a place that it does not tell".to_owned());
        let reason = format!(
            "the engine showed neither a code nor an account within {} s: it stands at {standing}",
            deadline.as_secs()
        );
        match self.stalls.next(most_restarts) {
            Step::Reload => {
                self.note("warn", format!("{reason}; loading it again"));
                self.record.last_error = Some(reason);
                self.publish(|status| status.qr = None);
                self.enter(SessionState::Initializing).await;
                self.tasks.spawn(async move {
                    // What comes of it is seen by the signs that the engine shows.
                    let _ = tokio::time::timeout(deadline, driver.recover(Cure::Reload)).await;
                    Task::Command
                });
                self.await_sign(Duration::ZERO);
                true
            }
            Step::Restart => self.crashed(&reason).await,
            Step::GiveUp => self.fail(DisconnectReason::Crashed, reason).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_shows_nothing_is_reloaded_restarted_and_given_up() {
        let mut stalls = Stalls::default();
        let steps: Vec<Step> = (0..4).map(|_| stalls.next(2)).collect();
        assert_eq!(steps, [Step::Reload, Step::Restart, Step::Restart, Step::GiveUp]);
        assert!(stalls.forgive() && !stalls.forgive());
        assert_eq!(stalls.next(0), Step::Reload);
        assert_eq!(stalls.next(0), Step::GiveUp);
    }
}

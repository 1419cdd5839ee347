//! Start of an engine until its account loads: opening, codes, and an engine that shows neither a code nor an
//! account in time, which is reconnected, then restarted, then given up.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{
        Command, Error, ErrorCode, SessionState, Subject, Timestamp, clock::between,
        event::DisconnectReason, session::FailureKind,
    },
    driver::{Close, OpenedEngine},
    session::actor::{engine_tasks, lifecycle::Lifecycle, stalls::Step, timers::Timer},
};

/// The longest life of a code that an engine may report.
const LONGEST_CODE: Duration = Duration::from_secs(600);

pub struct Startup<'a>(pub &'a mut Lifecycle);

impl Startup<'_> {
    pub fn opened(&mut self, opened: OpenedEngine) {
        let life = &mut *self.0;
        life.engine.opened(opened);
        life.recovery.probe_succeeded();
        let record = life.state.record_mut();
        if record.failure == Some(FailureKind::ProxyFailed) {
            (record.last_error, record.failure) = (None, None);
        }
        life.restarts.proxy_works();
        life.timers.set(Timer::Probe, Instant::now() + life.shared.parts.settings.probe_interval);
        life.state.note("info", "the engine is open".to_owned());
        self.expect_progress(Duration::ZERO);
    }

    pub async fn not_opened(&mut self, error: Error) {
        self.0.engine.not_opened();
        // An invalid request stays invalid at every retry.
        if matches!(error.code, ErrorCode::Invalid | ErrorCode::Unsupported) {
            return self.0.fail(DisconnectReason::Crashed, error.message).await;
        }
        if error.subject == Some(Subject::Proxy) {
            return self.proxy_failed(error.message).await;
        }
        self.0.crashed(&error.message).await;
    }

    /// The proxy does not work, which is no fault of the engine. It is retried without end, with growing
    /// pauses. Only the first failure is an event.
    async fn proxy_failed(&mut self, message: String) {
        let life = &mut *self.0;
        if !life.state.record().config.restart_on_crash {
            let (kind, reason) = (FailureKind::ProxyFailed, DisconnectReason::ConnectionLost);
            return life.fail_as(kind, reason, message).await;
        }
        life.close(Close::KeepLogin).await;
        let pause = life.restarts.proxy_failed();
        life.state.note("warn", format!("{message}; trying again in {} s", pause.as_secs()));
        let record = life.state.record_mut();
        let before = record.failure.replace(FailureKind::ProxyFailed);
        record.last_error = Some(message);
        life.timers.set(Timer::Restart, Instant::now() + pause);
        if before != Some(FailureKind::ProxyFailed) {
            life.state.log_disconnected(DisconnectReason::ConnectionLost, true).await;
        }
        life.state.enter(SessionState::Failed).await;
    }

    /// Sets the deadline by which the engine must show something new.
    fn expect_progress(&mut self, after: Duration) {
        let deadline = self.0.shared.parts.settings.start_deadline;
        self.0.timers.set(Timer::Progress, Instant::now() + after + deadline);
    }

    /// The engine showed a code or its account.
    pub fn progress_made(&mut self) {
        self.0.timers.clear([Timer::Progress]);
        if self.0.stalls.reset() {
            self.0.state.record_mut().last_error = None;
        }
    }

    /// A QR code is shown: the next one must follow when it expires.
    pub fn qr_shown(&mut self, expires_at: Timestamp) {
        self.progress_made();
        self.expect_progress(self.life_of(expires_at));
        let limit = self.0.state.record().config.qr_timeout;
        if !self.0.timers.is_set(Timer::Qr) && limit != 0 {
            self.0.timers.set(Timer::Qr, Instant::now() + Duration::from_secs(limit.into()));
        }
    }

    /// A pairing code was issued, which lives longer than a QR code. The engine shows no other code until it
    /// expires, and must not be disturbed.
    pub fn pairing_began(&mut self, expires_at: Timestamp) {
        if !self.is_waiting() {
            return;
        }
        let life = self.life_of(expires_at);
        let end = Instant::now() + life;
        let timers = &mut self.0.timers;
        timers.set(Timer::Pairing, end);
        timers.set(Timer::Qr, timers.get(Timer::Qr).map(|at| at.max(end)));
        self.expect_progress(life);
        // The QR code is no longer valid.
        let until = Some(expires_at);
        self.0.state.publish(|status| (status.qr, status.pairing_until) = (None, until));
    }

    /// The pairing code expired: QR codes are shown again.
    pub fn pairing_ended(&mut self) {
        self.0.state.publish(|status| status.pairing_until = None);
        if self.is_waiting() {
            let message = "the pairing code expired before it was typed";
            self.0.state.note("info", message.to_owned());
            self.refresh_codes();
        }
    }

    pub fn refresh_codes(&mut self) {
        let (reply, _) = tokio::sync::oneshot::channel();
        self.0.execute(Command::RefreshQr, reply);
        self.expect_progress(Duration::ZERO);
    }

    /// The deadline is over. The engine describes its state, for the error.
    pub fn inspect_stall(&mut self) {
        if let Some(driver) = self.0.engine.driver().cloned() {
            self.0.engine.spawn(engine_tasks::describe(driver));
        }
    }

    pub async fn stalled(&mut self, engine_state: Option<String>) {
        // Progress meanwhile has set another deadline, or changed the state.
        if !self.is_waiting() || self.0.timers.is_set(Timer::Progress) {
            return;
        }
        let Some(driver) = self.0.engine.driver().cloned() else { return };
        let settings = &self.0.shared.parts.settings;
        let (deadline, most_restarts) = (settings.start_deadline, settings.max_restarts);
        let engine_state = engine_state.unwrap_or_else(|| "unknown".to_owned());
        let reason = format!(
            "the engine showed neither a code nor an account within {} s: its state is {engine_state}",
            deadline.as_secs()
        );
        match self.0.stalls.next(most_restarts) {
            Step::Reconnect => {
                let state = &mut self.0.state;
                state.note("warn", format!("{reason}; reconnecting"));
                state.record_mut().last_error = Some(reason);
                state.publish(|status| status.qr = None);
                state.enter(SessionState::Initializing).await;
                self.0.engine.spawn(engine_tasks::reconnect(driver, deadline));
                self.expect_progress(Duration::ZERO);
            }
            Step::Restart => self.0.crashed(&reason).await,
            Step::GiveUp => self.0.fail(DisconnectReason::Crashed, reason).await,
        }
    }

    /// Whether the session waits for a code or its account.
    fn is_waiting(&self) -> bool {
        matches!(self.0.state.state(), SessionState::QrReady | SessionState::Initializing)
    }

    fn life_of(&self, expires_at: Timestamp) -> Duration {
        between(self.0.shared.parts.clock.now(), expires_at).min(LONGEST_CODE)
    }
}

//! Reports of the engine: which state they lead to, and which events they become.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{
        EventBody, Me, SessionState,
        event::DisconnectReason,
        session::{Desired, QrCode, RecoveryOutcome},
    },
    driver::{Close, DriverEvent},
    session::actor::{
        lifecycle::Lifecycle,
        startup::Startup,
        timers::{CONNECTION_PATIENCE, Timer},
    },
};

pub struct Reports<'a>(pub &'a mut Lifecycle);

impl Reports<'_> {
    pub async fn handle(&mut self, event: DriverEvent) {
        let state = self.0.state.state();
        match event {
            // A pairing code replaces QR codes until it expires.
            DriverEvent::Qr { .. }
                if self.0.timers.is_set(Timer::Pairing) && state == SessionState::QrReady => {}
            DriverEvent::Qr { text, attempt, expires_at } => {
                self.qr_shown(QrCode { text, attempt, expires_at }).await;
            }
            DriverEvent::QrExhausted => {
                self.0.state.publish(|status| status.qr = None);
                // New QR codes would invalidate a pairing code.
                if !self.0.timers.is_set(Timer::Pairing) {
                    let message = "the QR codes ran out; requesting new ones";
                    self.0.state.note("info", message.to_owned());
                    Startup(self.0).refresh_codes();
                }
            }
            DriverEvent::Authenticated => self.authenticated().await,
            // The engine reports again. The current stage checks whether it is well.
            DriverEvent::Ready { me } if state == SessionState::Degraded => {
                self.0.state.record_mut().me = Some(me);
            }
            DriverEvent::Ready { me } => self.ready(me).await,
            DriverEvent::Connection { state, connected } => {
                self.connection_changed(state, connected).await;
            }
            DriverEvent::LoggedOut => self.logged_out().await,
            DriverEvent::Crashed { reason } => self.0.crashed(&reason).await,
            DriverEvent::Event(mut body) => {
                self.0.touch();
                let me = &self.0.state.record().me;
                if let (EventBody::Message { message }, Some(me)) = (&mut body, me) {
                    message.came_to(&me.id);
                }
                self.0.state.log_events(vec![body]).await;
            }
        }
    }

    async fn qr_shown(&mut self, code: QrCode) {
        self.0.end_recovery(RecoveryOutcome::Abandoned);
        Startup(self.0).qr_shown(code.expires_at);
        let QrCode { text, attempt, expires_at } = code.clone();
        let state = &mut self.0.state;
        state.log_events(vec![EventBody::Qr { text, attempt, expires_at }]).await;
        state.publish(|status| status.qr = Some(code));
        state.enter(SessionState::QrReady).await;
    }

    async fn authenticated(&mut self) {
        if matches!(
            self.0.state.state(),
            SessionState::Authenticated | SessionState::Ready | SessionState::Degraded
        ) {
            return;
        }
        Startup(self.0).progress_made();
        let Lifecycle { state, timers, .. } = &mut *self.0;
        timers.clear([Timer::Qr, Timer::Pairing]);
        let limit = state.record().config.auth_timeout;
        let end = (limit != 0).then(|| Instant::now() + Duration::from_secs(limit.into()));
        timers.set(Timer::Authentication, end);
        state.log_events(vec![EventBody::Authenticated]).await;
        state.publish(|status| (status.qr, status.pairing_until) = (None, None));
        state.enter(SessionState::Authenticated).await;
    }

    async fn ready(&mut self, me: Me) {
        self.authenticated().await;
        self.note_missing_parts();
        self.0.end_recovery(RecoveryOutcome::Recovered);
        self.0.timers.clear([Timer::Qr, Timer::Authentication, Timer::Connection]);
        let state = &mut self.0.state;
        state.record_mut().me = Some(me.clone());
        state.log_events(vec![EventBody::Ready { me: me.clone() }]).await;
        state.publish(|status| {
            (status.me, status.qr, status.connected) = (Some(me), None, true);
        });
        state.enter(SessionState::Ready).await;
        self.0.catch_up();
    }

    fn note_missing_parts(&self) {
        let missing = self.0.engine.driver().map(|driver| driver.capabilities().missing);
        for part in missing.into_iter().flatten() {
            self.0.state.note("warn", format!("WhatsApp Web lacks {part}"));
        }
    }

    async fn connection_changed(&mut self, connection: String, connected: bool) {
        let Lifecycle { state, timers, recovery, .. } = &mut *self.0;
        let before = state.status().connected;
        let was_ready = state.state() == SessionState::Ready;
        let line = Some(connection);
        let changed = EventBody::StateChanged { state: state.state(), line: line.clone() };
        state.log_events(vec![changed]).await;
        if state.state() == SessionState::Degraded {
            recovery.remember_connection(connected);
            state.publish(|status| status.line = line);
            return;
        }
        if was_ready && before && !connected {
            state.log_disconnected(DisconnectReason::ConnectionLost, true).await;
            timers.set(Timer::Connection, Instant::now() + CONNECTION_PATIENCE);
        }
        if connected {
            timers.clear([Timer::Connection]);
        }
        if was_ready && connected && !before {
            self.0.catch_up();
        }
        let is_connected = connected && was_ready;
        self.0.state.publish(|status| (status.connected, status.line) = (is_connected, line));
    }

    async fn logged_out(&mut self) {
        self.0.close(Close::KeepLogin).await;
        self.0.wipe().await;
        let state = &mut self.0.state;
        (state.record_mut().me, state.record_mut().desired) = (None, Desired::Stopped);
        state.log_disconnected(DisconnectReason::LoggedOut, false).await;
        state.publish(|status| status.me = None);
        state.enter(SessionState::Terminated).await;
    }
}

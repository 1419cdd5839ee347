//! Reports of the engine: which state they lead to, and which events they become.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{
        EventBody, SessionState,
        event::DisconnectReason,
        session::{Desired, QrCode, RecoveryOutcome},
    },
    driver::{Close, DriverEvent},
    session::actor::{Actor, Task, timers::CONNECTION_PATIENCE},
};

impl Actor {
    pub(in crate::session::actor) async fn reported(&mut self, event: DriverEvent) -> bool {
        match event {
            // A pairing code replaces QR codes until it expires.
            DriverEvent::Qr { .. }
                if self.timers.pairing.is_some() && self.state() == SessionState::QrReady => {}
            DriverEvent::Qr { text, attempt, expires_at } => {
                self.end_recovery(RecoveryOutcome::Abandoned);
                self.qr_shown(expires_at);
                let limit = self.record.config.qr_timeout;
                if self.timers.qr.is_none() && limit != 0 {
                    self.timers.qr = Some(Instant::now() + Duration::from_secs(limit.into()));
                }
                self.log_events(vec![EventBody::Qr { text: text.clone(), attempt, expires_at }])
                    .await;
                self.publish(|status| status.qr = Some(QrCode { text, attempt, expires_at }));
                self.enter(SessionState::QrReady).await;
            }
            DriverEvent::QrExhausted => {
                self.publish(|status| status.qr = None);
                // New QR codes would invalidate a pairing code.
                if self.timers.pairing.is_none() {
                    self.note("info", "the QR codes ran out; requesting new ones".to_owned());
                    self.refresh_codes();
                }
            }
            DriverEvent::Authenticated => self.authenticated().await,
            // The engine reports again. The current stage checks whether it is well.
            DriverEvent::Ready { me } if self.state() == SessionState::Degraded => {
                self.record.me = Some(me);
            }
            DriverEvent::Ready { me } => {
                self.authenticated().await;
                self.note_missing_parts();
                self.end_recovery(RecoveryOutcome::Recovered);
                self.record.me = Some(me.clone());
                (self.timers.qr, self.timers.authentication, self.timers.connection) =
                    (None, None, None);
                self.log_events(vec![EventBody::Ready { me: me.clone() }]).await;
                self.publish(|status| {
                    (status.me, status.qr, status.connected) = (Some(me), None, true);
                });
                self.enter(SessionState::Ready).await;
                self.catch_up();
            }
            DriverEvent::Connection { state, connected } => {
                self.connection_changed(state, connected).await
            }
            DriverEvent::LoggedOut => return self.logged_out().await,
            DriverEvent::Crashed { reason } => return self.crashed(&reason).await,
            DriverEvent::Event(mut body) => {
                self.touch();
                if let (EventBody::Message { message }, Some(me)) = (&mut body, &self.record.me) {
                    message.came_to(&me.id);
                }
                self.log_events(vec![body]).await;
            }
        }
        true
    }

    pub(in crate::session::actor) async fn authenticated(&mut self) {
        if matches!(
            self.state(),
            SessionState::Authenticated | SessionState::Ready | SessionState::Degraded
        ) {
            return;
        }
        self.progress_made();
        (self.timers.qr, self.timers.pairing) = (None, None);
        let limit = self.record.config.auth_timeout;
        self.timers.authentication =
            (limit != 0).then(|| Instant::now() + Duration::from_secs(limit.into()));
        self.log_events(vec![EventBody::Authenticated]).await;
        self.publish(|status| (status.qr, status.pairing_until) = (None, None));
        self.enter(SessionState::Authenticated).await;
    }

    fn note_missing_parts(&self) {
        let missing = self.engine.driver.iter().flat_map(|driver| driver.capabilities().missing);
        for part in missing {
            self.note("warn", format!("WhatsApp Web lacks {part}"));
        }
    }

    pub(in crate::session::actor) async fn connection_changed(
        &mut self,
        state: String,
        connected: bool,
    ) {
        let before = self.status.borrow().connected;
        let was_ready = self.state() == SessionState::Ready;
        let line = Some(state);
        let changed = EventBody::StateChanged { state: self.state(), line: line.clone() };
        self.log_events(vec![changed]).await;
        if self.state() == SessionState::Degraded {
            self.remember_connection(connected);
            self.publish(|status| status.line = line);
            return;
        }
        if was_ready && before && !connected {
            self.log_disconnected(DisconnectReason::ConnectionLost, true).await;
            self.timers.connection = Some(Instant::now() + CONNECTION_PATIENCE);
        }
        if connected {
            self.timers.connection = None;
        }
        if was_ready && connected && !before {
            self.catch_up();
        }
        self.publish(|status| (status.connected, status.line) = (connected && was_ready, line));
    }

    /// Lets the sink read what the session missed.
    pub(in crate::session::actor) fn catch_up(&mut self) {
        let (sink, handle) = (self.shared.parts.sink.clone(), self.handle.clone());
        sink.will_be_ready(handle.id());
        self.engine.tasks.spawn(async move {
            sink.on_ready(handle).await;
            Task::Command
        });
    }

    pub(in crate::session::actor) async fn logged_out(&mut self) -> bool {
        self.close(Close::KeepLogin).await;
        self.wipe().await;
        (self.record.me, self.record.desired) = (None, Desired::Stopped);
        self.log_disconnected(DisconnectReason::LoggedOut, false).await;
        self.publish(|status| status.me = None);
        self.enter(SessionState::Terminated).await;
        true
    }
}

//! What becomes of events that the disk refuses: they are kept, written as soon as it takes them, and
//! what could not be kept is read again.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{EventBody, SessionId},
    messaging::{Ingest, backlog::Report},
    session::{EventSink, Supervisor},
    store::StoreError,
};

/// How often it is tried to write what the disk refused.
const TRY_AGAIN: Duration = Duration::from_millis(500);

impl Ingest {
    /// Writes one event, or keeps it until the disk takes it.
    pub(in crate::messaging) async fn write_or_keep(
        &self,
        session: &SessionId,
        body: EventBody,
    ) -> Result<(), StoreError> {
        let written = self.commit(session, body.clone()).await;
        self.keep_refused(session, body, written).await
    }

    /// Makes an event durable that has a number, or keeps it where the disk refused.
    pub(in crate::messaging) async fn keep_refused(
        &self,
        session: &SessionId,
        body: EventBody,
        written: Result<Option<u64>, StoreError>,
    ) -> Result<(), StoreError> {
        let report = match written {
            Ok(None) => return Ok(()),
            Ok(Some(seq)) => match self.publish(seq, &body).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_of_the_disk() => Report::Numbered(seq),
                Err(error) => return Err(error),
            },
            Err(error) if error.is_of_the_disk() => Report::New(body),
            Err(error) => return Err(error),
        };
        if !self.backlog.add(session, report) {
            tracing::warn!(%session, "session {session}: the disk refuses and too many events wait; \
                what is dropped now is read again later");
        }
        Ok(())
    }

    /// Nobody waits for a receipt, and a receipt that is lost with the power is found when messages are compared.
    async fn publish(&self, seq: u64, body: &EventBody) -> Result<(), StoreError> {
        match body {
            EventBody::Ack { .. } => self.log.publish_soon(seq).await,
            _ => self.log.publish(seq).await,
        }
    }

    /// Writes what the disk refused as soon as it takes it, until the token is cancelled.
    pub async fn keep_up(self: Arc<Self>, supervisor: Supervisor, stop: CancellationToken) {
        while stop.run_until_cancelled(self.backlog.filled.notified()).await.is_some() {
            while !self.backlog.sessions().is_empty() {
                for session in self.backlog.sessions() {
                    self.catch_up(&session, &supervisor).await;
                }
                let pause = tokio::time::sleep(TRY_AGAIN);
                if stop.run_until_cancelled(pause).await.is_none() {
                    break;
                }
            }
        }
        for session in self.backlog.sessions() {
            tracing::warn!(%session, "session {session}: the disk did not take all events; they \
                are read again at the next start");
        }
    }

    /// Writes what waits for one session, as far as the disk takes it.
    async fn catch_up(&self, session: &SessionId, supervisor: &Supervisor) {
        let Ok(handle) = supervisor.get(session) else { return self.backlog.forget(session) };
        while let Some(report) = self.backlog.first(session) {
            let number = match report {
                Report::New(body) => self.commit(session, body).await,
                Report::Numbered(seq) => Ok(Some(seq)),
            };
            let written = match number {
                Ok(Some(seq)) => {
                    // Asked to write it again, the log would take it for a second report.
                    self.backlog.numbered(session, seq);
                    self.log.publish(seq).await
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            match written {
                Err(error) if error.is_of_the_disk() => return,
                Err(error) => tracing::error!(%session, %error, "an event could not be logged"),
                Ok(()) => (),
            }
            self.backlog.done(session);
        }
        if self.store.admit().is_ok() && self.backlog.close(session) {
            self.on_ready(handle).await;
        }
    }
}

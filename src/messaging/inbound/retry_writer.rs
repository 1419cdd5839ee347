//! Retry writer: writes events at once, or buffers them while the disk refuses and writes them later in order.

use std::sync::Arc;

use crate::{
    domain::{EventBody, SessionId},
    events::counters,
    messaging::inbound::{
        event_writer::EventWriter,
        retry_buffer::{RetryBuffer, RetryEntry},
    },
    store::StoreError,
};

/// Clones are the same writer.
#[derive(Clone)]
pub struct RetryWriter {
    writer: EventWriter,
    buffer: Arc<RetryBuffer>,
}

impl RetryWriter {
    pub fn new(writer: EventWriter) -> Self {
        Self { writer, buffer: Arc::default() }
    }

    pub fn buffer(&self) -> &RetryBuffer {
        &self.buffer
    }

    /// Writes an event behind all earlier ones of its session. While the disk refuses, the event is buffered.
    pub async fn write(&self, session: &SessionId, body: EventBody) -> Result<(), StoreError> {
        counters::received(&body);
        let Some(body) = self.buffer.queue_behind(session, body) else { return Ok(()) };
        let committed = self.writer.commit(session, body.clone()).await;
        self.settle(session, body, committed).await
    }

    /// Makes an event durable that was committed, or buffers it if the disk refused.
    pub async fn settle(
        &self,
        session: &SessionId,
        body: EventBody,
        committed: Result<Option<u64>, StoreError>,
    ) -> Result<(), StoreError> {
        let entry = match committed {
            Ok(None) => return Ok(()),
            Ok(Some(seq)) => match self.writer.publish(seq, &body).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_of_the_disk() => RetryEntry::Undurable(seq),
                Err(error) => return Err(error),
            },
            Err(error) if error.is_of_the_disk() => RetryEntry::Uncommitted(body),
            Err(error) => return Err(error),
        };
        if !self.buffer.add(session, entry) {
            tracing::warn!(%session, "session {session}: the disk refuses writes and the retry buffer \
                is full; dropped events are read from WhatsApp again later");
        }
        Ok(())
    }

    /// Writes the buffered events of a session, until the disk refuses one. Whether all are written, and some
    /// were dropped: then the session needs a backfill.
    pub async fn retry(&self, session: &SessionId) -> bool {
        while let Some(entry) = self.buffer.first(session) {
            let number = match entry {
                RetryEntry::Uncommitted(body) => self.writer.commit(session, body).await,
                RetryEntry::Undurable(seq) => Ok(Some(seq)),
            };
            let written = match number {
                Ok(Some(seq)) => {
                    // Written again, the log would take the event for a second one.
                    self.buffer.first_committed(session, seq);
                    self.writer.log().publish(seq).await
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            match written {
                Err(error) if error.is_of_the_disk() => return false,
                Err(error) => {
                    tracing::error!(%session, %error, "session {session}: an event could not be logged");
                }
                Ok(()) => (),
            }
            self.buffer.first_done(session);
        }
        self.writer.store().health().admit().is_ok() && self.buffer.close(session)
    }
}

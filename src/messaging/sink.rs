//! Where what sessions report comes in: written at once, or kept until what it has to come after is there.

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    domain::{Error, ErrorCode, EventBody, SessionId, Subject},
    events::counters,
    messaging::{Ingest, waiting::PATIENCE},
    session::{EventSink, SessionHandle},
    store::StoreError,
};

#[async_trait]
impl EventSink for Ingest {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error> {
        for body in events {
            if self.waiting.is_due(session, Instant::now()) {
                self.let_go(session).await?;
            }
            if let Some(body) = self.waiting.keep(session, body) {
                self.take(session, body).await?;
            }
        }
        Ok(())
    }

    fn will_be_ready(&self, session: &SessionId) {
        self.waiting.begin(session, Instant::now());
    }

    async fn on_ready(&self, session: SessionHandle) {
        let id = session.id();
        let mut pull = std::pin::pin!(self.pull(&session));
        let mut pulled = tokio::time::timeout(PATIENCE, &mut pull).await;
        if let Err(error) = self.let_go(id).await {
            tracing::error!(session = %id, %error, "what session {id} told could not be written");
        }
        if pulled.is_err() {
            pulled = Ok(pull.await);
        }
        if let Ok(Err(error)) = pulled {
            if is_of_the_disk(&error) {
                self.backlog.is_to_catch_up(id);
            }
            tracing::warn!(session = %id, %error,
                "chats, contacts and history of session {id} could not be read");
        }
    }
}

impl Ingest {
    /// Writes what is told, or keeps it while the disk refuses.
    pub(in crate::messaging) async fn take(
        &self,
        session: &SessionId,
        body: EventBody,
    ) -> Result<(), StoreError> {
        counters::received(&body);
        match self.backlog.behind(session, body) {
            Some(body) => self.write_or_keep(session, body).await,
            None => Ok(()),
        }
    }

    /// Writes what waited while the session caught up.
    async fn let_go(&self, session: &SessionId) -> Result<(), StoreError> {
        let _held = self.waiting.letting_go.lock().await;
        while let Some(body) = self.waiting.next(session) {
            self.take(session, body).await?;
        }
        Ok(())
    }
}

fn is_of_the_disk(error: &Error) -> bool {
    error.code == ErrorCode::StorageFull || error.subject == Some(Subject::Store)
}

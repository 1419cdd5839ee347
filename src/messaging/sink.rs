//! Where what sessions report comes in: written at once, or kept until what it has to come after is there.

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    domain::{
        Error, ErrorCode, EventBody, SessionId, SessionRef, Subject, event::DisconnectReason,
    },
    events::counters,
    messaging::{Ingest, waiting::PATIENCE},
    session::{EventSink, SessionHandle},
    store::StoreError,
};

#[async_trait]
impl EventSink for Ingest {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error> {
        for body in events {
            if self.is_ignored(session, body.chat()).await? {
                continue;
            }
            if self.waiting.is_due(session, Instant::now()) || is_for_good(&body) {
                self.let_go(session).await?;
            }
            if let Some(body) = self.waiting.keep(session, body) {
                self.take(session, body).await?;
            }
        }
        Ok(())
    }

    fn begins(&self, session: &SessionRef) {
        self.log.bind(session);
    }

    async fn ends(&self, session: &SessionRef) {
        self.forget(&session.id);
        self.log.unbind(session).await;
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

/// No later connection will find again what was told before.
fn is_for_good(body: &EventBody) -> bool {
    use DisconnectReason::{LoggedOut, SessionRemoved};
    matches!(body, EventBody::Disconnected { reason: LoggedOut | SessionRemoved, .. })
}

fn is_of_the_disk(error: &Error) -> bool {
    error.code == ErrorCode::StorageFull || error.subject == Some(Subject::Store)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, Message, clock::from_seconds},
        events::EventLog,
        store::Store,
    };

    #[tokio::test]
    async fn what_was_told_while_a_session_caught_up_is_written_before_it_is_gone_for_good() {
        for reason in [DisconnectReason::LoggedOut, DisconnectReason::SessionRemoved] {
            let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
            let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
            let ingest = Ingest::new(store, log.clone(), clock);
            let session: SessionId = "s".parse().unwrap();
            ingest.will_be_ready(&session);
            let (chat, sender) = ("false_15550000001@c.us_K", "15550000001@c.us");
            let (id, author) = (chat.parse().unwrap(), sender.parse().unwrap());
            let message = Box::new(Message::text(id, author, "last words", from_seconds(1)));
            ingest.ingest(&session, vec![EventBody::Message { message }]).await.unwrap();
            assert_eq!(log.newest(), 0, "it waits");
            let gone = EventBody::Disconnected { reason, will_reconnect: false };
            ingest.ingest(&session, vec![gone]).await.unwrap();
            let told = log.read(None, 0, 9).await.unwrap();
            let told: Vec<&str> = told.iter().map(|event| event.body.name()).collect();
            assert_eq!(told, ["message", "disconnected"]);
        }
    }
}

//! Event sink of all sessions: buffers live message events while backfill runs, and writes the others at once.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        Clock, Error, ErrorCode, EventBody, SessionId, SessionRef, Subject, event::DisconnectReason,
    },
    events::EventLog,
    messaging::{
        inbound::{
            backfill_buffer::{BackfillBuffer, LONGEST_HOLD},
            event_writer::EventWriter,
            locally_changed::LocallyChanged,
            retry_writer::RetryWriter,
        },
        read_only_chats::is_ignored,
        sync::initial_sync::InitialSync,
    },
    session::{EventSink, SessionHandle, Supervisor},
    store::{Store, StoreError},
};

/// The pause between two attempts to write what the disk refused.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

pub struct Ingest {
    writer: EventWriter,
    retries: RetryWriter,
    sync: InitialSync,
    backfill_buffer: BackfillBuffer,
    locally_changed: LocallyChanged,
}

impl Ingest {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Arc<Self> {
        let writer = EventWriter::new(store, log, clock);
        let retries = RetryWriter::new(writer.clone());
        let locally_changed = LocallyChanged::default();
        let sync = InitialSync::new(writer.clone(), retries.clone(), locally_changed.clone());
        let backfill_buffer = BackfillBuffer::default();
        Arc::new(Self { writer, retries, sync, backfill_buffer, locally_changed })
    }

    pub(in crate::messaging) fn writer(&self) -> &EventWriter {
        &self.writer
    }

    pub(in crate::messaging) fn locally_changed(&self) -> &LocallyChanged {
        &self.locally_changed
    }

    pub(in crate::messaging) fn retries(&self) -> &RetryWriter {
        &self.retries
    }

    /// Takes in an event that no engine reports. Durable on return.
    pub async fn take_in(&self, session: &SessionId, body: EventBody) -> Result<(), StoreError> {
        match self.writer.commit(session, body.clone()).await? {
            Some(number) => self.writer.publish(number, &body).await,
            None => self.writer.store().durable().await,
        }
    }

    /// Writes what the disk refused once it accepts writes, until the token is cancelled.
    pub async fn run_retries(self: Arc<Self>, supervisor: Supervisor, stop: CancellationToken) {
        let buffer = self.retries.buffer();
        while stop.run_until_cancelled(buffer.filled()).await.is_some() {
            while !buffer.sessions().is_empty() {
                for session in buffer.sessions() {
                    self.retry(&session, &supervisor).await;
                }
                let pause = tokio::time::sleep(RETRY_PAUSE);
                if stop.run_until_cancelled(pause).await.is_none() {
                    break;
                }
            }
        }
        for session in buffer.sessions() {
            tracing::warn!(%session, "session {session}: the disk refused events; they are read \
                from WhatsApp again after the next start");
        }
    }

    async fn retry(&self, session: &SessionId, supervisor: &Supervisor) {
        let Ok(handle) = supervisor.get(session) else {
            return self.retries.buffer().forget(session);
        };
        if self.retries.retry(session).await {
            self.on_ready(handle).await;
        }
    }

    /// Writes the events that were held while backfill ran.
    async fn drain(&self, session: &SessionId) -> Result<(), StoreError> {
        let _held = self.backfill_buffer.draining.lock().await;
        while let Some(body) = self.backfill_buffer.next(session) {
            self.retries.write(session, body).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl EventSink for Ingest {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error> {
        for body in events {
            if is_ignored(self.writer.store(), session, body.chat()).await? {
                continue;
            }
            if self.backfill_buffer.is_due(session, Instant::now()) || is_final(&body) {
                self.drain(session).await?;
            }
            if let Some(body) = self.backfill_buffer.hold(session, body) {
                self.retries.write(session, body).await?;
            }
        }
        Ok(())
    }

    fn begins(&self, session: &SessionRef) {
        self.writer.log().bind(session);
    }

    async fn ends(&self, session: &SessionRef) {
        self.retries.buffer().forget(&session.id);
        self.backfill_buffer.forget(&session.id);
        self.writer.forget_lock(&session.id);
        self.writer.log().unbind(session).await;
    }

    fn will_be_ready(&self, session: &SessionId) {
        self.backfill_buffer.begin(session, Instant::now());
    }

    async fn on_ready(&self, session: SessionHandle) {
        let id = session.id();
        let mut sync = std::pin::pin!(self.sync.run(&session, &self.backfill_buffer));
        let mut synced = tokio::time::timeout(LONGEST_HOLD, &mut sync).await;
        if let Err(error) = self.drain(id).await {
            tracing::error!(session = %id, %error, "session {id}: held events could not be written");
        }
        if synced.is_err() {
            synced = Ok(sync.await);
        }
        if let Ok(Err(error)) = synced {
            if is_of_the_disk(&error) {
                self.retries.buffer().request_backfill(id);
            }
            tracing::warn!(session = %id, %error,
                "session {id}: chats, contacts and missed messages could not be read");
        }
    }
}

/// After such an event no backfill finds the events before it.
fn is_final(body: &EventBody) -> bool {
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
        domain::{
            Ack, Message,
            clock::from_seconds,
            outbox::{OutboxEntry, OutboxState, example},
        },
        messaging::{outbound::send_results::SendResults, stored::MessagingTables},
        store::Batch,
    };

    fn message(key: &str) -> Message {
        Message::text(
            format!("true_1234567890@c.us_{key}").parse().unwrap(),
            "15551234567@c.us".parse().unwrap(),
            "before",
            from_seconds(100),
        )
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn changes_of_one_message_at_the_same_time_all_stay() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock);
        let session: SessionId = "s".parse().unwrap();
        for round in 0..50 {
            let message = message(&format!("K{round}"));
            let id = message.id.clone();
            let sent = EventBody::MessageSent { message: Box::new(message) };
            ingest.ingest(&session, vec![sent]).await.unwrap();
            let changes = [
                EventBody::Ack { message: id.clone(), ack: Ack::Read, participant: None },
                EventBody::MessageEdited { message: id.clone(), text: "after".to_owned() },
                EventBody::Reaction {
                    message: id.clone(),
                    sender: "15551234567@c.us".parse().unwrap(),
                    emoji: "👍".to_owned(),
                },
            ];
            let writes = changes.map(|change| {
                let (ingest, session) = (ingest.clone(), session.clone());
                tokio::spawn(async move { ingest.ingest(&session, vec![change]).await.unwrap() })
            });
            futures_util::future::join_all(writes).await;
            let stored = store.messages().get(&session, &id).await.unwrap().unwrap();
            let found = (stored.ack, stored.body.as_str(), stored.reactions.len());
            assert_eq!(found, (Ack::Read, "after", 1), "round {round}");
        }
    }

    #[tokio::test]
    async fn a_receipt_that_comes_before_its_message_is_known_to_be_sent_is_not_forgotten() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock.clone());
        let session: SessionId = "s".parse().unwrap();
        let message = message("K");
        let mut entry = OutboxEntry {
            state: OutboxState::Sending,
            attempts: 1,
            ..example(1, message.chat().as_str())
        };
        entry.outgoing.key = "K".to_owned();
        let mut batch = Batch::new();
        store.outbox().add_in(&mut batch, &entry).unwrap();
        store.commit(batch).await.unwrap();
        let id = message.id.clone();
        let results = SendResults::of(&ingest);
        let ack = EventBody::Ack { message: id.clone(), ack: Ack::Delivered, participant: None };
        ingest.ingest(&session, vec![ack]).await.unwrap();
        results.sending(&mut entry).await.unwrap();
        entry.state = OutboxState::Sent;
        let sent = results.sent(entry.clone(), message).await.unwrap();
        results.publish(sent, Duration::ZERO).await.unwrap();
        let entry = store.outbox().get(&session, entry.id).await.unwrap().unwrap();
        let stored = store.messages().get(&session, &id).await.unwrap().unwrap();
        let found = (entry.state, entry.acked, stored.ack);
        assert_eq!(found, (OutboxState::Delivered, None, Ack::Delivered));
    }

    #[tokio::test]
    async fn a_message_known_already_counts_once() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log.clone(), clock);
        let session: SessionId = "s".parse().unwrap();
        let mut incoming = message("K");
        incoming.id.from_me = false;
        let event = EventBody::Message { message: Box::new(incoming.clone()) };
        ingest.ingest(&session, vec![event.clone(), event]).await.unwrap();
        let chat = store.chats().get(&session, incoming.chat()).await.unwrap().unwrap();
        assert_eq!((chat.unread, log.newest()), (1, 1));
    }

    #[tokio::test]
    async fn events_held_during_backfill_are_written_before_the_session_is_gone() {
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
            assert_eq!(log.newest(), 0, "it is held");
            let gone = EventBody::Disconnected { reason, will_reconnect: false };
            ingest.ingest(&session, vec![gone]).await.unwrap();
            let logged = log.read(None, 0, 9).await.unwrap();
            let logged: Vec<&str> = logged.iter().map(|event| event.body.name()).collect();
            assert_eq!(logged, ["message", "disconnected"]);
        }
    }
}

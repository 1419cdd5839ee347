//! Writer of receipts that an engine was asked for, as opposed to those that it reports.

use crate::{
    domain::{EventBody, Jid, MessageId, Receipt, SessionId, event_people::people_in},
    messaging::{
        inbound::{
            event_writer::EventWriter,
            mirror::Mirror,
            receipts::{Receipts, says_less},
        },
        stored::MessagingTables,
    },
    store::StoreError,
};

/// Clones are the same writer.
#[derive(Clone)]
pub struct ReceiptWriter {
    writer: EventWriter,
}

impl ReceiptWriter {
    pub fn new(writer: EventWriter) -> Self {
        Self { writer }
    }

    /// Merges the engine's receipts of a message into the stored ones. What was not logged yet becomes events.
    pub async fn write(
        &self,
        session: &SessionId,
        message: &MessageId,
        found: Vec<Receipt>,
    ) -> Result<(), StoreError> {
        let held = self.writer.lock(session).await;
        let mut work = self.writer.store().transaction();
        let events = loop {
            let (store, now) = (work.store(), self.writer.now());
            let receipts = Receipts::new(Mirror { store, session, now }, self.writer.log());
            let bodies = self.merge(receipts, session, message, found.clone()).await?;
            let people: Vec<Jid> = bodies.iter().flat_map(people_in).collect();
            let known = store.identities().of(session, &people).await?;
            let events = self.writer.log_in(&mut work, session, bodies, &known).await?;
            if let Some(events) = events {
                break events;
            }
        };
        drop(held);
        match events.last() {
            Some(last) => self.writer.log().publish(last.seq).await,
            None => Ok(()),
        }
    }

    async fn merge(
        &self,
        receipts: Receipts<'_>,
        session: &SessionId,
        message: &MessageId,
        found: Vec<Receipt>,
    ) -> Result<Vec<EventBody>, StoreError> {
        let reached = receipts.reached(message).await?;
        let (own, news) = receipts.merge(message, found).await?;
        let mut bodies = Vec::new();
        for (person, ack) in news {
            let participant = Some(person).filter(|_| message.chat.is_group());
            if participant.is_none() {
                receipts.raise(message, ack).await?;
            }
            let is_late =
                participant.is_none() && reached.is_some_and(|reached| says_less(ack, reached));
            let body = EventBody::Ack { message: message.clone(), ack, participant };
            if !is_late && self.writer.log().number_of(session, &body).await?.is_none() {
                bodies.push(body);
            }
        }
        bodies.extend(receipts.raise_to(message, own).await?);
        Ok(bodies)
    }
}

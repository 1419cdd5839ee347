//! The own ack of a message in a group: the least of its recipients' receipts.

use crate::{
    domain::{Ack, EventBody, MessageId, SessionId, receipt::least},
    messaging::Ingest,
    store::{MOST_RECEIPTS, Store, StoreError, StoredReceipt},
};

impl Ingest {
    /// The own ack of a message by its receipts. One receipt that holds it back becomes an expectation of the
    /// transaction. Without that, two transactions that raise the last two receipts would each see the other's
    /// behind, and the message would never rise.
    pub(in crate::messaging) async fn own_ack_in(
        &self,
        store: &Store,
        session: &SessionId,
        message: &MessageId,
        mut known: Vec<StoredReceipt>,
    ) -> Result<Option<Ack>, StoreError> {
        for _ in 0..=MOST_RECEIPTS {
            let own = own_ack(&known);
            let mut waited_for = known.iter_mut().filter(|one| one.counts);
            let Some(last) = waited_for.rfind(|one| Some(one.receipt.ack) == own) else {
                return Ok(own);
            };
            let person = last.receipt.participant.clone();
            match store.receipts().get(session, message, &person).await? {
                Some(stored) if stored == *last => return Ok(own),
                Some(stored) => *last = stored,
                None => known = self.fold_in(store, session, message).await?,
            }
        }
        Ok(None)
    }

    /// Raises a message of a group to its own ack, and tells that.
    pub(in crate::messaging) async fn own_in(
        &self,
        store: &Store,
        session: &SessionId,
        id: &MessageId,
        own: Option<Ack>,
    ) -> Result<Vec<EventBody>, StoreError> {
        let Some(own) = own else { return Ok(Vec::new()) };
        let known = store.messages().find_by_key(session, &id.chat, &id.key).await?;
        let Some(known) = known.filter(|known| known.ack < own) else { return Ok(Vec::new()) };
        self.raise_in(store, session, &known.id, own).await?;
        let body = EventBody::Ack { message: known.id, ack: own, participant: None };
        let is_told = self.log.number_of(session, &body).await?.is_some();
        Ok(if is_told { Vec::new() } else { vec![body] })
    }
}

/// Pure.
pub(in crate::messaging) fn own_ack(known: &[StoredReceipt]) -> Option<Ack> {
    least(known.iter().filter(|one| one.counts).map(|one| &one.receipt))
}

//! Single writes of mirror records within a transaction: each is visible to the next read.

use crate::{
    domain::{Chat, Contact, Jid, Message, MessageId, SessionId, outbox::OutboxEntry},
    messaging::stored::{MessagingTables, StoredReceipt},
    store::{Batch, Store, StoreError},
};

pub async fn put_chat(store: &Store, session: &SessionId, chat: &Chat) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    store.chats().put_in(&mut batch, session, chat).await?;
    store.commit(batch).await
}

/// Whether the message is new.
pub async fn put_message(
    store: &Store,
    session: &SessionId,
    message: &Message,
) -> Result<bool, StoreError> {
    let mut batch = Batch::new();
    let is_new = store.messages().put_in(&mut batch, session, message).await?;
    store.commit(batch).await?;
    Ok(is_new)
}

pub async fn put_contact(
    store: &Store,
    session: &SessionId,
    contact: &Contact,
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    store.contacts().put_in(&mut batch, session, contact)?;
    store.commit(batch).await
}

pub async fn put_receipt(
    store: &Store,
    session: &SessionId,
    message: &MessageId,
    receipt: &StoredReceipt,
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    store.receipts().put_in(&mut batch, session, message, receipt)?;
    store.commit(batch).await
}

pub async fn remove_receipt(
    store: &Store,
    session: &SessionId,
    message: &MessageId,
    participant: &Jid,
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    store.receipts().remove_in(&mut batch, session, message, participant);
    store.commit(batch).await
}

/// Writes an outbox entry that stays in the same queue.
pub async fn change_outbox(store: &Store, entry: &OutboxEntry) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    store.outbox().change_in(&mut batch, entry)?;
    store.commit(batch).await
}

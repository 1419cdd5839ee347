//! Retries of failed messages under the same id: such a message waits in the outbox, and has not failed.

use crate::{
    domain::{Ack, Message, SessionId, outbox::OutboxEntry},
    messaging::stored::MessagingTables,
    store::{Store, StoreError},
};

/// The newest attempt of a failed message, if that attempt has not ended.
pub async fn retry_of(
    store: &Store,
    session: &SessionId,
    message: &Message,
) -> Result<Option<OutboxEntry>, StoreError> {
    if !message.from_me() || message.ack != Ack::Failed {
        return Ok(None);
    }
    let newest = store.outbox().by_message(session, &message.id.key).await?;
    Ok(newest.filter(|entry| entry.state.is_waiting()))
}

/// Marks messages that are tried again as pending.
pub async fn mark_retries<'a>(
    store: &Store,
    session: &SessionId,
    messages: impl IntoIterator<Item = &'a mut Message>,
) -> Result<(), StoreError> {
    for message in messages {
        if retry_of(store, session, message).await?.is_some() {
            message.ack = Ack::Pending;
        }
    }
    Ok(())
}

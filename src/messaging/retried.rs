//! Messages that failed and are tried again under the same id: they wait, and have not failed.

use crate::{
    domain::{Ack, Error, Message, SessionId, outbox::OutboxEntry},
    messaging::Messaging,
};

impl Messaging {
    /// The newest attempt of a message that failed, where that attempt has not ended yet.
    pub(in crate::messaging) async fn retry_of(
        &self,
        session: &SessionId,
        message: &Message,
    ) -> Result<Option<OutboxEntry>, Error> {
        if !message.from_me() || message.ack != Ack::Failed {
            return Ok(None);
        }
        let newest = self.store.outbox().by_message(session, &message.id.key).await?;
        Ok(newest.filter(|entry| entry.state.is_waiting()))
    }

    /// Shows as waiting what is tried again.
    pub(in crate::messaging) async fn show_retries<'a>(
        &self,
        session: &SessionId,
        messages: impl IntoIterator<Item = &'a mut Message>,
    ) -> Result<(), Error> {
        for message in messages {
            if self.retry_of(session, message).await?.is_some() {
                message.ack = Ack::Pending;
            }
        }
        Ok(())
    }
}

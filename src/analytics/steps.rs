//! Steps of a sent message, delivered and read, each counted once.
//!
//! Acks only rise, but one may be skipped, or come before the event of its message, which then has it too. What an
//! earlier event of the log said is found by that event's identity, so that an event adds the same whenever it is
//! counted.

use crate::{
    domain::{Ack, Body, Event, EventBody, Jid, Message, MessageId},
    events::EventTables,
    store::{Store, StoreError},
};

/// The steps that no earlier event reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    pub delivered: bool,
    pub read: bool,
}

/// Of a message that had come this far when its event was logged.
pub async fn of_sent(store: &Store, event: &Event, message: &Message) -> Result<Steps, StoreError> {
    let reported = async |ack| is_reported(store, event, (&message.id, ack, None)).await;
    let delivered = Ack::Delivered <= message.ack && !reported(Ack::Delivered).await?;
    let read =
        Ack::Read <= message.ack && !reported(Ack::Read).await? && !reported(Ack::Played).await?;
    Ok(Steps { delivered, read })
}

/// Of an ack that was logged by itself.
pub async fn of_ack(
    store: &Store,
    event: &Event,
    (message, ack, participant): (&MessageId, Ack, Option<&Jid>),
) -> Result<Steps, StoreError> {
    if ack < Ack::Read {
        return Ok(Steps { delivered: ack == Ack::Delivered, read: false });
    }
    let reported = async |ack| is_reported(store, event, (message, ack, participant)).await;
    let was_read = Ack::Read < ack && reported(Ack::Read).await?;
    match ack_when_sent(store, event, message).await? {
        Some(sent) => {
            let was_delivered =
                Ack::Delivered <= sent || was_read || reported(Ack::Delivered).await?;
            Ok(Steps { delivered: !was_delivered, read: !was_read && sent < Ack::Read })
        }
        // The event of the message is still to come and tells that it was delivered, or it is so old that the log has
        // dropped it, and the message was delivered long ago.
        None => Ok(Steps { delivered: false, read: !was_read }),
    }
}

/// Whether an earlier event reported this ack.
async fn is_reported(
    store: &Store,
    event: &Event,
    (message, ack, participant): (&MessageId, Ack, Option<&Jid>),
) -> Result<bool, StoreError> {
    let body = EventBody::Ack { message: message.clone(), ack, participant: participant.cloned() };
    let Some(identity) = body.identity() else { return Ok(false) };
    let number = store.events().number_of(event.channel_uuid(), &identity).await?;
    Ok(number.is_some_and(|number| number < event.seq))
}

/// How far a message had come when its event was logged; none without an earlier event of it.
async fn ack_when_sent(
    store: &Store,
    event: &Event,
    message: &MessageId,
) -> Result<Option<Ack>, StoreError> {
    let identity = EventBody::identity_of(message);
    let number = store.events().number_of(event.channel_uuid(), &identity).await?;
    let Some(number) = number.filter(|number| *number < event.seq) else { return Ok(None) };
    let sent = store.events().get(number).await?;
    Ok(sent.and_then(|sent| match sent.body {
        Body::WhatsApp(EventBody::MessageSent { message }) => Some(message.ack),
        _ => None,
    }))
}

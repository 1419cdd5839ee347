//! Recurring jobs: what is past its time is dropped, and the event log is held to its size.

use std::{sync::Arc, time::Duration};

use crate::{
    gateway::business::NamedHandler,
    jobs::{Handler, Jobs},
    messaging::{Library, Messaging, Outbox},
    services::{EventRetention, idempotency::IdempotencyStore},
    store::StoreError,
    web_chat::WebChats,
    webhooks::{DeliveryArchive, Webhooks},
};

/// A recurring job: its kind, its interval and its handler.
type Round = (&'static str, Duration, Arc<dyn Handler>);

/// Lets each recur, and returns their handlers.
pub async fn repeat(
    jobs: &Jobs,
    (retention, idempotency): (&EventRetention, &IdempotencyStore),
    messaging: &Messaging,
    (webhooks, web_chats): (&Webhooks, &WebChats),
) -> Result<Vec<NamedHandler>, StoreError> {
    let deliveries = webhooks.deliveries.clone();
    let rounds: [Round; 6] = [
        ("retention of events", EventRetention::EVERY, Arc::new(retention.clone())),
        ("retention of first answers", IdempotencyStore::EVERY, Arc::new(idempotency.clone())),
        ("retention of the outbox", Outbox::EVERY, Arc::new(messaging.outbox.clone())),
        ("retention of uploaded files", Library::EVERY, Arc::new(messaging.library.clone())),
        ("retention of deliveries", DeliveryArchive::EVERY, Arc::new(deliveries)),
        ("retention of visitors", WebChats::EVERY, Arc::new(web_chats.clone())),
    ];
    let mut handlers = Vec::with_capacity(rounds.len());
    for (kind, every, handler) in rounds {
        jobs.repeat(kind, "round", every).await?;
        handlers.push((kind, handler));
    }
    Ok(handlers)
}

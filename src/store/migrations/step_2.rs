//! Layout 2 to 3: values are written in the present encoding.

use async_trait::async_trait;

use crate::store::{
    StoreError,
    codec::recode,
    engine::{Batch, Engine, Pair},
    migrations::Rewrite,
    trees::Tree,
};

/// The trees whose values are encoded. Those of the others are keys, or nothing.
const ENCODED: [Tree; 25] = [
    Tree::Settings,
    Tree::Sessions,
    Tree::Chats,
    Tree::Messages,
    Tree::Contacts,
    Tree::Events,
    Tree::IdentitiesOfEvents,
    Tree::ApiKeys,
    Tree::Webhooks,
    Tree::WebhookCursors,
    Tree::Deliveries,
    Tree::Lanes,
    Tree::LaneHeads,
    Tree::Delivered,
    Tree::Attempts,
    Tree::Idempotency,
    Tree::Mirrors,
    Tree::Outbox,
    Tree::OutboxByMessage,
    Tree::Identities,
    Tree::MessagesByUuid,
    Tree::MessageCounts,
    Tree::Conversations,
    Tree::Tags,
    Tree::Receipts,
];

#[derive(Default)]
pub struct Compact {}

#[async_trait]
impl Rewrite for Compact {
    async fn rewrite(
        &mut self,
        _: &dyn Engine,
        (key, value): Pair,
        into: &mut Batch,
    ) -> Result<(), StoreError> {
        let is_encoded = ENCODED.iter().any(|tree| key.first() == Some(&tree.prefix()));
        let value = if is_encoded { recode(&value)? } else { value };
        into.put(key, value);
        Ok(())
    }
}

//! Webhooks that rules of bots call: whether one can be called now.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    automation::Endpoints,
    store::{Store, StoreError},
    webhooks::stored::WebhookTables,
};

/// The webhooks of bots, as rules see them.
pub struct BotEndpoints;

#[async_trait]
impl Endpoints for BotEndpoints {
    async fn refusal(
        &self,
        store: &Store,
        webhook: Uuid,
        bot: Uuid,
    ) -> Result<Option<&'static str>, StoreError> {
        let found = store.webhooks().get(webhook).await?;
        Ok(match found.filter(|found| found.bot == Some(bot)) {
            None => Some("the bot has no such webhook any more"),
            Some(found) if !found.enabled => Some("the webhook is switched off"),
            Some(_) => None,
        })
    }
}

//! Removal of a bot with all that belongs to it.

use uuid::Uuid;

use crate::{domain::Error, services::Services};

impl Services {
    /// Removes a bot, what it knows, its canned responses and its webhooks. The bot goes before the webhooks, so that none
    /// is added; what a kill leaves of those goes with the next retention.
    pub async fn remove_bot(&self, id: Uuid) -> Result<(), Error> {
        self.bots.get(id).await?;
        self.knowledge.forget(id).await?;
        self.canned_responses.forget(id).await?;
        self.bots.delete(id).await?;
        self.webhooks.endpoints.remove_of_bot(id).await
    }
}

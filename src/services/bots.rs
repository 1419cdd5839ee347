//! Removal of a bot with all that belongs to it.

use uuid::Uuid;

use crate::{
    bots::Bots, content::CannedResponses, domain::Error, knowledge::Knowledge, webhooks::Registry,
};

/// The services that keep something of bots.
pub struct OfBots<'a> {
    pub bots: &'a Bots,
    pub knowledge: &'a Knowledge,
    pub canned_responses: &'a CannedResponses,
    pub webhooks: &'a Registry,
}

impl OfBots<'_> {
    /// Removes a bot, what it knows, its canned responses and its webhooks. The bot goes before the webhooks, so that none
    /// is added; what a kill leaves of those goes with the next retention.
    pub async fn remove(self, id: Uuid) -> Result<(), Error> {
        self.bots.get(id).await?;
        self.knowledge.forget(id).await?;
        self.canned_responses.forget(id).await?;
        self.bots.delete(id).await?;
        self.webhooks.remove_of_bot(id).await
    }
}

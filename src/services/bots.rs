//! Removal of a bot with all that belongs to it.

use uuid::Uuid;

use crate::{
    automation::{Automations, Flows},
    bots::Bots,
    content::CannedResponses,
    domain::Error,
    knowledge::Knowledge,
    teams::Teams,
    webhooks::Registry,
    work_items::WorkItems,
};

/// The services that keep something of bots.
pub struct OfBots<'a> {
    pub bots: &'a Bots,
    pub knowledge: &'a Knowledge,
    pub canned_responses: &'a CannedResponses,
    pub work_items: &'a WorkItems,
    pub automations: &'a Automations,
    pub flows: &'a Flows,
    pub teams: &'a Teams,
    pub webhooks: &'a Registry,
}

impl OfBots<'_> {
    /// Removes a bot with all that belongs to it. After a kill the bot is there still, and what is left can be removed with it.
    /// It goes before the webhooks, so that none is added; what a kill leaves of those goes with the next retention.
    pub async fn remove(self, id: Uuid) -> Result<(), Error> {
        self.bots.get(id).await?;
        self.knowledge.forget(id).await?;
        self.canned_responses.forget(id).await?;
        self.automations.forget_bot(id).await?;
        self.flows.forget_bot(id).await?;
        self.work_items.forget_bot(id).await?;
        self.teams.forget_bot(id).await?;
        self.bots.delete(id).await?;
        // What was made between the two; from now on nothing is.
        self.automations.forget_bot(id).await?;
        self.flows.forget_bot(id).await?;
        self.webhooks.remove_of_bot(id).await
    }
}

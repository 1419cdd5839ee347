//! Removal of a bot with all that belongs to it.

use uuid::Uuid;

use crate::{domain::Error, services::Services};

impl Services {
    /// Removes a bot, what it knows and its canned responses. The bot goes last: cut off in between, it is there to be
    /// removed again.
    pub async fn remove_bot(&self, id: Uuid) -> Result<(), Error> {
        self.bots.get(id).await?;
        self.knowledge.forget(id).await?;
        self.canned_responses.forget(id).await?;
        self.bots.delete(id).await
    }
}

//! Endpoints that a rule calls: the seam to the webhooks, which lie above and deliver the event that a rule logs.

use async_trait::async_trait;
use uuid::Uuid;

use crate::store::{Store, StoreError};

/// What rules ask of webhooks.
#[async_trait]
pub trait Endpoints: Send + Sync + 'static {
    /// Why a webhook of this bot cannot be called; none where it can.
    async fn refusal(
        &self,
        store: &Store,
        webhook: Uuid,
        bot: Uuid,
    ) -> Result<Option<&'static str>, StoreError>;
}

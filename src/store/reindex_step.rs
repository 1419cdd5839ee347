//! What a module does when the indexes of a whole store are rebuilt.

use async_trait::async_trait;

use crate::store::{StoreError, engine::Engine};

/// Nobody else writes meanwhile.
#[async_trait]
pub trait ReindexStep: Send + Sync {
    /// Before any index is removed.
    async fn before(&self, _engine: &dyn Engine) -> Result<(), StoreError> {
        Ok(())
    }

    /// When all indexes are there.
    async fn after(&self, _engine: &dyn Engine) -> Result<(), StoreError> {
        Ok(())
    }
}

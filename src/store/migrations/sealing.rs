//! What a step that copies the store does about secrets: it sees values as they were written, and what it
//! writes is sealed. Where they lay in the clear, they are in no file any more once the copy has its place.

use async_trait::async_trait;

use crate::store::{
    StoreError,
    engine::{Batch, Engine, Pair},
    migrations::Rewrite,
    seal::Seal,
};

pub struct Sealing {
    pub seal: Seal,
    pub rewrite: Box<dyn Rewrite>,
}

#[async_trait]
impl Rewrite for Sealing {
    async fn begin(&mut self, old: &dyn Engine, new: &dyn Engine) -> Result<(), StoreError> {
        self.rewrite.begin(old, new).await
    }

    async fn rewrite(
        &mut self,
        old: &dyn Engine,
        pair: Pair,
        into: &mut Batch,
    ) -> Result<(), StoreError> {
        let mut written = Batch::new();
        self.rewrite.rewrite(old, self.seal.opened_pair(pair)?, &mut written).await?;
        self.seal.seal_writes(&mut written)?;
        into.writes.extend(written.writes);
        Ok(())
    }
}

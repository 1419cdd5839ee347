//! Condition of a store: whether there is room on its disk, and whether it still reads and writes.

use crate::store::{
    disk::{Disk, Room},
    engine::Engine,
    error::StoreError,
    handle::Store,
    settings::Settings,
};

#[derive(Clone, Copy)]
pub struct StoreHealth<'s> {
    disk: &'s Disk,
    engine: &'s dyn Engine,
}

impl Store {
    pub fn health(&self) -> StoreHealth<'_> {
        StoreHealth { disk: &self.disk, engine: &*self.engine }
    }
}

impl<'s> StoreHealth<'s> {
    /// Refuses when nothing new may be taken on, so that what has begun can be brought to its end.
    pub fn admit(&self) -> Result<(), StoreError> {
        if self.disk.has_room(Room::ForNew) { Ok(()) } else { Err(StoreError::Full) }
    }

    /// Whether a record of what has begun would be taken.
    pub fn takes_records(&self) -> bool {
        self.disk.has_room(Room::ForBegun) && !self.is_broken()
    }

    /// Whether a write has failed, so that the store must be reopened.
    pub fn is_broken(&self) -> bool {
        self.engine.is_broken()
    }

    /// The disk that it lies on.
    pub fn disk(&self) -> &'s Disk {
        self.disk
    }

    /// Writes and reads something: the health check.
    pub async fn probe(&self) -> Result<(), StoreError> {
        const PROBE: &str = "probe";
        Settings::new(self.engine).put_lazily(PROBE, &true).await?;
        match Settings::new(self.engine).get::<bool>(PROBE).await? {
            Some(true) => Ok(()),
            _ => Err(StoreError::Corrupt("what was written was not read back".to_owned())),
        }
    }

    /// Writes something all the way to the disk.
    pub async fn probe_disk(&self) -> Result<(), StoreError> {
        self.probe().await?;
        self.engine.durable().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_probe_reads_what_it_writes() {
        Store::temporary().await.unwrap().health().probe().await.unwrap();
    }
}

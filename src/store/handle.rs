//! The store as others hold it: commits, durability, snapshots.

use std::{sync::Arc, time::Duration};

use crate::store::{
    beside::Beside,
    catalogue::Catalogue,
    disk::Disk,
    engine::{Batch, Engine, Sealed, Snapshot},
    error::StoreError,
    raw,
    settings::Settings,
};

/// The store; clones are the same store.
#[derive(Clone)]
pub struct Store {
    /// With values as they were written; the same one as `sealed`.
    pub(in crate::store) engine: Arc<dyn Engine>,
    pub(in crate::store) sealed: Arc<Sealed>,
    pub(in crate::store) beside: Beside,
    pub(in crate::store) disk: Disk,
    pub(in crate::store) catalogue: Catalogue,
}

impl Store {
    /// What a module holds in memory beside this store. A transaction's store shares it.
    pub fn beside<T: Clone + Default + Send + 'static>(&self) -> T {
        self.beside.of()
    }

    /// Carries out all writes of a batch, or none. Visible at once; durable after [`Self::durable`].
    pub async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.engine.commit(batch).await
    }

    /// Returns when everything committed so far is on the disk. Callers at the same time share one
    /// flush.
    pub async fn durable(&self) -> Result<(), StoreError> {
        self.engine.durable().await
    }

    /// The same for who can wait a little for a flush that is made for others.
    pub async fn durable_within(&self, patience: Duration) -> Result<(), StoreError> {
        self.engine.durable_within(patience).await
    }

    /// Everything as it lies on the disk at this moment, secrets sealed; writing goes on meanwhile.
    pub fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        self.engine.snapshot()
    }

    /// For the owner of a plain tree: keys and values as bytes, secrets in the clear.
    pub fn engine(&self) -> &dyn raw::Engine {
        &*self.engine
    }

    pub fn settings(&self) -> Settings<'_> {
        Settings::new(&*self.engine)
    }
}

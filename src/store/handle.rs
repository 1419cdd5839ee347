//! The store as others hold it: opening, commits, durability, upkeep.

use std::{path::Path, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    domain::SessionId,
    store::{
        beside::Beside,
        catalogue::Catalogue,
        codec::Key,
        disk::{Disk, Room},
        engine::{Batch, Engine, Guarded, MemoryEngine, Pair, Sealed, SledEngine, Snapshot},
        error::StoreError,
        migrations,
        opening::Opening,
        raw,
        record::Scope,
        reindex::{self, Reindexed},
        seal::Seal,
        sealing,
        settings::Settings,
        trees::Tree,
    },
    vault::Keyring,
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
    /// Opens or makes the store in a folder. One of an older layout is migrated first, which may take minutes;
    /// one that a newer version wrote is refused, and one whose secrets are sealed with a key that the keyring
    /// lacks.
    pub async fn open(
        folder: &Path,
        keyring: &Keyring,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        Self::open_on(folder, Disk::manual(0), keyring, catalogue, &Opening::default()).await
    }

    /// The same, and stops writing before the disk is full. `opening` shows how far it has come.
    pub async fn open_on(
        folder: &Path,
        disk: Disk,
        keyring: &Keyring,
        catalogue: Catalogue,
        opening: &Opening,
    ) -> Result<Self, StoreError> {
        let seal = Seal::new(keyring.clone(), catalogue);
        let engine = migrations::open(folder, &disk, &seal, opening).await?;
        Self::on(engine, disk, seal, catalogue, opening).await
    }

    /// A store that vanishes when it is dropped, for tests and for the demonstration.
    pub async fn temporary_of(catalogue: Catalogue, disk: Disk) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), catalogue);
        Self::on(SledEngine::temporary()?, disk, seal, catalogue, &Opening::default()).await
    }

    /// On an engine in memory, which keeps what it has for the next store on it.
    pub async fn in_memory(
        engine: MemoryEngine,
        disk: Disk,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), catalogue);
        Self::on(engine, disk, seal, catalogue, &Opening::default()).await
    }

    async fn on(
        engine: impl Engine,
        disk: Disk,
        seal: Seal,
        catalogue: Catalogue,
        opening: &Opening,
    ) -> Result<Self, StoreError> {
        let engine = Arc::new(Guarded::new(engine, disk.clone()));
        Self::over_sealed(engine, disk, seal, catalogue, opening).await
    }

    /// On an engine that others may use as well.
    #[cfg(test)]
    pub(in crate::store) async fn over(
        engine: Arc<dyn Engine>,
        disk: Disk,
    ) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), Catalogue::OWN);
        Self::over_sealed(engine, disk, seal, Catalogue::OWN, &Opening::default()).await
    }

    pub(in crate::store) async fn over_sealed(
        engine: Arc<dyn Engine>,
        disk: Disk,
        seal: Seal,
        catalogue: Catalogue,
        opening: &Opening,
    ) -> Result<Self, StoreError> {
        migrations::prepare(&*engine, opening).await?;
        let sealed = Arc::new(Sealed::new(engine, seal));
        sealing::prepare(&sealed, opening).await?;
        let engine: Arc<dyn Engine> = sealed.clone();
        let store = Self { engine, sealed, beside: Beside::default(), disk, catalogue };
        let records = reindex::when_due(&*store.engine, catalogue, opening).await?.all();
        if 0 < records {
            tracing::info!(records, "indexed {records} records again");
        }
        Ok(store)
    }

    /// Rebuilds all indexes. Nobody else may write meanwhile.
    pub async fn reindex(&self) -> Result<Reindexed, StoreError> {
        reindex::reindex(&*self.engine, self.catalogue, &Opening::default()).await
    }

    /// Removes what tables of [`Scope::Session`] hold of a session, in small commits.
    pub async fn clear_session(&self, session: Uuid) -> Result<(), StoreError> {
        self.clear_scope(Scope::Session, |tree| Key::new(tree).uuid(session)).await
    }

    /// Removes what tables of [`Scope::Account`] hold of a session, in small commits.
    pub async fn clear_account(&self, session: &SessionId) -> Result<(), StoreError> {
        self.clear_scope(Scope::Account, |tree| Key::new(tree).text(session.as_str())).await
    }

    async fn clear_scope(
        &self,
        scope: Scope,
        part: impl Fn(Tree) -> Key,
    ) -> Result<(), StoreError> {
        for declared in self.catalogue.declarations() {
            if declared.table.scope == scope {
                declared.clear(&*self.engine, part(declared.table.tree).all()).await?;
            }
        }
        Ok(())
    }

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
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Writes and reads something: the health check.
    pub async fn probe(&self) -> Result<(), StoreError> {
        const PROBE: &str = "probe";
        self.settings().put_lazily(PROBE, &true).await?;
        match self.settings().get::<bool>(PROBE).await? {
            Some(true) => Ok(()),
            _ => Err(StoreError::Corrupt("what was written was not read back".to_owned())),
        }
    }

    /// Writes something all the way to the disk.
    pub async fn probe_disk(&self) -> Result<(), StoreError> {
        self.probe().await?;
        self.durable().await
    }

    /// Everything as it lies on the disk at this moment, secrets sealed; writing goes on meanwhile.
    pub fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        self.engine.snapshot()
    }

    /// Writes pairs of a [`Self::snapshot`] as they are, but for secrets of before they were sealed; durable
    /// after [`Self::durable`].
    pub async fn load(&self, pairs: Vec<Pair>) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for (key, value) in pairs {
            batch.put(key, value);
        }
        self.engine.commit(batch).await
    }

    /// Whether a process has the store in this folder open, without opening it.
    pub fn is_held(folder: &Path) -> bool {
        migrations::is_open(folder)
    }

    /// For the owner of a plain tree: keys and values as bytes, secrets in the clear.
    pub fn engine(&self) -> &dyn raw::Engine {
        &*self.engine
    }

    pub fn settings(&self) -> Settings<'_> {
        Settings::new(&*self.engine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SCHEMA;

    #[tokio::test]
    async fn a_store_of_a_newer_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::thrown_away();
        let store = Store::open(folder.path(), &keyring, Catalogue::OWN).await.unwrap();
        store.settings().put(migrations::LAYOUT, &(SCHEMA + 1)).await.unwrap();
        drop(store);
        let refused = Store::open(folder.path(), &keyring, Catalogue::OWN).await.err();
        assert!(matches!(refused, Some(StoreError::NewerVersion { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn the_probe_reads_what_it_writes() {
        Store::temporary().await.unwrap().probe().await.unwrap();
    }
}

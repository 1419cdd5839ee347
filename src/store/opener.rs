//! Opening of a store: on the disk, in memory, or on an engine that others use as well.

use std::{path::Path, sync::Arc};

use crate::{
    store::{
        beside::Beside,
        catalogue::Catalogue,
        disk::Disk,
        engine::{Engine, Guarded, MemoryEngine, Sealed, SledEngine},
        error::StoreError,
        handle::Store,
        migrations,
        opening::Opening,
        reindex,
        seal::Seal,
        sealing,
    },
    vault::Keyring,
};

/// What a store is opened with.
pub struct Opener {
    pub catalogue: Catalogue,
    /// Writing stops before this disk is full.
    pub disk: Disk,
    /// Shows how far the opening has come.
    pub opening: Opening,
}

impl Opener {
    /// Without a disk that can be full.
    pub fn of(catalogue: Catalogue) -> Self {
        Self { catalogue, disk: Disk::manual(0), opening: Opening::default() }
    }

    pub fn on(self, disk: Disk) -> Self {
        Self { disk, ..self }
    }

    /// Opens or makes the store in a folder. One of an older layout is migrated first, which may take minutes;
    /// one that a newer version wrote is refused, and one whose secrets are sealed with a key that the keyring
    /// lacks.
    pub async fn open(self, folder: &Path, keyring: &Keyring) -> Result<Store, StoreError> {
        let seal = Seal::new(keyring.clone(), self.catalogue);
        let engine = migrations::open(folder, &self.disk, &seal, &self.opening).await?;
        self.guarded(engine, seal).await
    }

    /// A store that vanishes when it is dropped, for tests and for the demonstration.
    pub async fn temporary(self) -> Result<Store, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), self.catalogue);
        self.guarded(SledEngine::temporary()?, seal).await
    }

    /// On an engine in memory, which keeps what it has for the next store on it.
    pub async fn in_memory(self, engine: MemoryEngine) -> Result<Store, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), self.catalogue);
        self.guarded(engine, seal).await
    }

    async fn guarded(self, engine: impl Engine, seal: Seal) -> Result<Store, StoreError> {
        let engine = Arc::new(Guarded::new(engine, self.disk.clone()));
        self.over(engine, seal).await
    }

    /// On an engine that others may use as well.
    pub(in crate::store) async fn over(
        self,
        engine: Arc<dyn Engine>,
        seal: Seal,
    ) -> Result<Store, StoreError> {
        let Self { catalogue, disk, opening } = self;
        migrations::prepare(&*engine, &opening).await?;
        let sealed = Arc::new(Sealed::new(engine, seal));
        sealing::prepare(&sealed, &opening).await?;
        let engine: Arc<dyn Engine> = sealed.clone();
        let store = Store { engine, sealed, beside: Beside::default(), disk, catalogue };
        let records = reindex::when_due(&*store.engine, catalogue, &opening).await?.all();
        if 0 < records {
            tracing::info!(records, "indexed {records} records again");
        }
        Ok(store)
    }
}

impl Store {
    /// Opens or makes the store in a folder, as [`Opener::open`] does.
    pub async fn open(
        folder: &Path,
        keyring: &Keyring,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        Opener::of(catalogue).open(folder, keyring).await
    }

    /// On an engine that others may use as well.
    #[cfg(test)]
    pub(in crate::store) async fn over(
        engine: Arc<dyn Engine>,
        disk: Disk,
    ) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), Catalogue::OWN);
        Opener::of(Catalogue::OWN).on(disk).over(engine, seal).await
    }
}

/// Whether a process has the store in this folder open, without opening it.
pub fn is_held(folder: &Path) -> bool {
    migrations::is_open(folder)
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
}

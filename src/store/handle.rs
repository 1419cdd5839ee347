//! The store as others hold it: opening, commits, durability, and the repositories.

use std::{path::Path, sync::Arc, time::Duration};

use crate::{
    store::{
        catalogue::Catalogue,
        chats::Chats,
        contacts::Contacts,
        conversations::Conversations,
        disk::{Disk, Room},
        engine::{Batch, Engine, Guarded, MemoryEngine, Pair, Sealed, SledEngine, Snapshot},
        error::StoreError,
        events::Events,
        identities::StoredIdentities,
        message_counts::MessageCounts,
        messages::Messages,
        migrations,
        numbers::Numbers,
        outbox::Outbox,
        outbox_queue::OutboxQueue,
        raw,
        receipts::Receipts,
        reindex::{self, Reindexed},
        seal::Seal,
        sealing,
        search_mark::SearchMark,
        sessions::Sessions,
        settings::Settings,
        sync_checkpoints::SyncCheckpoints,
        tags::Tags,
    },
    vault::Keyring,
};

/// The store; clones are the same store.
#[derive(Clone)]
pub struct Store {
    /// With values as they were written; the same one as `sealed`.
    pub(in crate::store) engine: Arc<dyn Engine>,
    pub(in crate::store) sealed: Arc<Sealed>,
    pub(in crate::store) numbers: Numbers,
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
        Self::open_on(folder, Disk::manual(0), keyring, catalogue).await
    }

    /// The same, and stops writing before the disk is full.
    pub async fn open_on(
        folder: &Path,
        disk: Disk,
        keyring: &Keyring,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        let seal = Seal::new(keyring.clone(), catalogue);
        Self::on(migrations::open(folder, &disk, &seal).await?, disk, seal, catalogue).await
    }

    /// A store that vanishes when it is dropped, for tests and for the demonstration. It has the tables of the
    /// store itself.
    pub async fn temporary() -> Result<Self, StoreError> {
        Self::temporary_on(Disk::manual(0)).await
    }

    /// The same on a disk that a test sets.
    pub async fn temporary_on(disk: Disk) -> Result<Self, StoreError> {
        Self::temporary_of(Catalogue::OWN, disk).await
    }

    /// The same with other tables.
    pub async fn temporary_of(catalogue: Catalogue, disk: Disk) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), catalogue);
        Self::on(SledEngine::temporary()?, disk, seal, catalogue).await
    }

    /// On an engine in memory, which keeps what it has for the next store on it.
    pub async fn in_memory(
        engine: MemoryEngine,
        disk: Disk,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        Self::on(engine, disk, Seal::new(Keyring::thrown_away(), catalogue), catalogue).await
    }

    async fn on(
        engine: impl Engine,
        disk: Disk,
        seal: Seal,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        Self::over_sealed(Arc::new(Guarded::new(engine, disk.clone())), disk, seal, catalogue).await
    }

    /// On an engine that others may use as well.
    #[cfg(test)]
    pub(in crate::store) async fn over(
        engine: Arc<dyn Engine>,
        disk: Disk,
    ) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), Catalogue::OWN);
        Self::over_sealed(engine, disk, seal, Catalogue::OWN).await
    }

    pub(in crate::store) async fn over_sealed(
        engine: Arc<dyn Engine>,
        disk: Disk,
        seal: Seal,
        catalogue: Catalogue,
    ) -> Result<Self, StoreError> {
        migrations::prepare(&*engine).await?;
        let sealed = Arc::new(Sealed::new(engine, seal));
        sealing::prepare(&sealed).await?;
        let engine: Arc<dyn Engine> = sealed.clone();
        let numbers = Numbers::open(&*engine).await?;
        let store = Self { engine, sealed, numbers, disk, catalogue };
        let Reindexed { messages, conversations } =
            reindex::when_due(&*store.engine, &store.numbers, catalogue).await?;
        if 0 < messages + conversations {
            tracing::info!(
                messages,
                conversations,
                "indexed {messages} messages and {conversations} conversations again"
            );
        }
        Ok(store)
    }

    /// Rebuilds the indexes of messages and conversations. Nobody else may write meanwhile.
    pub async fn reindex(&self) -> Result<Reindexed, StoreError> {
        reindex::reindex(&*self.engine, &self.numbers, self.catalogue).await
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

    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(&*self.engine, &self.numbers, self.catalogue)
    }

    pub fn chats(&self) -> Chats<'_> {
        Chats::new(&*self.engine, &self.numbers)
    }

    pub fn conversations(&self) -> Conversations<'_> {
        Conversations::new(&*self.engine, &self.numbers)
    }

    pub fn tags(&self) -> Tags<'_> {
        Tags::new(&*self.engine)
    }

    pub fn message_counts(&self) -> MessageCounts<'_> {
        MessageCounts::new(&*self.engine)
    }

    pub fn messages(&self) -> Messages<'_> {
        Messages::new(&*self.engine, &self.numbers)
    }

    pub fn sync_checkpoints(&self) -> SyncCheckpoints<'_> {
        SyncCheckpoints::new(&*self.engine)
    }

    pub fn search_mark(&self) -> SearchMark<'_> {
        SearchMark::new(&*self.engine)
    }

    pub fn contacts(&self) -> Contacts<'_> {
        Contacts::new(&*self.engine)
    }

    pub fn events(&self) -> Events<'_> {
        Events::new(&*self.engine)
    }

    pub fn identities(&self) -> StoredIdentities<'_> {
        StoredIdentities::new(&*self.engine)
    }

    pub fn outbox(&self) -> Outbox<'_> {
        Outbox::new(&*self.engine)
    }

    pub fn outbox_queue(&self) -> OutboxQueue<'_> {
        OutboxQueue::new(&*self.engine)
    }

    pub fn receipts(&self) -> Receipts<'_> {
        Receipts::new(&*self.engine)
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

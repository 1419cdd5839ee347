//! Durable state of the gateway: an ordered key-value engine, and a repository for each family of
//! records on top of it.
//!
//! Repositories know keys and codecs; nobody else does. "Not found" is `None`, not an error. A
//! write is visible at once and safe from a power cut when [`Store::durable`] has returned; what is
//! acknowledged to a caller is made durable first.

mod catalogue;
mod chats;
mod codec;
mod contacts;
mod conversations;
pub mod disk;
mod engine;
mod events;
mod former_trees;
mod identities;
pub mod local;
mod message_counts;
mod messages;
mod migrations;
mod numbers;
mod outbox;
mod outbox_queue;
mod plain;
pub mod raw;
mod receipts;
mod record;
mod reindex;
mod seal;
mod sealing;
mod search_mark;
mod sessions;
mod settings;
#[cfg(test)]
mod size;
mod sync_checkpoints;
mod table;
mod tags;
mod transaction;
mod trees;
mod values;

use std::{path::Path, sync::Arc, time::Duration};

pub use self::{
    catalogue::Catalogue,
    chats::Chats,
    codec::Key,
    contacts::Contacts,
    conversations::Conversations,
    engine::{Batch, Conditions, MemoryEngine, Pair, Snapshot},
    events::{Events, LogEnd},
    identities::StoredIdentities,
    message_counts::MessageCounts,
    messages::Messages,
    numbers::Listing,
    outbox::Outbox,
    outbox_queue::{ChatQueue, Counted, OutboxQueue, Place, PlaceKind},
    receipts::{MOST as MOST_RECEIPTS, Receipts, StoredReceipt},
    record::{Declaration, Found, Index, IndexKey, Record, Scope, Select, Table},
    reindex::Reindexed,
    sealing::VaultStatus,
    search_mark::SearchMark,
    sessions::Sessions,
    settings::Settings,
    sync_checkpoints::{SyncCheckpoint, SyncCheckpoints},
    tags::Tags,
    transaction::Transaction,
    trees::Tree,
};
use self::{
    disk::{Disk, Room},
    engine::{Engine, Guarded, Sealed, SledEngine},
    numbers::Numbers,
    seal::Seal,
};
use crate::{
    domain::{Error, ErrorCode, Subject},
    vault::{Keyring, VaultError},
};

/// The layout that this version writes and reads.
pub const SCHEMA: u64 = 3;

/// A failure of the disk or of what lies on it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("another wagate is using this folder; stop it first, or choose another --data folder")]
    InUse,
    #[error(
        "it was written by a newer wagate (layout {found}, this one knows {SCHEMA}); use that version or newer"
    )]
    NewerVersion { found: u64 },
    #[error(
        "it must be brought to a newer layout first, for which {needed} MiB must be free beside it and \
         {free} MiB are; make room, or move the data folder to a larger disk"
    )]
    NoRoomToMigrate { needed: u64, free: u64 },
    #[error("its content is damaged: {0}")]
    Corrupt(String),
    #[error("the disk refuses: {0}")]
    Disk(String),
    #[error("the disk has too little room left")]
    Full,
    #[error(transparent)]
    Vault(VaultError),
    #[error("something else changed the same record at the same time")]
    Conflict,
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Broken => Self::Corrupt(error.to_string()),
            VaultError::Unwritable { .. } => Self::Disk(error.to_string()),
            error => Self::Vault(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        // What the disk says is for the operator's log, not for callers.
        match error {
            StoreError::Full => {
                tracing::warn!("the disk has too little room left: a write was refused");
                Self::new(
                    ErrorCode::StorageFull,
                    "the disk of the gateway has too little room left",
                )
            }
            StoreError::Disk(_) => {
                tracing::error!(%error, "the store failed");
                let message = "the disk of the gateway refuses; whether this was done is not known";
                Self::new(ErrorCode::Unavailable, message).about(Subject::Store)
            }
            StoreError::Conflict => {
                tracing::warn!("a record was changed by others again and again");
                let message = "too many changes of the same thing at once; try again";
                Self::new(ErrorCode::Unavailable, message).about(Subject::Store)
            }
            StoreError::Vault(VaultError::SetBySettings) => {
                Self::new(ErrorCode::Conflict, error.to_string())
                    .detail("reason", "key_in_settings")
            }
            StoreError::InUse
            | StoreError::NewerVersion { .. }
            | StoreError::NoRoomToMigrate { .. }
            | StoreError::Corrupt(_)
            | StoreError::Vault(_) => {
                tracing::error!(%error, "the store failed");
                Self::internal("the store failed; the log says why")
            }
        }
    }
}

impl StoreError {
    /// Whether the disk is at fault, and the same may succeed when it is well again.
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Disk(_) | Self::Full)
    }
}

/// The store; clones are the same store.
#[derive(Clone)]
pub struct Store {
    /// With values as they were written; the same one as `sealed`.
    engine: Arc<dyn Engine>,
    sealed: Arc<Sealed>,
    numbers: Numbers,
    disk: Disk,
    catalogue: Catalogue,
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
    async fn over(engine: Arc<dyn Engine>, disk: Disk) -> Result<Self, StoreError> {
        let seal = Seal::new(Keyring::thrown_away(), Catalogue::OWN);
        Self::over_sealed(engine, disk, seal, Catalogue::OWN).await
    }

    async fn over_sealed(
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

    /// Builds the indexes of messages and conversations anew. Nobody else may write meanwhile.
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

    /// Whether a write has failed, so that the store must be opened anew.
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

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
mod error;
mod events;
mod former_trees;
mod handle;
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
mod reading;
mod receipts;
mod record;
mod reindex;
mod rotation;
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

pub use self::{
    catalogue::Catalogue,
    chats::Chats,
    codec::Key,
    contacts::Contacts,
    conversations::Conversations,
    engine::{Batch, Conditions, MemoryEngine, Pair, Snapshot},
    error::{SCHEMA, StoreError},
    events::{Events, LogEnd},
    handle::Store,
    identities::StoredIdentities,
    message_counts::MessageCounts,
    messages::Messages,
    numbers::Listing,
    outbox::Outbox,
    outbox_queue::{ChatQueue, Counted, OutboxQueue, Place, PlaceKind},
    receipts::{MOST as MOST_RECEIPTS, Receipts, StoredReceipt},
    record::{Declaration, Found, Index, IndexKey, LeadsTo, Record, Scope, Select, Table},
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

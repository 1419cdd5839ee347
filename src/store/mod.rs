//! Durable state of the gateway: an ordered key-value engine, declared tables, transactions, sealing, migrations.
//!
//! Which records there are, it does not know: the modules that own them declare them. "Not found" is `None`, not an
//! error. A write is visible at once and safe from a power cut when [`Store::durable`] has returned; what is
//! acknowledged to a caller is made durable first.

mod beside;
mod catalogue;
mod codec;
pub mod disk;
mod engine;
mod error;
mod former_trees;
mod handle;
mod health;
pub mod local;
mod migrations;
mod opener;
mod opening;
mod plain;
pub mod raw;
mod reading;
mod record;
mod reindex;
mod reindex_step;
mod rotation;
mod seal;
mod sealed_setting;
mod sealing;
mod setting_made_once;
mod settings;
mod table;
mod transaction;
mod trees;
mod upkeep;
mod values;

pub use self::{
    catalogue::Catalogue,
    codec::Key,
    engine::{Batch, Conditions, MemoryEngine, Pair, Snapshot},
    error::{SCHEMA, StoreError},
    handle::Store,
    opener::{Opener, is_held},
    opening::{Opening, OpeningStage},
    record::{Declaration, Found, Index, IndexKey, LeadsTo, Record, Scope, Select, Table},
    reindex::Reindexed,
    reindex_step::ReindexStep,
    sealed_setting::SealedSetting,
    sealing::VaultStatus,
    setting_made_once::setting_or_make,
    settings::Settings,
    transaction::Transaction,
    trees::Tree,
};

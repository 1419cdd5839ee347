//! The catalogue: every table of a store. Clearing, reindexing and sealing go through it, so that no table can be
//! forgotten.
//!
//! The store knows its own tables. A module above declares its records itself, and the opener of the store passes
//! these declarations in.

use crate::{
    domain::{
        Chat, Contact, Identity, SessionRecord,
        conversation::{ConversationRecord, DayCount, Tag},
    },
    store::{
        ChatQueue, StoredReceipt, SyncCheckpoint, former_trees, messages::MessageRecord,
        record::Declaration, trees::Tree,
    },
};

/// The tables of the store itself, and of the modules below it.
const OWN: &[Declaration] = &[
    Declaration::of::<Chat>(),
    Declaration::of::<ChatQueue>(),
    Declaration::of::<Contact>(),
    Declaration::of::<ConversationRecord>(),
    Declaration::of::<DayCount>(),
    Declaration::of::<Identity>(),
    Declaration::of::<MessageRecord>(),
    Declaration::of::<SyncCheckpoint>(),
    Declaration::of::<SessionRecord>(),
    Declaration::of::<StoredReceipt>(),
    Declaration::of::<Tag>(),
    Declaration::plain(Tree::EVENTS, "events"),
    Declaration::plain(Tree::EVENTS_OF_SESSION, "events"),
    Declaration::plain(Tree::IDENTITIES_OF_EVENTS, "events"),
    Declaration::plain(Tree::OUTBOX, "messaging"),
    Declaration::plain(Tree::OUTBOX_BY_MESSAGE, "messaging"),
    Declaration::plain(Tree::OUTBOX_BY_UUID, "messaging"),
    Declaration::plain(Tree::OUTBOX_LOOKUPS, "messaging"),
    Declaration::plain(Tree::OUTBOX_QUEUE, "messaging"),
    Declaration::plain(Tree::OUTBOX_SCHEDULE, "messaging"),
    Declaration::plain(Tree::OUTBOX_WAITING, "store/outbox_queue"),
    Declaration::plain(Tree::SETTINGS, "store"),
    Declaration::plain(Tree::UNINDEXED, "store/search_mark"),
];

/// Every table of a store.
#[derive(Clone, Copy)]
pub struct Catalogue {
    above: &'static [&'static [Declaration]],
}

impl Catalogue {
    /// The tables of the store itself alone.
    pub const OWN: Self = Self::with(&[]);

    /// The same with those of modules above: one list for each module.
    pub const fn with(above: &'static [&'static [Declaration]]) -> Self {
        Self { above }
    }

    pub fn declarations(self) -> impl Iterator<Item = Declaration> {
        let own = OWN.iter().chain(former_trees::TABLES);
        own.chain(self.above.iter().copied().flatten()).copied()
    }

    /// Trees that are declared more than once, by their names.
    pub fn clashes(self) -> Vec<&'static str> {
        let mut known = std::collections::HashSet::new();
        let trees = self.declarations().flat_map(|declared| declared.table.trees());
        trees.filter(|tree| !known.insert(tree.prefix())).map(Tree::name).collect()
    }
}

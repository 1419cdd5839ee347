//! The catalogue: every table of a store. Clearing, reindexing and sealing go through it, so that no table can be
//! forgotten.
//!
//! The store's own table is that of its settings. A module above declares its records itself, and the opener of the
//! store passes these declarations in.

use crate::store::{
    former_trees, record::Declaration, reindex_step::ReindexStep, sealed_setting::SealedSetting,
    trees::Tree,
};

/// The tables of the store itself, and those that only older versions had.
const OWN: &[Declaration] = &[
    Declaration::plain(Tree::SETTINGS, "store"),
    Declaration::plain(former_trees::UNINDEXED, "store/migrations"),
];

/// Every table of a store.
#[derive(Clone, Copy)]
pub struct Catalogue {
    above: &'static [&'static [Declaration]],
    sealed_settings: &'static [&'static [SealedSetting]],
    reindex_steps: &'static [&'static dyn ReindexStep],
}

impl Catalogue {
    /// The tables of the store itself alone.
    pub const OWN: Self = Self::with(&[]);

    /// The same with those of modules above: one list for each module.
    pub const fn with(above: &'static [&'static [Declaration]]) -> Self {
        Self { above, sealed_settings: &[], reindex_steps: &[] }
    }

    /// The same with settings that lie sealed: one list for each module that owns some.
    pub const fn sealing(self, settings: &'static [&'static [SealedSetting]]) -> Self {
        Self { sealed_settings: settings, ..self }
    }

    pub fn sealed_settings(self) -> impl Iterator<Item = SealedSetting> {
        self.sealed_settings.iter().copied().flatten().copied()
    }

    /// The same with what modules do when all indexes are rebuilt.
    pub const fn reindexed_with(self, steps: &'static [&'static dyn ReindexStep]) -> Self {
        Self { reindex_steps: steps, ..self }
    }

    pub fn reindex_steps(self) -> impl Iterator<Item = &'static dyn ReindexStep> {
        self.reindex_steps.iter().copied()
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

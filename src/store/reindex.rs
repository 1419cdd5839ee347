//! Builds every index of declared tables again from its records.
//!
//! Done at the opening of a store whose indexes have another layout, and on request. Cut off in the
//! middle, it is done again at the next opening: the layout is written down last.

use std::collections::BTreeMap;

use crate::store::{
    StoreError,
    catalogue::Catalogue,
    engine::Engine,
    former_trees,
    opening::Opening,
    record::{Declaration, Record},
    settings::Settings,
    trees::Tree,
};

/// The layout of the indexes that this version writes and reads.
pub const LAYOUT: u64 = 3;
/// The layout before it: tags were not found by their names.
const BEFORE_TAG_NAMES: u64 = 2;
/// The layout before it: other entries of declared tables led to their records in other ways.
pub const BEFORE_TABLES: u64 = 1;
pub const SETTING: &str = "index layout";
/// The names of the indexes that the store has.
const BUILT: &str = "indexes";
/// Versions before this note had indexes up to this number.
const LAST_WITHOUT_NOTE: u8 = 117;

/// How many records of each indexed table were found and indexed, by the number of its tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reindexed(BTreeMap<u8, u64>);

impl Reindexed {
    /// The records of one kind.
    pub fn of<R: Record>(&self) -> u64 {
        self.0.get(&R::TABLE.tree.prefix()).copied().unwrap_or(0)
    }

    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Brings indexes of an older layout up to date; what it had to index whole.
pub async fn when_due(
    engine: &dyn Engine,
    catalogue: Catalogue,
    opening: &Opening,
) -> Result<Reindexed, StoreError> {
    let reindexed = of_older_layout(engine, catalogue, opening).await?;
    build_new(engine, catalogue, opening).await?;
    Ok(reindexed)
}

/// Builds the indexes that the version which opened the store before did not have, and so did not keep up.
async fn build_new(
    engine: &dyn Engine,
    catalogue: Catalogue,
    opening: &Opening,
) -> Result<(), StoreError> {
    let settings = Settings::new(engine);
    let indexes = |declared: Declaration| declared.table.indexes.iter();
    let all: Vec<&str> =
        catalogue.declarations().flat_map(indexes).map(|tree| tree.name()).collect();
    let known: Option<Vec<String>> = settings.get(BUILT).await?;
    if known.as_ref().is_some_and(|known| *known == all) {
        return Ok(());
    }
    let is_built = |tree: &Tree| match &known {
        Some(known) => known.iter().any(|name| name == tree.name()),
        None => tree.prefix() <= LAST_WITHOUT_NOTE,
    };
    for declared in catalogue.declarations() {
        if !declared.table.indexes.iter().all(is_built) {
            opening.begin(format!("building indexes of {}", declared.table.tree.name()));
            declared.reindex(engine).await?;
        }
    }
    settings.put(BUILT, &all).await
}

async fn of_older_layout(
    engine: &dyn Engine,
    catalogue: Catalogue,
    opening: &Opening,
) -> Result<Reindexed, StoreError> {
    let settings = Settings::new(engine);
    match settings.get::<u64>(SETTING).await? {
        Some(LAYOUT) => return Ok(Reindexed::default()),
        Some(BEFORE_TAG_NAMES) => {
            let is_tags = |declared: &Declaration| declared.table.tree == former_trees::TAGS;
            if let Some(tags) = catalogue.declarations().find(is_tags) {
                tags.reindex(engine).await?;
            }
        }
        Some(BEFORE_TABLES) => {
            reindex_tables(engine, catalogue, opening).await?;
        }
        _ => return reindex(engine, catalogue, opening).await,
    }
    settings.put(SETTING, &LAYOUT).await?;
    Ok(Reindexed::default())
}

async fn reindex_tables(
    engine: &dyn Engine,
    catalogue: Catalogue,
    opening: &Opening,
) -> Result<Reindexed, StoreError> {
    let mut done = Reindexed::default();
    opening.begin("building indexes, tables");
    let tables = u64::try_from(catalogue.declarations().count()).ok();
    for (place, declared) in (0..).zip(catalogue.declarations()) {
        opening.advance_to(place, tables);
        let records = declared.reindex(engine).await?;
        done.0.insert(declared.table.tree.prefix(), records);
    }
    Ok(done)
}

pub async fn reindex(
    engine: &dyn Engine,
    catalogue: Catalogue,
    opening: &Opening,
) -> Result<Reindexed, StoreError> {
    for step in catalogue.reindex_steps() {
        step.before(engine).await?;
    }
    Settings::new(engine).put(SETTING, &0_u64).await?;
    let done = reindex_tables(engine, catalogue, opening).await?;
    for step in catalogue.reindex_steps() {
        step.after(engine).await?;
    }
    Settings::new(engine).put(SETTING, &LAYOUT).await?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{
            Store,
            codec::Key,
            record::{Index, IndexKey, Scope, Table},
        },
        vault::Keyring,
    };

    #[tokio::test]
    async fn an_index_that_is_new_is_built_when_the_store_is_opened() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Visit(String);

        /// The same records in a later version, which finds them by their place.
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct LaterVisit(String);

        const VISITS: Tree = Tree::new(250, "Visits");
        const BY_PLACE: Index<LaterVisit> = Index::new(Tree::new(251, "VisitsByPlace"));

        impl Record for Visit {
            const TABLE: Table =
                Table { tree: VISITS, owner: "a test", indexes: &[], scope: Scope::Gateway };
        }

        impl Record for LaterVisit {
            const TABLE: Table =
                Table { indexes: &[Tree::new(251, "VisitsByPlace")], ..<Visit as Record>::TABLE };

            fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
                vec![BY_PLACE.key().text(&self.0)]
            }
        }

        const EARLIER: Catalogue = Catalogue::with(&[&[Declaration::of::<Visit>()]]);
        const LATER: Catalogue = Catalogue::with(&[&[Declaration::of::<LaterVisit>()]]);
        let folder = tempfile::tempdir().unwrap();
        let open = async |catalogue| {
            let opened = Store::open(folder.path(), &Keyring::thrown_away(), catalogue).await;
            opened.unwrap_or_else(|error| panic!("{error}"))
        };
        let visit = async |store: Store, number, place: &str| {
            let mut work = store.transaction();
            work.put(&Visit::key().number(number), &Visit(place.to_owned())).await.unwrap();
            assert!(work.commit().await.unwrap());
        };
        visit(open(EARLIER).await, 1, "Oslo").await;
        drop(open(LATER).await);
        // The earlier version once more, which adds no entry.
        visit(open(EARLIER).await, 2, "Rome").await;
        let store = open(LATER).await;
        for place in ["Oslo", "Rome"] {
            let found = store.follow(BY_PLACE.key().text(place).below(), 1).await.unwrap();
            assert_eq!(found[0].record, LaterVisit(place.to_owned()));
        }
    }
}

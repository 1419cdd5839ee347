//! Declared tables. A kind of record says in a few lines where it lies, who owns it and by what else it
//! is found; reading, writing, following an index, clearing and reindexing follow from that.
//!
//! An entry of an index is a key of its own whose value is the key of its record. So an index is followed
//! in one call, and an engine across a network can serve a page in one round trip.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::store::{
    StoreError,
    codec::{Key, decode, encode},
    engine::{Batch, Direction, Engine, Pair, Range, Scan},
    trees::Tree,
};

/// Records that are changed in one commit where many are.
const AT_ONCE: usize = 200;

/// Where the records of one kind lie, and whose they are.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub tree: Tree,
    /// The module that declares it.
    pub owner: &'static str,
    /// The trees of its indexes.
    pub indexes: &'static [Tree],
    pub scope: Scope,
}

impl Table {
    /// Its own tree and those of its indexes.
    pub fn trees(self) -> impl Iterator<Item = Tree> {
        std::iter::once(self.tree).chain(self.indexes.iter().copied())
    }
}

/// What the records of a table go with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// They are the gateway's, or their owner removes them.
    Gateway,
    /// They mirror an account: their keys begin with the name of the session. They go when the session is removed,
    /// and when it is linked to another account.
    Account,
    /// They are a session's: their keys begin with its UUID. They go when the session is removed.
    Session,
}

/// A kind of record.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    const TABLE: Table;

    /// Its entries in the indexes of its table, beside its key.
    fn entries(&self, _key: &Key<Self>) -> Vec<IndexKey<Self>> {
        Vec::new()
    }

    /// The beginning of all their keys.
    fn key() -> Key<Self>
    where
        Self: Sized,
    {
        Key::from_bytes(vec![Self::TABLE.tree.prefix()])
    }
}

/// Marks the keys of an index: what lies under them leads to a record.
pub struct LeadsTo<R>(PhantomData<fn() -> R>);

/// A key in an index of `R`.
pub type IndexKey<R> = Key<LeadsTo<R>>;

/// An index of records.
pub struct Index<R> {
    tree: Tree,
    of: PhantomData<fn() -> R>,
}

impl<R: Record> Index<R> {
    pub const fn new(tree: Tree) -> Self {
        Self { tree, of: PhantomData }
    }

    /// The beginning of all its keys.
    pub fn key(&self) -> IndexKey<R> {
        Key::from_bytes(vec![self.tree.prefix()])
    }
}

/// A part of a table or of an index, and the end at which it is read first.
pub struct Select<R> {
    pub(in crate::store) range: Range,
    pub(in crate::store) direction: Direction,
    of: PhantomData<fn() -> R>,
}

impl<R> Key<R> {
    /// All that begins with this key, in order.
    pub fn below(self) -> Select<R> {
        Select { range: self.all(), direction: Direction::Forward, of: PhantomData }
    }
}

impl<R> Select<R> {
    /// From the other end.
    #[must_use]
    pub fn backward(mut self) -> Self {
        self.direction = Direction::Backward;
        self
    }

    /// Only what comes behind this key.
    #[must_use]
    pub fn after(mut self, key: &Key<R>) -> Self {
        // Nothing lies between a key and the same with a zero behind it.
        self.range.start = [key.as_bytes(), &[0]].concat();
        self
    }

    /// Only what lies at this key or behind it.
    #[must_use]
    pub fn from(mut self, key: Key<R>) -> Self {
        self.range.start = key.done();
        self
    }

    /// Only what comes before this key.
    #[must_use]
    pub fn before(mut self, key: Key<R>) -> Self {
        self.range.end = key.done();
        self
    }

    fn scan(self, limit: usize) -> Scan {
        Scan { range: self.range, direction: self.direction, limit }
    }
}

/// A record that was found through an index.
pub struct Found<R> {
    pub entry: IndexKey<R>,
    pub key: Key<R>,
    pub record: R,
}

pub async fn get<R: Record>(engine: &dyn Engine, key: &Key<R>) -> Result<Option<R>, StoreError> {
    engine.get(key.as_bytes()).await?.as_deref().map(decode).transpose()
}

pub async fn get_many<R: Record>(
    engine: &dyn Engine,
    keys: &[Key<R>],
) -> Result<Vec<Option<R>>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
    let found = engine.get_many(&keys).await?;
    found.iter().map(|value| value.as_deref().map(decode).transpose()).collect()
}

pub async fn select<R: Record>(
    engine: &dyn Engine,
    part: Select<R>,
    limit: usize,
) -> Result<Vec<R>, StoreError> {
    let found = engine.scan(part.range, part.direction, limit).await?;
    found.iter().map(|(_, value)| decode(value)).collect()
}

pub async fn follow<R: Record>(
    engine: &dyn Engine,
    part: Select<LeadsTo<R>>,
    limit: usize,
) -> Result<Vec<Found<R>>, StoreError> {
    let mut found = follow_many(engine, vec![part], limit).await?;
    Ok(found.pop().unwrap_or_default())
}

pub async fn follow_many<R: Record>(
    engine: &dyn Engine,
    parts: Vec<Select<LeadsTo<R>>>,
    limit: usize,
) -> Result<Vec<Vec<Found<R>>>, StoreError> {
    let scans = parts.into_iter().map(|part| part.scan(limit)).collect();
    let mut pages = Vec::new();
    for page in engine.follow(scans).await? {
        let mut found = Vec::with_capacity(page.len());
        for one in page {
            let (key, value) = one.pair;
            let (entry, key) = (Key::from_bytes(one.entry), Key::from_bytes(key));
            found.push(Found { entry, key, record: decode(&value)? });
        }
        pages.push(found);
    }
    Ok(pages)
}

/// The records behind whole entries of an index, in their order: one call where none is there, else two. A key that
/// is known to its end is found much sooner than the beginning of a range.
pub async fn behind<R: Record>(
    engine: &dyn Engine,
    entries: Vec<IndexKey<R>>,
) -> Result<Vec<Option<R>>, StoreError> {
    let entries: Vec<Vec<u8>> = entries.into_iter().map(Key::done).collect();
    let keys = engine.get_many(&entries).await?;
    let known: Vec<Vec<u8>> = keys.iter().flatten().cloned().collect();
    let values = if known.is_empty() { Vec::new() } else { engine.get_many(&known).await? };
    let mut values = values.into_iter();
    let mut record = |key: Option<Vec<u8>>| match key.and_then(|_| values.next().flatten()) {
        Some(value) => decode(&value).map(Some),
        None => Ok(None),
    };
    keys.into_iter().map(&mut record).collect()
}

/// Adds the write of a record and of its entries to a batch. Entries of a record that was there before are
/// for the caller to remove: [`crate::store::Transaction::put`] does so by itself.
pub fn put_in<R: Record>(batch: &mut Batch, key: &Key<R>, record: &R) -> Result<(), StoreError> {
    for entry in record.entries(key) {
        batch.put(entry.done(), key.as_bytes().to_vec());
    }
    batch.put(key.as_bytes().to_vec(), encode(record)?);
    Ok(())
}

/// The same for a record that may have been there before: entries that both have are left alone.
pub fn replace_in<R: Record>(
    batch: &mut Batch,
    key: &Key<R>,
    former: Option<&R>,
    record: &R,
) -> Result<(), StoreError> {
    let entries: Vec<Vec<u8>> = record.entries(key).into_iter().map(Key::done).collect();
    let before = former.map(|former| former.entries(key)).unwrap_or_default();
    let before: Vec<Vec<u8>> = before.into_iter().map(Key::done).collect();
    for entry in before.iter().filter(|entry| !entries.contains(entry)) {
        batch.remove(entry.clone());
    }
    for entry in entries.into_iter().filter(|entry| !before.contains(entry)) {
        batch.put(entry, key.as_bytes().to_vec());
    }
    batch.put(key.as_bytes().to_vec(), encode(record)?);
    Ok(())
}

/// Adds the removal of a record and of its entries to a batch.
pub fn remove_in<R: Record>(batch: &mut Batch, key: &Key<R>, record: &R) {
    for entry in record.entries(key) {
        batch.remove(entry.done());
    }
    batch.remove(key.as_bytes().to_vec());
}

/// The keys of a record's entries, from its own key and its value.
type EntriesOf = fn(&[u8], &[u8]) -> Result<Vec<Vec<u8>>, StoreError>;

/// A table without the type of its records: what a catalogue holds.
#[derive(Clone, Copy)]
pub struct Declaration {
    pub table: Table,
    entries: EntriesOf,
}

impl Declaration {
    pub const fn of<R: Record>() -> Self {
        Self { table: R::TABLE, entries: entries::<R> }
    }

    /// A tree whose owner writes keys and values by itself.
    pub const fn plain(tree: Tree, owner: &'static str) -> Self {
        let table = Table { tree, owner, indexes: &[], scope: Scope::Gateway };
        Self { table, entries: no_entries }
    }

    /// Removes the records of a part of the table with their entries, in commits of bounded size.
    pub async fn clear(&self, engine: &dyn Engine, range: Range) -> Result<(), StoreError> {
        self.each(engine, range, |batch, (key, value)| {
            for entry in (self.entries)(&key, &value)? {
                batch.remove(entry);
            }
            batch.remove(key);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Makes all its indexes from its records. How many records there are.
    pub async fn reindex(&self, engine: &dyn Engine) -> Result<u64, StoreError> {
        for tree in self.table.indexes {
            crate::store::table::clear(engine, Key::new(*tree).all()).await?;
        }
        if self.table.indexes.is_empty() {
            return Ok(0);
        }
        self.each(engine, Key::new(self.table.tree).all(), |batch, (key, value)| {
            for entry in (self.entries)(&key, &value)? {
                batch.put(entry, key.clone());
            }
            Ok(())
        })
        .await
    }

    async fn each(
        &self,
        engine: &dyn Engine,
        mut range: Range,
        visit: impl Fn(&mut Batch, Pair) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let mut seen = 0;
        loop {
            let pairs = engine.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
            let Some((last, _)) = pairs.last() else { return Ok(seen) };
            range.start = [last.as_slice(), &[0]].concat();
            seen += pairs.len() as u64;
            let mut batch = Batch::in_background();
            for pair in pairs {
                visit(&mut batch, pair)?;
            }
            engine.commit(batch).await?;
            // The store may wait for nothing: others get their turn between two commits.
            tokio::task::yield_now().await;
        }
    }
}

fn no_entries(_: &[u8], _: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
    Ok(Vec::new())
}

fn entries<R: Record>(key: &[u8], value: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
    let (key, record): (Key<R>, R) = (Key::from_bytes(key.to_vec()), decode(value)?);
    Ok(record.entries(&key).into_iter().map(Key::done).collect())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        store::{Catalogue, Opener, Store},
        vault::key_of,
    };

    /// What a module above the store declares.
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Visit {
        place: String,
    }

    const VISITS: Tree = Tree::sealed(250, "Visits");
    const VISITS_BY_PLACE: Tree = Tree::new(251, "VisitsByPlace");
    const BY_PLACE: Index<Visit> = Index::new(VISITS_BY_PLACE);
    const CATALOGUE: Catalogue = Catalogue::with(&[&[Declaration::of::<Visit>()]]);

    impl Record for Visit {
        const TABLE: Table = Table {
            tree: VISITS,
            owner: "a test",
            indexes: &[VISITS_BY_PLACE],
            scope: Scope::Session,
        };

        fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
            vec![BY_PLACE.key().text(&self.place)]
        }
    }

    async fn at(store: &Store, place: &str) -> Option<Visit> {
        let found = store.follow(BY_PLACE.key().text(place).below(), 1).await.unwrap();
        found.into_iter().next().map(|found| found.record)
    }

    #[tokio::test]
    async fn a_record_of_a_module_above_is_sealed_indexed_and_removed_with_its_session() {
        let store = Opener::of(CATALOGUE).temporary().await.unwrap();
        let [gone, stays] = [1, 2].map(Uuid::from_u128);
        for (session, place) in [(gone, "Rome"), (stays, "Oslo")] {
            let mut work = store.transaction();
            let visit = Visit { place: place.to_owned() };
            work.put(&Visit::key().uuid(session).number(1), &visit).await.unwrap();
            assert!(work.commit().await.unwrap());
        }
        let pairs = store.snapshot().next(usize::MAX).await.unwrap();
        let on_disk = pairs.iter().filter(|(key, _)| key.first() == Some(&VISITS.prefix()));
        assert!(on_disk.clone().all(|(_, value)| key_of(value).is_some()));
        assert_eq!(on_disk.count(), 2);
        crate::store::table::clear(&*store.engine, Key::new(VISITS_BY_PLACE).all()).await.unwrap();
        assert_eq!(at(&store, "Oslo").await, None);
        store.upkeep().reindex().await.unwrap();
        assert!(at(&store, "Oslo").await.is_some() && at(&store, "Rome").await.is_some());
        store.upkeep().clear_session(gone).await.unwrap();
        assert!(at(&store, "Oslo").await.is_some() && at(&store, "Rome").await.is_none());
    }

    #[test]
    fn a_tree_of_two_tables_is_found() {
        const TWICE: Catalogue =
            Catalogue::with(&[&[Declaration::of::<Visit>()], &[Declaration::of::<Visit>()]]);
        assert_eq!(CATALOGUE.clashes(), Vec::<&str>::new());
        assert_eq!(TWICE.clashes(), ["Visits", "VisitsByPlace"]);
    }
}

//! Reading of declared records through the store.

use crate::store::{
    codec::Key,
    error::StoreError,
    handle::Store,
    record::{
        Found, IndexKey, LeadsTo, Record, Select, follow, follow_many, get, get_many, select,
    },
};

impl Store {
    pub async fn get<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        get(&*self.engine, key).await
    }

    /// The records under these keys, in their order, in one call.
    pub async fn get_many<R: Record>(&self, keys: &[Key<R>]) -> Result<Vec<Option<R>>, StoreError> {
        get_many(&*self.engine, keys).await
    }

    /// Up to `limit` records of a part of their table.
    pub async fn select<R: Record>(
        &self,
        part: Select<R>,
        limit: usize,
    ) -> Result<Vec<R>, StoreError> {
        select(&*self.engine, part, limit).await
    }

    /// Up to `limit` records of a part of an index, in its order, in one call.
    pub async fn follow<R: Record>(
        &self,
        part: Select<LeadsTo<R>>,
        limit: usize,
    ) -> Result<Vec<Found<R>>, StoreError> {
        follow(&*self.engine, part, limit).await
    }

    /// The same for several parts, in one call.
    pub async fn follow_many<R: Record>(
        &self,
        parts: Vec<Select<LeadsTo<R>>>,
        limit: usize,
    ) -> Result<Vec<Vec<Found<R>>>, StoreError> {
        follow_many(&*self.engine, parts, limit).await
    }

    /// Up to `limit` entries of a part of an index, each with the key of its record, without reading the records.
    pub async fn entries<R: Record>(
        &self,
        part: Select<LeadsTo<R>>,
        limit: usize,
    ) -> Result<Vec<(IndexKey<R>, Key<R>)>, StoreError> {
        let found = self.engine.scan(part.range, part.direction, limit).await?;
        let typed = |(entry, key)| (Key::from_bytes(entry), Key::from_bytes(key));
        Ok(found.into_iter().map(typed).collect())
    }

    /// Up to `limit` keys of a part of a table, without reading the records.
    pub async fn keys<R: Record>(
        &self,
        part: Select<R>,
        limit: usize,
    ) -> Result<Vec<Key<R>>, StoreError> {
        let found = self.engine.scan(part.range, part.direction, limit).await?;
        Ok(found.into_iter().map(|(key, _)| Key::from_bytes(key)).collect())
    }
}

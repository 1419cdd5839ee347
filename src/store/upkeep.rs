//! Upkeep of a store: removal of whole parts, indexes built again, a copy taken in.

use uuid::Uuid;

use crate::{
    domain::SessionId,
    store::{
        catalogue::Catalogue,
        codec::Key,
        engine::{Batch, Engine, Pair},
        error::StoreError,
        handle::Store,
        opening::Opening,
        record::{Declaration, Record, Scope},
        reindex::{self, Reindexed},
        trees::Tree,
    },
};

#[derive(Clone, Copy)]
pub struct Upkeep<'s> {
    engine: &'s dyn Engine,
    catalogue: Catalogue,
}

impl Store {
    pub fn upkeep(&self) -> Upkeep<'_> {
        Upkeep { engine: &*self.engine, catalogue: self.catalogue }
    }
}

impl Upkeep<'_> {
    /// Rebuilds all indexes. Nobody else may write meanwhile.
    pub async fn reindex(&self) -> Result<Reindexed, StoreError> {
        reindex::reindex(self.engine, self.catalogue, &Opening::default()).await
    }

    /// Removes what tables of [`Scope::Session`] hold of a session, in small commits.
    pub async fn clear_session(&self, session: Uuid) -> Result<(), StoreError> {
        self.clear_scope(Scope::Session, |tree| Key::new(tree).uuid(session)).await
    }

    /// Removes what tables of [`Scope::Account`] hold of a session, in small commits.
    pub async fn clear_account(&self, session: &SessionId) -> Result<(), StoreError> {
        self.clear_scope(Scope::Account, |tree| Key::new(tree).text(session.as_str())).await
    }

    async fn clear_scope(
        &self,
        scope: Scope,
        part: impl Fn(Tree) -> Key,
    ) -> Result<(), StoreError> {
        for declared in self.catalogue.declarations() {
            if declared.table.scope == scope {
                declared.clear(self.engine, part(declared.table.tree).all()).await?;
            }
        }
        Ok(())
    }

    /// Removes all records of a part of their table with their entries, in commits of bounded size.
    pub async fn clear<R: Record>(&self, prefix: Key<R>) -> Result<(), StoreError> {
        Declaration::of::<R>().clear(self.engine, prefix.all()).await
    }

    /// Writes pairs of a [`Store::snapshot`] as they are, but for secrets of before they were sealed; durable
    /// after [`Store::durable`].
    pub async fn load(&self, pairs: Vec<Pair>) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for (key, value) in pairs {
            batch.put(key, value);
        }
        self.engine.commit(batch).await
    }
}

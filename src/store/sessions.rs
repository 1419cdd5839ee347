//! Sessions, and all that goes when one is removed.

use crate::{
    domain::{SessionId, SessionRecord},
    store::{
        StoreError,
        codec::Key,
        conversations::Conversations,
        engine::{Batch, Direction, Engine, Pair},
        messages::Messages,
        numbers::Numbers,
        table::{Table, clear},
        transaction::Record,
        trees::Tree,
    },
};

/// Trees that mirror a session's account and go with it, beside messages and conversations. Its
/// events stay in the log, under its UUID.
const MIRROR: [Tree; 8] = [
    Tree::Chats,
    Tree::ChatsByActivity,
    Tree::MessageCounts,
    Tree::Contacts,
    Tree::Identities,
    Tree::IdentitiesByPhone,
    Tree::Mirrors,
    Tree::Receipts,
];

impl Record for SessionRecord {
    type Id = SessionId;

    fn key(id: &SessionId) -> Key {
        Key::new(Tree::Sessions).text(id.as_str())
    }

    fn entries(&self, _: &SessionId) -> Result<Vec<Pair>, StoreError> {
        Ok(Vec::new())
    }
}

pub struct Sessions<'a> {
    table: Table<'a, SessionRecord>,
    numbers: &'a Numbers,
}

impl<'a> Sessions<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: &'a Numbers) -> Self {
        Self { table: Table::new(engine), numbers }
    }

    pub async fn get(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.table.get(SessionRecord::key(id)).await
    }

    /// In the order of their numbers.
    pub async fn list(&self) -> Result<Vec<SessionRecord>, StoreError> {
        let all = Key::new(Tree::Sessions).all();
        let mut records = self.table.scan(all, Direction::Forward, usize::MAX).await?;
        records.sort_by_key(|record| record.number);
        Ok(records)
    }

    /// Durable when it returns.
    pub async fn put(&self, record: &SessionRecord) -> Result<(), StoreError> {
        self.table.put(SessionRecord::key(&record.id), record).await
    }

    /// The session that bears this name, unless it is being removed: what is made for a session must not
    /// outlive it.
    pub async fn living(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.get(id).await?.filter(|record| record.removal.is_none()))
    }

    /// Removes the mirror of a session's chats, messages and people.
    pub async fn wipe(&self, id: &SessionId) -> Result<(), StoreError> {
        Messages::new(self.table.engine, self.numbers).clear(id, None).await?;
        Conversations::new(self.table.engine, self.numbers).clear(id).await?;
        for tree in MIRROR {
            clear(self.table.engine, Key::new(tree).text(id.as_str()).all()).await?;
        }
        self.numbers.change_listing();
        Ok(())
    }

    /// Removes the record: the name is free. Durable when it returns.
    pub async fn remove(&self, id: &SessionId) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.remove(SessionRecord::key(id).done());
        self.table.engine.commit(batch).await?;
        self.table.engine.durable().await
    }
}

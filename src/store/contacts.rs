//! The mirror of each session's contacts.

use crate::{
    domain::{Contact, Jid, SessionId},
    store::{
        StoreError,
        codec::Key,
        engine::{Batch, Direction, Engine},
        table::Table,
        trees::Tree,
    },
};

pub struct Contacts<'a> {
    table: Table<'a, Contact>,
}

impl<'a> Contacts<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, session: &SessionId, id: &Jid) -> Result<Option<Contact>, StoreError> {
        self.table.get(key(session, id)).await
    }

    pub async fn list(&self, session: &SessionId) -> Result<Vec<Contact>, StoreError> {
        let all = Key::new(Tree::Contacts).text(session.as_str()).all();
        self.table.scan(all, Direction::Forward, usize::MAX).await
    }

    /// Adds the write to a batch. A person is there once: by number, where it is known.
    pub fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        contact: &Contact,
    ) -> Result<(), StoreError> {
        if let Some(lid) = contact.lid.as_ref().filter(|lid| **lid != contact.id) {
            batch.remove(key(session, lid).done());
        }
        self.table.put_in(batch, key(session, &contact.id), contact)
    }
}

fn key(session: &SessionId, id: &Jid) -> Key {
    Key::new(Tree::Contacts).text(session.as_str()).text(id.as_str())
}

//! The mirror of each session's contacts.

use crate::{
    domain::{Contact, Jid, SessionId},
    messaging::stored::trees,
    store::{
        Batch, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine},
    },
};

impl Record for Contact {
    const TABLE: Table =
        Table { tree: trees::CONTACTS, owner: "messaging", indexes: &[], scope: Scope::Account };
}

pub struct Contacts<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Contacts<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn get(&self, session: &SessionId, id: &Jid) -> Result<Option<Contact>, StoreError> {
        raw::get(self.engine, &key(session, id)).await
    }

    /// Those of several people, in their order, in one call.
    pub async fn get_many<'b>(
        &self,
        ids: impl IntoIterator<Item = (&'b SessionId, &'b Jid)>,
    ) -> Result<Vec<Option<Contact>>, StoreError> {
        let keys: Vec<_> = ids.into_iter().map(|(session, id)| key(session, id)).collect();
        raw::get_many(self.engine, &keys).await
    }

    pub async fn list(&self, session: &SessionId) -> Result<Vec<Contact>, StoreError> {
        let of_session = Contact::key().text(session.as_str()).below();
        raw::select(self.engine, of_session, usize::MAX).await
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
        raw::put_in(batch, &key(session, &contact.id), contact)
    }
}

fn key(session: &SessionId, id: &Jid) -> Key<Contact> {
    Contact::key().text(session.as_str()).text(id.as_str())
}

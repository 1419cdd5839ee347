//! What the gateway itself knows of each session's chats; see [`crate::domain::conversation`].

use uuid::Uuid;

use crate::{
    domain::{
        Jid, SessionId, Timestamp,
        conversation::{ConversationRecord, conversation_uuid},
    },
    store::{
        StoreError,
        codec::Key,
        engine::{Batch, Direction, Engine},
        numbers::Numbers,
        table::Table,
        trees::Tree,
    },
};

/// Records that are removed in one commit.
const CLEARED_AT_ONCE: usize = 200;

pub struct Conversations<'a> {
    table: Table<'a, ConversationRecord>,
    numbers: &'a Numbers,
}

impl<'a> Conversations<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: &'a Numbers) -> Self {
        Self { table: Table::new(engine), numbers }
    }

    pub async fn get(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        self.table.get(key(session, chat)).await
    }

    pub async fn by_uuid(&self, uuid: Uuid) -> Result<Option<ConversationRecord>, StoreError> {
        self.behind(by_uuid(uuid)).await
    }

    pub async fn by_number(&self, number: u64) -> Result<Option<ConversationRecord>, StoreError> {
        self.behind(by_number(number)).await
    }

    /// Adds the record of a chat that has none to a batch.
    pub async fn ensure_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        chat: &Jid,
        created_at: Timestamp,
    ) -> Result<(), StoreError> {
        if self.get(session, chat).await?.is_some() {
            return Ok(());
        }
        let record = ConversationRecord {
            session: session.clone(),
            chat: chat.clone(),
            uuid: conversation_uuid(session, chat),
            number: self.numbers.conversation(),
            created_at,
            changed_at: created_at,
            tags: Vec::new(),
            pause: None,
            ask_history_after: None,
            hidden: false,
            deleted_at: None,
        };
        self.put_in(batch, None, &record)
    }

    /// Adds the write to a batch. `former` is the record as it was.
    pub fn put_in(
        &self,
        batch: &mut Batch,
        former: Option<&ConversationRecord>,
        record: &ConversationRecord,
    ) -> Result<(), StoreError> {
        for tag in former.map(|former| former.tags.as_slice()).unwrap_or_default() {
            batch.remove(by_tag(*tag, record));
        }
        index_in(batch, record);
        self.table.put_in(batch, key(&record.session, &record.chat), record)
    }

    /// The conversations that bear a tag, optionally of one session, after the one given.
    pub async fn with_tag(
        &self,
        tag: Uuid,
        session: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<ConversationRecord>, StoreError> {
        let places = self.places_of(tag, session, limit).await?;
        let mut records = Vec::with_capacity(places.len());
        for place in places {
            let bytes = self.table.engine.get(&place).await?;
            records.extend(bytes.as_deref().map(crate::store::codec::decode).transpose()?);
        }
        Ok(records)
    }

    /// How many bear a tag.
    pub async fn count_with_tag(
        &self,
        tag: Uuid,
        session: Option<&SessionId>,
    ) -> Result<usize, StoreError> {
        Ok(self.places_of(tag, session, usize::MAX).await?.len())
    }

    /// Removes all records of a session.
    pub async fn clear(&self, session: &SessionId) -> Result<(), StoreError> {
        self.numbers.keep(self.table.engine).await?;
        let all = Key::new(Tree::Conversations).text(session.as_str()).all();
        loop {
            let page = self.table.scan(all.clone(), Direction::Forward, CLEARED_AT_ONCE).await?;
            let mut batch = Batch::new();
            for record in &page {
                batch.remove(by_uuid(record.uuid));
                batch.remove(by_number(record.number));
                for tag in &record.tags {
                    batch.remove(by_tag(*tag, record));
                }
                batch.remove(key(session, &record.chat).done());
            }
            self.table.engine.commit(batch).await?;
            if page.len() < CLEARED_AT_ONCE {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    async fn behind(&self, index: Vec<u8>) -> Result<Option<ConversationRecord>, StoreError> {
        let Some(key) = self.table.engine.get(&index).await? else { return Ok(None) };
        let bytes = self.table.engine.get(&key).await?;
        bytes.as_deref().map(crate::store::codec::decode).transpose()
    }

    async fn places_of(
        &self,
        tag: Uuid,
        session: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let of_tag = Key::new(Tree::ConversationsByTag).uuid(tag);
        let range = match session {
            Some(session) => of_tag.text(session.as_str()).all(),
            None => of_tag.all(),
        };
        let found = self.table.engine.scan(range, Direction::Forward, limit).await?;
        Ok(found.into_iter().map(|(_, place)| place).collect())
    }
}

/// Adds all that leads to a record.
pub fn index_in(batch: &mut Batch, record: &ConversationRecord) {
    let place = key(&record.session, &record.chat).done();
    for tag in &record.tags {
        batch.put(by_tag(*tag, record), place.clone());
    }
    batch.put(by_number(record.number), place.clone());
    batch.put(by_uuid(record.uuid), place);
}

fn key(session: &SessionId, chat: &Jid) -> Key {
    Key::new(Tree::Conversations).text(session.as_str()).text(chat.as_str())
}

fn by_uuid(uuid: Uuid) -> Vec<u8> {
    Key::new(Tree::ConversationsByUuid).uuid(uuid).done()
}

fn by_number(number: u64) -> Vec<u8> {
    Key::new(Tree::ConversationsByNumber).number(number).done()
}

fn by_tag(tag: Uuid, record: &ConversationRecord) -> Vec<u8> {
    let of_tag = Key::new(Tree::ConversationsByTag).uuid(tag);
    of_tag.text(record.session.as_str()).text(record.chat.as_str()).done()
}

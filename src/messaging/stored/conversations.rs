//! What the gateway itself knows of each session's chats; see [`crate::domain::conversation`].

use uuid::Uuid;

use crate::{
    domain::{
        Jid, SessionId, Timestamp,
        conversation::{ConversationRecord, InboxState, conversation_uuid},
    },
    messaging::stored::{numbers::Numbers, trees},
    store::{
        Batch, Declaration, Found, Index, IndexKey, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine},
    },
};

const BY_UUID: Index<ConversationRecord> = Index::new(trees::CONVERSATIONS_BY_UUID);
const BY_NUMBER: Index<ConversationRecord> = Index::new(trees::CONVERSATIONS_BY_NUMBER);
const BY_TAG: Index<ConversationRecord> = Index::new(trees::CONVERSATIONS_BY_TAG);

impl Record for ConversationRecord {
    const TABLE: Table = Table {
        tree: trees::CONVERSATIONS,
        owner: "messaging",
        indexes: &[
            trees::CONVERSATIONS_BY_UUID,
            trees::CONVERSATIONS_BY_NUMBER,
            trees::CONVERSATIONS_BY_TAG,
        ],
        scope: Scope::Account,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let mut entries: Vec<_> = self.inbox.tags.iter().map(|tag| by_tag(*tag, self)).collect();
        entries.extend([BY_NUMBER.key().number(self.number), BY_UUID.key().uuid(self.uuid)]);
        entries
    }
}

pub struct Conversations<'a> {
    engine: &'a dyn Engine,
    numbers: Numbers,
}

impl<'a> Conversations<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: Numbers) -> Self {
        Self { engine, numbers }
    }

    pub async fn get(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        raw::get(self.engine, &key(session, chat)).await
    }

    /// Those of several chats, in their order, in one call.
    pub async fn get_many<'b>(
        &self,
        chats: impl IntoIterator<Item = (&'b SessionId, &'b Jid)>,
    ) -> Result<Vec<Option<ConversationRecord>>, StoreError> {
        let keys: Vec<_> = chats.into_iter().map(|(session, chat)| key(session, chat)).collect();
        raw::get_many(self.engine, &keys).await
    }

    pub async fn by_uuid(&self, uuid: Uuid) -> Result<Option<ConversationRecord>, StoreError> {
        self.behind(BY_UUID.key().uuid(uuid)).await
    }

    pub async fn by_number(&self, number: u64) -> Result<Option<ConversationRecord>, StoreError> {
        self.behind(BY_NUMBER.key().number(number)).await
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
            number: self.numbers.conversation(self.engine).await?,
            created_at,
            changed_at: created_at,
            inbox: InboxState::default(),
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
        for tag in former.map(|former| former.inbox.tags.as_slice()).unwrap_or_default() {
            batch.remove(by_tag(*tag, record).done());
        }
        raw::put_in(batch, &key(&record.session, &record.chat), record)
    }

    /// The conversations that carry a tag, optionally of one session, after the one given.
    pub async fn with_tag(
        &self,
        tag: Uuid,
        session: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<ConversationRecord>, StoreError> {
        let found = self.tagged(tag, session, limit).await?;
        Ok(found.into_iter().map(|found| found.record).collect())
    }

    /// How many conversations of WhatsApp sessions carry a tag.
    pub async fn count_with_tag(
        &self,
        tag: Uuid,
        session: Option<&SessionId>,
    ) -> Result<usize, StoreError> {
        let found = self.tagged(tag, session, usize::MAX).await?;
        Ok(found.iter().filter(|found| found.record.session.is_whatsapp()).count())
    }

    /// Removes all records of a session.
    pub async fn clear(&self, session: &SessionId) -> Result<(), StoreError> {
        self.numbers.keep(self.engine).await?;
        let of_session = ConversationRecord::key().text(session.as_str()).all();
        Declaration::of::<ConversationRecord>().clear(self.engine, of_session).await
    }

    async fn behind(
        &self,
        entry: IndexKey<ConversationRecord>,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        let found = raw::follow(self.engine, entry.below(), 1).await?;
        Ok(found.into_iter().next().map(|found| found.record))
    }

    async fn tagged(
        &self,
        tag: Uuid,
        session: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<Found<ConversationRecord>>, StoreError> {
        let of_tag = BY_TAG.key().uuid(tag);
        let part = match session {
            Some(session) => of_tag.text(session.as_str()),
            None => of_tag,
        };
        raw::follow(self.engine, part.below(), limit).await
    }
}

fn key(session: &SessionId, chat: &Jid) -> Key<ConversationRecord> {
    ConversationRecord::key().text(session.as_str()).text(chat.as_str())
}

fn by_tag(tag: Uuid, record: &ConversationRecord) -> IndexKey<ConversationRecord> {
    BY_TAG.key().uuid(tag).text(record.session.as_str()).text(record.chat.as_str())
}

//! Durable state of the gateway: an ordered key-value engine, and a repository for each family of
//! records on top of it.
//!
//! Repositories know keys and codecs; nobody else does. "Not found" is `None`, not an error. A
//! write is visible at once and safe from a power cut when [`Store::durable`] has returned; what is
//! acknowledged to a caller is made durable first.

use std::path::Path;

use uuid::Uuid;

use crate::domain::{Chat, Contact, Event, Jid, Message, MessageId, SessionId, SessionRecord};

pub mod records;

use records::{ApiKeyRecord, Attempt, Delivery, DeliveryState, WebhookRecord};

/// A failure of the disk or of what lies on it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Several writes that happen together or not at all.
#[derive(Debug, Default)]
pub struct Batch {}

/// The store; clones are the same store.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens or makes the store in a folder. Refuses a store that a newer version wrote.
    pub async fn open(_folder: &Path) -> Result<Self, StoreError> {
        todo!()
    }

    /// A store that vanishes when it is dropped, for tests and for the demo.
    pub async fn temporary() -> Result<Self, StoreError> {
        todo!()
    }

    /// Carries out all writes of a batch, or none. Visible at once; durable after [`Self::durable`].
    pub async fn commit(&self, _batch: Batch) -> Result<(), StoreError> {
        todo!()
    }

    /// Returns when everything committed so far is on the disk. Callers at the same time share one flush.
    pub async fn durable(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Writes and reads something: the health check.
    pub async fn probe(&self) -> Result<(), StoreError> {
        todo!()
    }

    pub fn sessions(&self) -> Sessions {
        Sessions {}
    }
    pub fn chats(&self) -> Chats {
        Chats {}
    }
    pub fn messages(&self) -> Messages {
        Messages {}
    }
    pub fn contacts(&self) -> Contacts {
        Contacts {}
    }
    pub fn events(&self) -> Events {
        Events {}
    }
    pub fn api_keys(&self) -> ApiKeys {
        ApiKeys {}
    }
    pub fn webhooks(&self) -> Webhooks {
        Webhooks {}
    }
    pub fn deliveries(&self) -> Deliveries {
        Deliveries {}
    }
    pub fn idempotency(&self) -> Idempotency {
        Idempotency {}
    }
    pub fn settings(&self) -> Settings {
        Settings {}
    }
}

/// Sessions by their id.
pub struct Sessions {}
impl Sessions {
    pub async fn get(&self, _id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        todo!()
    }
    pub async fn list(&self) -> Result<Vec<SessionRecord>, StoreError> {
        todo!()
    }
    /// Durable when it returns.
    pub async fn put(&self, _record: &SessionRecord) -> Result<(), StoreError> {
        todo!()
    }
    /// Removes the record and the session's mirror (chats, messages, contacts). Durable when it returns.
    pub async fn remove(&self, _id: &SessionId) -> Result<(), StoreError> {
        todo!()
    }
    /// The next session number; never given twice.
    pub async fn next_number(&self) -> Result<u64, StoreError> {
        todo!()
    }
}

/// The mirror of each session's chats, kept in order of their last activity.
pub struct Chats {}
impl Chats {
    pub async fn get(&self, _session: &SessionId, _id: &Jid) -> Result<Option<Chat>, StoreError> {
        todo!()
    }
    /// Newest first.
    pub async fn page(
        &self,
        _session: &SessionId,
        _offset: usize,
        _limit: usize,
    ) -> Result<Vec<Chat>, StoreError> {
        todo!()
    }
    /// Adds the write to a batch. Reads the old record to keep the order of activity.
    pub async fn put_in(
        &self,
        _batch: &mut Batch,
        _session: &SessionId,
        _chat: &Chat,
    ) -> Result<(), StoreError> {
        todo!()
    }
}

/// The mirror of each session's messages, in order of time within a chat.
pub struct Messages {}
impl Messages {
    pub async fn get(
        &self,
        _session: &SessionId,
        _id: &MessageId,
    ) -> Result<Option<Message>, StoreError> {
        todo!()
    }
    /// Finds a message of a chat by the key alone, whoever sent it.
    pub async fn find_by_key(
        &self,
        _session: &SessionId,
        _chat: &Jid,
        _key: &str,
    ) -> Result<Option<Message>, StoreError> {
        todo!()
    }
    /// The newest `limit` messages before the one named, oldest first.
    pub async fn page(
        &self,
        _session: &SessionId,
        _chat: &Jid,
        _before: Option<&MessageId>,
        _limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        todo!()
    }
    pub async fn put_in(
        &self,
        _batch: &mut Batch,
        _session: &SessionId,
        _message: &Message,
    ) -> Result<(), StoreError> {
        todo!()
    }
}

/// The mirror of each session's contacts.
pub struct Contacts {}
impl Contacts {
    pub async fn get(
        &self,
        _session: &SessionId,
        _id: &Jid,
    ) -> Result<Option<Contact>, StoreError> {
        todo!()
    }
    pub async fn list(&self, _session: &SessionId) -> Result<Vec<Contact>, StoreError> {
        todo!()
    }
    pub async fn put_in(
        &self,
        _batch: &mut Batch,
        _session: &SessionId,
        _contact: &Contact,
    ) -> Result<(), StoreError> {
        todo!()
    }
}

/// The event log's entries; [`crate::events`] is its only user.
pub struct Events {}
impl Events {
    /// The newest number, 0 when the log is empty.
    pub async fn newest(&self) -> Result<u64, StoreError> {
        todo!()
    }
    /// The oldest number still held.
    pub async fn oldest(&self) -> Result<u64, StoreError> {
        todo!()
    }
    /// The newest number within one session.
    pub async fn newest_of(&self, _session: &SessionId) -> Result<u64, StoreError> {
        todo!()
    }
    pub async fn knows(&self, _session: &SessionId, _identity: &str) -> Result<bool, StoreError> {
        todo!()
    }
    pub async fn append_in(&self, _batch: &mut Batch, _event: &Event) -> Result<(), StoreError> {
        todo!()
    }
    /// Up to `limit` events with a number above `after`, in order.
    pub async fn after(&self, _after: u64, _limit: usize) -> Result<Vec<Event>, StoreError> {
        todo!()
    }
    /// The same for one session, still by the number of the whole log.
    pub async fn after_in_session(
        &self,
        _session: &SessionId,
        _after: u64,
        _limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        todo!()
    }
    /// Drops at most `limit` events below `before`. Returns how many.
    pub async fn prune(&self, _before: u64, _limit: usize) -> Result<usize, StoreError> {
        todo!()
    }
}

/// API keys by the hash of their secret and by their id.
pub struct ApiKeys {}
impl ApiKeys {
    pub async fn put(&self, _key: &ApiKeyRecord) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn by_hash(&self, _hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        todo!()
    }
    pub async fn get(&self, _id: Uuid) -> Result<Option<ApiKeyRecord>, StoreError> {
        todo!()
    }
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        todo!()
    }
}

/// Webhook endpoints and their cursors on the event log.
pub struct Webhooks {}
impl Webhooks {
    pub async fn get(&self, _id: Uuid) -> Result<Option<WebhookRecord>, StoreError> {
        todo!()
    }
    /// Those of one session, those for all sessions (`None`).
    pub async fn list(
        &self,
        _session: Option<&SessionId>,
    ) -> Result<Vec<WebhookRecord>, StoreError> {
        todo!()
    }
    pub async fn all(&self) -> Result<Vec<WebhookRecord>, StoreError> {
        todo!()
    }
    pub async fn put(&self, _webhook: &WebhookRecord) -> Result<(), StoreError> {
        todo!()
    }
    /// Removes the endpoint, its cursor and its deliveries.
    pub async fn remove(&self, _id: Uuid) -> Result<(), StoreError> {
        todo!()
    }
    /// The number of the last event that was turned into a delivery for this endpoint.
    pub async fn cursor(&self, _id: Uuid) -> Result<Option<u64>, StoreError> {
        todo!()
    }
    pub fn set_cursor_in(&self, _batch: &mut Batch, _id: Uuid, _seq: u64) {
        todo!()
    }
}

/// Deliveries to webhook endpoints with every attempt.
pub struct Deliveries {}
impl Deliveries {
    pub async fn get(
        &self,
        _webhook: Uuid,
        _delivery: Uuid,
    ) -> Result<Option<Delivery>, StoreError> {
        todo!()
    }
    /// Newest first, optionally in one state, before the delivery named.
    pub async fn page(
        &self,
        _webhook: Uuid,
        _state: Option<DeliveryState>,
        _before: Option<Uuid>,
        _limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        todo!()
    }
    /// Those that wait for their next attempt, oldest event first.
    pub async fn waiting(
        &self,
        _webhook: Uuid,
        _limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        todo!()
    }
    pub async fn put_in(&self, _batch: &mut Batch, _delivery: &Delivery) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn attempts(&self, _delivery: Uuid) -> Result<Vec<Attempt>, StoreError> {
        todo!()
    }
    pub fn add_attempt_in(&self, _batch: &mut Batch, _attempt: &Attempt) {
        todo!()
    }
}

/// First answers to writes that carried an `Idempotency-Key`.
pub struct Idempotency {}
impl Idempotency {
    pub async fn get(
        &self,
        _scope: &str,
        _key: &str,
    ) -> Result<Option<records::FirstAnswer>, StoreError> {
        todo!()
    }
    pub async fn put(
        &self,
        _scope: &str,
        _key: &str,
        _answer: &records::FirstAnswer,
    ) -> Result<(), StoreError> {
        todo!()
    }
    /// Drops those older than `before`; at most `limit`.
    pub async fn prune(
        &self,
        _before: crate::domain::Timestamp,
        _limit: usize,
    ) -> Result<usize, StoreError> {
        todo!()
    }
}

/// Small values of the gateway itself: schema version, master key marker.
pub struct Settings {}
impl Settings {
    pub async fn get(&self, _name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        todo!()
    }
    pub async fn put(&self, _name: &str, _value: &[u8]) -> Result<(), StoreError> {
        todo!()
    }
}

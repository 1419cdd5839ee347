//! Wording of a dialect: name and JSON of each event. A subscription chooses its wording by name, so one log serves
//! all dialects. An event without a name in a wording is not sent in it.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::{Error, Event, SessionId, Timestamp};

/// The name of a test of an endpoint, in every wording.
pub const TEST: &str = "webhook.test";

/// Whether a listener gets linking codes. A person who scans one owns the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    Shown,
    Withheld,
}

/// The wording of a dialect.
#[async_trait]
pub trait Wording: Send + Sync + 'static {
    /// The event's name; none for an event that this dialect does not have.
    fn name(&self, event: &Event) -> Option<&'static str>;

    /// Appends the event as compact JSON; none for an event without a name.
    fn write(&self, event: &Event, codes: Codes, bytes: &mut Vec<u8>) -> Option<()>;

    /// The names that a subscription may ask for.
    fn names(&self) -> &'static [&'static str];

    /// The body of a delivery; none for an event without a name. Deliveries of one event may share it.
    async fn wrap(&self, event: &Event) -> Result<Option<Bytes>, Error> {
        let mut bytes = Vec::new();
        Ok(self.write(event, Codes::Shown, &mut bytes).map(|()| bytes.into()))
    }

    /// Whether an event is of a record that a subscription is limited to, such as a bot.
    async fn is_of(&self, _: &Event, _record: Uuid) -> Result<bool, Error> {
        Ok(false)
    }

    /// The body of a delivery to a subscription that is limited to a record.
    async fn wrap_for(&self, event: &Event, _record: Uuid) -> Result<Option<Bytes>, Error> {
        self.wrap(event).await
    }

    /// Name and body of a test of an endpoint that is limited to a record.
    fn test_for(&self, id: Uuid, _record: Uuid, now: Timestamp) -> (&'static str, Value) {
        (TEST, self.test(id, None, now))
    }

    /// The body of a test of an endpoint, which is no event of the log.
    fn test(&self, id: Uuid, session: Option<&SessionId>, now: Timestamp) -> Value {
        json!({
            "event": TEST, "id": id, "sessionId": session, "timestamp": now.as_second(), "data": {},
        })
    }
}

/// All wordings by name. Clones are the same.
#[derive(Clone, Default)]
pub struct Wordings(Arc<BTreeMap<&'static str, Arc<dyn Wording>>>);

impl Wordings {
    pub fn new(all: impl IntoIterator<Item = (&'static str, Arc<dyn Wording>)>) -> Self {
        Self(Arc::new(all.into_iter().collect()))
    }

    /// With one more.
    pub fn with(&self, name: &'static str, wording: Arc<dyn Wording>) -> Self {
        let known = self.0.iter().map(|(name, wording)| (*name, wording.clone()));
        Self::new(known.chain([(name, wording)]))
    }

    /// None for one that this version does not have.
    pub fn get(&self, name: &str) -> Option<&dyn Wording> {
        self.0.get(name).map(|wording| &**wording)
    }
}

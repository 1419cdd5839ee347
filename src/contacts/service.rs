//! The service of contacts: what its parts share.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{contacts::auto_tags::AutoTags, domain::Clock, events::EventLog, store::Store};

/// The contacts of the gateway. Clones are the same service.
#[derive(Clone)]
pub struct Contacts {
    pub(in crate::contacts) store: Store,
    pub(in crate::contacts) log: EventLog,
    pub(in crate::contacts) clock: Clock,
    pub(in crate::contacts) auto_tags: AutoTags,
    /// Held while callers change contacts. It saves conflicts, no more.
    pub(in crate::contacts) changing: Arc<Mutex<()>>,
}

impl Contacts {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Self {
        Self { store, log, clock, auto_tags: AutoTags::default(), changing: Arc::default() }
    }
}

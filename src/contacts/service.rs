//! The service of contacts: what its parts share.

use std::sync::Arc;

use tokio::{
    runtime,
    sync::{Mutex, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    contacts::auto_tags::AutoTags, domain::Clock, events::EventLog, settings::Settings,
    store::Store,
};

/// The contacts of the gateway. Clones are the same service.
#[derive(Clone)]
pub struct Contacts {
    pub(in crate::contacts) store: Store,
    pub(in crate::contacts) log: EventLog,
    pub(in crate::contacts) clock: Clock,
    pub(in crate::contacts) settings: Settings,
    pub(in crate::contacts) auto_tags: AutoTags,
    /// Held while callers change contacts. It saves conflicts, no more.
    pub(in crate::contacts) changing: Arc<Mutex<()>>,
    pub(in crate::contacts) runtime: runtime::Handle,
    pub(in crate::contacts) tasks: TaskTracker,
    pub(in crate::contacts) stop: CancellationToken,
    /// One import at a time.
    pub(in crate::contacts) importing: Arc<Semaphore>,
}

impl Contacts {
    /// Must be called on the gateway's main runtime; callers may run on others.
    pub fn new(
        (store, log, clock): (Store, EventLog, Clock),
        settings: Settings,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        Self {
            store,
            log,
            clock,
            settings,
            auto_tags: AutoTags::default(),
            changing: Arc::default(),
            runtime: runtime::Handle::current(),
            tasks,
            stop,
            importing: Arc::new(Semaphore::new(1)),
        }
    }
}

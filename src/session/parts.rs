//! Dependencies of the supervisor, and the interface of the sink that takes the sessions' events.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;

use crate::{
    domain::{Clock, Error, EventBody, SessionId, SessionRef, session::EngineKind},
    driver::EngineFactory,
    session::{SessionHandle, SupervisorSettings},
    store::Store,
};

/// Takes the events of sessions. They are durable when `ingest` returns. Events of messages that come before
/// `on_ready` has finished may be dropped, since `on_ready` finds the messages again.
#[async_trait]
pub trait EventSink: Send + Sync + 'static {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error>;

    /// From now on this session has its name.
    fn begins(&self, _session: &SessionRef) {}

    /// The session is removed, and its name becomes free.
    async fn ends(&self, _session: &SessionRef) {}

    /// [`Self::on_ready`] is about to be called; events from now on come after the missed ones.
    fn will_be_ready(&self, _session: &SessionId) {}

    /// The session became ready, or is connected again: the sink may read through the handle what was missed.
    /// Runs in a task of its own.
    async fn on_ready(&self, session: SessionHandle);
}

/// Dependencies of the supervisor.
pub struct SupervisorParts {
    pub engines: HashMap<EngineKind, Arc<dyn EngineFactory>>,
    pub store: Store,
    pub sink: Arc<dyn EventSink>,
    pub clock: Clock,
    /// The parent of the sessions' folders.
    pub sessions_dir: PathBuf,
    pub settings: SupervisorSettings,
}

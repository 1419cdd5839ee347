//! Consumer of analytics: counts each event in the commit of its cursor, and so exactly once.

use std::time::Duration;

use crate::{
    analytics::{bot_tally, calendar::Calendar, sheets::Sheets, tally},
    domain::Event,
    events::{Begin, Consumer, Consumers, Flow, Work},
    inbox::InboxConsumer,
    session::SessionTables,
    settings::Settings,
    store::{Store, StoreError},
};

/// How long the inbox is waited for at once, where it has to say whose a conversation is.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause before an event whose conversation the inbox does not know yet is looked at again.
const PAUSE: Duration = Duration::from_secs(1);

pub struct AnalyticsConsumer {
    settings: Settings,
    /// None where no inbox runs, as in tests.
    consumers: Option<Consumers>,
}

impl AnalyticsConsumer {
    pub const NAME: &'static str = "analytics";

    pub fn new(settings: Settings) -> Self {
        Self { settings, consumers: None }
    }

    /// The same behind the inbox, which says whose bot answers in a conversation.
    pub fn behind_inbox(self, consumers: Consumers) -> Self {
        Self { consumers: Some(consumers), ..self }
    }
}

impl Consumer for AnalyticsConsumer {
    const NAME: &'static str = Self::NAME;
    const AT_ONCE: usize = 100;
    const BEGINS: Begin = Begin::Oldest;

    type Error = StoreError;

    fn wants(&self, event: &Event) -> bool {
        tally::wants(event)
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, StoreError> {
        if let Some(consumers) = &self.consumers
            && bot_tally::needs_inbox(work.outside(), event).await?
            && !consumers.reached(InboxConsumer::NAME, event.seq, PATIENCE).await
        {
            return Ok(Flow::Later(PAUSE));
        }
        if is_living(work.store(), event).await? {
            let calendar = Calendar::new(self.settings.now().time_zone());
            let mut sheets = Sheets::new(work.store(), work.outside(), &calendar);
            tally::count(&mut sheets, event).await?;
            let mut transaction = work.store().transaction();
            sheets.write(&transaction).await?;
            // Within a transaction nothing can be in conflict.
            transaction.commit().await?;
        }
        Ok(Flow::Done)
    }
}

/// Whether the session of an event is there and is not being removed. It is read, so that a removal which begins
/// meanwhile makes the work run again.
async fn is_living(store: &Store, event: &Event) -> Result<bool, StoreError> {
    let Some(session) = event.session() else { return Ok(true) };
    let living = store.sessions().living(session).await?;
    Ok(living.is_some_and(|record| record.uuid == event.channel_uuid()))
}

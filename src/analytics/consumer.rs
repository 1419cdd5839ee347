//! Consumer of analytics: counts each event in the commit of its cursor, and so exactly once.

use crate::{
    analytics::{calendar::Calendar, sheets::Sheets, tally},
    domain::Event,
    events::{Begin, Consumer, Flow, Work},
    settings::Settings,
    store::{Store, StoreError},
};

pub struct AnalyticsConsumer {
    settings: Settings,
}

impl AnalyticsConsumer {
    pub const NAME: &'static str = "analytics";

    pub fn new(settings: Settings) -> Self {
        Self { settings }
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
        if is_living(work.store(), event).await? {
            let calendar = Calendar::new(self.settings.now().time_zone());
            let mut sheets = Sheets::new(work.store(), &calendar);
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

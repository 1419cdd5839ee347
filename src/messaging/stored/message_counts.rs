//! How many messages a session sent and received on each day, in UTC.

use crate::{
    domain::{Message, SessionId, Timestamp, conversation::DayCount},
    messaging::stored::trees,
    store::{
        Batch, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine},
    },
};

impl Record for DayCount {
    const TABLE: Table = Table {
        tree: trees::MESSAGE_COUNTS,
        owner: "messaging",
        indexes: &[],
        scope: Scope::Account,
    };
}

pub struct MessageCounts<'a> {
    engine: &'a dyn Engine,
}

impl<'a> MessageCounts<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// Counts a new message among those of its day.
    pub async fn add_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<(), StoreError> {
        let key = of_day(session, message.timestamp);
        let mut count = raw::get(self.engine, &key).await?.unwrap_or_default();
        let of = if message.from_me() { &mut count.sent } else { &mut count.received };
        *of = of.saturating_add(1);
        raw::put_in(batch, &key, &count)
    }

    /// What was sent and received from the day of `since` on.
    pub async fn since(
        &self,
        session: &SessionId,
        since: Timestamp,
    ) -> Result<DayCount, StoreError> {
        let of_session = DayCount::key().text(session.as_str()).below();
        let part = of_session.from(of_day(session, since));
        let days = raw::select(self.engine, part, usize::MAX).await?;
        let sum = |sum: DayCount, day: DayCount| DayCount {
            sent: sum.sent + day.sent,
            received: sum.received + day.received,
        };
        Ok(days.into_iter().fold(DayCount::default(), sum))
    }
}

/// The day is counted since 1970.
fn of_day(session: &SessionId, time: Timestamp) -> Key<DayCount> {
    let day = u64::try_from(time.as_second().div_euclid(86_400)).unwrap_or(0);
    DayCount::key().text(session.as_str()).number(day)
}

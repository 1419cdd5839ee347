//! Pruning of the log: which events are past their age or exceed the size limit, and their removal in small
//! commits. `retention` decides.

use std::time::Duration;

use crate::{
    domain::{Timestamp, clock::from_millis},
    events::{
        entries::EventTables,
        extent::Extent,
        retention::{Retention, Surplus},
    },
    store::{Store, StoreError},
};

/// Events dropped in one commit.
const AT_ONCE: usize = 1_000;

/// The part of a log that exceeds its retention at a time.
pub async fn surplus(
    store: &Store,
    extent: &Extent,
    retention: Retention,
    (newest, now): (u64, Timestamp),
) -> Result<Surplus, StoreError> {
    let oldest = extent.oldest();
    let aged = match retention.age {
        Some(age) => {
            let older_than = before(now, age);
            store.events().first_not_before(older_than, oldest, newest).await?
        }
        None => oldest,
    };
    let oversized = match retention.bytes.filter(|most| *most < extent.bytes()) {
        Some(most) => first_within(store, most, extent.appended(), (oldest, newest)).await?,
        None => oldest,
    };
    Ok(Surplus { newest, aged, oversized })
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    from_millis(now.as_millisecond().saturating_sub(age))
}

/// The first number from which on the log takes no more than `most` bytes: a binary search over the entries'
/// offsets.
async fn first_within(
    store: &Store,
    most: u64,
    appended: u64,
    (oldest, newest): (u64, u64),
) -> Result<u64, StoreError> {
    let (mut low, mut high) = (oldest, newest.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let place = store.events().place(middle).await?;
        if place.is_none_or(|place| most < appended.saturating_sub(place.starts_at)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Drops all events below a number. Returns how many there were.
pub async fn drop_below(store: &Store, below: u64) -> Result<usize, StoreError> {
    let mut dropped = 0;
    loop {
        let at_once = store.events().drop_below(below, AT_ONCE).await?;
        dropped += at_once;
        if at_once < AT_ONCE {
            return Ok(dropped);
        }
    }
}

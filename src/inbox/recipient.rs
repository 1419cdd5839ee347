//! Hourly limit of each recipient: the times of the last messages, written in the commit that accepts one.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Error, Jid, JidKind, Timestamp},
    policy::{Hourly, Refusal},
    store::{Key, Record, Scope, Store, Table, Tree},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientHour {
    pub times: Hourly,
}

impl Record for RecipientHour {
    const TABLE: Table = Table {
        tree: Tree::new(165, "RecipientHours"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

/// One recipient over all sessions.
fn key(recipient: &Jid) -> Key<RecipientHour> {
    RecipientHour::key().text(recipient.as_str())
}

/// Refuses a message that would be one too many, and counts nothing.
pub async fn check(
    store: &Store,
    recipient: &Jid,
    limit: usize,
    now: Timestamp,
) -> Result<(), Error> {
    let known = store.get(&key(recipient)).await?.unwrap_or_default();
    known.times.check(limit, now).map_err(|wait| Refusal::too_many(&shown(recipient), limit, wait))
}

/// Counts a message within a transaction, or refuses it.
pub async fn count(
    store: &Store,
    recipient: &Jid,
    limit: usize,
    now: Timestamp,
) -> Result<(), Error> {
    if limit == 0 {
        return Ok(());
    }
    let mut transaction = store.transaction();
    let key = key(recipient);
    let mut hour = transaction.get(&key).await?.unwrap_or_default();
    let counted = hour.times.count(limit, now);
    counted.map_err(|wait| Refusal::too_many(&shown(recipient), limit, wait))?;
    transaction.put(&key, &hour).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(())
}

fn shown(recipient: &Jid) -> String {
    match recipient.kind() {
        JidKind::Person => format!("+{}", recipient.user()),
        _ => recipient.as_str().to_owned(),
    }
}

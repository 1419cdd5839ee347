//! Records of notifications.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Notifications` | person, time, id | [`Notification`] |
//! | `NotificationsById` | person, id | the key of the notification |
//! | `NotificationCounts` | person | [`Counts`] |
//! | `NotificationTimes` | what it was about | [`LastTold`] |

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    notifications::kind::Kind,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Transaction, Tree},
};

/// Notifications of one person; beyond, the oldest goes.
pub const MOST: usize = 1_000;
/// How long one is kept.
pub const LIFE: Duration = Duration::from_secs(90 * 86_400);
/// Old ones that are removed at once.
const REMOVED_AT_ONCE: usize = 100;

const NOTIFICATIONS: Tree = Tree::new(242, "Notifications");
const NOTIFICATIONS_BY_ID: Tree = Tree::new(243, "NotificationsById");
const BY_ID: Index<Notification> = Index::new(NOTIFICATIONS_BY_ID);

/// What a person should know of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub id: Uuid,
    pub user: Uuid,
    pub kind: Kind,
    pub title: String,
    pub body: String,
    /// Ids of what it is about.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
}

impl Record for Notification {
    const TABLE: Table = Table {
        tree: NOTIFICATIONS,
        owner: "notifications",
        indexes: &[NOTIFICATIONS_BY_ID],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_ID.key().uuid(self.user).uuid(self.id)]
    }
}

impl Notification {
    pub fn place(&self) -> Key<Self> {
        Self::of(self.user).time(self.created_at).uuid(self.id)
    }

    /// Those of a person, oldest first.
    pub fn of(user: Uuid) -> Key<Self> {
        Self::key().uuid(user)
    }

    /// One of a person by its id.
    pub async fn find(store: &Store, user: Uuid, id: Uuid) -> Result<Option<Self>, StoreError> {
        let found = store.follow(BY_ID.key().uuid(user).uuid(id).below(), 1).await?;
        Ok(found.into_iter().next().map(|found| found.record))
    }
}

/// How many notifications a person has. It changes in the commit of what it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    pub total: u64,
    pub unread: u64,
}

impl Record for Counts {
    const TABLE: Table = Table {
        tree: Tree::new(244, "NotificationCounts"),
        owner: "notifications",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Counts {
    pub fn at(user: Uuid) -> Key<Self> {
        Self::key().uuid(user)
    }
}

/// When people were last notified of something that may come often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTold {
    pub at: Timestamp,
}

impl Record for LastTold {
    const TABLE: Table = Table {
        tree: Tree::new(246, "NotificationTimes"),
        owner: "notifications",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl LastTold {
    /// Of a conversation, or of a session, by its UUID.
    pub fn at(what: Uuid) -> Key<Self> {
        Self::key().uuid(what)
    }
}

/// Adds a notification within a transaction. One with its id replaces the former, and keeps whether that was read.
pub async fn add(transaction: &Transaction, new: Notification) -> Result<(), StoreError> {
    let mut counts = transaction.get(&Counts::at(new.user)).await?.unwrap_or_default();
    let known = Notification::find(transaction.store(), new.user, new.id).await?;
    if let Some(known) = known {
        let again = Notification { created_at: known.created_at, read_at: known.read_at, ..new };
        return transaction.put(&again.place(), &again).await;
    }
    transaction.put(&new.place(), &new).await?;
    counts.total += 1;
    counts.unread += u64::from(new.read_at.is_none());
    drop_old(transaction, new.user, new.created_at, &mut counts).await?;
    transaction.put(&Counts::at(new.user), &counts).await
}

/// Removes what is too old or too much within a transaction, and counts it off.
pub async fn drop_old(
    transaction: &Transaction,
    user: Uuid,
    now: Timestamp,
    counts: &mut Counts,
) -> Result<(), StoreError> {
    for _ in 0..REMOVED_AT_ONCE {
        let oldest = transaction.store().select(Notification::of(user).below(), 1).await?;
        let Some(old) = oldest.into_iter().next() else { break };
        if counts.total <= MOST as u64 && now < old.created_at + LIFE {
            break;
        }
        transaction.delete(&old.place()).await?;
        counts.total = counts.total.saturating_sub(1);
        counts.unread = counts.unread.saturating_sub(u64::from(old.read_at.is_none()));
    }
    Ok(())
}

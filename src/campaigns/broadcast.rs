//! The record of a broadcast, and what it is found by.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Broadcasts` | id, which follows the order of creation | [`Broadcast`] |
//! | `BroadcastsByStatus` | status, id | the key of the broadcast |
//! | `BroadcastsUnderWay` | when it was to begin, id | the key of a broadcast that the runner has work with |

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    campaigns::status::Status,
    domain::{SessionId, Timestamp},
    inbox::Author,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const BROADCASTS: Tree = Tree::new(180, "Broadcasts");
const BROADCASTS_BY_STATUS: Tree = Tree::new(181, "BroadcastsByStatus");
const BROADCASTS_UNDER_WAY: Tree = Tree::new(182, "BroadcastsUnderWay");
const BY_STATUS: Index<Broadcast> = Index::new(BROADCASTS_BY_STATUS);
const UNDER_WAY: Index<Broadcast> = Index::new(BROADCASTS_UNDER_WAY);

/// The setting that the numbers of broadcasts lie under.
const COUNTS: &str = "broadcast counts";

/// A template that is sent to many contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Broadcast {
    pub id: Uuid,
    pub name: String,
    pub template: TemplateUse,
    /// Contacts with any of them. Empty for all contacts.
    pub tags: Vec<String>,
    pub session: SessionId,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// When it was to begin: broadcasts are sent in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// When its turn came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub by: Author,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    #[serde(default)]
    pub progress: Progress,
    /// It has ended, and messages of it may lie in the outbox.
    #[serde(default)]
    pub is_clearing: bool,
}

/// A template with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateUse {
    pub id: Uuid,
    pub name: String,
    pub language: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Value>,
    pub is_marketing: bool,
}

/// How far a broadcast has come. Only the runner changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// How many contacts there were to send to when it was accepted.
    pub expected: u64,
    /// The contacts up to this one were looked at for recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gathered_to: Option<Uuid>,
    /// All recipients are noted.
    pub is_gathered: bool,
    /// The recipients up to this one were queued or skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fed_to: Option<Uuid>,
    /// Recipients that are noted.
    pub total: u64,
    pub queued: u64,
    /// Skipped before they were queued.
    pub skipped: u64,
}

impl Progress {
    /// Recipients that were neither queued nor skipped.
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.queued).saturating_sub(self.skipped)
    }
}

impl Record for Broadcast {
    const TABLE: Table = Table {
        tree: BROADCASTS,
        owner: "campaigns",
        indexes: &[BROADCASTS_BY_STATUS, BROADCASTS_UNDER_WAY],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let mut entries = vec![by_status(self.status).uuid(self.id)];
        if self.status == Status::Sending || self.is_clearing {
            let since = self.accepted_at.unwrap_or(self.created_at);
            entries.push(UNDER_WAY.key().time(since).uuid(self.id));
        }
        entries
    }
}

impl Broadcast {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

fn by_status(status: Status) -> IndexKey<Broadcast> {
    BY_STATUS.key().text(status.as_str())
}

/// How many broadcasts there are with each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Totals {
    draft: u64,
    scheduled: u64,
    sending: u64,
    completed: u64,
    cancelled: u64,
    failed: u64,
}

impl Totals {
    fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Draft => &mut self.draft,
            Status::Scheduled => &mut self.scheduled,
            Status::Sending => &mut self.sending,
            Status::Completed => &mut self.completed,
            Status::Cancelled => &mut self.cancelled,
            Status::Failed => &mut self.failed,
        }
    }
}

/// How many broadcasts there are, with a status or in all.
pub async fn total(store: &Store, status: Option<Status>) -> Result<u64, StoreError> {
    let mut totals: Totals = store.settings().get(COUNTS).await?.unwrap_or_default();
    Ok(match status {
        Some(status) => *totals.of(status),
        None => Status::ALL.into_iter().map(|status| *totals.of(status)).sum(),
    })
}

/// Writes a broadcast within a transaction, and counts it; `former` is its status before.
pub async fn put(
    store: &Store,
    former: Option<Status>,
    broadcast: &Broadcast,
) -> Result<(), StoreError> {
    if former != Some(broadcast.status) {
        let settings = store.settings();
        let mut totals: Totals = settings.get(COUNTS).await?.unwrap_or_default();
        if let Some(former) = former {
            let count = totals.of(former);
            *count = count.saturating_sub(1);
        }
        *totals.of(broadcast.status) += 1;
        settings.put_lazily(COUNTS, &totals).await?;
    }
    let mut transaction = store.transaction();
    transaction.put(&Broadcast::at(broadcast.id), broadcast).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(())
}

/// A page of broadcasts, the newest first.
pub async fn page(
    store: &Store,
    status: Option<Status>,
    skipped: usize,
    limit: usize,
) -> Result<Vec<Broadcast>, StoreError> {
    let most = skipped.saturating_add(limit);
    let keys: Vec<Key<Broadcast>> = match status {
        None => store.keys(Broadcast::key().below().backward(), most).await?,
        Some(status) => {
            let entries = store.entries(by_status(status).below().backward(), most).await?;
            entries.into_iter().map(|(_, key)| key).collect()
        }
    };
    let keys: Vec<Key<Broadcast>> = keys.into_iter().skip(skipped).collect();
    Ok(store.get_many(&keys).await?.into_iter().flatten().collect())
}

/// The broadcasts that the runner has work with, in the order in which they were to begin.
pub async fn under_way(store: &Store, limit: usize) -> Result<Vec<Broadcast>, StoreError> {
    let found = store.follow(UNDER_WAY.key().below(), limit).await?;
    Ok(found.into_iter().map(|found| found.record).collect())
}

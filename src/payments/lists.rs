//! Lists of payment links: filtered by status and contact, newest first, in pages with exact totals.
//!
//! The length of each list is a counter that changes in the commit of what it counts.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    payments::link::{LinkStatus, List, PaymentLink, by_list},
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

/// Entries that are passed over at once.
const AT_ONCE: usize = 1_000;

/// Which links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkFilter {
    pub status: Option<LinkStatus>,
    pub contact: Option<Uuid>,
}

/// A page of a list, and how many links there are on all pages.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPage {
    pub links: Vec<PaymentLink>,
    pub total: u64,
}

/// How many links a list has. A list without any has no record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub count: u64,
}

impl Record for Count {
    const TABLE: Table = Table {
        tree: Tree::new(192, "PaymentLinkCounts"),
        owner: "payments",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

fn counter(list: &List) -> Key<Count> {
    Count::key().text(&list.name())
}

/// Writes a link within a transaction: its places in lists and their lengths follow.
pub async fn put(store: &Store, link: &PaymentLink) -> Result<(), StoreError> {
    let mut transaction = store.transaction();
    let at = PaymentLink::at(link.id);
    let former = transaction.get(&at).await?.map(|former| former.lists()).unwrap_or_default();
    let now = link.lists();
    let gone = former.iter().filter(|list| !now.contains(list)).map(|list| (list, false));
    let new = now.iter().filter(|list| !former.contains(list)).map(|list| (list, true));
    for (list, is_new) in gone.chain(new) {
        let key = counter(list);
        let Count { count } = transaction.get(&key).await?.unwrap_or_default();
        let count = if is_new { count.saturating_add(1) } else { count.saturating_sub(1) };
        match count {
            0 => transaction.delete(&key).await?,
            count => transaction.put(&key, &Count { count }).await?,
        }
    }
    transaction.put(&at, link).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await.map(|_| ())
}

/// The links behind the newest `skipped` ones, at most `limit`.
pub async fn page(
    store: &Store,
    filter: LinkFilter,
    mut skipped: u64,
    limit: usize,
) -> Result<LinkPage, StoreError> {
    let list = List { status: filter.status, contact: filter.contact };
    let total = store.get(&counter(&list)).await?.unwrap_or_default().count;
    if total <= skipped {
        return Ok(LinkPage { links: Vec::new(), total });
    }
    let mut part = by_list(&list).below().backward();
    while 0 < skipped {
        let at_once = AT_ONCE.min(usize::try_from(skipped).unwrap_or(AT_ONCE));
        let passed = store.entries(part, at_once).await?;
        let Some((last, _)) = passed.last() else {
            return Ok(LinkPage { links: Vec::new(), total });
        };
        skipped -= u64::try_from(passed.len()).unwrap_or(skipped).min(skipped);
        part = by_list(&list).below().backward().before(last.clone());
    }
    let found = store.follow(part, limit).await?;
    Ok(LinkPage { links: found.into_iter().map(|found| found.record).collect(), total })
}

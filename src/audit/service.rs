//! The audit log: entries are begun, ended and listed. Beyond the most the oldest go.

use std::net::IpAddr;

use uuid::Uuid;

use crate::{
    audit::entry::{AuditActor, AuditEntry},
    domain::{Clock, Error, Timestamp},
    store::{Record, Store, StoreError},
};

/// Entries that there are at most.
pub const MOST_ENTRIES: u64 = 10_000;
/// Gives entries their numbers.
const COUNTER: &str = "audit";

/// Clones are the same log.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    clock: Clock,
    most: u64,
}

/// An entry that begins.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub by: AuditActor,
    pub action: &'static str,
    pub path: String,
    pub address: Option<IpAddr>,
}

/// Which entries are listed; all where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// A person with their keys, or one key.
    pub actor: Option<Uuid>,
    pub action: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    fn takes(&self, entry: &AuditEntry) -> bool {
        self.actor.is_none_or(|actor| entry.by.is(actor))
            && self.action.as_ref().is_none_or(|action| *action == entry.action)
            && self.from.is_none_or(|from| from <= entry.at)
            && self.to.is_none_or(|to| entry.at < to)
    }
}

impl Audit {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, most: MOST_ENTRIES }
    }

    /// Notes that a write begins, and gives the entry's number. Durable when it returns.
    pub async fn begun(&self, new: NewEntry) -> Result<u64, Error> {
        let number = self.append(new).await?;
        self.store.durable().await?;
        Ok(number)
    }

    /// Notes what became of a write that began.
    pub async fn ended(&self, number: u64, status: u16) -> Result<(), Error> {
        let key = AuditEntry::numbered(number);
        let mut transaction = self.store.transaction();
        loop {
            // One that so many others followed is gone.
            let Some(entry) = transaction.get(&key).await? else { return Ok(()) };
            transaction.put(&key, &AuditEntry { status: Some(status), ..entry }).await?;
            if transaction.commit().await? {
                return Ok(self.store.durable().await?);
            }
        }
    }

    async fn append(&self, new: NewEntry) -> Result<u64, StoreError> {
        let NewEntry { by, action, path, address } = new;
        let (at, action) = (self.clock.now(), action.to_owned());
        let mut entry = AuditEntry { number: 0, at, by, action, path, address, status: None };
        let mut transaction = self.store.transaction();
        loop {
            entry.number = transaction.next_number(COUNTER).await?;
            transaction.put(&AuditEntry::numbered(entry.number), &entry).await?;
            if let Some(oldest) = entry.number.checked_sub(self.most) {
                transaction.delete(&AuditEntry::numbered(oldest)).await?;
            }
            if transaction.commit().await? {
                return Ok(entry.number);
            }
        }
    }

    /// The entries behind the first `skipped` ones that the filter takes, newest first, at most `limit`; with how many
    /// it takes.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        (skipped, limit): (u64, usize),
    ) -> Result<(Vec<AuditEntry>, u64), Error> {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        let all = self.store.select(AuditEntry::key().below().backward(), most).await?;
        let mut taken: Vec<AuditEntry> =
            all.into_iter().filter(|entry| filter.takes(entry)).collect();
        let total = taken.len();
        taken.drain(..usize::try_from(skipped).unwrap_or(usize::MAX).min(total));
        taken.truncate(limit);
        Ok((taken, u64::try_from(total).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::clock::from_seconds;

    const ADA: Uuid = Uuid::from_u128(1);
    const HER_KEY: Uuid = Uuid::from_u128(2);

    fn new(by: AuditActor, action: &'static str) -> NewEntry {
        NewEntry { by, action, path: format!("/{action}"), address: None }
    }

    async fn log(most: u64) -> Audit {
        let store = Store::temporary().await.unwrap();
        Audit { most, ..Audit::new(store, Clock::manual(from_seconds(100))) }
    }

    async fn numbers(log: &Audit, filter: AuditFilter) -> Vec<u64> {
        let (found, total) = log.list(&filter, (0, 100)).await.unwrap();
        assert_eq!(found.len() as u64, total);
        found.iter().map(|entry| entry.number).collect()
    }

    #[tokio::test]
    async fn an_entry_has_no_outcome_until_its_write_ends() {
        let log = log(10).await;
        let number = log.begun(new(AuditActor::Gateway, "createApiKey")).await.unwrap();
        let status = async || log.list(&AuditFilter::default(), (0, 1)).await.unwrap().0[0].status;
        assert_eq!(status().await, None);
        log.ended(number, 201).await.unwrap();
        assert_eq!(status().await, Some(201));
    }

    #[tokio::test]
    async fn entries_are_filtered_by_person_action_and_time_and_come_in_pages() {
        let log = log(10).await;
        let key = AuditActor::Key { id: HER_KEY, owner: Some(ADA) };
        for (by, action) in [(AuditActor::Person(ADA), "a"), (key, "b"), (AuditActor::Gateway, "a")]
        {
            log.begun(new(by, action)).await.unwrap();
            log.clock.advance(Duration::from_secs(10));
        }
        let all = AuditFilter::default;
        assert_eq!(numbers(&log, all()).await, [3, 2, 1]);
        assert_eq!(numbers(&log, AuditFilter { actor: Some(ADA), ..all() }).await, [2, 1]);
        assert_eq!(numbers(&log, AuditFilter { actor: Some(HER_KEY), ..all() }).await, [2]);
        let action = Some("a".to_owned());
        assert_eq!(numbers(&log, AuditFilter { action, ..all() }).await, [3, 1]);
        let (from, to) = (Some(from_seconds(110)), Some(from_seconds(120)));
        assert_eq!(numbers(&log, AuditFilter { from, to, ..all() }).await, [2]);
        let (page, total) = log.list(&all(), (1, 1)).await.unwrap();
        assert_eq!((page[0].number, page.len(), total), (2, 1, 3));
        assert_eq!(log.list(&all(), (u64::MAX, 1)).await.unwrap(), (Vec::new(), 3));
    }

    #[tokio::test]
    async fn beyond_the_most_the_oldest_go_and_numbers_go_on() {
        let log = log(3).await;
        for _ in 0..5 {
            log.begun(new(AuditActor::Gateway, "a")).await.unwrap();
        }
        assert_eq!(numbers(&log, AuditFilter::default()).await, [5, 4, 3]);
        log.ended(1, 200).await.unwrap();
        assert_eq!(numbers(&log, AuditFilter::default()).await, [5, 4, 3]);
    }
}

//! Notifications of a person: listed, counted, marked as read, and what the person wants. Each change is one commit, and
//! durable when its function returns.

use uuid::Uuid;

use crate::{
    domain::{Clock, Error, Subject},
    notifications::{
        kind::Kind,
        preferences::{Preferences, PreferencesChange},
        record::{Counts, LIFE, MOST, Notification, drop_old},
    },
    store::Store,
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Notifications {
    store: Store,
    clock: Clock,
}

/// Which notifications.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub unread: Option<bool>,
    pub kind: Option<Kind>,
}

/// A page of notifications, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub notifications: Vec<Notification>,
    /// How many the filter leaves on all pages.
    pub total: usize,
    /// How many there are that were not read, whatever the filter.
    pub unread: u64,
}

impl Notifications {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The notifications behind the first `skipped` ones, newest first, at most `limit`.
    pub async fn list(
        &self,
        user: Uuid,
        filter: Filter,
        (skipped, limit): (usize, usize),
    ) -> Result<Page, Error> {
        let Counts { unread, .. } = self.counts(user).await?;
        let part = Notification::of(user).below().backward();
        let mut all = self.store.select(part, MOST).await?;
        all.retain(|one| {
            filter.unread.is_none_or(|unread| unread == one.read_at.is_none())
                && filter.kind.is_none_or(|kind| kind == one.kind)
        });
        let total = all.len();
        let notifications = all.into_iter().skip(skipped).take(limit).collect();
        Ok(Page { notifications, total, unread })
    }

    /// How many there are that were not read.
    pub async fn unread(&self, user: Uuid) -> Result<u64, Error> {
        Ok(self.counts(user).await?.unread)
    }

    /// The counts of a person, after what is too old is gone.
    async fn counts(&self, user: Uuid) -> Result<Counts, Error> {
        let now = self.clock.now();
        loop {
            let oldest = self.store.select(Notification::of(user).below(), 1).await?;
            if oldest.first().is_none_or(|oldest| now < oldest.created_at + LIFE) {
                return Ok(self.store.get(&Counts::at(user)).await?.unwrap_or_default());
            }
            let mut transaction = self.store.transaction();
            let mut counts = transaction.get(&Counts::at(user)).await?.unwrap_or_default();
            drop_old(&transaction, user, now, &mut counts).await?;
            transaction.put(&Counts::at(user), &counts).await?;
            transaction.commit().await?;
        }
    }

    /// Marks one as read. One that was read stays as it is.
    pub async fn read(&self, user: Uuid, id: Uuid) -> Result<Notification, Error> {
        let mut transaction = self.store.transaction();
        loop {
            let found = Notification::find(transaction.store(), user, id).await?;
            let mut found = found.ok_or_else(|| unknown(id))?;
            if found.read_at.is_some() {
                return Ok(found);
            }
            found.read_at = Some(self.clock.now());
            let mut counts = transaction.get(&Counts::at(user)).await?.unwrap_or_default();
            counts.unread = counts.unread.saturating_sub(1);
            transaction.put(&found.place(), &found).await?;
            transaction.put(&Counts::at(user), &counts).await?;
            if transaction.commit_durable().await? {
                return Ok(found);
            }
        }
    }

    /// Marks all as read; how many were not.
    pub async fn read_all(&self, user: Uuid) -> Result<u64, Error> {
        let mut transaction = self.store.transaction();
        loop {
            let now = self.clock.now();
            let mut counts = transaction.get(&Counts::at(user)).await?.unwrap_or_default();
            let all = transaction.store().select(Notification::of(user).below(), MOST).await?;
            let mut updated = 0;
            for mut one in all.into_iter().filter(|one| one.read_at.is_none()) {
                one.read_at = Some(now);
                transaction.put(&one.place(), &one).await?;
                updated += 1;
            }
            if updated == 0 {
                return Ok(0);
            }
            counts.unread = 0;
            transaction.put(&Counts::at(user), &counts).await?;
            if transaction.commit_durable().await? {
                return Ok(updated);
            }
        }
    }

    pub async fn preferences(&self, user: Uuid) -> Result<Preferences, Error> {
        Ok(self.store.get(&Preferences::at(user)).await?.unwrap_or_default())
    }

    pub async fn choose(
        &self,
        user: Uuid,
        change: &PreferencesChange,
    ) -> Result<Preferences, Error> {
        let mut transaction = self.store.transaction();
        loop {
            let known = transaction.get(&Preferences::at(user)).await?.unwrap_or_default();
            let chosen = known.with(change)?;
            transaction.put(&Preferences::at(user), &chosen).await?;
            if transaction.commit_durable().await? {
                return Ok(chosen);
            }
        }
    }

    /// Forgets somebody whose account is gone.
    pub async fn forget(&self, user: Uuid) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        loop {
            let all = transaction.store().select(Notification::of(user).below(), MOST).await?;
            for one in all {
                transaction.delete(&one.place()).await?;
            }
            transaction.delete(&Counts::at(user)).await?;
            transaction.delete(&Preferences::at(user)).await?;
            if transaction.commit_durable().await? {
                return Ok(());
            }
        }
    }
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Notification, format!("there is no notification {id}"))
}

//! Record of a sign-in: a token is good while its record exists.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Transaction, Tree},
};

const LOGINS: Tree = Tree::new(152, "Logins");
const LOGINS_BY_USER: Tree = Tree::new(153, "LoginsByUser");
const BY_USER: Index<Login> = Index::new(LOGINS_BY_USER);

/// Sign-ins of one person that last at once; the oldest end.
pub const MOST_LOGINS: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    pub id: Uuid,
    pub user: Uuid,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// From where.
    pub address: String,
    /// With which program, as that calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl Record for Login {
    const TABLE: Table = Table {
        tree: LOGINS,
        owner: "accounts",
        indexes: &[LOGINS_BY_USER],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_USER.key().uuid(self.user).uuid(self.id)]
    }
}

/// From where somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    pub address: String,
    pub agent: Option<String>,
}

impl Login {
    /// A sign-in that begins now and lasts so long.
    pub fn new(user: Uuid, from: Visit, now: Timestamp, life: Duration) -> Self {
        Self {
            id: Uuid::now_v7(),
            user,
            created_at: now,
            expires_at: now + life,
            last_seen_at: now,
            address: from.address,
            agent: from.agent,
        }
    }

    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

/// Those of a person, oldest first, ended ones too.
pub async fn of_user(store: &Store, user: Uuid) -> Result<Vec<Login>, StoreError> {
    let found = store.follow(BY_USER.key().uuid(user).below(), usize::MAX).await?;
    Ok(found.into_iter().map(|found| found.record).collect())
}

/// Adds a sign-in within a transaction. Those that have ended go, and the oldest of too many: which of these.
pub async fn add(
    transaction: &Transaction,
    login: &Login,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let all = of_user(transaction.store(), login.user).await?;
    let (good, mut gone): (Vec<Login>, Vec<Login>) =
        all.into_iter().partition(|login| now < login.expires_at);
    let too_many = (good.len() + 1).saturating_sub(MOST_LOGINS);
    gone.extend(good.into_iter().take(too_many));
    for ended in &gone {
        transaction.delete(&Login::at(ended.id)).await?;
    }
    transaction.put(&Login::at(login.id), login).await?;
    Ok(gone.into_iter().map(|login| login.id).collect())
}

/// Removes all sign-ins of a person within a transaction; which they were.
pub async fn remove_all(transaction: &Transaction, user: Uuid) -> Result<Vec<Uuid>, StoreError> {
    remove_others(transaction, user, Uuid::nil()).await
}

/// The same without one of them, which stays.
pub async fn remove_others(
    transaction: &Transaction,
    user: Uuid,
    own: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    let all = of_user(transaction.store(), user).await?.into_iter();
    let others: Vec<Uuid> = all.map(|login| login.id).filter(|login| *login != own).collect();
    for login in &others {
        transaction.delete(&Login::at(*login)).await?;
    }
    Ok(others)
}

//! Record of a person with an account.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::role::Role,
    domain::{Error, Subject, Timestamp},
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

// Sealed for the secrets of second factors.
const USERS: Tree = Tree::sealed(150, "Users");
const USERS_BY_EMAIL: Tree = Tree::new(151, "UsersByEmail");
const BY_EMAIL: Index<User> = Index::new(USERS_BY_EMAIL);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: Uuid,
    /// As it was written; unique whatever its case.
    pub email: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    pub role: Role,
    /// Argon2id, as a PHC string.
    pub password: String,
    pub email_verified: bool,
    #[serde(default)]
    pub is_disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
}

/// A generator of codes on somebody's phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactor {
    pub secret: [u8; 20],
    /// Whether a code of it was shown: before that it is asked of nobody.
    pub is_confirmed: bool,
    /// The step of the last code that was taken: none is taken twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<u64>,
    /// Keyed hashes of the recovery codes that are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<[u8; 32]>,
}

impl Record for User {
    const TABLE: Table =
        Table { tree: USERS, owner: "accounts", indexes: &[USERS_BY_EMAIL], scope: Scope::Gateway };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_EMAIL.key().text(&folded(&self.email))]
    }
}

impl User {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// Whether conversations and tasks can be given to the person: the account is enabled, and its role may write.
    pub fn may_work(&self) -> bool {
        !self.is_disabled && self.role != Role::Viewer
    }

    /// The generator whose codes are asked for at a sign-in.
    pub fn totp(&self) -> Option<&SecondFactor> {
        self.second_factor.as_ref().filter(|factor| factor.is_confirmed)
    }
}

/// An e-mail address as it is compared.
pub fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

pub async fn by_email(store: &Store, email: &str) -> Result<Option<User>, StoreError> {
    let found = store.follow(BY_EMAIL.key().text(&folded(email)).below(), 1).await?;
    Ok(found.into_iter().next().map(|found| found.record))
}

/// Everybody, in the order of their making.
pub async fn all(store: &Store) -> Result<Vec<User>, StoreError> {
    store.select(User::key().below(), usize::MAX).await
}

/// The person with this id.
pub async fn known(store: &Store, id: Uuid) -> Result<User, Error> {
    store.get(&User::at(id)).await?.ok_or_else(|| unknown(id))
}

/// Changes a person in a commit of its own.
pub async fn change(
    store: &Store,
    id: Uuid,
    mut change: impl FnMut(&mut User) -> Result<(), Error>,
) -> Result<User, Error> {
    let mut transaction = store.transaction();
    loop {
        let known = transaction.get(&User::at(id)).await?.ok_or_else(|| unknown(id))?;
        let mut user = known.clone();
        change(&mut user)?;
        if user == known {
            return Ok(user);
        }
        transaction.put(&User::at(id), &user).await?;
        if transaction.commit().await? {
            store.durable().await?;
            return Ok(user);
        }
    }
}

pub fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::User, format!("there is no user {id}"))
}

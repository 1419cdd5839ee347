//! Codes of six digits that show who reads somebody's mail: one for each purpose and person, a few tries, a short life.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{
    accounts::people::secret::AccountKey,
    domain::Timestamp,
    store::{Key, Record, Scope, Store, StoreError, Table, Transaction, Tree},
};

const CODES: Tree = Tree::new(154, "AccountCodes");
const TRIES: u8 = 5;
/// How long another code is not made, so that guesses do not get more tries by asking for codes.
pub const ANOTHER_AFTER: Duration = Duration::from_secs(60);

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Reset,
    Verify,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Code {
    /// A keyed hash of it.
    hash: [u8; 32],
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    tries_left: u8,
}

impl Record for Code {
    const TABLE: Table =
        Table { tree: CODES, owner: "accounts", indexes: &[], scope: Scope::Gateway };
}

impl Code {
    pub fn at(user: Uuid, purpose: Purpose) -> Key<Self> {
        Self::key().uuid(user).text(purpose.as_str())
    }

    /// A new code and its record.
    pub fn new(
        key: &AccountKey,
        user: Uuid,
        purpose: Purpose,
        at: Timestamp,
        life: Duration,
    ) -> (Self, String) {
        let text = format!("{:06}", rand::random_range(0..1_000_000_u32));
        let hash = hash(key, user, purpose, &text);
        (Self { hash, created_at: at, expires_at: at + life, tries_left: TRIES }, text)
    }
}

fn hash(key: &AccountKey, user: Uuid, purpose: Purpose, text: &str) -> [u8; 32] {
    key.mac("code", &[user.as_bytes(), purpose.as_str().as_bytes(), text.as_bytes()])
}

/// Whose code it is, and for what.
pub type Asked = (Uuid, Purpose);

impl Code {
    fn is(&self, key: &AccountKey, (user, purpose): Asked, given: &str, now: Timestamp) -> bool {
        let is_right = hash(key, user, purpose, given.trim()).ct_eq(&self.hash);
        bool::from(is_right) && now < self.expires_at && 0 < self.tries_left
    }
}

/// Whether a code is the right one. Costs nothing: the caller must [`spend`] it before the answer.
pub async fn is_right(
    store: &Store,
    key: &AccountKey,
    asked: Asked,
    given: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let code = store.get(&Code::at(asked.0, asked.1)).await?;
    Ok(code.is_some_and(|code| code.is(key, asked, given, now)))
}

/// The same within a transaction: a right code is used up, a wrong one costs a try.
pub async fn spend(
    transaction: &Transaction,
    key: &AccountKey,
    asked: Asked,
    given: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let place = Code::at(asked.0, asked.1);
    let Some(code) = transaction.get(&place).await? else { return Ok(false) };
    let is_right = code.is(key, asked, given, now);
    let tries_left = code.tries_left.saturating_sub(1);
    if is_right || code.expires_at <= now || tries_left == 0 {
        transaction.delete(&place).await?;
    } else {
        transaction.put(&place, &Code { tries_left, ..code }).await?;
    }
    Ok(is_right)
}

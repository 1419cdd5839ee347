//! Record of an invitation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::role::Role,
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const INVITATIONS: Tree = Tree::new(155, "Invitations");
const INVITATIONS_BY_HASH: Tree = Tree::new(156, "InvitationsByHash");
const BY_HASH: Index<Invitation> = Index::new(INVITATIONS_BY_HASH);

/// Leave for one address to make an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    /// SHA-256 of its code, which has 256 bits.
    pub hash: [u8; 32],
    /// Who invited; none for the owner of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Record for Invitation {
    const TABLE: Table = Table {
        tree: INVITATIONS,
        owner: "accounts",
        indexes: &[INVITATIONS_BY_HASH],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_HASH.key().bytes(&self.hash)]
    }
}

impl Invitation {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

pub async fn by_hash(store: &Store, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
    let found = store.follow(BY_HASH.key().bytes(hash).below(), 1).await?;
    Ok(found.into_iter().next().map(|found| found.record))
}

/// All of them, oldest first, ended ones too.
pub async fn all(store: &Store) -> Result<Vec<Invitation>, StoreError> {
    store.select(Invitation::key().below(), usize::MAX).await
}

//! Record of a bot that is shared with a team.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `TeamShares` | team, bot | [`Share`] |
//! | `TeamSharesByBot` | bot, team | the key of the share |
//!
//! Shares of a bot go with it. What a kill leaves of them says nothing: ids of bots are never given again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::TeamRole,
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const SHARES: Tree = Tree::new(235, "TeamShares");
const SHARES_BY_BOT: Tree = Tree::new(236, "TeamSharesByBot");
const BY_BOT: Index<Share> = Index::new(SHARES_BY_BOT);
/// Bots that one team may share, and teams that one bot may be shared with.
pub const MOST_SHARES: usize = 500;

/// What a bot is shared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    View,
    Manage,
}

impl Permission {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Manage => "manage",
        }
    }
}

/// What somebody may do with a bot; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Look at the bot, its conversations and what belongs to these.
    Read,
    /// Answer in its conversations, and write what belongs to these.
    Work,
    /// Change the bot.
    Manage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub team: Uuid,
    pub bot: Uuid,
    pub permission: Permission,
    pub shared_at: Timestamp,
}

impl Record for Share {
    const TABLE: Table =
        Table { tree: SHARES, owner: "teams", indexes: &[SHARES_BY_BOT], scope: Scope::Gateway };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_BOT.key().uuid(self.bot).uuid(self.team)]
    }
}

impl Share {
    /// What a member in a role may do: who is a viewer of the team only looks.
    pub fn access_of(&self, role: TeamRole) -> Access {
        match (role, self.permission) {
            (TeamRole::Viewer, _) => Access::Read,
            (_, Permission::View) => Access::Work,
            (_, Permission::Manage) => Access::Manage,
        }
    }

    pub fn at(team: Uuid, bot: Uuid) -> Key<Self> {
        Self::key().uuid(team).uuid(bot)
    }

    /// Those of a team.
    pub async fn of_team(store: &Store, team: Uuid) -> Result<Vec<Self>, StoreError> {
        store.select(Self::key().uuid(team).below(), MOST_SHARES).await
    }

    /// Those of each of these bots, in their order, in one call.
    pub async fn of_bots(store: &Store, bots: &[Uuid]) -> Result<Vec<Vec<Self>>, StoreError> {
        let parts = bots.iter().map(|bot| BY_BOT.key().uuid(*bot).below()).collect();
        let found = store.follow_many(parts, MOST_SHARES).await?.into_iter();
        Ok(found.map(|all| all.into_iter().map(|found| found.record).collect()).collect())
    }

    /// Those of a bot.
    pub async fn of_bot(store: &Store, bot: Uuid) -> Result<Vec<Self>, StoreError> {
        let found = store.follow(BY_BOT.key().uuid(bot).below(), MOST_SHARES).await?;
        Ok(found.into_iter().map(|found| found.record).collect())
    }
}

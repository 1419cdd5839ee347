//! Records of teams: which people work together and as what, and whom they have invited.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Teams` | id, which follows the order of creation | [`Team`] |
//! | `TeamMembers` | team, person | [`TeamMember`] |
//! | `TeamMembersByUser` | person, team | the key of the membership |
//! | `TeamInvites` | team, id | [`TeamInvite`] |
//! | `TeamInvitesByEmail` | folded address, team | the key of the invitation |
//!
//! They lie here because an account that is made takes up its invitations in the same commit. Each change of who is in
//! a team writes the record of the team too, so that of two changes at the same time one is made again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Transaction, Tree},
};

/// So many teams there may be, so that a list of all is a few pages.
pub const MOST_TEAMS: usize = 200;
/// Members and open invitations of one team, each.
pub const MOST_MEMBERS: usize = 500;

const TEAMS: Tree = Tree::new(230, "Teams");
const MEMBERS: Tree = Tree::new(231, "TeamMembers");
const MEMBERS_BY_USER: Tree = Tree::new(232, "TeamMembersByUser");
const INVITES: Tree = Tree::new(233, "TeamInvites");
const INVITES_BY_EMAIL: Tree = Tree::new(234, "TeamInvitesByEmail");
const BY_USER: Index<TeamMember> = Index::new(MEMBERS_BY_USER);
const BY_EMAIL: Index<TeamInvite> = Index::new(INVITES_BY_EMAIL);

/// What somebody is in a team. The role in the workspace limits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TeamRole {
    Viewer,
    Agent,
    Admin,
    Owner,
}

impl TeamRole {
    /// Highest first.
    pub const WORDS: [&str; 4] = ["owner", "admin", "agent", "viewer"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether they invite and remove members and share bots.
    pub fn manages(self) -> bool {
        Self::Admin <= self
    }
}

impl fmt::Display for TeamRole {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why a text names no role in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be owner, admin, agent or viewer")]
pub struct UnknownTeamRole;

impl FromStr for TeamRole {
    type Err = UnknownTeamRole;

    fn from_str(text: &str) -> Result<Self, UnknownTeamRole> {
        match text {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "agent" => Ok(Self::Agent),
            "viewer" => Ok(Self::Viewer),
            _ => Err(UnknownTeamRole),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    pub id: Uuid,
    pub name: String,
    /// Who made it.
    pub created_by: Uuid,
    pub created_at: Timestamp,
    /// How often its members and invitations have changed.
    #[serde(default)]
    pub changes: u64,
}

impl Record for Team {
    const TABLE: Table =
        Table { tree: TEAMS, owner: "accounts", indexes: &[], scope: Scope::Gateway };
}

impl Team {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// The same after one more change of who is in it.
    #[must_use]
    pub fn changed(self) -> Self {
        Self { changes: self.changes + 1, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamMember {
    pub team: Uuid,
    pub user: Uuid,
    pub role: TeamRole,
    pub joined_at: Timestamp,
}

impl Record for TeamMember {
    const TABLE: Table = Table {
        tree: MEMBERS,
        owner: "accounts",
        indexes: &[MEMBERS_BY_USER],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_USER.key().uuid(self.user).uuid(self.team)]
    }
}

impl TeamMember {
    pub fn at(team: Uuid, user: Uuid) -> Key<Self> {
        Self::key().uuid(team).uuid(user)
    }

    /// Those of a team.
    pub async fn of_team(store: &Store, team: Uuid) -> Result<Vec<Self>, StoreError> {
        store.select(Self::key().uuid(team).below(), MOST_MEMBERS).await
    }

    /// Those of a person.
    pub async fn of_user(store: &Store, user: Uuid) -> Result<Vec<Self>, StoreError> {
        let found = store.follow(BY_USER.key().uuid(user).below(), MOST_TEAMS).await?;
        Ok(found.into_iter().map(|found| found.record).collect())
    }
}

/// An invitation into a team of somebody who has no account yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamInvite {
    /// The id of the invitation into the workspace that came with it.
    pub id: Uuid,
    pub team: Uuid,
    /// As it is compared.
    pub email: String,
    pub role: TeamRole,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Record for TeamInvite {
    const TABLE: Table = Table {
        tree: INVITES,
        owner: "accounts",
        indexes: &[INVITES_BY_EMAIL],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_EMAIL.key().text(&self.email).uuid(self.team)]
    }
}

impl TeamInvite {
    pub fn at(team: Uuid, id: Uuid) -> Key<Self> {
        Self::key().uuid(team).uuid(id)
    }

    /// Those of a team, oldest first, ended ones too.
    pub async fn of_team(store: &Store, team: Uuid) -> Result<Vec<Self>, StoreError> {
        store.select(Self::key().uuid(team).below(), MOST_MEMBERS).await
    }
}

/// Writes an invitation within a transaction. An earlier one of the address into the team goes, and those that ended.
/// False where the team has as many as it may have.
pub async fn add_invite(
    transaction: &Transaction,
    invite: &TeamInvite,
) -> Result<bool, StoreError> {
    let mut open = 0;
    for known in TeamInvite::of_team(transaction.store(), invite.team).await? {
        if known.email == invite.email || known.expires_at <= invite.created_at {
            transaction.delete(&TeamInvite::at(known.team, known.id)).await?;
        } else {
            open += 1;
        }
    }
    if MOST_MEMBERS <= open + 1 {
        return Ok(false);
    }
    transaction.put(&TeamInvite::at(invite.team, invite.id), invite).await?;
    Ok(true)
}

/// Withdraws an invitation within a transaction, by its address and id.
pub async fn withdraw(transaction: &Transaction, email: &str, id: Uuid) -> Result<(), StoreError> {
    let part = BY_EMAIL.key().text(email).below();
    let found = transaction.store().follow(part, MOST_TEAMS).await?;
    for invite in found.into_iter().map(|found| found.record).filter(|invite| invite.id == id) {
        transaction.delete(&TeamInvite::at(invite.team, id)).await?;
    }
    Ok(())
}

/// Takes up all open invitations of an address within a transaction, which somebody has shown to be theirs.
pub async fn accept(
    transaction: &Transaction,
    user: Uuid,
    email: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let part = BY_EMAIL.key().text(email).below();
    for found in transaction.store().follow(part, MOST_TEAMS).await? {
        let invite: TeamInvite = found.record;
        transaction.delete(&TeamInvite::at(invite.team, invite.id)).await?;
        let Some(team) = transaction.get(&Team::at(invite.team)).await? else { continue };
        let at = TeamMember::at(team.id, user);
        if invite.expires_at <= now || transaction.get(&at).await?.is_some() {
            continue;
        }
        let member = TeamMember { team: team.id, user, role: invite.role, joined_at: now };
        transaction.put(&at, &member).await?;
        transaction.put(&Team::at(team.id), &team.changed()).await?;
    }
    Ok(())
}

/// Takes somebody out of all teams within a transaction: their account goes.
pub async fn leave_all(transaction: &Transaction, user: Uuid) -> Result<(), StoreError> {
    for member in TeamMember::of_user(transaction.store(), user).await? {
        transaction.delete(&TeamMember::at(member.team, user)).await?;
        if let Some(team) = transaction.get(&Team::at(member.team)).await? {
            transaction.put(&Team::at(team.id), &team.changed()).await?;
        }
    }
    Ok(())
}

//! Who may see a bot and what belongs to it: administrators, who made it, and members of the teams that share it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    accounts::{Principal, Role, TeamMember, User, users_in},
    bots::Bot,
    domain::Error,
    store::{Store, StoreError},
    teams::{
        service::Teams,
        share::{Permission, Share},
    },
};

impl Teams {
    /// What a caller may do with a bot; none where it does not exist to them.
    pub async fn permission(
        &self,
        caller: &Principal,
        bot: &Bot,
    ) -> Result<Option<Permission>, Error> {
        let Some(user) = caller.person().filter(|_| caller.role().is_some_and(is_limited)) else {
            return Ok(Some(Permission::Manage));
        };
        if is_of(bot, user) {
            return Ok(Some(Permission::Manage));
        }
        Ok(shared_with(self.store(), bot.id).await?.get(&user).copied())
    }

    /// The bots that are shared with a person through teams, each with what the person may do.
    pub async fn shared_bots(&self, user: Uuid) -> Result<HashMap<Uuid, Permission>, Error> {
        let mut bots: HashMap<Uuid, Permission> = HashMap::new();
        for member in TeamMember::of_user(self.store(), user).await? {
            for share in Share::of_team(self.store(), member.team).await? {
                let known = bots.entry(share.bot).or_insert(share.permission);
                *known = share.permission.max(*known);
            }
        }
        Ok(bots)
    }

    /// The teams that a bot is shared with.
    pub async fn teams_of_bot(&self, bot: Uuid) -> Result<Vec<Uuid>, Error> {
        let shares = Share::of_bot(self.store(), bot).await?;
        Ok(shares.into_iter().map(|share| share.team).collect())
    }

    /// People whose account is enabled and who may see a bot; everybody for none.
    pub async fn people_of(&self, bot: Option<Uuid>) -> Result<Vec<User>, Error> {
        Ok(people_of(self.store(), bot).await?)
    }
}

/// The same within a transaction.
pub async fn people_of(store: &Store, bot: Option<Uuid>) -> Result<Vec<User>, StoreError> {
    let mut users = users_in(store).await?;
    users.retain(|user| !user.is_disabled);
    let Some(bot) = bot else { return Ok(users) };
    let Some(bot) = store.get(&Bot::at(bot)).await? else { return Ok(users) };
    let shared: HashSet<Uuid> = shared_with(store, bot.id).await?.into_keys().collect();
    users
        .retain(|user| !is_limited(user.role) || is_of(&bot, user.id) || shared.contains(&user.id));
    Ok(users)
}

/// Whether somebody in this role sees the bots of others through teams alone.
fn is_limited(role: Role) -> bool {
    role < Role::Admin
}

/// Whether a bot is a person's own.
fn is_of(bot: &Bot, user: Uuid) -> bool {
    bot.created_by == Some(user)
}

async fn shared_with(store: &Store, bot: Uuid) -> Result<HashMap<Uuid, Permission>, StoreError> {
    let mut people: HashMap<Uuid, Permission> = HashMap::new();
    for share in Share::of_bot(store, bot).await? {
        for member in TeamMember::of_team(store, share.team).await? {
            let known = people.entry(member.user).or_insert(share.permission);
            *known = share.permission.max(*known);
        }
    }
    Ok(people)
}

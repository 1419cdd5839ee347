//! People who see a bot and what belongs to it: administrators, who made it, and members of the teams that share it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    accounts::{Role, TeamMember, User, users_in},
    bots::Bot,
    store::{Store, StoreError},
    teams::share::{Permission, Share},
};

/// People whose account is enabled and who may see a bot; everybody for none, and for one that is gone.
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

/// The people whom a bot is shared with through teams, each with what they may do.
pub async fn shared_with(
    store: &Store,
    bot: Uuid,
) -> Result<HashMap<Uuid, Permission>, StoreError> {
    let mut people: HashMap<Uuid, Permission> = HashMap::new();
    for share in Share::of_bot(store, bot).await? {
        for member in TeamMember::of_team(store, share.team).await? {
            let permission = share.permission_of(member.role);
            let known = people.entry(member.user).or_insert(permission);
            *known = permission.max(*known);
        }
    }
    Ok(people)
}

/// Whether somebody in this role sees the bots of others through teams alone.
pub fn is_limited(role: Role) -> bool {
    role < Role::Admin
}

/// Whether a bot is a person's own.
pub fn is_of(bot: &Bot, user: Uuid) -> bool {
    bot.owner == Some(user)
}

//! People who see a bot and what belongs to it: administrators, who made it, and members of the teams that share it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    accounts::{Role, TeamMember, User, users_in},
    bots::Bot,
    store::{Store, StoreError},
    teams::share::{Access, Share},
};

/// People whose account is enabled and who may see a bot; everybody for none, and for one that is gone.
pub async fn people_of(store: &Store, bot: Option<Uuid>) -> Result<Vec<User>, StoreError> {
    people_with(store, bot, Access::Read).await
}

/// Those of them who may work on its conversations: no viewer, neither of the workspace nor of the team alone.
pub async fn workers_of(store: &Store, bot: Option<Uuid>) -> Result<Vec<User>, StoreError> {
    let mut people = people_with(store, bot, Access::Work).await?;
    people.retain(|user| Role::Agent <= user.role);
    Ok(people)
}

async fn people_with(
    store: &Store,
    bot: Option<Uuid>,
    least: Access,
) -> Result<Vec<User>, StoreError> {
    let mut users = users_in(store).await?;
    users.retain(|user| !user.is_disabled);
    let Some(bot) = bot else { return Ok(users) };
    let Some(bot) = store.get(&Bot::at(bot)).await? else { return Ok(users) };
    let shared = shared_with(store, bot.id).await?;
    let may = |user: &User| shared.get(&user.id).is_some_and(|access| least <= *access);
    users.retain(|user| !is_limited(user.role) || is_of(&bot, user.id) || may(user));
    Ok(users)
}

/// The people whom a bot is shared with through teams, each with what they may do.
async fn shared_with(store: &Store, bot: Uuid) -> Result<HashMap<Uuid, Access>, StoreError> {
    let mut people: HashMap<Uuid, Access> = HashMap::new();
    for share in Share::of_bot(store, bot).await? {
        for member in TeamMember::of_team(store, share.team).await? {
            let access = share.access_of(member.role);
            let known = people.entry(member.user).or_insert(access);
            *known = access.max(*known);
        }
    }
    Ok(people)
}

/// Whether somebody in this role sees the bots of others through teams alone.
fn is_limited(role: Role) -> bool {
    role < Role::Admin
}

/// Whether a bot is a person's own.
fn is_of(bot: &Bot, user: Uuid) -> bool {
    bot.owner == Some(user)
}

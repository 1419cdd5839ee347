//! Access to bots: a caller's own, those of their teams, all for administrators.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    accounts::{Role, User},
    api::kit::Call,
    bots::{Bot, Viewer},
    domain::{Error, ErrorCode, Subject},
    inbox::InboxState,
    services::Services,
    teams::Permission,
};

/// A bot that the caller sees; to others it does not exist.
pub async fn seen<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Bot, Error> {
    allowed(call, id).await.map(|(bot, _)| bot)
}

/// Whether the caller sees a bot.
pub async fn is_seen<S, R>(call: &Call<S, R>, id: Uuid) -> Result<bool, Error> {
    match seen(call, id).await {
        Ok(_) => Ok(true),
        Err(error) if error.code == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A bot that the caller may change.
pub async fn managed<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Bot, Error> {
    match allowed(call, id).await? {
        (bot, Permission::Manage) => Ok(bot),
        (_, Permission::View) => {
            Err(Error::new(ErrorCode::Forbidden, "This bot is shared with you to look at it alone"))
        }
    }
}

async fn allowed<S, R>(call: &Call<S, R>, id: Uuid) -> Result<(Bot, Permission), Error> {
    let unknown = || Error::not_found(Subject::Bot, format!("there is no bot {id}"));
    let all = call.bots.all().await?;
    let bot = all.iter().find(|bot| bot.id == id).ok_or_else(unknown)?;
    let permission = call.teams.permission(&call.principal(), bot).await?.ok_or_else(unknown)?;
    Ok((bot.clone(), permission))
}

/// People who may work on the conversations of a bot; administrators alone on those without one.
pub async fn workers(services: &Services, bot: Option<Uuid>) -> Result<Vec<User>, Error> {
    let least = if bot.is_some() { Role::Agent } else { Role::Admin };
    let mut people = services.teams.people_of(bot).await?;
    people.retain(|user| least <= user.role);
    Ok(people)
}

/// The bots that a caller sees, and so what belongs to them.
pub struct Sight {
    sees_all: bool,
    bots: HashSet<Uuid>,
}

impl Sight {
    pub async fn of<S, R>(call: &Call<S, R>) -> Result<Self, Error> {
        let principal = call.principal();
        let viewer = Viewer::of(&principal);
        let mut bots: HashSet<Uuid> = match principal.person() {
            Some(person) => call.teams.shared_bots(person).await?.into_keys().collect(),
            None => HashSet::new(),
        };
        let all = call.bots.all().await?;
        bots.extend(all.iter().filter(|bot| viewer.sees(bot)).map(|bot| bot.id));
        Ok(Self { sees_all: viewer == Viewer::Everything, bots })
    }

    /// Whether the caller sees a conversation: a web chat with its bot. Those of sessions and of the SMS number are for
    /// everybody who may read conversations.
    pub fn has_conversation(&self, state: &InboxState) -> bool {
        state.session.web_bot().is_none_or(|bot| self.has(Some(bot)))
    }

    /// Whether the caller sees what belongs to a bot; administrators alone see what belongs to none.
    pub fn has(&self, bot: Option<Uuid>) -> bool {
        self.sees_all || bot.is_some_and(|bot| self.bots.contains(&bot))
    }
}

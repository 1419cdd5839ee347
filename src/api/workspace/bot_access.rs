//! Access to bots: a caller's own, those of their teams, all for administrators.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    accounts::{Role, User},
    api::kit::Call,
    bots::{Bot, Viewer},
    domain::{Error, ErrorCode, Subject},
    inbox::InboxState,
    services::Services,
    teams::Access,
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

/// A bot on whose conversations the caller may work, and on what belongs to these.
pub async fn worked<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Bot, Error> {
    let (bot, access) = allowed(call, id).await?;
    check_worked(access)?;
    Ok(bot)
}

/// Refuses who only looks at a bot.
pub fn check_worked(access: Access) -> Result<(), Error> {
    match access {
        Access::Work | Access::Manage => Ok(()),
        Access::Read => {
            let message =
                "As a viewer of the team you may look at this bot and its conversations alone";
            Err(Error::new(ErrorCode::Forbidden, message))
        }
    }
}

/// A bot that the caller may change.
pub async fn managed<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Bot, Error> {
    match allowed(call, id).await? {
        (bot, Access::Manage) => Ok(bot),
        (_, Access::Read | Access::Work) => {
            Err(Error::new(ErrorCode::Forbidden, "This bot is shared with you to look at it alone"))
        }
    }
}

async fn allowed<S, R>(call: &Call<S, R>, id: Uuid) -> Result<(Bot, Access), Error> {
    let unknown = || Error::not_found(Subject::Bot, format!("there is no bot {id}"));
    let all = call.bots.all().await?;
    let bot = all.iter().find(|bot| bot.id == id).ok_or_else(unknown)?;
    let access = call.teams.access(&call.principal(), bot).await?.ok_or_else(unknown)?;
    Ok((bot.clone(), access))
}

/// People who may work on the conversations of a bot; administrators alone on those without one, or whose bot is gone.
pub async fn workers(services: &Services, bot: Option<Uuid>) -> Result<Vec<User>, Error> {
    let least = if is_there(services, bot).await? { Role::Agent } else { Role::Admin };
    let mut people = services.teams.workers_of(bot).await?;
    people.retain(|user| least <= user.role);
    Ok(people)
}

/// People who may read a conversation: of a web chat whose bot is gone, administrators alone.
pub async fn readers(services: &Services, state: &InboxState) -> Result<Vec<User>, Error> {
    let mut people = services.teams.people_of(state.bot).await?;
    if state.session.is_web() && !is_there(services, state.bot).await? {
        people.retain(|user| Role::Admin <= user.role);
    }
    Ok(people)
}

async fn is_there(services: &Services, bot: Option<Uuid>) -> Result<bool, Error> {
    let Some(id) = bot else { return Ok(false) };
    Ok(services.bots.all().await?.iter().any(|bot| bot.id == id))
}

/// The bots that a caller sees, and so what belongs to them.
pub struct Sight {
    sees_all: bool,
    bots: HashMap<Uuid, Access>,
}

impl Sight {
    pub async fn of<S, R>(call: &Call<S, R>) -> Result<Self, Error> {
        let principal = call.principal();
        let viewer = Viewer::of(&principal);
        let mut bots = match principal.person() {
            Some(person) => call.teams.shared_bots(person).await?,
            None => HashMap::new(),
        };
        let all = call.bots.all().await?;
        let own = all.iter().filter(|bot| viewer.sees(bot));
        bots.extend(own.map(|bot| (bot.id, Access::Manage)));
        Ok(Self { sees_all: viewer == Viewer::Everything, bots })
    }

    /// Whether the caller sees a conversation: a web chat with its bot. Those of sessions and of the SMS number are for
    /// everybody who may read conversations.
    pub fn has_conversation(&self, state: &InboxState) -> bool {
        state.session.web_bot().is_none_or(|bot| self.has(Some(bot)))
    }

    /// Whether the caller sees what belongs to a bot; administrators alone see what belongs to none.
    pub fn has(&self, bot: Option<Uuid>) -> bool {
        self.sees_all || bot.is_some_and(|bot| self.bots.contains_key(&bot))
    }

    /// Whether the caller may write what belongs to a bot, as [`worked`].
    pub fn works_on(&self, bot: Option<Uuid>) -> bool {
        let may = |bot: Uuid| self.bots.get(&bot).is_some_and(|access| Access::Work <= *access);
        self.sees_all || bot.is_some_and(may)
    }
}

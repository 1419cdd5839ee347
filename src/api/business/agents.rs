//! Who works with conversations: people with accounts, and API keys.

use crate::{
    accounts::Who,
    api::kit::{Call, OwnSessions},
    domain::{Error, ErrorCode},
    inbox::{Agent, Author, AuthorKind},
    services::Services,
};

/// Who makes a request, as far as it can be assigned something.
pub fn caller<S, R>(call: &Call<S, R>) -> Option<Agent> {
    Agent::of(&call.principal())
}

/// The name of a person or of an API key; none for one that is gone.
pub async fn name(services: &Services, agent: Agent) -> Result<Option<String>, Error> {
    match agent {
        Agent::Key(id) => Ok(services.api_keys.name(id).await?),
        Agent::User(id) => {
            let users = services.accounts.users().await?;
            Ok(users.into_iter().find(|user| user.id == id).map(|user| user.name))
        }
    }
}

/// An assignee by its id, or `me`.
pub async fn read<S>(call: &Call<S, OwnSessions>, field: &str, text: &str) -> Result<Agent, Error> {
    if text.trim() == "me" {
        return caller(call).ok_or_else(|| {
            let message = "'me' needs a person or an API key: there is nobody to assign to";
            Error::new(ErrorCode::Forbidden, message)
        });
    }
    let unknown = || {
        let fault =
            "must be the id of a person who may write, or of an API key that is valid, or me";
        Error::invalid_field(field, fault)
    };
    let id = text.trim().parse::<uuid::Uuid>().map_err(|_| unknown())?;
    if call.accounts.user(id).await.is_ok_and(|user| user.may_work()) {
        return Ok(Agent::User(id));
    }
    let now = call.clock.now();
    let keys = call.api_keys.list().await?;
    let is_valid = keys.iter().any(|key| {
        key.id == id && key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end)
    });
    if is_valid { Ok(Agent::Key(id)) } else { Err(unknown()) }
}

/// Who sends a message, as it is noted with it.
pub async fn author<S, R>(call: &Call<S, R>) -> Result<Author, Error> {
    let (kind, id, name) = match call.principal().who {
        Who::User { id, .. } => {
            (AuthorKind::User, Some(id), Some(call.accounts.user(id).await?.name))
        }
        Who::Key { id, .. } => (AuthorKind::Api, Some(id), call.api_keys.name(id).await?),
        Who::Nobody | Who::Local => (AuthorKind::Api, None, None),
    };
    Ok(Author { kind, id, name })
}

//! Assignees: until there are users, the API keys of the gateway.

use crate::{
    api::kit::{Call, OwnSessions},
    domain::{Error, ErrorCode},
    inbox::Agent,
};

/// Who makes a request, as far as it can be assigned something.
pub fn caller<S>(call: &Call<S, OwnSessions>) -> Option<Agent> {
    call.principal().key.map(Agent::Key)
}

/// An assignee by its id, or `me`.
pub async fn read<S>(call: &Call<S, OwnSessions>, field: &str, text: &str) -> Result<Agent, Error> {
    if text.trim() == "me" {
        return caller(call).ok_or_else(|| {
            Error::new(ErrorCode::Forbidden, "'me' needs an API key: there is nobody to assign to")
        });
    }
    let unknown =
        || Error::invalid_field(field, "must be the id of an API key that is valid, or me");
    let id = text.trim().parse::<uuid::Uuid>().map_err(|_| unknown())?;
    let now = call.clock.now();
    let keys = call.api_keys.list().await?;
    let is_valid = keys.iter().any(|key| {
        key.id == id && key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end)
    });
    if is_valid { Ok(Agent::Key(id)) } else { Err(unknown()) }
}

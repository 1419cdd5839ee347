//! Bots as far as a caller may see them: their own, those of their teams, all for administrators.

use uuid::Uuid;

use crate::{
    api::kit::Call,
    bots::Bot,
    domain::{Error, ErrorCode, Subject},
};

/// A bot that the caller sees; to others it does not exist.
pub async fn seen<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Bot, Error> {
    let unknown = || Error::not_found(Subject::Bot, format!("there is no bot {id}"));
    let bot = call.bots.get(id).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(),
        _ => error,
    })?;
    let permission = call.teams.permission(&call.principal(), &bot).await?;
    permission.map(|_| bot).ok_or_else(unknown)
}

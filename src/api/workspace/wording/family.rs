//! Words of one event family in webhooks of bots.

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    api::{
        kit::Shape,
        workspace::session_view::{self, SessionView},
    },
    domain::{Error, Event, Jid},
    inbox::InboxState,
    services::Services,
};

#[async_trait]
pub trait Family: Send + Sync {
    /// The name of an event; none for an event of another family, and for one that is not sent.
    fn name(&self, event: &Event) -> Option<&'static str>;

    /// The names that it has, what each says, and the schema of its data.
    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)>;

    /// The bots that an event with a name is of: that of its conversation.
    async fn bots(&self, services: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        Ok(state(services, event).await?.and_then(|state| state.bot).into_iter().collect())
    }

    /// The data of an event that has a name.
    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error>;
}

/// The conversation of an event, as the inbox has it now.
pub async fn state(services: &Services, event: &Event) -> Result<Option<InboxState>, Error> {
    match (event.session(), chat(event)) {
        (Some(session), Some(chat)) => services.inbox.get(session, &chat).await,
        _ => Ok(None),
    }
}

fn chat(event: &Event) -> Option<Jid> {
    event.body.chat().cloned()
}

/// The conversation as callers see it; none for one that was deleted meanwhile.
pub async fn session(services: &Services, event: &Event) -> Result<Option<SessionView>, Error> {
    let Some(state) = state(services, event).await? else { return Ok(None) };
    Ok(session_view::views(services, &[state]).await?.into_iter().next())
}

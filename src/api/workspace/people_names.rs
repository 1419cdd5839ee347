//! Names of people and API keys, as the workspace API shows who did something.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::kit::Call,
    domain::{Error, SessionId},
    inbox::Agent,
    services::Services,
};

/// A person, or an API key.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspacePerson)]
pub struct PersonView {
    /// UUID of the person, or of the API key.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the person or of the key; null for one that is gone.
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
}

/// The names of all.
pub struct Names(HashMap<Agent, String>);

impl Names {
    pub async fn of<S, R>(call: &Call<S, R>) -> Result<Self, Error> {
        let (keys, users) = (call.api_keys.list().await?, call.accounts.users().await?);
        let keys = keys.into_iter().map(|key| (Agent::Key(key.id), key.name));
        let users = users.into_iter().map(|user| (Agent::User(user.id), user.name));
        Ok(Self(keys.chain(users).collect()))
    }

    pub fn view(&self, agent: Agent) -> PersonView {
        PersonView { id: agent.id().to_string(), name: self.0.get(&agent).cloned() }
    }

    pub fn user(&self, id: Uuid) -> PersonView {
        self.view(Agent::User(id))
    }
}

/// All sessions that conversations belong to, the web chats of bots among them.
pub fn all_sessions(services: &Services) -> Vec<SessionId> {
    services.supervisor.all().into_iter().map(|status| status.id).collect()
}

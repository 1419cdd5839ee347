//! Who may call: API keys, their scopes and their life, what ends with them, and links that open one
//! file. Knows nothing of HTTP.

pub mod command;
mod first_key;
mod keys;
mod leases;
mod links;
mod tickets;

use uuid::Uuid;

pub use self::{
    first_key::FirstKey,
    keys::{ApiKeys, MOST_KEYS, SCOPES, check_end, check_words},
    leases::{Ending, Lease},
    links::{BadLink, MediaLinks, Signed},
};
use crate::domain::SessionId;
pub use crate::store::records::ApiKeyRecord;

/// What a caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Id of the API key; none for a caller that needed none.
    pub key: Option<Uuid>,
    pub scopes: Vec<String>,
    /// The only session that the caller may touch; none for all.
    pub session: Option<SessionId>,
}

impl Principal {
    /// A caller who may do everything.
    pub fn owner() -> Self {
        Self { key: None, scopes: vec!["*".to_owned()], session: None }
    }

    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|given| given == "*" || given == scope)
    }
}

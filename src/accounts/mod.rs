//! Callers: API keys with scopes, leases of their streams, stream tickets, and signed links to one file. Knows
//! nothing of HTTP.

pub mod command;
mod bootstrap_key;
mod key_records;
mod keys;
mod leases;
mod media_links;
mod tickets;

use uuid::Uuid;

pub use self::{
    bootstrap_key::BootstrapKey,
    key_records::{ApiKeyRecord, KeyRecords},
    keys::{ApiKeys, MOST_KEYS, SCOPES, check_end, check_words},
    leases::{Ending, Lease},
    media_links::{BadLink, MediaLinks, Signed},
};
use crate::{domain::SessionId, store::Declaration};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<ApiKeyRecord>()];

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Id of the API key; none for a caller that needs none.
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

//! Who may call: API keys, their scopes and their life. Knows nothing of HTTP.

use uuid::Uuid;

use crate::{
    domain::{Clock, Error, SessionId, Timestamp},
    store::{Store, records::ApiKeyRecord},
};

/// What a caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Id of the API key; none for a caller that needed none.
    pub key: Option<Uuid>,
    pub scopes: Vec<String>,
    pub session: Option<SessionId>,
}

/// Makes, checks and revokes API keys. Clones are the same service.
#[derive(Clone)]
pub struct ApiKeys {}

impl ApiKeys {
    pub fn new(_store: Store, _clock: Clock) -> Self {
        todo!()
    }
    /// The record and the secret, which is shown this once.
    pub async fn create(
        &self,
        _name: &str,
        _scopes: Vec<String>,
        _session: Option<SessionId>,
        _expires_at: Option<Timestamp>,
    ) -> Result<(ApiKeyRecord, String), Error> {
        todo!()
    }
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, Error> {
        todo!()
    }
    pub async fn revoke(&self, _id: Uuid) -> Result<(), Error> {
        todo!()
    }
    /// Unauthenticated for a secret that is unknown, expired or revoked.
    pub async fn authenticate(&self, _secret: &str) -> Result<Principal, Error> {
        todo!()
    }
}

//! Who may call: API keys, their scopes and their life, and links that open one file. Knows nothing of HTTP.

pub mod command;
mod first_key;
mod links;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::{
    first_key::FirstKey,
    links::{BadLink, MediaLinks, Signed},
};
pub use crate::store::records::ApiKeyRecord;
use crate::{
    domain::{Clock, Error, ErrorCode, SessionId, Subject, Timestamp},
    store::Store,
};

/// Everything that a key may be allowed.
pub const SCOPES: [&str; 9] =
    ["*", "read", "send", "contacts", "conversations", "broadcasts", "bots", "admin", "mcp"];

const PREFIX: &str = "wag_";
/// How much of a secret people may see again.
const SHOWN: usize = 8;
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

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

/// Makes, checks and revokes API keys. Clones are the same service.
#[derive(Clone)]
pub struct ApiKeys {
    store: Store,
    clock: Clock,
    first_key: Option<FirstKey>,
}

impl ApiKeys {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, first_key: None }
    }

    /// The same with a file for the first key, which is removed when that key is revoked.
    pub fn with_first_key(self, first_key: FirstKey) -> Self {
        Self { first_key: Some(first_key), ..self }
    }

    /// The record and the secret, which is shown this once.
    pub async fn create(
        &self,
        name: &str,
        scopes: Vec<String>,
        session: Option<SessionId>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKeyRecord, String), Error> {
        let name = name.trim();
        if name.is_empty() || 100 < name.chars().count() {
            return Err(Error::invalid_field("name", "must have 1 to 100 characters"));
        }
        if scopes.is_empty() || scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
            return Err(Error::invalid_field(
                "scopes",
                format!("must be some of {}", SCOPES.join(", ")),
            ));
        }
        let random: [u8; 32] = rand::random();
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let record = ApiKeyRecord {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            prefix: secret.chars().take(SHOWN).collect(),
            hash: hash(&secret),
            scopes,
            session,
            created_at: self.clock.now(),
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        self.store.api_keys().put(&record).await?;
        Ok((record, secret))
    }

    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, Error> {
        Ok(self.store.api_keys().list().await?)
    }

    /// A key that is revoked stays so; doing it again changes nothing.
    pub async fn revoke(&self, id: Uuid) -> Result<(), Error> {
        let unknown = || Error::not_found(Subject::ApiKey, format!("there is no API key {id}"));
        let mut record = self.store.api_keys().get(id).await?.ok_or_else(unknown)?;
        if record.revoked_at.is_none() {
            record.revoked_at = Some(self.clock.now());
            self.store.api_keys().put(&record).await?;
        }
        self.tidy_first_key().await
    }

    /// Makes the first key of a gateway that has none; its secret.
    pub async fn make_first(&self) -> Result<Option<String>, Error> {
        match &self.first_key {
            Some(first_key) => first_key.make(self).await,
            None => Ok(None),
        }
    }

    /// Removes the file of the first key when that is no longer valid.
    pub async fn tidy_first_key(&self) -> Result<(), Error> {
        match &self.first_key {
            Some(first_key) => first_key.forget_when_dead(self).await,
            None => Ok(()),
        }
    }

    /// Whether this is the secret of a key that is revoked or has expired.
    async fn is_dead(&self, secret: &str) -> Result<bool, Error> {
        let found = self.store.api_keys().by_hash(&hash(secret)).await?;
        Ok(found.is_some_and(|record| {
            let now = self.clock.now();
            record.revoked_at.is_some() || record.expires_at.is_some_and(|end| end <= now)
        }))
    }

    /// Who holds this secret. Found by its hash, so that a comparison tells a guesser nothing.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, Error> {
        let refused = || Error::new(ErrorCode::Unauthenticated, "The API key is not valid");
        let found = self.store.api_keys().by_hash(&hash(secret)).await?;
        let mut record = found.ok_or_else(refused)?;
        let now = self.clock.now();
        if record.revoked_at.is_some() || record.expires_at.is_some_and(|end| end <= now) {
            return Err(refused());
        }
        if record.last_used_at.is_none_or(|last| last + USE_NOTED_EVERY < now) {
            record.last_used_at = Some(now);
            // A disk that refuses is no reason to refuse those who only read.
            if let Err(error) = self.store.api_keys().put(&record).await {
                tracing::debug!(%error, "the use of an API key could not be noted");
            }
        }
        Ok(Principal { key: Some(record.id), scopes: record.scopes, session: record.session })
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::clock::from_seconds, private};

    #[tokio::test]
    async fn the_first_key_lies_in_its_file_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(private::BOOTSTRAP);
        let (store, clock) =
            (Store::temporary().await.unwrap(), Clock::manual(from_seconds(1_000)));
        let keys = ApiKeys::new(store, clock).with_first_key(FirstKey::in_file(file.clone()));
        let secret = keys.make_first().await.unwrap();
        assert!(secret.is_some() && private::read_secret(&file) == secret);
        assert_eq!(keys.make_first().await.unwrap(), None);
        let (other, _) = keys.create("bot", vec!["*".to_owned()], None, None).await.unwrap();
        keys.revoke(other.id).await.unwrap();
        assert!(file.exists());
        let first = keys.list().await.unwrap().into_iter().find(|key| key.name == "bootstrap");
        keys.revoke(first.unwrap().id).await.unwrap();
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn a_first_key_that_cannot_be_kept_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("missing").join(private::BOOTSTRAP);
        let (store, clock) =
            (Store::temporary().await.unwrap(), Clock::manual(from_seconds(1_000)));
        let keys = ApiKeys::new(store, clock).with_first_key(FirstKey::in_file(file));
        assert!(keys.make_first().await.is_err());
        assert!(keys.list().await.unwrap().iter().all(|key| key.revoked_at.is_some()));
    }

    #[tokio::test]
    async fn a_key_works_until_it_ends_or_is_revoked_and_its_secret_is_kept_nowhere() {
        let (store, clock) =
            (Store::temporary().await.unwrap(), Clock::manual(from_seconds(1_000)));
        let keys = ApiKeys::new(store, clock.clone());
        let scopes = vec!["read".to_owned()];
        let end = Some(from_seconds(2_000));
        let (record, secret) = keys.create("bot", scopes, None, end).await.unwrap();
        assert!(secret.starts_with(PREFIX) && secret.len() == 47);
        assert!(!format!("{record:?}").contains(&secret));
        let principal = keys.authenticate(&secret).await.unwrap();
        assert!(principal.may("read") && !principal.may("send"));
        clock.advance(Duration::from_secs(1_000));
        assert!(keys.authenticate(&secret).await.is_err());
        let (record, secret) = keys.create("bot", vec!["*".to_owned()], None, None).await.unwrap();
        keys.revoke(record.id).await.unwrap();
        assert!(keys.authenticate(&secret).await.is_err());
        assert!(keys.authenticate("wag_nonsense").await.is_err());
    }
}

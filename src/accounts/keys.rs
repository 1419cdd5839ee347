//! API keys: creation, authentication, revocation.
//!
//! A key is good until it is revoked or expires. Both are final: every change of its record is a
//! transaction, so that no use of a key undoes its revocation.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    accounts::{
        bootstrap_key::BootstrapKey,
        key_records::{ApiKeyRecord, KeyRecords},
        leases::Leases,
        people::User,
        principal::Principal,
        role::Role,
        tickets::Tickets,
    },
    domain::{Clock, Error, ErrorCode, SessionId, SessionRef, Subject, Timestamp},
    session::SessionTables,
    store::{Store, StoreError, Transaction},
};

/// All scopes.
pub const SCOPES: [&str; 9] =
    ["*", "read", "send", "contacts", "conversations", "broadcasts", "bots", "admin", "mcp"];
/// Most valid keys. As many ended keys stay in the list.
pub const MOST_KEYS: usize = 1_000;

const PREFIX: &str = "wag_";
/// Characters of a secret that are shown again.
const SHOWN: usize = 8;
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
const LONGEST_NAME: usize = 100;
/// Scopes that one request may name, the same one several times included.
const MOST_SCOPES: usize = 20;

/// Makes, checks and revokes API keys. Clones are the same service.
#[derive(Clone)]
pub struct ApiKeys {
    pub(in crate::accounts) store: Store,
    pub(in crate::accounts) clock: Clock,
    pub(in crate::accounts) leases: Leases,
    pub(in crate::accounts) tickets: Tickets,
    /// Held while a key is added. It saves conflicts, no more.
    creating: Arc<Mutex<()>>,
    bootstrap_key: Option<BootstrapKey>,
}

impl ApiKeys {
    pub fn new(store: Store, clock: Clock) -> Self {
        let (leases, tickets) = (Leases::default(), Tickets::default());
        Self { store, clock, leases, tickets, creating: Arc::default(), bootstrap_key: None }
    }

    /// The same with a file for the bootstrap key, which is removed when that key is revoked.
    pub fn with_bootstrap_key(self, bootstrap_key: BootstrapKey) -> Self {
        Self { bootstrap_key: Some(bootstrap_key), ..self }
    }

    /// The leases that end with keys, for others that end.
    pub fn leases(&self) -> Leases {
        self.leases.clone()
    }

    /// The record and the secret, which is shown this once.
    pub async fn create(
        &self,
        name: &str,
        scopes: Vec<String>,
        session: Option<SessionId>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKeyRecord, String), Error> {
        self.create_for(None, (name, scopes), session, expires_at).await
    }

    /// The same for a person, whose key it is.
    pub async fn create_for(
        &self,
        owner: Option<Uuid>,
        (name, scopes): (&str, Vec<String>),
        session: Option<SessionId>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKeyRecord, String), Error> {
        let now = self.clock.now();
        let end = expires_at.map_or(Ok(()), |end| check_end(end, now));
        let (words, ()) =
            Error::both(Error::both(checked_name(name), checked_scopes(scopes)), end)?;
        let (name, scopes) = words;
        let _creating = self.creating.lock().await;
        let random: [u8; 32] = rand::random();
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let mut record = ApiKeyRecord {
            id: Uuid::now_v7(),
            name,
            prefix: secret.chars().take(SHOWN).collect(),
            hash: hash(&secret),
            scopes,
            session,
            session_uuid: None,
            owner,
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let mut keys = self.store.transaction();
        loop {
            if let Some(id) = &record.session {
                let living = living(keys.store(), id).await?;
                record.session_uuid = Some(living.ok_or_else(|| no_session(id))?);
            }
            make_room(&keys, now).await?;
            keys.put(&ApiKeyRecord::at(record.id), &record).await?;
            if keys.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        Ok((record, secret))
    }

    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, Error> {
        Ok(KeyRecords::of(&self.store).list().await?)
    }

    /// The name of a key.
    pub async fn name(&self, id: Uuid) -> Result<Option<String>, Error> {
        let record = self.store.get(&ApiKeyRecord::at(id)).await?;
        Ok(record.map(|record| record.name))
    }

    /// Ends a key and every stream that it opened. A key that is revoked stays so; doing it again
    /// changes nothing.
    pub async fn revoke(&self, id: Uuid) -> Result<(), Error> {
        let unknown = || Error::not_found(Subject::ApiKey, format!("there is no API key {id}"));
        let mut keys = self.store.transaction();
        loop {
            let record = keys.get(&ApiKeyRecord::at(id)).await?.ok_or_else(unknown)?;
            KeyRecords::revoke_in(&keys, record, self.clock.now()).await?;
            if keys.commit().await? {
                break;
            }
        }
        self.leases.revoke(id);
        self.store.durable().await?;
        self.remove_stale_bootstrap_file().await
    }

    /// Revokes the keys of a session that is being removed.
    pub async fn revoke_all(&self, session: &SessionRef) -> Result<(), Error> {
        for record in KeyRecords::of(&self.store).of_session(session.uuid).await? {
            self.revoke(record.id).await?;
        }
        Ok(())
    }

    /// Makes the bootstrap key of a gateway that has no key, and writes it into its file. Returns its secret.
    pub async fn create_bootstrap_key(&self) -> Result<Option<String>, Error> {
        let Some(bootstrap_key) = &self.bootstrap_key else { return Ok(None) };
        if !self.list().await?.is_empty() {
            return Ok(None);
        }
        let (record, secret) = self.create("bootstrap", vec!["*".to_owned()], None, None).await?;
        if let Err(error) = bootstrap_key.write(&secret) {
            // Its secret would be lost, and the gateway would make no other.
            self.revoke(record.id).await?;
            let file = bootstrap_key.path().display();
            return Err(Error::internal(format!(
                "the first key cannot be kept in {file}: {error}"
            )));
        }
        Ok(Some(secret))
    }

    /// Removes the file of the bootstrap key when the key is revoked or has expired.
    pub async fn remove_stale_bootstrap_file(&self) -> Result<(), Error> {
        let Some(bootstrap_key) = &self.bootstrap_key else { return Ok(()) };
        let Some(secret) = bootstrap_key.read() else { return Ok(()) };
        let found = KeyRecords::of(&self.store).by_hash(&hash(&secret)).await?;
        if found.is_some_and(|record| !is_good(&record, self.clock.now())) {
            bootstrap_key.remove();
        }
        Ok(())
    }

    /// The caller with this secret. Looked up by its hash, so that response times reveal nothing about a guess.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, Error> {
        let found = KeyRecords::of(&self.store).by_hash(&hash(secret)).await?;
        let record = found.ok_or_else(refused)?;
        let now = self.clock.now();
        if !is_good(&record, now) {
            return Err(refused());
        }
        // A later session of the same name is another one.
        if let Some(session) = &record.session {
            let living = living(&self.store, session).await?;
            if living.is_none() || living != record.session_uuid {
                return Err(refused());
            }
        }
        let owner = owner_of(&self.store, &record).await?;
        // Reading stays possible while the disk refuses writes.
        if let Err(error) = self.note_use(&record, now).await {
            tracing::debug!(%error, "the use of an API key could not be noted");
        }
        Ok(Principal::key(record.id, owner, record.scopes, record.session))
    }

    async fn note_use(&self, read: &ApiKeyRecord, now: Timestamp) -> Result<(), StoreError> {
        let is_due = |record: &ApiKeyRecord| {
            record.last_used_at.is_none_or(|last| last + USE_NOTED_EVERY < now)
        };
        if !is_due(read) {
            return Ok(());
        }
        let (key, mut keys) = (ApiKeyRecord::at(read.id), self.store.transaction());
        while let Some(record) = keys.get(&key).await?.filter(is_due) {
            keys.put(&key, &ApiKeyRecord { last_used_at: Some(now), ..record }).await?;
            if keys.commit().await? {
                break;
            }
        }
        Ok(())
    }
}

/// The UUID of the session that has this name, unless it is being removed.
async fn living(store: &Store, session: &SessionId) -> Result<Option<Uuid>, Error> {
    Ok(store.sessions().living(session).await?.map(|record| record.uuid))
}

/// Refuses one key too many, and forgets the oldest of those that have ended.
async fn make_room(keys: &Transaction, now: Timestamp) -> Result<(), Error> {
    // Changed by each creation: of two at the same time one counts again.
    keys.next_number("API key creations").await?;
    let all = KeyRecords::of(keys.store()).list().await?;
    let (good, mut ended): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|record| is_good(record, now));
    if MOST_KEYS <= good.len() {
        let message = format!("There are {MOST_KEYS} API keys already. Revoke one first");
        return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_KEYS));
    }
    ended.truncate(ended.len().saturating_sub(MOST_KEYS));
    for record in &ended {
        keys.delete(&ApiKeyRecord::at(record.id)).await?;
    }
    Ok(())
}

/// The person whose key it is, and their role; none for a key of nobody. Refused where they may not call any more.
pub async fn owner_of(store: &Store, record: &ApiKeyRecord) -> Result<Option<(Uuid, Role)>, Error> {
    let Some(owner) = record.owner else { return Ok(None) };
    let user = store.get(&User::at(owner)).await?.filter(|user| !user.is_disabled);
    let user = user.ok_or_else(refused)?;
    Ok(Some((owner, user.role)))
}

pub fn is_good(record: &ApiKeyRecord, now: Timestamp) -> bool {
    record.revoked_at.is_none() && record.expires_at.is_none_or(|end| now < end)
}

fn no_session(id: &SessionId) -> Error {
    Error::not_found(Subject::Session, format!("Session with ID '{id}' not found"))
}

pub fn refused() -> Error {
    Error::new(ErrorCode::Unauthenticated, "The API key is not valid")
}

/// Whether a key can have this name and these scopes.
pub fn check_words(name: &str, scopes: &[String]) -> Result<(), Error> {
    Error::both(checked_name(name), checked_scopes(scopes.to_vec())).map(drop)
}

/// Whether a key can end at this time.
pub fn check_end(end: Timestamp, now: Timestamp) -> Result<(), Error> {
    match now < end {
        true => Ok(()),
        false => Err(Error::invalid_field("expiresAt", "must lie in the future")),
    }
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let length = name.chars().take(LONGEST_NAME + 1).count();
    if length == 0 || LONGEST_NAME < length || name.chars().any(char::is_control) {
        let message = "must have 1 to 100 characters, none of them a control character";
        return Err(Error::invalid_field("name", message));
    }
    Ok(name.to_owned())
}

/// Each scope once, in the order given.
fn checked_scopes(scopes: Vec<String>) -> Result<Vec<String>, Error> {
    let is_known = |scope: &String| SCOPES.contains(&scope.as_str());
    if scopes.is_empty() || MOST_SCOPES < scopes.len() || !scopes.iter().all(is_known) {
        let message = format!("must be some of {}", SCOPES.join(", "));
        return Err(Error::invalid_field("scopes", message));
    }
    let mut once = Vec::new();
    for scope in scopes {
        if !once.contains(&scope) {
            once.push(scope);
        }
    }
    Ok(once)
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{accounts::Ending, domain::clock::from_seconds, private};

    async fn keys() -> (ApiKeys, Clock) {
        let clock = Clock::manual(from_seconds(1_000));
        (ApiKeys::new(Store::temporary().await.unwrap(), clock.clone()), clock)
    }

    async fn make(keys: &ApiKeys, end: Option<Timestamp>) -> (ApiKeyRecord, String) {
        keys.create("bot", vec!["read".to_owned()], None, end).await.unwrap()
    }

    #[tokio::test]
    async fn the_first_key_lies_in_its_file_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(private::BOOTSTRAP);
        let keys = keys().await.0.with_bootstrap_key(BootstrapKey::in_file(file.clone()));
        let secret = keys.create_bootstrap_key().await.unwrap();
        assert!(secret.is_some() && private::read_secret(&file) == secret);
        assert_eq!(keys.create_bootstrap_key().await.unwrap(), None);
        let (other, _) = make(&keys, None).await;
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
        let keys = keys().await.0.with_bootstrap_key(BootstrapKey::in_file(file));
        assert!(keys.create_bootstrap_key().await.is_err());
        assert!(keys.list().await.unwrap().iter().all(|key| key.revoked_at.is_some()));
    }

    #[tokio::test]
    async fn a_key_works_until_it_ends_or_is_revoked_and_its_secret_is_kept_nowhere() {
        let (keys, clock) = keys().await;
        let (record, secret) = make(&keys, Some(from_seconds(2_000))).await;
        assert!(secret.starts_with(PREFIX) && secret.len() == 47);
        assert!(!format!("{record:?}").contains(&secret));
        let principal = keys.authenticate(&secret).await.unwrap();
        assert!(principal.may("read") && !principal.may("send"));
        clock.advance(Duration::from_secs(1_000));
        assert!(keys.authenticate(&secret).await.is_err());
        let (record, secret) = make(&keys, None).await;
        keys.revoke(record.id).await.unwrap();
        assert!(keys.authenticate(&secret).await.is_err());
        assert!(keys.authenticate("wag_nonsense").await.is_err());
    }

    #[tokio::test]
    async fn what_a_key_is_made_with_is_checked() {
        let (keys, _) = keys().await;
        let scopes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (record, _) =
            keys.create(" bot ", scopes(&["send", "read", "send"]), None, None).await.unwrap();
        assert_eq!((record.name.as_str(), record.scopes), ("bot", scopes(&["send", "read"])));
        let mut attempts: Vec<(&str, Vec<String>, Option<Timestamp>, &str)> = vec![
            ("bot", Vec::new(), None, "scopes"),
            ("bot", scopes(&["fly"]), None, "scopes"),
            ("bot", vec!["read".to_owned(); 500_000], None, "scopes"),
            ("bot", scopes(&["read"]), Some(from_seconds(1_000)), "expiresAt"),
        ];
        let long = "x".repeat(101);
        for name in ["", " ", &long, "a\nb", "a\u{0}"] {
            attempts.push((name, scopes(&["read"]), None, "name"));
        }
        for (name, scopes, end, field) in attempts {
            let error = keys.create(name, scopes, None, end).await.unwrap_err();
            assert!(error.details["fields"].get(field).is_some(), "{name:?}: {error:?}");
        }
        let nowhere = Some("nowhere".parse().unwrap());
        let error = keys.create("bot", scopes(&["read"]), nowhere, None).await.unwrap_err();
        assert_eq!((error.code, error.subject), (ErrorCode::NotFound, Some(Subject::Session)));
        assert_eq!(keys.list().await.unwrap().len(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_use_undoes_a_revocation() {
        let (keys, clock) = keys().await;
        for round in 0..600 {
            let (record, secret) = make(&keys, None).await;
            let uses = (0..4).map(|_| {
                let (keys, secret) = (keys.clone(), secret.clone());
                tokio::spawn(async move { keys.authenticate(&secret).await.is_ok() })
            });
            let uses: Vec<_> = uses.collect();
            keys.revoke(record.id).await.unwrap();
            assert!(keys.authenticate(&secret).await.is_err(), "round {round}");
            for one in uses {
                one.await.unwrap();
            }
            // Each of them would note its use again.
            clock.advance(2 * USE_NOTED_EVERY);
            assert!(keys.authenticate(&secret).await.is_err(), "round {round}");
            let found = KeyRecords::of(&keys.store).get(record.id).await.unwrap().unwrap();
            assert!(found.revoked_at.is_some(), "round {round}");
        }
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_key() {
        let (keys, clock) = keys().await;
        let (record, secret) = make(&keys, Some(from_seconds(2_000))).await;
        let caller = keys.authenticate(&secret).await.unwrap();
        let lease = keys.lease(&caller).await.unwrap();
        assert_eq!(lease.ending(), None);
        keys.revoke(record.id).await.unwrap();
        assert_eq!(lease.ended().await, Ending::Revoked);
        assert!(keys.lease(&caller).await.is_err());
        let (_, secret) = make(&keys, Some(from_seconds(2_000))).await;
        let caller = keys.authenticate(&secret).await.unwrap();
        let (lease, ticket) = (keys.lease(&caller).await.unwrap(), keys.issue_ticket(&caller));
        clock.advance(Duration::from_secs(1_000));
        assert_eq!(lease.ended().await, Ending::Expired);
        assert!(keys.lease(&caller).await.is_err());
        assert!(keys.redeem_ticket(&ticket.unwrap().0).await.is_err());
    }

    #[tokio::test]
    async fn a_ticket_stands_for_its_caller_until_the_key_is_revoked() {
        let (keys, _) = keys().await;
        let (record, secret) = make(&keys, None).await;
        let caller = keys.authenticate(&secret).await.unwrap();
        let tickets = [(); 2].map(|()| keys.issue_ticket(&caller).unwrap().0);
        assert_eq!(keys.redeem_ticket(&tickets[0]).await.unwrap(), caller);
        assert!(keys.redeem_ticket(&tickets[0]).await.is_err());
        keys.revoke(record.id).await.unwrap();
        assert!(keys.redeem_ticket(&tickets[1]).await.is_err());
    }

    #[tokio::test]
    async fn there_is_an_end_to_keys_and_those_that_ended_make_room() {
        let (keys, _) = keys().await;
        let mut made = Vec::new();
        for _ in 0..MOST_KEYS {
            made.push(make(&keys, None).await.0.id);
        }
        let refused = keys.create("bot", vec!["read".to_owned()], None, None).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Conflict);
        for id in &made {
            keys.revoke(*id).await.unwrap();
        }
        for _ in 0..3 {
            let (record, _) = make(&keys, None).await;
            keys.revoke(record.id).await.unwrap();
        }
        let left = keys.list().await.unwrap();
        assert!(left.len() <= MOST_KEYS + 1, "{}", left.len());
        assert_eq!(left.first().unwrap().id, made[2]);
    }
}

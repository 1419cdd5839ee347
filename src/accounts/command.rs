//! API keys on the command line: through the gateway that uses the data folder, or else in its store. The owner's
//! socket needs no key.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    accounts::{bootstrap_key::BootstrapKey, key_records::ApiKeyRecord, keys::ApiKeys},
    config::Config,
    domain::{Clock, SessionId, Timestamp},
    egress::OwnGateway,
    private,
    store::{Catalogue, Store},
    vault::Keyring,
};

/// How long the gateway may take to answer.
const DEADLINE: Duration = Duration::from_secs(30);
const PATH: &str = "/api/v1/api-keys";

/// Why a command on keys or people failed, as a message for the command line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeysError(String);

impl KeysError {
    pub fn of(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// What a command does in a folder that has no store yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStore {
    /// It makes one, as for the first key.
    Make,
    /// It fails, and leaves nothing behind: there is nothing to look at or to change.
    Refuse,
}

/// The folder of the store of a data folder, which is there afterwards.
pub fn store_folder(data: &Path, without: NoStore) -> Result<PathBuf, KeysError> {
    let folder = data.join("store");
    if without == NoStore::Refuse && !folder.exists() {
        let data = data.display();
        return Err(KeysError::of(format!(
            "there is no store in {data}; name its folder with --data"
        )));
    }
    private::make_folder(&folder).map_err(|error| {
        KeysError::of(format!("the folder {} cannot be made: {error}", folder.display()))
    })?;
    Ok(folder)
}

/// The keys of one data folder.
pub struct Keys {
    place: Place,
}

enum Place {
    /// In the store, while no gateway uses the folder.
    Store(ApiKeys),
    /// At the gateway that uses the folder.
    Gateway(OwnGateway),
}

/// A key as it is listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub scopes: Vec<String>,
    pub is_revoked: bool,
}

/// What a new key is made from.
#[derive(Debug)]
pub struct Draft {
    pub name: String,
    pub scopes: Vec<String>,
    pub session: Option<String>,
    pub expires_at: Option<Timestamp>,
}

impl Keys {
    /// Finds the gateway of this folder, or opens its store.
    pub async fn open(
        config: &Config,
        clock: Clock,
        catalogue: Catalogue,
        without: NoStore,
    ) -> Result<Self, KeysError> {
        let data = &config.data.dir;
        let folder = data.join("store");
        let running = OwnGateway::find(data, || Store::is_held(&folder)).await;
        let running = running.map_err(|fault| {
            let methods = "POST, GET or DELETE";
            KeysError::of(format!("{fault}, or use the API of the gateway: {methods} {PATH}"))
        })?;
        if let Some(gateway) = running {
            return Ok(Self { place: Place::Gateway(gateway) });
        }
        let folder = store_folder(data, without)?;
        private::check_owner(data).map_err(KeysError::of)?;
        let keyring = Keyring::at(data, &config.vault);
        let store = Store::open(&folder, &keyring, catalogue).await.map_err(KeysError::of)?;
        let first = BootstrapKey::in_file(data.join(private::BOOTSTRAP));
        Ok(Self { place: Place::Store(ApiKeys::new(store, clock).with_bootstrap_key(first)) })
    }

    /// The new key and its secret.
    pub async fn create(&self, draft: Draft) -> Result<(Listed, String), KeysError> {
        match &self.place {
            Place::Store(keys) => {
                let session: Option<SessionId> =
                    draft.session.map(|text| text.parse()).transpose().map_err(KeysError::of)?;
                let (record, secret) = keys
                    .create(&draft.name, draft.scopes, session, draft.expires_at)
                    .await
                    .map_err(KeysError::of)?;
                Ok((record.into(), secret))
            }
            Place::Gateway(gateway) => {
                let mut body = json!({ "name": draft.name, "scopes": draft.scopes });
                if let Some(session) = draft.session {
                    body["sessionId"] = session.into();
                }
                if let Some(end) = draft.expires_at {
                    body["expiresAt"] = end.to_string().into();
                }
                let made = gateway.post(PATH, Some(body), DEADLINE).await.map_err(KeysError::of)?;
                let secret = made["key"].as_str().unwrap_or_default().to_owned();
                Ok((Listed::of(&made), secret))
            }
        }
    }

    pub async fn list(&self) -> Result<Vec<Listed>, KeysError> {
        match &self.place {
            Place::Store(keys) => {
                let records = keys.list().await.map_err(KeysError::of)?;
                Ok(records.into_iter().map(Listed::from).collect())
            }
            Place::Gateway(gateway) => {
                let list = gateway.get(PATH, DEADLINE).await.map_err(KeysError::of)?;
                Ok(list.as_array().into_iter().flatten().map(Listed::of).collect())
            }
        }
    }

    pub async fn revoke(&self, id: Uuid) -> Result<(), KeysError> {
        match &self.place {
            Place::Store(keys) => keys.revoke(id).await.map_err(KeysError::of),
            Place::Gateway(gateway) => {
                let path = format!("{PATH}/{id}");
                gateway.delete(&path, DEADLINE).await.map(|_| ()).map_err(KeysError::of)
            }
        }
    }
}

impl From<ApiKeyRecord> for Listed {
    fn from(record: ApiKeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            prefix: record.prefix,
            scopes: record.scopes,
            is_revoked: record.revoked_at.is_some(),
        }
    }
}

impl Listed {
    fn of(view: &Value) -> Self {
        let text = |name: &str| view[name].as_str().unwrap_or_default().to_owned();
        let scopes = view["scopes"].as_array().into_iter().flatten();
        Self {
            id: text("id"),
            name: text("name"),
            prefix: text("prefix"),
            scopes: scopes.filter_map(Value::as_str).map(str::to_owned).collect(),
            is_revoked: !view["revokedAt"].is_null(),
        }
    }
}

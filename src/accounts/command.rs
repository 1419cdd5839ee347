//! API keys on the command line: through the gateway that uses the data folder, or else in its store. The owner's
//! socket needs no key.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

pub use crate::accounts::command_place::{KeysError, NoStore};
use crate::{
    accounts::{
        bootstrap_key::BootstrapKey, command_place::Place, key_records::ApiKeyRecord, keys::ApiKeys,
    },
    config::Config,
    domain::{Clock, SessionId, Timestamp},
    private,
    store::Catalogue,
};

/// How long the gateway may take to answer.
const DEADLINE: Duration = Duration::from_secs(30);
const PATH: &str = "/api/v1/api-keys";

/// The keys of one data folder.
pub struct Keys {
    place: Place<ApiKeys>,
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
        let advice = format!(", or use the API of the gateway: POST, GET or DELETE {PATH}");
        let place = match Place::of(config, catalogue, without, &advice).await? {
            Place::Gateway(gateway) => Place::Gateway(gateway),
            Place::Store(store) => {
                let first = BootstrapKey::in_file(config.data.dir.join(private::BOOTSTRAP));
                Place::Store(ApiKeys::new(store, clock).with_bootstrap_key(first))
            }
        };
        Ok(Self { place })
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

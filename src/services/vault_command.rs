//! Vault on the command line: through the gateway that uses the data folder, or else in its store.

use std::{fmt, time::Duration};

use serde_json::Value;

use crate::{
    config::Config,
    egress::OwnGateway,
    private,
    store::{self, Catalogue, Store, VaultStatus},
    vault::Keyring,
};

pub const PATH: &str = "/api/v1/vault";
/// Deadline of the gateway, which reads and may write all secrets.
const DEADLINE: Duration = Duration::from_secs(600);

/// Why a command on the vault failed, as a message for the command line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct VaultCommandError(String);

/// The vault of one data folder.
pub enum VaultOf {
    Store(Store),
    Gateway(OwnGateway),
}

/// The status of a folder's vault.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    pub key: String,
    pub source: String,
    pub values: u64,
    pub to_do: u64,
}

impl VaultOf {
    /// Finds the gateway of this folder, or opens its store.
    pub async fn open(config: &Config, catalogue: Catalogue) -> Result<Self, VaultCommandError> {
        let data = &config.data.dir;
        let folder = data.join("store");
        if !folder.exists() {
            let data = data.display();
            return Err(failed(format!(
                "there is no store in {data}; name its folder with --data"
            )));
        }
        let running = OwnGateway::find(data, || store::is_held(&folder)).await.map_err(failed)?;
        if let Some(gateway) = running {
            return Ok(Self::Gateway(gateway));
        }
        private::check_owner(data).map_err(failed)?;
        let keyring = Keyring::at(data, &config.vault);
        Ok(Self::Store(Store::open(&folder, &keyring, catalogue).await.map_err(failed)?))
    }

    pub async fn status(&self) -> Result<Shown, VaultCommandError> {
        match self {
            Self::Store(store) => Ok(store.vault().status().await.map_err(failed)?.into()),
            Self::Gateway(gateway) => {
                Ok(Shown::of(&gateway.get(PATH, DEADLINE).await.map_err(failed)?))
            }
        }
    }

    pub async fn rotate(&self) -> Result<Shown, VaultCommandError> {
        match self {
            Self::Store(store) => Ok(store.vault().rotate_key().await.map_err(failed)?.into()),
            Self::Gateway(gateway) => {
                let path = format!("{PATH}/rotate");
                let done = gateway.post(&path, None, DEADLINE).await;
                Ok(Shown::of(&done.map_err(failed)?))
            }
        }
    }
}

impl From<VaultStatus> for Shown {
    fn from(status: VaultStatus) -> Self {
        let VaultStatus { key, source, values, to_do } = status;
        Self { key: key.to_string(), source: source.as_str().to_owned(), values, to_do }
    }
}

impl Shown {
    fn of(view: &Value) -> Self {
        let text = |name: &str| view[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| view[name].as_u64().unwrap_or_default();
        let (values, to_do) = (number("sealedValues"), number("valuesToSeal"));
        Self { key: text("keyId"), source: text("source"), values, to_do }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, source, values, to_do } = self;
        let place = match source.as_str() {
            "settings" => "set by vault.key",
            _ => "in master.key of the data folder",
        };
        write!(out, "key {key}, {place}: {values} values are sealed with it")?;
        match to_do {
            0 => Ok(()),
            to_do => write!(out, ", {to_do} are yet to be"),
        }
    }
}

fn failed(error: impl fmt::Display) -> VaultCommandError {
    VaultCommandError(error.to_string())
}

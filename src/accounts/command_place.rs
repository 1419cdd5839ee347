//! Where a command on keys or people works: at the gateway that uses the data folder, or else in its store.

use std::path::{Path, PathBuf};

use crate::{
    config::Config,
    egress::OwnGateway,
    private,
    store::{self, Catalogue, Store},
    vault::Keyring,
};

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

/// Where a command works; `S` is what it uses in the store.
pub enum Place<S> {
    /// In the store, while no gateway uses the folder.
    Store(S),
    /// At the gateway that uses the folder.
    Gateway(OwnGateway),
}

impl Place<Store> {
    /// Finds the gateway of this folder, or opens its store. `advice` ends the message of a gateway that uses the folder
    /// and cannot be asked.
    pub async fn of(
        config: &Config,
        catalogue: Catalogue,
        without: NoStore,
        advice: &str,
    ) -> Result<Self, KeysError> {
        let data = &config.data.dir;
        let folder = data.join("store");
        let running = OwnGateway::find(data, || store::is_held(&folder)).await;
        let running = running.map_err(|fault| KeysError::of(format!("{fault}{advice}")))?;
        if let Some(gateway) = running {
            return Ok(Self::Gateway(gateway));
        }
        let folder = store_folder(data, without)?;
        private::check_owner(data).map_err(KeysError::of)?;
        let keyring = Keyring::at(data, &config.vault);
        let store = Store::open(&folder, &keyring, catalogue).await.map_err(KeysError::of)?;
        Ok(Self::Store(store))
    }
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

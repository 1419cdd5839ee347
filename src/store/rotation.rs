//! Rotation of the key that seals the store's secrets, and what they are sealed with.

use crate::{
    breakpoint::Breakpoint,
    store::{
        engine::{Pair, Sealed},
        error::StoreError,
        handle::Store,
        sealing::{Note, VaultStatus, blocking, count, settle},
    },
    vault::{KeyId, Keyring, Keys, Source, VaultError},
};

#[derive(Clone, Copy)]
pub struct StoreVault<'s> {
    sealed: &'s Sealed,
}

impl Store {
    pub fn vault(&self) -> StoreVault<'_> {
        StoreVault { sealed: &self.sealed }
    }
}

impl StoreVault<'_> {
    /// Makes a new key, seals all secrets with it and forgets the former one. What it came to.
    pub async fn rotate_key(&self) -> Result<VaultStatus, StoreError> {
        let sealed = self.sealed;
        let _rotating = sealed.rotating.lock().await;
        let former = sealed.seal.keyring.current().ok_or(VaultError::NoKey)?;
        let new = blocking(&sealed.seal.keyring, Keyring::begin).await?;
        Breakpoint::KeyWritten.pass();
        let keys = sealed.seal.keyring.ids().iter().map(KeyId::to_string).collect();
        let both = Note { keys, ..Note::settled(new, &sealed.seal) };
        both.write(&*sealed.raw).await?;
        {
            let _alone = sealed.turn.write().await;
            sealed.seal.keyring.use_newest();
        }
        settle(sealed, both, &Note::settled(new, &sealed.seal)).await?;
        sealed.raw.durable().await?;
        blocking(&sealed.seal.keyring, Keyring::drop_former).await?;
        tracing::info!(%former, %new, "the secrets are sealed with key {new} in place of {former}");
        self.status().await
    }

    /// A pair of a snapshot with its value as it was written.
    pub fn opened(&self, pair: Pair) -> Result<Pair, StoreError> {
        self.sealed.seal.opened_pair(pair)
    }

    /// What the secrets are sealed with. Reads all of them.
    pub async fn status(&self) -> Result<VaultStatus, StoreError> {
        let sealed = self.sealed;
        let (values, to_do) = count(sealed).await?;
        let key = sealed.seal.keyring.current().ok_or(VaultError::NoKey)?;
        let source = sealed.seal.keyring.source().unwrap_or(Source::Settings);
        Ok(VaultStatus { key, source, values, to_do })
    }

    /// The keys that are held now. What a snapshot holds is sealed with those before and after it was begun.
    pub fn keys(&self) -> Keys {
        self.sealed.seal.keyring.keys()
    }
}

//! The first API key: made at the first start, and in a file of the data folder as long as it is valid.

use std::{io, path::PathBuf};

use crate::{accounts::ApiKeys, domain::Error, private};

/// Where the first key lies.
#[derive(Clone, Debug)]
pub struct FirstKey {
    file: PathBuf,
}

impl FirstKey {
    pub fn in_file(file: PathBuf) -> Self {
        Self { file }
    }

    /// Makes the first key of a gateway that has none, and writes it into its file.
    pub async fn make(&self, keys: &ApiKeys) -> Result<Option<String>, Error> {
        if !keys.list().await?.is_empty() {
            return Ok(None);
        }
        let (record, secret) = keys.create("bootstrap", vec!["*".to_owned()], None, None).await?;
        if let Err(error) = private::write_secret(&self.file, &secret) {
            // Nobody would ever know its secret, and there would be no first key any more.
            keys.revoke(record.id).await?;
            let file = self.file.display();
            return Err(Error::internal(format!(
                "the first key cannot be kept in {file}: {error}"
            )));
        }
        Ok(Some(secret))
    }

    /// Removes the file when its key is revoked or has expired.
    pub async fn forget_when_dead(&self, keys: &ApiKeys) -> Result<(), Error> {
        let Some(secret) = private::read_secret(&self.file) else { return Ok(()) };
        if !keys.is_dead(&secret).await? {
            return Ok(());
        }
        let file = self.file.display();
        match std::fs::remove_file(&self.file) {
            Ok(()) => tracing::info!("removed {file}: its key is no longer valid"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => tracing::warn!("{file} could not be removed: {error}"),
        }
        Ok(())
    }
}

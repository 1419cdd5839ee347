//! File of the bootstrap key: the first API key, stored in the data folder as long as it is valid.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::private;

/// Where the bootstrap key lies.
#[derive(Clone, Debug)]
pub struct BootstrapKey {
    file: PathBuf,
}

impl BootstrapKey {
    pub fn in_file(file: PathBuf) -> Self {
        Self { file }
    }

    pub fn path(&self) -> &Path {
        &self.file
    }

    pub fn write(&self, secret: &str) -> io::Result<()> {
        private::write_secret(&self.file, secret)
    }

    /// None when there is no file.
    pub fn read(&self) -> Option<String> {
        private::read_secret(&self.file)
    }

    /// Removes the file of a key that is no longer valid.
    pub fn remove(&self) {
        let file = self.file.display();
        match std::fs::remove_file(&self.file) {
            Ok(()) => tracing::info!("removed {file}: its key is no longer valid"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => tracing::warn!("{file} could not be removed: {error}. Remove it"),
        }
    }
}

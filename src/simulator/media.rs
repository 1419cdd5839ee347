//! Files that are sent: kept in the network's folder, never in memory.

use std::{io, path::PathBuf};

use uuid::Uuid;

use crate::simulator::Network;

/// A file on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    pub path: PathBuf,
    pub mime: String,
    pub size: u64,
}

impl Network {
    /// A place for a new file: its id and where to write it. [`Network::keep_media`] makes it known.
    pub fn media_place(&self) -> (String, PathBuf) {
        let id = Uuid::new_v4().simple().to_string();
        let path = self.settings().media_dir.join(&id);
        (id, path)
    }

    /// Makes a file known that was written to its place.
    pub fn keep_media(&self, id: &str, mime: &str) -> io::Result<MediaFile> {
        let path = self.settings().media_dir.join(id);
        let size = std::fs::metadata(&path)?.len();
        let file = MediaFile { path, mime: mime.to_owned(), size };
        self.world().media.insert(id.to_owned(), file.clone());
        Ok(file)
    }

    pub fn media(&self, id: &str) -> Option<MediaFile> {
        self.world().media.get(id).cloned()
    }
}

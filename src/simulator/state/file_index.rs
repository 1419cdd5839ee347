//! Index of the files that were sent. The files themselves lie in the network's folder.

use std::collections::BTreeMap;

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    pub mime: String,
    /// In bytes.
    pub size: u64,
}

/// Files by id. Ids rise with time, so the first file is the oldest.
#[derive(Debug, Default)]
pub struct FileIndex {
    files: BTreeMap<String, FileEntry>,
    size: u64,
}

impl FileIndex {
    pub fn add(&mut self, id: String, file: FileEntry) {
        self.size += file.size;
        self.files.insert(id, file);
    }

    pub fn remove(&mut self, id: &str) {
        let size = self.files.remove(id).map_or(0, |file| file.size);
        self.size = self.size.saturating_sub(size);
    }

    pub fn clear(&mut self) {
        self.files.clear();
        self.size = 0;
    }

    pub fn get(&self, id: &str) -> Option<&FileEntry> {
        self.files.get(id)
    }

    pub fn contains(&self, id: &str) -> bool {
        self.files.contains_key(id)
    }

    pub fn oldest(&self) -> Option<&str> {
        self.files.keys().next().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Of all files together, in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

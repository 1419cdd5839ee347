//! Folder of media files, and the limits of its index.

use std::{fs, io, path::Path};

use crate::simulator::{
    NetworkSettings,
    state::{FileIndex, Record, State},
};

/// Adds a file to the index. Returns the ids of files that were dropped for it.
pub fn add_file(
    state: &mut State,
    settings: &NetworkSettings,
    id: &str,
    mime: &str,
    size: u64,
) -> Vec<String> {
    let (id, mime) = (id.to_owned(), mime.to_owned());
    state.put(Record::File { id, mime, size });
    let mut gone = Vec::new();
    while settings.most_media_bytes < state.files().size()
        || settings.most_media_files < state.files().len()
    {
        let Some(oldest) = state.files().oldest().map(str::to_owned) else { break };
        state.put(Record::FileGone { id: oldest.clone() });
        gone.push(oldest);
    }
    gone
}

/// Deletes files that are not in the index, which the end of the process may leave behind.
pub fn clear(folder: &Path, known: &FileIndex) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_none_or(|name| !known.contains(name)) {
            remove(&entry.path());
        }
    }
    Ok(())
}

pub fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "a file of the simulated network cannot be removed");
    }
}

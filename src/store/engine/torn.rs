//! Notes that sled did not write to their end: of where its pages are, made at each opening.
//!
//! A note is written under a name of its own and then gets its place. One that a full disk or a killed
//! process left under the former name is read by the next opening as if it were whole, which then calls
//! the store damaged. The store's own file holds all that such a note would say.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::Path,
};

use crate::store::engine::FILE;

/// What every note begins with.
const NOTE: &str = "snap.";
/// What one ends with that is not whole.
const UNFINISHED: &str = ".generating";

/// Removes unfinished notes from a folder that nobody has open.
pub fn clear(folder: &Path) -> io::Result<()> {
    let file = match File::open(folder.join(FILE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    // Held to the end: another process that opens the store may be writing a note.
    match file.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(NOTE) && name.ends_with(UNFINISHED) {
            tracing::warn!(file = %name, "a note of the store was not written to its end; it is removed");
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::{Batch, Engine, SledEngine};

    #[tokio::test]
    async fn a_store_opens_beside_a_note_that_was_not_written_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let engine = SledEngine::open(folder.path()).unwrap();
        let mut batch = Batch::new();
        batch.put(b"k".to_vec(), b"v".to_vec());
        engine.commit(batch).await.unwrap();
        engine.durable().await.unwrap();
        let name = |number: u64| format!("{NOTE}{number:016X}{UNFINISHED}");
        let torn = [name(0), name(0x10), name(u64::MAX)].map(|name| folder.path().join(name));
        for (path, bytes) in torn.iter().zip([&b""[..], b"some", &[7; 4_096]]) {
            fs::write(path, bytes).unwrap();
        }
        clear(folder.path()).unwrap();
        assert!(torn.iter().all(|path| path.exists()), "one that is being written was removed");
        drop(engine);
        for _ in 0..2 {
            let engine = SledEngine::open(folder.path()).unwrap();
            assert_eq!(engine.get(b"k").await.unwrap(), Some(b"v".to_vec()));
            assert!(!torn.iter().any(|path| path.exists()));
        }
    }
}

//! Key file: one base64 key per line, newest first. It holds several keys only while values are still
//! sealed with a former one.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

use crate::{
    private,
    vault::{error::VaultError, key::Key},
};

/// Bytes of the file: more than all keys that it ever holds.
const LARGEST: u64 = 4_096;

/// The keys in the file, the newest first; none where there is no file. A link is not followed.
pub fn read(path: &Path) -> Result<Vec<Key>, VaultError> {
    let Some(text) = text(path).map_err(|source| VaultError::unreadable(path, source))? else {
        return Ok(Vec::new());
    };
    let keys: Option<Vec<Key>> = text.lines().map(Key::read).collect();
    let keys = keys.filter(|keys| !keys.is_empty());
    keys.ok_or_else(|| VaultError::DamagedFile { file: path.display().to_string() })
}

/// Puts a file with these keys in the place of what is there: a new file for its owner alone, on the
/// disk before it is renamed, and that on the disk before this returns. Without keys there is no file.
pub fn write(path: &Path, keys: &[Key]) -> Result<(), VaultError> {
    let written =
        if keys.is_empty() { remove(path) } else { private::write_secret(path, &lines(keys)) };
    written.map_err(|source| VaultError::unwritable(path, source))
}

/// What the file holds.
pub fn lines(keys: &[Key]) -> String {
    keys.iter().map(Key::text).collect::<Vec<_>>().join("\n")
}

fn text(path: &Path) -> io::Result<Option<String>> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if is_link(path) => {
            return Err(io::Error::new(error.kind(), "it is a link; put the file itself there"));
        }
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no plain file"));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(Some(text))
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    #[test]
    fn keys_come_back_in_their_order_and_a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert_eq!(read(&path).unwrap(), []);
        let keys = [Key::random(), Key::random()];
        write(&path, &keys).unwrap();
        assert_eq!(read(&path).unwrap(), keys);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        for text in ["", "\n", "nonsense", &lines(&keys)[..60]] {
            fs::write(&path, text).unwrap();
            let said = read(&path).unwrap_err().to_string();
            assert!(said.contains("master.key holds no key"), "{text:?}: {said}");
        }
        write(&path, &[]).unwrap();
        assert!(!path.exists());
        write(&path, &[]).unwrap();
    }

    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("master.key"), folder.path().join("other"));
        write(&other, &[Key::random()]).unwrap();
        let before = fs::read(&other).unwrap();
        symlink(&other, &path).unwrap();
        let said = read(&path).unwrap_err().to_string();
        assert!(said.contains("it is a link"), "{said}");
        write(&path, &[Key::random()]).unwrap();
        assert_eq!(fs::read(&other).unwrap(), before);
        assert!(!is_link(&path));
    }
}

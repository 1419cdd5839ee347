//! The log of a local store: every step that the engine may not have on the disk yet, in numbered files.
//!
//! A step is a frame: its length, the beginning of its checksum, its content. It goes to the operating
//! system in one piece, so the end of the process, however sudden, loses nothing. It is **not** flushed:
//! a power cut can lose the last seconds. What the end tore is cut off when the log is opened.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The first of the log's files, and what a new log may begin with.
pub const FIRST: &str = "log-1";
const PREFIX: &str = "log-";
const LENGTH: usize = 4;
const SUM: usize = 8;

pub struct Log {
    folder: PathBuf,
    /// The newest file; all steps are added to it.
    file: File,
    number: u64,
    length: u64,
    /// Bytes in older files.
    older: u64,
    /// Whether the file may end in a part of a step.
    is_torn: bool,
}

impl Log {
    /// Opens the log and passes on every step in it, oldest first; makes one where there is none.
    pub fn open(folder: &Path, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Self> {
        let numbers = numbers(folder)?;
        let number = numbers.last().copied().unwrap_or(1);
        let (mut length, mut older) = (0, 0);
        for read in numbers {
            let path = path(folder, read);
            let on_disk = path.metadata()?.len();
            length = steps(&path, &mut each).map_err(|error| in_file(&path, &error))?;
            if read == number {
                if length < on_disk {
                    let bytes = on_disk - length;
                    tracing::warn!(bytes, "{} ends in a torn step: it is cut off", path.display());
                }
            } else if length == on_disk {
                older += length;
            } else {
                return Err(in_file(&path, &damaged(length)));
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(path(folder, number))?;
        file.set_len(length)?;
        Ok(Self { folder: folder.to_owned(), file, number, length, older, is_torn: false })
    }

    pub fn append(&mut self, content: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.length)?;
            self.is_torn = false;
        }
        let frame = frame(content)?;
        self.file.write_all(&frame).inspect_err(|_| self.is_torn = true)?;
        self.length += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// The bytes of all its files.
    pub fn size(&self) -> u64 {
        self.older + self.length
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Goes on in another file. The newest that is no longer added to.
    pub fn rotate(&mut self) -> io::Result<u64> {
        let path = path(&self.folder, self.number + 1);
        self.file = OpenOptions::new().append(true).create_new(true).open(path)?;
        self.number += 1;
        (self.length, self.older, self.is_torn) = (0, 0, false);
        Ok(self.number - 1)
    }

    #[cfg(test)]
    pub fn swap_file(&mut self, file: File) -> File {
        std::mem::replace(&mut self.file, file)
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// A step as it lies in a log.
pub fn frame(content: &[u8]) -> io::Result<Vec<u8>> {
    let too_long = |_| io::Error::new(ErrorKind::InvalidInput, "a step is too long for the log");
    let length = u32::try_from(content.len()).map_err(too_long)?;
    let mut frame = Vec::with_capacity(LENGTH + SUM + content.len());
    frame.extend(length.to_be_bytes());
    frame.extend(&Sha256::digest(content)[..SUM]);
    frame.extend(content);
    Ok(frame)
}

/// Removes the files of a log up to one of them; all of them with the highest number.
pub fn remove(folder: &Path, last: u64) -> io::Result<()> {
    let mut numbers = numbers(folder)?;
    numbers.retain(|number| *number <= last);
    let remove = |number| match fs::remove_file(path(folder, number)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    numbers.into_iter().try_for_each(remove)
}

/// Whether a folder has a log.
pub fn exists(folder: &Path) -> bool {
    numbers(folder).is_ok_and(|numbers| !numbers.is_empty())
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{number}"))
}

fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u64>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Passes on every whole step of a file. Where the last of them ends.
fn steps(path: &Path, each: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut from = BufReader::new(File::open(path)?);
    let (mut end, mut head, mut content) = (0, Vec::new(), Vec::new());
    loop {
        head.clear();
        content.clear();
        from.by_ref().take((LENGTH + SUM) as u64).read_to_end(&mut head)?;
        let Some((length, sum)) = head.split_first_chunk::<LENGTH>() else { return Ok(end) };
        let length = u64::from(u32::from_be_bytes(*length));
        from.by_ref().take(length).read_to_end(&mut content)?;
        // No step is empty: a file that grew and was not filled before a power cut is full of zeros.
        if sum.len() < SUM || length == 0 || (content.len() as u64) < length {
            return Ok(end);
        }
        if Sha256::digest(&content)[..SUM] != *sum {
            return Err(damaged(end));
        }
        each(&content)?;
        end += (LENGTH + SUM) as u64 + length;
    }
}

fn damaged(at: u64) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the step at byte {at} is damaged"))
}

fn in_file(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path) -> io::Result<(Log, Vec<Vec<u8>>)> {
        let mut steps = Vec::new();
        let log = Log::open(folder, |step| {
            steps.push(step.to_vec());
            Ok(())
        })?;
        Ok((log, steps))
    }

    #[test]
    fn steps_come_back_over_several_files_and_a_torn_one_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, steps) = read(folder.path()).unwrap();
        assert!(steps.is_empty());
        log.append(b"one").unwrap();
        assert_eq!(log.rotate().unwrap(), 1);
        log.append(b"two").unwrap();
        let whole = fs::read(path(folder.path(), 2)).unwrap();
        for torn in [&whole[..3], &whole[..14], &[0; 40]] {
            fs::write(path(folder.path(), 2), [&whole, torn].concat()).unwrap();
            let (mut log, steps) = read(folder.path()).unwrap();
            assert_eq!(steps, [b"one", b"two"]);
            assert_eq!(log.size(), 30);
            log.append(b"three").unwrap();
            assert_eq!(read(folder.path()).unwrap().1.len(), 3);
        }
        remove(folder.path(), 1).unwrap();
        assert_eq!(read(folder.path()).unwrap().1.len(), 2);
    }

    #[test]
    fn damage_before_the_end_is_named_and_nothing_is_guessed() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = read(folder.path()).unwrap();
        log.append(b"one").unwrap();
        log.append(b"two").unwrap();
        let whole = fs::read(path(folder.path(), 1)).unwrap();
        let mut bad = whole.clone();
        bad[14] ^= 1;
        fs::write(path(folder.path(), 1), bad).unwrap();
        let error = read(folder.path()).map(drop).unwrap_err().to_string();
        assert!(error.contains("log-1: the step at byte 0 is damaged"), "{error}");
        // Only the newest file can end in the middle of a step.
        fs::write(path(folder.path(), 1), &whole[..20]).unwrap();
        fs::write(path(folder.path(), 2), &whole).unwrap();
        let error = read(folder.path()).map(drop).unwrap_err().to_string();
        assert!(error.contains("log-1: the step at byte 15 is damaged"), "{error}");
    }

    #[test]
    fn a_step_that_failed_leaves_nothing_before_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = read(folder.path()).unwrap();
        log.append(b"one").unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let file = log.swap_file(full);
        assert!(log.append(b"two").is_err());
        log.swap_file(file);
        (&log.file).write_all(b"a part").unwrap();
        log.append(b"three").unwrap();
        assert_eq!(read(folder.path()).unwrap().1, [b"one".to_vec(), b"three".to_vec()]);
    }
}

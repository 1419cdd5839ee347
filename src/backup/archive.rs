//! Writer of an archive: tar, compressed with zstd, file by file. It does not know what the files are.
//!
//! Memory is bounded: files are streamed, and the list of their checksums grows in a file of its
//! own.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek, Write},
    path::Path,
};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};
use zstd::Encoder;

use crate::backup::{
    BackupError,
    layout::{self, MANIFEST, SUMS},
    manifest::{Head, Manifest},
};

/// A good measure of speed and size, by the library's own advice.
const LEVEL: i32 = 3;

/// An archive that is being written. Dropped before [`Self::finish`] it lacks its end, which every
/// reader notices.
pub struct Archive<W: Write> {
    /// None once it is finished.
    tar: Option<Builder<Encoder<'static, Valve<W>>>>,
    sums: BufWriter<File>,
    head: Head,
    files: u64,
    bytes: u64,
}

impl<W: Write> Archive<W> {
    /// `sums` is an empty file to work in.
    pub fn begin(out: W, sums: File, head: Head) -> Result<Self, BackupError> {
        let valve = Valve { out: Some(out) };
        let mut encoder = Encoder::new(valve, LEVEL).map_err(broken)?;
        encoder.include_checksum(true).map_err(broken)?;
        let tar = Some(Builder::new(encoder));
        let sums = BufWriter::new(sums);
        let mut archive = Self { tar, sums, head, files: 0, bytes: 0 };
        let head = to_json(&archive.head)?;
        archive.add(layout::HEAD, length(&head), head.as_slice())?;
        Ok(archive)
    }

    /// Adds `size` bytes as a file. A source that has fewer is an error, one that has more is cut.
    pub fn add(&mut self, name: &str, size: u64, from: impl Read) -> Result<(), BackupError> {
        let sum = self.put(name, size, from)?;
        writeln!(self.sums, "{sum}  {name}").map_err(broken)?;
        self.files += 1;
        self.bytes += size;
        Ok(())
    }

    /// Adds a file of the disk as long as it is now; one that is gone is left out.
    pub fn add_file(&mut self, name: &str, path: &Path) -> Result<(), BackupError> {
        let failed = |error| BackupError::disk(path, error);
        match File::open(path) {
            Ok(file) => self.add(name, file.metadata().map_err(failed)?.len(), file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Ends the archive with its checksums and its manifest, in which the counts are filled in.
    pub fn finish(
        mut self,
        manifest: impl FnOnce(Head) -> Manifest,
    ) -> Result<(W, Manifest), BackupError> {
        let (files, bytes) = (self.files, self.bytes);
        self.sums.flush().map_err(broken)?;
        let mut lines = self.sums.get_ref().try_clone().map_err(broken)?;
        let size = lines.metadata().map_err(broken)?.len();
        lines.rewind().map_err(broken)?;
        let sums = self.put(SUMS, size, lines)?;
        let manifest = Manifest { files, bytes, sums, ..manifest(self.head.clone()) };
        let text = to_json(&manifest)?;
        self.put(MANIFEST, length(&text), text.as_slice())?;
        let tar = self.tar.take().ok_or_else(shut)?;
        let encoder = tar.into_inner().map_err(broken)?;
        let mut valve = encoder.finish().map_err(broken)?;
        valve.flush().map_err(broken)?;
        Ok((valve.out.take().ok_or_else(shut)?, manifest))
    }

    /// Writes a file; its checksum.
    fn put(&mut self, name: &str, size: u64, from: impl Read) -> Result<String, BackupError> {
        layout::check(name).map_err(BackupError::Refused)?;
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.head.created_at.as_second().unsigned_abs());
        let mut from = Hashing { from: from.take(size), hash: Sha256::new(), left: size };
        let tar = self.tar.as_mut().ok_or_else(shut)?;
        let added = tar.append_data(&mut header, name, &mut from);
        added.map_err(|error| BackupError::disk(name, error))?;
        if from.left != 0 {
            let fault = io::Error::new(io::ErrorKind::UnexpectedEof, "it shrank while it was read");
            return Err(BackupError::disk(name, fault));
        }
        Ok(HEXLOWER.encode(&from.hash.finalize()))
    }
}

impl<W: Write> Drop for Archive<W> {
    fn drop(&mut self) {
        // An abandoned archive must not write its end: the output may block, and a
        // drop must not.
        if let Some(tar) = &mut self.tar {
            tar.get_mut().get_mut().out = None;
        }
    }
}

/// An output that can be shut.
struct Valve<W> {
    out: Option<W>,
}

impl<W: Write> Write for Valve<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.flush()
    }
}

/// Passes bytes on and hashes them.
struct Hashing<R> {
    from: R,
    hash: Sha256,
    left: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.from.read(into)?;
        self.hash.update(&into[..bytes]);
        self.left -= u64::try_from(bytes).unwrap_or(0);
        Ok(bytes)
    }
}

pub fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>, BackupError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| BackupError::disk("the archive", error.into()))?;
    text.push(b'\n');
    Ok(text)
}

fn shut() -> BackupError {
    broken(io::ErrorKind::BrokenPipe.into())
}

fn broken(error: io::Error) -> BackupError {
    BackupError::disk("the archive", error)
}

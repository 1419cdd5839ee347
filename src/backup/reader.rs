//! Reader of an archive, with all checks of its integrity. The sink decides where files go.
//!
//! Nothing of an archive is believed: names are checked, only plain files are taken, every claim of
//! length is bounded, and the checksums decide in the end.

use std::io::{self, Read, Write};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tar::{Archive, Entry, EntryType};
use zstd::Decoder;

use crate::backup::{
    BackupError,
    archive::length,
    layout::{self, HEAD, LONGEST, MANIFEST, SUMS},
    manifest::{Head, Manifest},
};

/// How large the head and the manifest may be, which are held in memory.
const MOST_TEXT: u64 = 8 * 1024 * 1024;
/// Files of an archive.
const MOST_FILES: u64 = 5_000_000;
/// Zeros after the last file: a tar ends with some kilobytes of them.
const MOST_ZEROS: u64 = 1024 * 1024;
const AT_ONCE: usize = 64 * 1024;

/// Takes what is read. Nothing of it may be used before [`read`] has returned without an error.
pub trait Sink {
    fn begin(&mut self, head: &Head) -> Result<(), BackupError>;
    /// Takes a file of this many bytes, by the archive's word.
    fn open(&mut self, name: &str, size: u64) -> Result<Box<dyn Write>, BackupError>;
}

/// A sink for those who only want to know whether the archive is whole.
pub struct Nowhere;

impl Sink for Nowhere {
    fn begin(&mut self, _: &Head) -> Result<(), BackupError> {
        Ok(())
    }

    fn open(&mut self, _: &str, _: u64) -> Result<Box<dyn Write>, BackupError> {
        Ok(Box::new(io::sink()))
    }
}

/// Reads an archive to its end; only what it returns is known to be whole.
pub fn read(from: impl Read, sink: &mut dyn Sink) -> Result<Manifest, BackupError> {
    let mut archive = Archive::new(Decoder::new(from).map_err(damaged)?);
    let mut reading = Reading::default();
    let mut long_name = None;
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        match entry.header().entry_type() {
            EntryType::GNULongName if long_name.is_some() => {
                return Err(BackupError::damaged("a name has no file"));
            }
            EntryType::GNULongName => long_name = Some(read_name(&mut entry)?),
            EntryType::Regular => {
                let name = match long_name.take() {
                    Some(name) => name,
                    None => entry.header().path_bytes().into_owned(),
                };
                let name = String::from_utf8(name)
                    .map_err(|_| BackupError::damaged("a name is not UTF-8"))?;
                layout::check(&name).map_err(BackupError::Damaged)?;
                let size = entry.size();
                reading.take(&name, size, &mut entry, sink)?;
            }
            other => {
                let what = format!("it holds something that is no plain file ({other:?})");
                return Err(BackupError::Damaged(what));
            }
        }
    }
    let manifest = reading.manifest.ok_or_else(|| BackupError::damaged("its end is missing"))?;
    check_rest(archive.into_inner())?;
    Ok(manifest)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    head: Option<Head>,
    files: u64,
    bytes: u64,
    /// Of the lines that `SHA256SUMS` must have, and their bytes.
    expected: Sha256,
    expected_bytes: u64,
    sums: Option<String>,
    manifest: Option<Manifest>,
}

impl Reading {
    fn take(
        &mut self,
        name: &str,
        size: u64,
        content: &mut impl Read,
        sink: &mut dyn Sink,
    ) -> Result<(), BackupError> {
        if MOST_FILES <= self.files {
            return Err(BackupError::damaged("it holds too many files"));
        }
        if self.manifest.is_some() || (self.sums.is_some() && name != MANIFEST) {
            return Err(BackupError::Damaged(format!("{name} stands after the end")));
        }
        if self.head.is_none() != (name == HEAD) {
            let fault = format!("{name} stands where it should not; is this a backup of wagate?");
            return Err(BackupError::Damaged(fault));
        }
        match name {
            HEAD => {
                let text = read_text(content)?;
                let head: Head = from_json(&text)?;
                head.check()?;
                sink.begin(&head)?;
                self.head = Some(head);
                self.count(name, length(&text), &HEXLOWER.encode(&Sha256::digest(&text)));
            }
            SUMS => {
                if size != self.expected_bytes {
                    return Err(BackupError::damaged("its list of checksums has another length"));
                }
                let (_, sum) = pass(content, &mut io::sink(), name)?;
                if sum != HEXLOWER.encode(&self.expected.clone().finalize()) {
                    return Err(BackupError::damaged("a file is not as its checksum says"));
                }
                self.sums = Some(sum);
            }
            MANIFEST => {
                let manifest: Manifest = from_json(&read_text(content)?)?;
                let is_right = Some(&manifest.head) == self.head.as_ref()
                    && Some(&manifest.sums) == self.sums.as_ref()
                    && (manifest.files, manifest.bytes) == (self.files, self.bytes);
                if !is_right {
                    return Err(BackupError::damaged("its manifest does not match its content"));
                }
                self.manifest = Some(manifest);
            }
            _ => {
                let (size, sum) = pass(content, &mut sink.open(name, size)?, name)?;
                self.count(name, size, &sum);
            }
        }
        Ok(())
    }

    fn count(&mut self, name: &str, size: u64, sum: &str) {
        let line = format!("{sum}  {name}\n");
        self.expected_bytes += length(line.as_bytes());
        self.expected.update(line);
        self.files += 1;
        self.bytes += size;
    }
}

/// Passes a file on; its size and its checksum.
fn pass(
    from: &mut impl Read,
    to: &mut dyn Write,
    name: &str,
) -> Result<(u64, String), BackupError> {
    let (mut hash, mut size, mut part) = (Sha256::new(), 0, vec![0; AT_ONCE]);
    loop {
        let bytes = match from.read(&mut part).map_err(damaged)? {
            0 => break,
            bytes => &part[..bytes],
        };
        hash.update(bytes);
        size += length(bytes);
        to.write_all(bytes).map_err(|error| BackupError::disk(name, error))?;
    }
    to.flush().map_err(|error| BackupError::disk(name, error))?;
    Ok((size, HEXLOWER.encode(&hash.finalize())))
}

fn read_text(from: &mut impl Read) -> Result<Vec<u8>, BackupError> {
    let mut text = Vec::new();
    from.take(MOST_TEXT + 1).read_to_end(&mut text).map_err(damaged)?;
    if MOST_TEXT < length(&text) {
        return Err(BackupError::damaged("its description is too long"));
    }
    Ok(text)
}

fn read_name(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, BackupError> {
    let most = length(&[0; LONGEST]) + 1;
    if most < entry.size() {
        return Err(BackupError::damaged("a name is too long"));
    }
    let mut name = Vec::new();
    entry.take(most).read_to_end(&mut name).map_err(damaged)?;
    if name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

fn from_json<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, BackupError> {
    serde_json::from_slice(text).map_err(|error| BackupError::Damaged(error.to_string()))
}

/// What follows the last file is nothing, and the compression's own checksum is right.
fn check_rest(mut from: impl Read) -> Result<(), BackupError> {
    let (mut part, mut zeros) = (vec![0; AT_ONCE], 0);
    loop {
        match from.read(&mut part).map_err(damaged)? {
            0 => return Ok(()),
            bytes if part[..bytes].iter().all(|byte| *byte == 0) && zeros < MOST_ZEROS => {
                zeros += length(&part[..bytes]);
            }
            _ => return Err(BackupError::damaged("something follows its end")),
        }
    }
}

fn damaged(error: io::Error) -> BackupError {
    BackupError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use proptest::prelude::*;
    use tar::{Builder, Header};

    use super::*;
    use crate::{backup::archive, domain::clock::from_seconds};

    fn head() -> Head {
        Head::new(from_seconds(1_800_000_000))
    }

    fn manifest(head: Head) -> Manifest {
        Manifest {
            head,
            records: 0,
            files: 0,
            bytes: 0,
            sums: String::new(),
            has_simulated_network: false,
            longest_pause_microseconds: 0,
            sessions: Vec::new(),
            secrets: None,
        }
    }

    fn archive_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let sums = tempfile::tempfile().unwrap();
        let mut archive = archive::Archive::begin(Vec::new(), sums, head()).unwrap();
        for (name, content) in files {
            archive.add(name, length(content), *content).unwrap();
        }
        archive.finish(manifest).unwrap().0
    }

    fn sample() -> Vec<u8> {
        let long = format!("sessions/s/profile/{}/{}", "long".repeat(40), "name".repeat(30));
        archive_of(&[
            ("store.pairs", &[7; 3_000]),
            ("media/s/m-1", b"a picture"),
            ("media/s/m-2", b""),
            (&long, b"deep"),
        ])
    }

    fn verdict(bytes: &[u8]) -> Result<Manifest, BackupError> {
        read(bytes, &mut Nowhere)
    }

    /// A tar of ours that holds these entries as they are, after a good head.
    fn forged(entries: &[(&[u8], EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
        let head = serde_json::to_vec(&head()).unwrap();
        let mut all = vec![(HEAD.as_bytes(), EntryType::Regular, head.as_slice())];
        all.extend_from_slice(entries);
        for (name, kind, content) in all {
            let mut header = Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
            header.set_entry_type(kind);
            header.set_size(length(content));
            header.set_cksum();
            tar.append(&header, content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn an_archive_is_read_as_it_was_written() {
        #[derive(Default)]
        struct Names(Vec<String>);
        impl Sink for Names {
            fn begin(&mut self, read: &Head) -> Result<(), BackupError> {
                assert_eq!(*read, head());
                Ok(())
            }
            fn open(&mut self, name: &str, _: u64) -> Result<Box<dyn Write>, BackupError> {
                self.0.push(name.to_owned());
                Ok(Box::new(io::sink()))
            }
        }
        let mut names = Names::default();
        let manifest = read(sample().as_slice(), &mut names).unwrap();
        assert_eq!((manifest.files, manifest.bytes > 3_013), (5, true));
        assert_eq!(names.0.len(), 4);
        assert!(names.0[3].ends_with("namename"), "{names:?}", names = names.0);
    }

    #[test]
    fn every_flipped_bit_is_found_or_changes_nothing() {
        let whole = sample();
        let content = zstd::decode_all(whole.as_slice()).unwrap();
        assert!(verdict(&whole).is_ok());
        for at in 0..whole.len() {
            for bit in [0, 3, 7] {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                // A few bits of the compression say nothing of the content, such as its buffer's
                // size.
                if verdict(&bytes).is_ok() {
                    let read = zstd::decode_all(bytes.as_slice()).unwrap();
                    assert!(read == content, "byte {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn every_missing_end_is_found_and_so_is_an_addition() {
        let whole = sample();
        for length in 0..whole.len() {
            assert!(verdict(&whole[..length]).is_err(), "{length} of {}", whole.len());
        }
        let mut longer = whole.clone();
        longer.extend_from_slice(b"more");
        assert!(verdict(&longer).is_err());
        let mut zeros = whole;
        let most = usize::try_from(MOST_ZEROS).unwrap();
        zeros.extend(zstd::encode_all(vec![0; 2 * most].as_slice(), 1).unwrap());
        assert!(verdict(&zeros).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_tar_in_a_good_compression_is_found(
            at in any::<prop::sample::Index>(),
            to in any::<u8>(),
        ) {
            let mut tar = zstd::decode_all(sample().as_slice()).unwrap();
            let at = at.index(tar.len());
            // Only where it means something: in what lies in the archive.
            let content = tar.windows(9).position(|part| part == b"a picture").unwrap();
            let at = if at % 2 == 0 { content + at % 9 } else { 1_536 + at % 3_000 };
            prop_assume!(tar[at] != to);
            tar[at] = to;
            prop_assert!(verdict(&zstd::encode_all(tar.as_slice(), 1).unwrap()).is_err());
        }
    }

    #[test]
    fn tricks_with_names_and_kinds_are_refused() {
        let long = vec![b'x'; LONGEST + 10];
        let deep = [b"media".as_slice(), &b"/x".repeat(80)].concat();
        let tricks: [(&[u8], EntryType, &[u8], &str); 13] = [
            (b"../evil", EntryType::Regular, b"x", "leads out"),
            (b"/etc/cron.d/evil", EntryType::Regular, b"x", "leads out"),
            (b"media/../../evil", EntryType::Regular, b"x", "leads out"),
            (b"evil", EntryType::Regular, b"x", "does not belong"),
            (b"media/\xff", EntryType::Regular, b"x", "not UTF-8"),
            (b"media/link", EntryType::Symlink, b"", "no plain file"),
            (b"media/link", EntryType::Link, b"", "no plain file"),
            (b"media/node", EntryType::Char, b"", "no plain file"),
            (b"media/folder", EntryType::Directory, b"", "no plain file"),
            (b"././@LongLink", EntryType::GNULongName, &long, "too long"),
            (b"././@LongLink", EntryType::GNULongName, &deep, "its end is missing"),
            (b"SHA256SUMS", EntryType::Regular, &[b'x'; 9_000], "another length"),
            (b"pax", EntryType::XHeader, b"20 path=../../evil\n", "no plain file"),
        ];
        for (name, kind, content, expected) in tricks {
            let said = verdict(&forged(&[(name, kind, content)])).unwrap_err().to_string();
            assert!(said.contains(expected), "{kind:?}: {said}");
        }
        let long_way_out = forged(&[
            (b"././@LongLink", EntryType::GNULongName, b"media/../../evil\0"),
            (b"media/x", EntryType::Regular, b"x"),
        ]);
        let deep_file = forged(&[
            (b"././@LongLink", EntryType::GNULongName, &deep),
            (b"media/x", EntryType::Regular, b"x"),
        ]);
        assert!(verdict(&deep_file).unwrap_err().to_string().contains("too many folders"));
        let name: (&[u8], _, &[u8]) = (b"././@LongLink", EntryType::GNULongName, b"media/x\0");
        let two_names = forged(&[name; 2]);
        assert!(verdict(&two_names).unwrap_err().to_string().contains("has no file"));
        assert!(verdict(&long_way_out).unwrap_err().to_string().contains("leads out"));
    }

    #[test]
    fn what_is_no_backup_is_called_so() {
        assert!(verdict(b"").is_err());
        assert!(verdict(b"hello, hello, hello").is_err());
        let empty = zstd::encode_all(&[0_u8; 1_024][..], 1).unwrap();
        assert!(verdict(&empty).unwrap_err().to_string().contains("its end is missing"));
        let mut tar = Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
        let mut header = Header::new_gnu();
        header.set_size(1);
        tar.append_data(&mut header, "media/x", &b"x"[..]).unwrap();
        let other = tar.into_inner().unwrap().finish().unwrap();
        let said = verdict(&other).unwrap_err().to_string();
        assert!(said.contains("is this a backup of wagate?"), "{said}");
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_ends_the_backup() {
        let sums: File = tempfile::tempfile().unwrap();
        let mut archive = archive::Archive::begin(Vec::new(), sums, head()).unwrap();
        let said = archive.add("media/x", 9, &b"short"[..]).unwrap_err().to_string();
        assert!(said.contains("it shrank"), "{said}");
    }
}

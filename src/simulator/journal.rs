//! The file in which the network's state outlives the process: one line of JSON for each step.
//!
//! The first line names the format. Every other is a list of records that belong together and are
//! taken together: a line that the end of the process tore is as if it had not been begun. When the
//! file has grown well past what it says, it is written anew.
//!
//! A line goes to the operating system in one piece before anybody is answered, so the end of the
//! process, however sudden, loses nothing. It is **not** flushed to the disk: a power cut can lose
//! the last seconds. That is enough for a network of made-up people, and costs microseconds.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::simulator::ledger::{Ledger, Record};

const VERSION: u32 = 1;
/// By how much the file grows at least before it is written anew.
const LEAST_GROWTH: u64 = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// An open journal.
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    /// How long it may be before it is written anew.
    most: u64,
    is_failing: bool,
}

impl Journal {
    /// Opens the journal and reads it into an empty ledger; makes one where there is none.
    pub fn open(path: &Path, ledger: &mut Ledger) -> io::Result<Self> {
        let length = match File::open(path) {
            Ok(file) => read(file, ledger).map_err(|error| in_file(path, &error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let on_disk = file.metadata()?.len();
        if length < on_disk {
            let bytes = on_disk - length;
            tracing::warn!(bytes, "the network's journal ends in a torn line, which is cut off");
            file.set_len(length)?;
        }
        let mut journal = Self { path: path.to_owned(), file, length, most: 0, is_failing: false };
        if length == 0 {
            journal.rewrite(ledger)?;
        }
        // How much of it is outdated is unknown, so it is given the least room.
        journal.most = journal.length + LEAST_GROWTH;
        Ok(journal)
    }

    /// Adds a line with these records, and writes the file anew when it is time. What could not be
    /// written stays where it is and is tried again with the next.
    pub fn write(&mut self, ledger: &mut Ledger) {
        if ledger.unwritten().is_empty() {
            return;
        }
        let mut line = std::mem::take(ledger.unwritten());
        line.insert(0, b'[');
        line.extend_from_slice(b"]\n");
        if let Err(error) = self.file.write_all(&line) {
            // A part of a line must not stand before the next.
            let _ = self.file.set_len(self.length);
            if !self.is_failing {
                tracing::error!(%error, "the simulated network's journal cannot be written");
            }
            self.is_failing = true;
            line.truncate(line.len() - 2);
            line.remove(0);
            *ledger.unwritten() = line;
            return;
        }
        self.is_failing = false;
        self.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.most < self.length
            && let Err(error) = self.rewrite(ledger)
        {
            tracing::warn!(%error, "the simulated network's journal cannot be written anew");
            self.most = self.length + LEAST_GROWTH;
        }
    }

    /// Whether the last write failed: nothing more may be acknowledged.
    pub fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// Replaces the file by one that says no more than the ledger holds.
    pub fn rewrite(&mut self, ledger: &Ledger) -> io::Result<()> {
        let new = self.path.with_extension("new");
        // What an end in the middle of this left behind.
        let _ = fs::remove_file(&new);
        let file = OpenOptions::new().append(true).create_new(true).open(&new)?;
        let mut out = BufWriter::new(file);
        serde_json::to_writer(
            &mut out,
            &Header { format: "wagate simulated network".to_owned(), version: VERSION },
        )?;
        out.write_all(b"\n")?;
        for record in ledger.records() {
            serde_json::to_writer(&mut out, &[record])?;
            out.write_all(b"\n")?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        // The one place that waits for the disk: a file that takes the other's place must be whole.
        file.sync_all()?;
        let length = file.metadata()?.len();
        fs::rename(&new, &self.path)?;
        (self.file, self.length) = (file, length);
        self.most = self.length + self.length.max(LEAST_GROWTH);
        Ok(())
    }
}

/// Applies every whole line. The length of the file up to the end of the last.
fn read(file: File, ledger: &mut Ledger) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut length, mut line) = (0, Vec::new());
    for number in 1_u64.. {
        line.clear();
        let bytes = reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let outcome = if number == 1 { check_header(&line) } else { apply(&line, ledger) };
        outcome.map_err(|reason| io::Error::other(format!("line {number}: {reason}")))?;
        length += u64::try_from(bytes).unwrap_or(u64::MAX);
    }
    Ok(length)
}

fn check_header(line: &[u8]) -> Result<(), String> {
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match header.version {
        VERSION => Ok(()),
        other => Err(format!("version {other} is not known here")),
    }
}

fn apply(line: &[u8], ledger: &mut Ledger) -> Result<(), String> {
    let records: Vec<Record> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    records.into_iter().for_each(|record| ledger.apply(record));
    Ok(())
}

fn in_file(path: &Path, error: &io::Error) -> io::Error {
    let path = path.display();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{path}: {error}; without this file the simulated network begins anew"),
    )
}

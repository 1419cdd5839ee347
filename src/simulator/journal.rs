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
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::simulator::ledger::{Ledger, Record};

/// The journal's name in the network's folder.
pub const JOURNAL: &str = "journal.jsonl";
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

/// The journal of a network that may be running, as it is now: the open file, and its length up to
/// the end of the last whole line. What is in it up to there never changes, even when the file's
/// place is taken by another. None where there is no network.
pub fn journal_now(folder: &Path) -> io::Result<Option<(File, u64)>> {
    let mut file = match File::open(folder.join(JOURNAL)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut end = file.metadata()?.len();
    let mut part = vec![0; 64 * 1024];
    // Backwards to the last line's end.
    while 0 < end {
        let start = end.saturating_sub(64 * 1024);
        let part = &mut part[..usize::try_from(end - start).unwrap_or(0)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            end = start + u64::try_from(at + 1).unwrap_or(0);
            break;
        }
        end = start;
    }
    file.rewind()?;
    Ok(Some((file, end)))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::{
            Clock, Content, Jid, MessageId, Outgoing,
            clock::{from_millis, from_seconds},
            command::MediaKind,
        },
        simulator::{
            Behaviour, GroupForm, NetworkSettings,
            protocol::{DeviceContent, RefusalKind},
            relay::Draft,
            world::World,
        },
    };

    const PEOPLE: [&str; 5] = [
        "15557654321@c.us",
        "15551112222@c.us",
        "15550000001@c.us",
        "15550000011@c.us",
        "15550000003@c.us",
    ];

    fn person(number: usize) -> Jid {
        PEOPLE[number % PEOPLE.len()].parse().unwrap()
    }

    fn settings(folder: &Path) -> NetworkSettings {
        NetworkSettings {
            most_messages: 6,
            most_media_bytes: 40,
            ..NetworkSettings::new(folder.to_owned(), Clock::manual(from_seconds(1_800_000_000)))
        }
    }

    fn text(chat: Jid, body: &str) -> Draft {
        let content = DeviceContent::Other(Content::Text { body: body.to_owned() });
        let (key, extra) = (Outgoing::new_key(), crate::simulator::Extra::default());
        Draft { key, chat, content, quoted: None, mentions: Vec::new(), extra }
    }

    /// Everything that a ledger holds, comparable. Messages keep their order within a chat.
    fn content(ledger: &Ledger) -> Vec<String> {
        let mut lines: Vec<(String, String)> = ledger
            .records()
            .map(|record| {
                let line = serde_json::to_string(&record).unwrap();
                let chat = match record {
                    Record::Message { account, stored } => {
                        format!("{account} {}", stored.message.chat())
                    }
                    _ => line.clone(),
                };
                (chat, line)
            })
            .collect();
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// One thing that may happen; what it is about is chosen by the numbers.
    fn happen(world: &mut World, what: u8, one: usize, other: usize) {
        let (me, them) = (person(one), person(other));
        let groups: Vec<Jid> = world.ledger.groups().keys().cloned().collect();
        let group =
            groups.get(other % groups.len().max(1)).cloned().unwrap_or_else(|| them.clone());
        let some_message: Option<MessageId> = world.ledger.account(&me).and_then(|account| {
            let mut chats: Vec<_> = account.chats.values().collect();
            chats.sort_by(|a, b| a.chat.id.cmp(&b.chat.id));
            let mut all = chats.into_iter().flat_map(|chat| chat.all());
            all.nth(other).map(|stored| stored.message.id.clone())
        });
        // Refusals are fine: then nothing changes.
        match what {
            0..=5 => drop(world.send(&me, text(them, "a \"text\"\nof 😀"), None)),
            6 => drop(world.send(&me, text(group, "to all"), None)),
            7 => {
                let id = format!("{:032}", world.ledger.next_deed() + 100);
                world.keep_file(&id, "image/png", 15);
                let (mime, filename) = ("image/png".to_owned(), Some("ä.png".to_owned()));
                let kind = MediaKind::Image;
                let content =
                    DeviceContent::Media { media: id, kind, mime, filename, caption: None };
                drop(world.send(&me, Draft { content, ..text(them, "") }, None));
            }
            8 => drop(world.mark_read(&me, &them, None)),
            9 => drop(world.archive(&me, &them, one < other, None)),
            10 => {
                drop(world.create_group(&me, "Ours".to_owned(), None, vec![them], GroupForm::Group))
            }
            11 => drop(world.add_participants(&me, &group, vec![them])),
            12 => drop(world.remove_participants(&me, &group, vec![them])),
            13 => drop(world.describe_group(&me, &group, "what for".to_owned())),
            14 => {
                world.open_account(&me, Some(format!("Owner {other}")));
                let device = format!("credential-{one}-{other}");
                world.ledger.change_person(&me, |person| person.devices.insert(device));
            }
            15 => {
                let devices = world.ledger.person(&me).map(|person| person.devices.clone());
                if let Some(device) = devices.and_then(|devices| devices.into_iter().next()) {
                    world.unlink(&device);
                }
            }
            16 => {
                let behaviour = if one < other { Behaviour::Slow } else { Behaviour::Echo };
                world.ledger.change_person(&me, |person| person.behaviour = behaviour);
            }
            17..=20 => {
                let Some(id) = some_message else { return };
                match what {
                    17 => drop(world.edit(&me, &id, "edited".to_owned(), None)),
                    18 => drop(world.revoke(&me, &id, one < other, None)),
                    _ => drop(world.react(&me, &id, "👍".to_owned(), None)),
                }
            }
            21 => world.set_clock(Some(from_millis(1_800_000_000_000 + 1_000 * other as i64))),
            22 => world.set_clock(None),
            _ => {
                let until = world.now() + Duration::from_millis(40 * other as u64);
                while world.do_next(until) {}
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_back_is_what_there_was(
            steps in prop::collection::vec((0_u8..26, 0_usize..5, 0_usize..9, 0_u8..20), 0..60),
            cut in 0.0_f64..1.0,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut world = World::open(settings(folder.path())).unwrap();
            let mut stages = vec![(world.journal.length, content(&world.ledger))];
            for (what, one, other, rewrite) in steps {
                happen(&mut world, what, one, other);
                world.commit();
                if rewrite == 0 {
                    world.journal.rewrite(&world.ledger).unwrap();
                    stages.clear();
                }
                stages.push((world.journal.length, content(&world.ledger)));
            }
            let again = World::open(settings(folder.path())).unwrap();
            prop_assert!(again.ledger == world.ledger);

            // Cut anywhere after the last time that the file was put in place as a whole.
            let path = folder.path().join("journal.jsonl");
            let (first, last) = (stages[0].0, stages[stages.len() - 1].0);
            let length = first + ((last - first) as f64 * cut) as u64;
            OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
            let mut ledger = Ledger::new(6);
            let journal = Journal::open(&path, &mut ledger).unwrap();
            let stage = stages.iter().rev().find(|stage| stage.0 <= length).unwrap();
            prop_assert_eq!(&content(&ledger), &stage.1);
            prop_assert_eq!(journal.length, stage.0);
        }
    }

    #[test]
    fn a_journal_as_it_is_now_ends_with_a_whole_line_and_outlives_a_rewrite() {
        let folder = tempfile::tempdir().unwrap();
        assert!(journal_now(folder.path()).unwrap().is_none());
        let mut world = World::open(settings(folder.path())).unwrap();
        let path = folder.path().join(JOURNAL);
        let whole = fs::read(&path).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&vec![b'x'; 200_000]).unwrap();
        let (file, length) = journal_now(folder.path()).unwrap().unwrap();
        assert_eq!(length, whole.len() as u64);
        world.journal.rewrite(&world.ledger).unwrap();
        let mut read = Vec::new();
        file.take(length).read_to_end(&mut read).unwrap();
        assert!(read == whole);
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_next_stands_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        drop(World::open(settings(folder.path())).unwrap());
        let path = folder.path().join("journal.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"[{\"group\":{\"id\":").unwrap();
        let mut world = World::open(settings(folder.path())).unwrap();
        world.open_account(&person(0), None);
        world.commit();
        let again = World::open(settings(folder.path())).unwrap();
        assert!(again.ledger == world.ledger && again.ledger.person(&person(0)).is_some());
    }

    #[test]
    fn a_damaged_line_before_the_last_is_named_and_nothing_is_guessed() {
        let folder = tempfile::tempdir().unwrap();
        drop(World::open(settings(folder.path())).unwrap());
        let path = folder.path().join("journal.jsonl");
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{whole}[{{\"group\":5}}]\n")).unwrap();
        let error = World::open(settings(folder.path())).map(drop).unwrap_err().to_string();
        assert!(error.contains("journal.jsonl: line 4:"), "{error}");
        fs::write(&path, whole.replace("\"version\":1", "\"version\":2")).unwrap();
        let error = World::open(settings(folder.path())).map(drop).unwrap_err().to_string();
        assert!(error.contains("line 1: version 2 is not known here"), "{error}");
    }

    #[test]
    fn what_the_disk_does_not_take_is_not_acknowledged_and_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::open(settings(folder.path())).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let good = std::mem::replace(&mut world.journal.file, full);
        world.open_account(&person(0), None);
        world.commit();
        let refused = world.send(&person(0), text(person(1), "x"), None).unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Fault);
        world.journal.file = good;
        world.open_account(&person(1), None);
        world.commit();
        assert!(world.send(&person(0), text(person(1), "x"), None).is_ok());
        world.commit();
        let again = World::open(settings(folder.path())).unwrap();
        assert!(again.ledger == world.ledger);
    }

    #[test]
    fn a_journal_that_has_grown_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::open(settings(folder.path())).unwrap();
        world.journal.most = 20_000;
        for _ in 0..100 {
            drop(world.send(&person(0), text(person(0), "a note to myself"), None));
            world.commit();
        }
        assert!(world.journal.length < 100_000, "{}", world.journal.length);
        assert_eq!(world.journal.length, fs::metadata(&world.journal.path).unwrap().len());
        assert!(World::open(settings(folder.path())).unwrap().ledger == world.ledger);
    }
}

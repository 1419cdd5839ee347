//! Takes over the journal of former versions: a header, then one line of JSON for each step, each a list of
//! [`Record`]s. All of it goes into the network's store, then the journal is removed.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::Deserialize;

use crate::{
    simulator::ledger::{Ledger, Record, in_folder},
    store::local::LocalStore,
};

const JOURNAL: &str = "journal.jsonl";
/// A journal that was being written in place of the other.
const NEW_JOURNAL: &str = "journal.new";
const VERSION: u32 = 1;
/// Lines that are written to the store in one step.
const AT_ONCE: u64 = 500;

#[derive(Deserialize)]
struct Header {
    version: u32,
}

/// Whether a folder has such a journal.
pub fn is_due(folder: &Path) -> bool {
    folder.join(JOURNAL).exists()
}

/// Takes over the journal that is in a folder, if there is one.
pub fn take_over(folder: &Path, most_messages: usize) -> io::Result<()> {
    if !is_due(folder) {
        return Ok(());
    }
    // As long as there is a journal, a store is what an end in the middle of this left behind.
    LocalStore::remove(folder)?;
    let mut ledger = load(folder, most_messages)?;
    let path = folder.join(JOURNAL);
    let lines = read(&path, &mut ledger).map_err(|error| in_file(&path, &error))?;
    ledger.commit();
    ledger.store.sync().map_err(|error| in_folder(folder, &error))?;
    if ledger.is_failing() {
        return Err(io::Error::other("the journal of a former version could not be taken over"));
    }
    fs::remove_file(&path)?;
    let _ = fs::remove_file(folder.join(NEW_JOURNAL));
    tracing::info!(lines, "took over the simulated network's journal of {lines} lines");
    Ok(())
}

fn load(folder: &Path, most_messages: usize) -> io::Result<Ledger> {
    Ledger::load(folder, most_messages).map_err(|error| in_folder(folder, &error))
}

/// Puts every whole line into the ledger. How many there are.
fn read(path: &Path, ledger: &mut Ledger) -> io::Result<u64> {
    let (mut reader, mut line) = (BufReader::new(File::open(path)?), Vec::new());
    for number in 1_u64.. {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            // The end of the process tore it.
            return Ok(number - 1);
        }
        let outcome = if number == 1 { check_header(&line) } else { put(&line, ledger) };
        outcome.map_err(|reason| io::Error::other(format!("line {number}: {reason}")))?;
        if number % AT_ONCE == 0 {
            ledger.commit();
            ledger.store.bound().map_err(io::Error::other)?;
        }
    }
    Ok(0)
}

fn check_header(line: &[u8]) -> Result<(), String> {
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match header.version {
        VERSION => Ok(()),
        other => Err(format!("version {other} is not known here")),
    }
}

fn put(line: &[u8], ledger: &mut Ledger) -> Result<(), String> {
    let records: Vec<Record> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    records.into_iter().for_each(|record| ledger.put(record));
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

    use super::*;
    use crate::{
        domain::{Ack, Clock, Jid},
        simulator::{Network, NetworkSettings, dump_of},
    };

    /// As the version before this one wrote it.
    const LANDED: &str = include_str!("../../tests/landed/simulator_journal.jsonl");

    const ME: &str = "15557654321";
    const ADA: &str = "15550000011@c.us";
    const SLOW: &str = "15550000002@c.us";
    const FILE: &str = "01a225a0b867710f977189bb53610583";

    fn network(folder: &Path) -> io::Result<Network> {
        Network::new(NetworkSettings::new(folder.to_owned(), Clock::system()))
    }

    fn seen(network: &Network, chat: &str) -> Vec<(String, Ack, usize)> {
        let me = Jid::of_phone(ME).unwrap();
        let messages = network.messages(&me, &chat.parse().unwrap()).into_iter();
        messages.map(|message| (message.body, message.ack, message.reactions.len())).collect()
    }

    fn one(body: &str, ack: Ack, reactions: usize) -> (String, Ack, usize) {
        (body.to_owned(), ack, reactions)
    }

    #[tokio::test]
    async fn a_journal_of_the_landed_version_is_taken_over_once_with_all_that_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let media = folder.path().join("media");
        fs::create_dir(&media).unwrap();
        fs::write(media.join(FILE), "hello").unwrap();
        fs::write(folder.path().join(JOURNAL), LANDED).unwrap();
        fs::write(folder.path().join(NEW_JOURNAL), "half").unwrap();
        let me = Jid::of_phone(ME).unwrap();
        for _ in 0..2 {
            let network = network(folder.path()).unwrap();
            assert!(!is_due(folder.path()) && !folder.path().join(NEW_JOURNAL).exists());
            let with_ada = [
                one("one, edited", Ack::Read, 0),
                one("two \"quoted\" 😀", Ack::Read, 1),
                one("", Ack::Delivered, 0),
            ];
            assert_eq!(seen(&network, ADA), with_ada);
            let group = "120542353440200000@g.us";
            assert_eq!(seen(&network, group), [one("to all", Ack::Delivered, 0)]);
            assert_eq!(seen(&network, SLOW), [one("hello, slow", Ack::Read, 0)]);
            let chats = network.chats(&me);
            let of_ada = chats.iter().find(|chat| chat.id.as_str() == ADA).unwrap();
            assert_eq!((chats.len(), of_ada.unread), (4, 1));
            assert_eq!((network.accounts().len(), network.devices(&me).len()), (8, 1));
            assert_eq!(network.media(FILE).map(|file| file.size), Some(5));
            let (now, waiting) = (network.clock().now.to_string(), network.clock().waiting);
            assert_eq!((now.as_str(), waiting), ("2026-11-01T12:00:04Z", 2));
        }
        let network = network(folder.path()).unwrap();
        network.advance_clock(Duration::from_secs(10)).await;
        assert_eq!(seen(&network, SLOW)[1].0, "hello, slow");
        assert_eq!(seen(&network, ADA)[3].0, "on its way");
    }

    #[test]
    fn a_takeover_that_was_cut_off_anywhere_begins_anew() {
        let whole = tempfile::tempdir().unwrap();
        fs::write(whole.path().join(JOURNAL), LANDED).unwrap();
        let expected = Ledger::open(whole.path(), 20).unwrap().store.pairs();
        let lines: Vec<&str> = LANDED.split_inclusive('\n').collect();
        for taken in (1..lines.len()).step_by(4).chain([lines.len()]) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(JOURNAL);
            fs::write(&path, lines[..taken].concat()).unwrap();
            let mut ledger = load(folder.path(), 20).unwrap();
            read(&path, &mut ledger).unwrap();
            ledger.commit();
            drop(ledger);
            // Torn, as its last line may be.
            fs::write(&path, format!("{LANDED}[{{\"gro")).unwrap();
            let ledger = Ledger::open(folder.path(), 20).unwrap();
            assert!(ledger.store.pairs() == expected, "{taken}");
            assert!(!is_due(folder.path()));
        }
    }

    #[tokio::test]
    async fn a_damaged_line_is_named_and_nothing_is_guessed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL);
        let lines = LANDED.lines().count();
        fs::write(&path, format!("{LANDED}[{{\"group\":5}}]\n")).unwrap();
        let error = network(folder.path()).map(drop).unwrap_err().to_string();
        assert!(error.contains(&format!("{JOURNAL}: line {}:", lines + 1)), "{error}");
        fs::write(&path, LANDED.replace("\"version\":1", "\"version\":2")).unwrap();
        let error = network(folder.path()).map(drop).unwrap_err().to_string();
        assert!(error.contains("line 1: version 2 is not known here"), "{error}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_journal_that_no_network_has_opened_is_in_a_dump_as_well() {
        let folder = tempfile::tempdir().unwrap();
        assert!(dump_of(&folder.path().join("none")).unwrap().is_none());
        assert!(dump_of(folder.path()).unwrap().is_none());
        fs::write(folder.path().join(JOURNAL), LANDED).unwrap();
        let mut dump = Vec::new();
        dump_of(folder.path()).unwrap().unwrap().write(&mut dump).await.unwrap();
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join(crate::simulator::LOG), dump).unwrap();
        let network = network(other.path()).unwrap();
        assert_eq!(seen(&network, SLOW), [one("hello, slow", Ack::Read, 0)]);
    }
}

//! One-time import of the journal of former versions: a header, then one line of JSON per step, each a list of
//! [`Record`]s. All records go into the network's store; after that the journal is removed.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::Deserialize;

use crate::{
    simulator::state::{Record, State, in_folder},
    store::local::remove as remove_store,
};

const JOURNAL: &str = "journal.jsonl";
/// A new journal that was not finished when the process ended.
const NEW_JOURNAL: &str = "journal.new";
const VERSION: u32 = 1;
/// Lines per commit to the store.
const AT_ONCE: u64 = 500;

#[derive(Deserialize)]
struct Header {
    version: u32,
}

/// Whether a folder has such a journal.
pub fn is_pending(folder: &Path) -> bool {
    folder.join(JOURNAL).exists()
}

/// Imports the journal of a folder, if there is one.
pub fn import(folder: &Path, most_messages: usize) -> io::Result<()> {
    if !is_pending(folder) {
        return Ok(());
    }
    // While the journal exists, a store is the rest of an import that was interrupted.
    remove_store(folder)?;
    let mut state = load(folder, most_messages)?;
    let path = folder.join(JOURNAL);
    let lines = read(&path, &mut state).map_err(|error| in_file(&path, &error))?;
    state.commit();
    state.store().local().sync().map_err(|error| in_folder(folder, &error))?;
    if state.store().is_failing() {
        return Err(io::Error::other(
            "the journal of a former version could not be imported: see the error before",
        ));
    }
    fs::remove_file(&path)?;
    let _ = fs::remove_file(folder.join(NEW_JOURNAL));
    tracing::info!(lines, "imported the simulated network's journal of {lines} lines");
    Ok(())
}

impl State {
    /// Opens the state of a folder. The journal of a former version is imported first.
    pub fn open(folder: &Path, most_messages: usize) -> io::Result<Self> {
        import(folder, most_messages)?;
        Self::load(folder, most_messages).map_err(|error| in_folder(folder, &error))
    }
}

fn load(folder: &Path, most_messages: usize) -> io::Result<State> {
    State::load(folder, most_messages).map_err(|error| in_folder(folder, &error))
}

/// Applies every complete line. Returns their number.
fn read(path: &Path, state: &mut State) -> io::Result<u64> {
    let (mut reader, mut line) = (BufReader::new(File::open(path)?), Vec::new());
    for number in 1_u64.. {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            // The process ended in the middle of this line.
            return Ok(number - 1);
        }
        let outcome = if number == 1 { check_header(&line) } else { put(&line, state) };
        outcome.map_err(|reason| io::Error::other(format!("line {number}: {reason}")))?;
        if number % AT_ONCE == 0 {
            state.commit();
            state.store_mut().local_mut().bound().map_err(io::Error::other)?;
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

fn put(line: &[u8], state: &mut State) -> Result<(), String> {
    let records: Vec<Record> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    records.into_iter().for_each(|record| state.put(record));
    Ok(())
}

fn in_file(path: &Path, error: &io::Error) -> io::Error {
    let path = path.display();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{path}: {error}; delete this file to start without its content"),
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
    const LANDED: &str = include_str!("../../../tests/landed/simulator_journal.jsonl");

    const ME: &str = "15557654321";
    const ADA: &str = "15550000011@c.us";
    const SLOW: &str = "15550000002@c.us";
    const FILE: &str = "01a225a0b867710f977189bb53610583";

    fn network(folder: &Path) -> io::Result<Network> {
        Network::new(NetworkSettings::new(folder.to_owned(), Clock::system()))
    }

    fn seen(network: &Network, chat: &str) -> Vec<(String, Ack, usize)> {
        let me = Jid::of_phone(ME).unwrap();
        let messages = network.phone(&me).messages(&chat.parse().unwrap()).into_iter();
        messages.map(|message| (message.body, message.ack, message.reactions.len())).collect()
    }

    fn one(body: &str, ack: Ack, reactions: usize) -> (String, Ack, usize) {
        (body.to_owned(), ack, reactions)
    }

    #[tokio::test]
    async fn a_journal_of_a_former_version_is_imported_once_and_completely() {
        let folder = tempfile::tempdir().unwrap();
        let media = folder.path().join("media");
        fs::create_dir(&media).unwrap();
        fs::write(media.join(FILE), "hello").unwrap();
        fs::write(folder.path().join(JOURNAL), LANDED).unwrap();
        fs::write(folder.path().join(NEW_JOURNAL), "half").unwrap();
        let me = Jid::of_phone(ME).unwrap();
        for _ in 0..2 {
            let network = network(folder.path()).unwrap();
            assert!(!is_pending(folder.path()) && !folder.path().join(NEW_JOURNAL).exists());
            let with_ada = [
                one("one, edited", Ack::Read, 0),
                one("two \"quoted\" 😀", Ack::Read, 1),
                one("", Ack::Delivered, 0),
            ];
            assert_eq!(seen(&network, ADA), with_ada);
            let group = "120542353440200000@g.us";
            assert_eq!(seen(&network, group), [one("to all", Ack::Delivered, 0)]);
            assert_eq!(seen(&network, SLOW), [one("hello, slow", Ack::Read, 0)]);
            let chats = network.phone(&me).chats();
            let of_ada = chats.iter().find(|chat| chat.id.as_str() == ADA).unwrap();
            assert_eq!((chats.len(), of_ada.unread), (4, 1));
            assert_eq!((network.accounts().len(), network.account(&me).devices().len()), (8, 1));
            assert_eq!(network.media().get(FILE).map(|file| file.size), Some(5));
            let (now, waiting) =
                (network.clock().view().now.to_string(), network.clock().view().waiting);
            assert_eq!((now.as_str(), waiting), ("2026-11-01T12:00:04Z", 2));
        }
        let network = network(folder.path()).unwrap();
        network.clock().advance(Duration::from_secs(10)).await;
        assert_eq!(seen(&network, SLOW)[1].0, "hello, slow");
        assert_eq!(seen(&network, ADA)[3].0, "on its way");
    }

    #[test]
    fn an_import_that_was_interrupted_anywhere_starts_over() {
        let whole = tempfile::tempdir().unwrap();
        fs::write(whole.path().join(JOURNAL), LANDED).unwrap();
        let expected = State::open(whole.path(), 20).unwrap().store().local().pairs();
        let lines: Vec<&str> = LANDED.split_inclusive('\n').collect();
        for taken in (1..lines.len()).step_by(4).chain([lines.len()]) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(JOURNAL);
            fs::write(&path, lines[..taken].concat()).unwrap();
            let mut state = load(folder.path(), 20).unwrap();
            read(&path, &mut state).unwrap();
            state.commit();
            drop(state);
            // Torn, as its last line may be.
            fs::write(&path, format!("{LANDED}[{{\"gro")).unwrap();
            let state = State::open(folder.path(), 20).unwrap();
            assert!(state.store().local().pairs() == expected, "{taken}");
            assert!(!is_pending(folder.path()));
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

//! Files that are sent: kept in the network's folder, never in memory, the newest of them.
//!
//! When there are too many or they are too large together, the oldest go, in the index and on the
//! disk; their messages stay and say that the file is gone.

use std::{collections::HashSet, fs, io, path::PathBuf};

use uuid::Uuid;

use crate::simulator::{Network, NetworkSettings, ledger::Record, world::World};

/// A file on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    pub path: PathBuf,
    pub mime: String,
    pub size: u64,
}

impl NetworkSettings {
    /// Where files lie that were sent.
    pub fn media_folder(&self) -> PathBuf {
        self.folder.join("media")
    }
}

impl Network {
    /// A place for a new file: its id and where to write it. [`Network::keep_media`] makes it
    /// known.
    pub fn media_place(&self) -> (String, PathBuf) {
        // Ids that rise with time: the first is the oldest.
        let id = Uuid::now_v7().simple().to_string();
        let path = self.settings().media_folder().join(&id);
        (id, path)
    }

    /// Makes a file known that was written to its place.
    pub fn keep_media(&self, id: &str, mime: &str) -> io::Result<MediaFile> {
        let path = self.settings().media_folder().join(id);
        let size = fs::metadata(&path)?.len();
        if self.settings().most_media_bytes < size {
            remove(&path);
            let message = "the file is larger than all that the network keeps";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let gone = self.world().keep_file(id, mime, size);
        for id in gone {
            remove(&self.settings().media_folder().join(id));
        }
        Ok(MediaFile { path, mime: mime.to_owned(), size })
    }

    pub fn media(&self, id: &str) -> Option<MediaFile> {
        let world = self.world();
        let file = world.ledger.files().get(id)?;
        let path = self.settings().media_folder().join(id);
        Some(MediaFile { path, mime: file.mime.clone(), size: file.size })
    }
}

impl World {
    /// Adds a file to the index. The ids of those that had to go for it.
    pub fn keep_file(&mut self, id: &str, mime: &str, size: u64) -> Vec<String> {
        let (id, mime) = (id.to_owned(), mime.to_owned());
        self.ledger.put(Record::File { id, mime, size });
        let mut gone = Vec::new();
        while self.settings.most_media_bytes < self.ledger.files_size()
            || self.settings.most_media_files < self.ledger.files().len()
        {
            let Some(oldest) = self.ledger.files().keys().next().cloned() else { break };
            self.ledger.put(Record::FileGone { id: oldest.clone() });
            gone.push(oldest);
        }
        gone
    }

    /// Deletes files that are in no index: the end of the process came between the two.
    pub fn clear_media_folder(&self) -> io::Result<()> {
        let known: HashSet<&String> = self.ledger.files().keys().collect();
        for entry in fs::read_dir(self.settings.media_folder())? {
            let entry = entry?;
            if entry.file_name().to_str().is_none_or(|name| !known.contains(&name.to_owned())) {
                remove(&entry.path());
            }
        }
        Ok(())
    }
}

fn remove(path: &std::path::Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "a file of the simulated network cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, Jid, command::MediaKind},
        simulator::{PhoneMedia, protocol::Answer},
    };

    fn settings(folder: &std::path::Path) -> NetworkSettings {
        NetworkSettings {
            most_media_files: 3,
            most_media_bytes: 100,
            ..NetworkSettings::new(folder.to_owned(), Clock::system())
        }
    }

    fn keep(network: &Network, size: usize) -> io::Result<String> {
        let (id, place) = network.media_place();
        fs::write(place, vec![0; size]).unwrap();
        network.keep_media(&id, "image/png").map(|_| id)
    }

    fn on_disk(network: &Network) -> usize {
        fs::read_dir(network.settings().media_folder()).unwrap().count()
    }

    #[tokio::test]
    async fn the_oldest_files_go_when_there_are_too_many_or_they_are_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        let small: Vec<String> = (0..4).map(|_| keep(&network, 1).unwrap()).collect();
        assert_eq!((network.media(&small[0]), on_disk(&network)), (None, 3));
        let large = keep(&network, 99).unwrap();
        assert!(network.media(&small[2]).is_none() && network.media(&small[3]).is_some());
        assert_eq!((network.media(&large).map(|file| file.size), on_disk(&network)), (Some(99), 2));
        assert_eq!(keep(&network, 101).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(on_disk(&network), 2);
    }

    #[tokio::test]
    async fn a_message_outlives_its_file_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        let me: Jid = "15557654321@c.us".parse().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, [0; 60]).unwrap();
        let kind = MediaKind::Document;
        let media = PhoneMedia { path: &file, kind, mime: "x/y", filename: None, caption: None };
        let sent = network.write_media(&me, &me, media).unwrap();
        let found = network.world().media_of(&me, &sent.id).unwrap();
        assert!(matches!(found, Answer::Media { size: 60, .. }));
        keep(&network, 60).unwrap();
        let gone = network.world().media_of(&me, &sent.id).unwrap_err();
        assert_eq!(gone.reason, "the file is gone");
        assert_eq!(network.messages(&me, &me)[0].media.as_ref().map(|media| media.size), Some(60));
    }

    #[tokio::test]
    async fn a_file_that_is_in_no_index_is_deleted_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        let kept = keep(&network, 1).unwrap();
        fs::write(network.media_place().1, "half of a fi").unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        assert_eq!((network.media(&kept).is_some(), on_disk(&network)), (true, 1));
    }
}

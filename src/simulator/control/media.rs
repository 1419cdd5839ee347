//! Media files: stored in the network's folder, never held in memory, with limits on number and size.
//!
//! Over a limit the oldest files are deleted. Their messages stay, and a download answers that the file is gone.

use std::{fs, io, path::PathBuf};

use uuid::Uuid;

use crate::simulator::{
    Network,
    media_folder::{add_file, remove},
};

/// A file on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    pub path: PathBuf,
    pub mime: String,
    pub size: u64,
}

impl Network {
    /// Id and path for a new file. [`Network::keep_media`] adds the file to the index.
    pub fn media_place(&self) -> (String, PathBuf) {
        // Ids rise with time: the first id is the oldest file.
        let id = Uuid::now_v7().simple().to_string();
        let path = self.settings().media_folder().join(&id);
        (id, path)
    }

    /// Adds a file to the index that was written to its path.
    pub fn keep_media(&self, id: &str, mime: &str) -> io::Result<MediaFile> {
        let path = self.settings().media_folder().join(id);
        let size = fs::metadata(&path)?.len();
        if self.settings().most_media_bytes < size {
            remove(&path);
            let message = "the file is larger than the network's limit for all files";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let gone = add_file(&mut self.world().state, self.settings(), id, mime, size);
        for id in gone {
            remove(&self.settings().media_folder().join(id));
        }
        Ok(MediaFile { path, mime: mime.to_owned(), size })
    }

    pub fn media(&self, id: &str) -> Option<MediaFile> {
        let world = self.world();
        let file = world.state.files().get(id)?;
        let path = self.settings().media_folder().join(id);
        Some(MediaFile { path, mime: file.mime.clone(), size: file.size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, Jid, command::MediaKind},
        simulator::{NetworkSettings, PhoneMedia, actions::queries, protocol::Answer},
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
        let found = queries::media_of(&network.world().state, &me, &sent.id).unwrap();
        assert!(matches!(found, Answer::Media { size: 60, .. }));
        keep(&network, 60).unwrap();
        let gone = queries::media_of(&network.world().state, &me, &sent.id).unwrap_err();
        assert_eq!(gone.reason, "the file is gone");
        assert_eq!(network.messages(&me, &me)[0].media.as_ref().map(|media| media.size), Some(60));
    }

    #[tokio::test]
    async fn a_file_that_is_not_in_the_index_is_deleted_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        let stored = keep(&network, 1).unwrap();
        fs::write(network.media_place().1, "half of a fi").unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        assert_eq!((network.media(&stored).is_some(), on_disk(&network)), (true, 1));
    }
}

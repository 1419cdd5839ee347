//! Media files: stored in the network's folder, never held in memory, with limits on number and size.
//!
//! Over a limit the oldest files are deleted. Their messages stay, and a download answers that the file is gone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{
    domain::command::MediaKind,
    simulator::{
        Network,
        media_folder::{add_file, remove},
        protocol::{DeviceContent, Refusal, RefusalKind},
    },
};

/// A file on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    pub path: PathBuf,
    pub mime: String,
    pub size: u64,
}

/// A file that a person sends from their phone.
#[derive(Clone, Debug)]
pub struct PhoneMedia<'a> {
    pub path: &'a Path,
    pub kind: MediaKind,
    pub mime: &'a str,
    pub filename: Option<String>,
    pub caption: Option<String>,
}

/// The files of a network.
#[derive(Clone, Copy)]
pub struct NetworkMedia<'n> {
    network: &'n Network,
}

impl Network {
    pub fn media(&self) -> NetworkMedia<'_> {
        NetworkMedia { network: self }
    }
}

impl NetworkMedia<'_> {
    /// Id and path for a new file. [`Self::keep`] adds the file to the index.
    pub fn place(&self) -> (String, PathBuf) {
        // Ids rise with time: the first id is the oldest file.
        let id = Uuid::now_v7().simple().to_string();
        let path = self.network.settings().media_folder().join(&id);
        (id, path)
    }

    /// Adds a file to the index that was written to its path.
    pub fn keep(&self, id: &str, mime: &str) -> io::Result<MediaFile> {
        let path = self.network.settings().media_folder().join(id);
        let size = fs::metadata(&path)?.len();
        if self.network.settings().most_media_bytes < size {
            remove(&path);
            let message = "the file is larger than the network's limit for all files";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let gone =
            add_file(&mut self.network.world().state, self.network.settings(), id, mime, size);
        for id in gone {
            remove(&self.network.settings().media_folder().join(id));
        }
        Ok(MediaFile { path, mime: mime.to_owned(), size })
    }

    pub fn get(&self, id: &str) -> Option<MediaFile> {
        let world = self.network.world();
        let file = world.state.files().get(id)?;
        let path = self.network.settings().media_folder().join(id);
        Some(MediaFile { path, mime: file.mime.clone(), size: file.size })
    }

    /// Copies a file to the network. Returns the content to send.
    pub fn upload(&self, media: PhoneMedia<'_>) -> Result<DeviceContent, Refusal> {
        let unreadable = |_| Refusal::new(RefusalKind::UnknownMedia, "the file cannot be read");
        let (id, place) = self.place();
        std::fs::copy(media.path, place).map_err(unreadable)?;
        self.keep(&id, media.mime).map_err(unreadable)?;
        Ok(DeviceContent::Media {
            media: id,
            kind: media.kind,
            mime: media.mime.to_owned(),
            filename: media.filename,
            caption: media.caption,
        })
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
        let (id, place) = network.media().place();
        fs::write(place, vec![0; size]).unwrap();
        network.media().keep(&id, "image/png").map(|_| id)
    }

    fn on_disk(network: &Network) -> usize {
        fs::read_dir(network.settings().media_folder()).unwrap().count()
    }

    #[tokio::test]
    async fn the_oldest_files_go_when_there_are_too_many_or_they_are_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        let small: Vec<String> = (0..4).map(|_| keep(&network, 1).unwrap()).collect();
        assert_eq!((network.media().get(&small[0]), on_disk(&network)), (None, 3));
        let large = keep(&network, 99).unwrap();
        assert!(
            network.media().get(&small[2]).is_none() && network.media().get(&small[3]).is_some()
        );
        assert_eq!(
            (network.media().get(&large).map(|file| file.size), on_disk(&network)),
            (Some(99), 2)
        );
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
        let sent = network.phone(&me).write_media(&me, media).unwrap();
        let found = queries::media_of(&network.world().state, &me, &sent.id).unwrap();
        assert!(matches!(found, Answer::Media { size: 60, .. }));
        keep(&network, 60).unwrap();
        let gone = queries::media_of(&network.world().state, &me, &sent.id).unwrap_err();
        assert_eq!(gone.reason, "the file is gone");
        assert_eq!(
            network.phone(&me).messages(&me)[0].media.as_ref().map(|media| media.size),
            Some(60)
        );
    }

    #[tokio::test]
    async fn a_file_that_is_not_in_the_index_is_deleted_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        let stored = keep(&network, 1).unwrap();
        fs::write(network.media().place().1, "half of a fi").unwrap();
        let network = Network::new(settings(folder.path())).unwrap();
        assert_eq!((network.media().get(&stored).is_some(), on_disk(&network)), (true, 1));
    }
}

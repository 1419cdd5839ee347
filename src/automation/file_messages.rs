//! Files of the library as messages of flows, and what is said in their place by a channel that carries none.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    accounts::{MediaLinks, Signed},
    domain::{Content, Error, ErrorCode, SessionId, command::MediaKind},
    messaging::{
        Library, MessageFiles, Uploads,
        uploads::{Source, Wanted},
    },
    store::Store,
};

/// How long a link in a message opens its file.
const LINK_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// What makes messages of files. Clones are the same.
#[derive(Clone)]
pub struct FileMessages {
    pub library: Library,
    pub uploads: Uploads,
    pub message_files: MessageFiles,
    pub links: MediaLinks,
    /// Where others reach the gateway; empty where nobody said it.
    pub public_url: String,
}

/// How a file goes on a channel.
#[derive(Clone, Debug, PartialEq)]
pub enum FileMessage {
    AsItIs(Content),
    /// A text in its place, and why.
    InPlace(String, &'static str),
    /// Nothing can be said, and why.
    LeftOut(&'static str),
}

impl FileMessages {
    /// The message with this key that carries a file, which is copied for it. Doing it twice is doing it once.
    pub async fn make(
        &self,
        store: &Store,
        (session, key): (&SessionId, &str),
        (file, text): (Uuid, &str),
    ) -> Result<FileMessage, Error> {
        let Some(known) = Library::known(store, file).await? else {
            return Ok(in_place(text, None, "the file is no longer there"));
        };
        if session.is_sms() {
            return Ok(in_place(text, self.link(file), "SMS carries no file"));
        }
        let kind = MediaKind::of_type(&known.mime);
        let (path, mime, name) = (self.library.path(&known), known.mime, known.filename);
        let source = Source::Stored { field: "mediaId", path, mime, name };
        let caption = Some(text.to_owned()).filter(|text| !text.is_empty());
        let wanted = Wanted { kind, filename: None, caption };
        let upload = match self.uploads.receive(source, wanted).await {
            Ok(upload) => upload,
            Err(Error { code: ErrorCode::Invalid, .. }) => {
                return Ok(in_place(text, None, "the file cannot be sent"));
            }
            Err(error) => return Err(error),
        };
        let content = Content::Media(upload.media.clone());
        let content = self.message_files.adopt(session, key, content).await?;
        drop(upload);
        Ok(FileMessage::AsItIs(content))
    }

    /// A link that opens a file without a credential; none where no address of the gateway is known to others.
    fn link(&self, file: Uuid) -> Option<String> {
        let base = self.public_url.trim_end_matches('/');
        let Signed { expires, signature } = self.links.sign_file(file, LINK_LIFE)?;
        let is_public = !base.is_empty();
        is_public.then(|| format!("{base}/api/media/{file}?exp={expires}&sig={signature}"))
    }
}

/// The text and a link, as far as they are there.
fn in_place(text: &str, link: Option<String>, why: &'static str) -> FileMessage {
    match (text.trim(), link) {
        ("", None) => FileMessage::LeftOut(why),
        ("", Some(link)) => FileMessage::InPlace(link, why),
        (text, None) => FileMessage::InPlace(text.to_owned(), why),
        (text, Some(link)) => FileMessage::InPlace(format!("{text}\n{link}"), why),
    }
}

impl FileMessage {
    /// What the log of runs says of what was sent in place of the file.
    pub fn note(why: &str, said: &str) -> String {
        match said.contains("/api/media/") {
            true => format!("{why}: a link was sent in its place"),
            false => format!("{why}: its text was sent alone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_place_of_a_file_is_its_text_and_a_link_as_far_as_there_are() {
        let why = "SMS carries no file";
        let link = || Some("https://x.example/api/media/1?exp=2&sig=3".to_owned());
        let said = |text, link| match in_place(text, link, why) {
            FileMessage::InPlace(said, why) => Some((FileMessage::note(why, &said), said)),
            FileMessage::AsItIs(_) | FileMessage::LeftOut(_) => None,
        };
        let (note, text) = said("The menu", link()).unwrap();
        assert_eq!(text, "The menu\nhttps://x.example/api/media/1?exp=2&sig=3");
        assert_eq!(note, "SMS carries no file: a link was sent in its place");
        assert_eq!(said("", link()).unwrap().1, link().unwrap());
        let (note, text) = said("The menu", None).unwrap();
        assert_eq!(
            (text.as_str(), note.as_str()),
            ("The menu", "SMS carries no file: its text was sent alone")
        );
        assert_eq!(in_place(" ", None, why), FileMessage::LeftOut(why));
    }
}

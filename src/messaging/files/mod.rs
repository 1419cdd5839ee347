//! Reader of the files that callers send, the same for every surface: from a data URL or an address onto the
//! disk, with the type that the content has, a name that fits it, and WhatsApp's rules for it kept.

mod content;
pub mod data_url;
mod disposition;
mod ogg;
mod picture;

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use self::{content::Typed, data_url::Fault};
use crate::{
    domain::{
        Error, ErrorCode, Subject,
        command::{MediaKind, OutgoingMedia},
        file_name, media_type, rules,
    },
    egress::{Bounds, fetch},
    messaging::Messaging,
};

/// Bytes at the end of a file in which the last page of an Ogg file begins.
const TAIL: u64 = 128 * 1024;

/// Where a file comes from, with the name that this has in the request.
pub enum Source {
    DataUrl { field: &'static str, text: String, limit: u64 },
    Url { field: &'static str, url: String, bounds: Bounds },
}

/// What a file is to be sent as.
pub struct Wanted {
    pub kind: MediaKind,
    pub filename: Option<String>,
    pub caption: Option<String>,
}

/// A file on the disk for one send; removed when dropped.
pub struct Upload {
    pub media: OutgoingMedia,
    _place: Place,
}

/// Removes a file when it is dropped.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // A file that is gone already needs no removal.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file as it came, and what its source says of it.
struct Raw {
    field: &'static str,
    size: u64,
    declared: Option<String>,
    name: Option<String>,
}

/// What is wrong with a file before it is looked at; the name that was chosen for it.
pub fn check_words(source: &Source, wanted: &Wanted) -> Result<Option<String>, Error> {
    let chosen = wanted.filename.as_deref().filter(|name| !name.trim().is_empty());
    let chosen = chosen.map(file_name::chosen).transpose();
    let chosen = chosen.map_err(|rule| Error::invalid_field("filename", rule));
    let address = match source {
        Source::Url { field, url, bounds } => {
            bounds.guard.check(url).map(drop).map_err(|error| named(error, field))
        }
        Source::DataUrl { .. } => Ok(()),
    };
    let caption = rules::check_caption(wanted.caption.as_deref());
    let (chosen, _) = Error::both(chosen, Error::both(caption, address))?;
    Ok(chosen)
}

impl Messaging {
    /// Takes a file in: what is wrong with it is said before anything is sent.
    pub async fn take_file(&self, source: Source, wanted: Wanted) -> Result<Upload, Error> {
        let words = check_words(&source, &wanted);
        let place = Place(self.upload_place().await?);
        let (raw, chosen) = match source {
            Source::DataUrl { field, text, limit } => {
                Error::both(decoded(&place, field, text, limit).await, words)?
            }
            // Nothing is fetched for a request that is refused.
            Source::Url { field, url, bounds } => {
                let words = words?;
                (fetched(&place, field, &url, &bounds).await?, words)
            }
        };
        let name = chosen.clone().or(raw.name);
        let (path, kind) = (place.0.clone(), wanted.kind);
        let (hint, declared) = (name.clone(), raw.declared);
        let field = raw.field;
        let examined = elsewhere(move || {
            examined(&path, kind, hint.as_deref(), declared.as_deref())
                .map_err(|error| Error::internal(format!("the file cannot be read: {error}")))?
                .map_err(|reason| Error::invalid_field(field, reason).about(Subject::Media))
        });
        let (mime, seconds) = examined.await?;
        let name = name.unwrap_or_else(|| usual_name(&mime));
        let media = OutgoingMedia {
            path: place.0.clone(),
            kind,
            filename: file_name::with_extension(name, &mime, chosen.is_some()),
            mime,
            size: raw.size,
            caption: wanted.caption.filter(|caption| !caption.is_empty()),
            seconds,
        };
        Ok(Upload { media, _place: place })
    }
}

async fn decoded(
    place: &Place,
    field: &'static str,
    text: String,
    limit: u64,
) -> Result<Raw, Error> {
    let read = move || {
        data_url::read(&text, limit).map_err(|fault| match fault {
            Fault::Malformed(reason) => Error::invalid_field(field, reason),
            Fault::Empty => Error::invalid_field(field, "is empty"),
            Fault::TooLarge => {
                let message = format!("the file is larger than {} MiB", limit / 1024 / 1024);
                Error::new(ErrorCode::TooLarge, message)
            }
        })
    };
    let url = elsewhere(read).await?;
    let size = u64::try_from(url.bytes.len()).unwrap_or(u64::MAX);
    let kept = tokio::fs::write(&place.0, url.bytes).await;
    kept.map_err(|error| Error::internal(format!("the file cannot be kept: {error}")))?;
    let name = url.name.and_then(|name| file_name::tidy(&name));
    Ok(Raw { field, size, declared: url.declared, name })
}

async fn fetched(
    place: &Place,
    field: &'static str,
    url: &str,
    bounds: &Bounds,
) -> Result<Raw, Error> {
    let fetched = fetch(url, &place.0, bounds).await.map_err(|error| match error.code {
        ErrorCode::Invalid => named(error, field).detail("reason", "fetch_failed"),
        _ => error,
    })?;
    let said = fetched.disposition.as_deref().and_then(disposition::file_name);
    let last = || {
        let segment = fetched.url.path_segments()?.next_back()?;
        Some(percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
    };
    let said = said.and_then(|name| file_name::tidy(&name));
    let name = said.or_else(|| last().and_then(|name| file_name::tidy(&name)));
    Ok(Raw { field, size: fetched.size, declared: fetched.content_type, name })
}

/// The type of a file, and the length of a voice note; why it cannot be sent as this kind, as what follows
/// the name of its field.
fn examined(
    path: &Path,
    kind: MediaKind,
    name: Option<&str>,
    declared: Option<&str>,
) -> std::io::Result<Result<(String, Option<u32>), String>> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(content::HEAD);
    let most = u64::try_from(content::HEAD).unwrap_or(u64::MAX);
    (&mut file).take(most).read_to_end(&mut head)?;
    let Typed { mime, is_certain } = content::type_of(&head, name, declared);
    let refused = |rule: &str| Ok(Err(format!("is {mime}, and {rule}")));
    let mut seconds = None;
    match kind {
        MediaKind::Image | MediaKind::Sticker => {
            let is_picture =
                matches!(mime.as_str(), "image/jpeg" | "image/png" | "image/webp" | "image/gif");
            if !is_picture || !is_certain {
                return refused("a picture must be JPEG, PNG, WebP or GIF by its content");
            }
            if let Err(reason) = picture::check(&std::fs::read(path)?, &mime) {
                return Ok(Err(format!("holds a picture that {reason}")));
            }
        }
        MediaKind::Video if !mime.starts_with("video/") || !is_certain => {
            return refused("its content is no video");
        }
        // A bare stream has no certain mark.
        MediaKind::Audio if !mime.starts_with("audio/") => {
            return refused("its content is no sound");
        }
        MediaKind::Voice if !ogg::is_opus(&head) => {
            return refused("a voice note must be Ogg with Opus by its content");
        }
        MediaKind::Voice => {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            seconds = ogg::seconds(&head, &tail);
        }
        MediaKind::Video | MediaKind::Audio | MediaKind::Document => (),
    }
    Ok(Ok((mime, seconds)))
}

/// What a file is called that has no name.
fn usual_name(mime: &str) -> String {
    let class = mime.split('/').next().filter(|class| ["image", "audio", "video"].contains(class));
    let extension = media_type::extension(mime).unwrap_or("bin");
    format!("{}.{extension}", class.unwrap_or("document"))
}

/// A fault of an address under the name that it has in the request.
fn named(error: Error, field: &str) -> Error {
    if error.code != ErrorCode::Invalid {
        return error;
    }
    let reason = error.message.strip_prefix("url: ").unwrap_or(&error.message);
    Error::invalid_field(field, reason)
}

/// Work that would hold up other callers on the thread that serves them.
async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::internal("the file could not be looked at")))
}

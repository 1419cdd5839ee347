//! Uploads: files that callers send, from a data URL or an address, the same for every surface.
//!
//! A file is stored on disk with the type of its content and a fitting name, and checked against WhatsApp's rules.

mod content;
pub mod data_url;
mod disposition;
mod ogg;
mod picture;

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

pub use self::content::Typed;
use self::data_url::Fault;
use crate::{
    domain::{
        Error, ErrorCode, Subject,
        command::{MediaKind, OutgoingMedia},
        file_name, media_type, rules,
    },
    egress::{Bounds, Guard, fetch},
    messaging::media::folder::MediaFolder,
    store::Store,
};

/// Bytes at the end of a file in which the last page of an Ogg file begins.
const TAIL: u64 = 128 * 1024;

/// The type of a file by its content and its name.
pub fn type_of(bytes: &[u8], name: Option<&str>) -> Typed {
    content::type_of(bytes.get(..content::HEAD).unwrap_or(bytes), name, None)
}

/// The source of a file, with the name of its field in the request.
pub enum Source {
    DataUrl {
        field: &'static str,
        text: String,
        limit: u64,
    },
    Url {
        field: &'static str,
        url: String,
        bounds: Bounds,
    },
    /// A file on the disk, which stays there.
    Stored {
        field: &'static str,
        path: PathBuf,
        mime: String,
        name: String,
    },
}

/// How a file is to be sent.
pub struct Wanted {
    pub kind: MediaKind,
    pub filename: Option<String>,
    pub caption: Option<String>,
}

/// A file on the disk for one send. It is removed when dropped.
pub struct Upload {
    pub media: OutgoingMedia,
    _file: TemporaryFile,
}

/// A path for a file, which is removed when this is dropped.
pub struct TemporaryFile(PathBuf);

impl TemporaryFile {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // The file was moved by the send, or is gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file as received, with what its source says about it.
struct Raw {
    field: &'static str,
    size: u64,
    declared: Option<String>,
    name: Option<String>,
}

/// Checks what a request says about a file, before the file is read. Returns the name that the caller chose.
pub fn check_request(source: &Source, wanted: &Wanted) -> Result<Option<String>, Error> {
    let chosen = wanted.filename.as_deref().filter(|name| !name.trim().is_empty());
    let chosen = chosen.map(file_name::chosen).transpose();
    let chosen = chosen.map_err(|rule| Error::invalid_field("filename", rule));
    let address = match source {
        Source::Url { field, url, bounds } => {
            bounds.guard.check(url).map(drop).map_err(|error| named(error, field))
        }
        Source::DataUrl { .. } | Source::Stored { .. } => Ok(()),
    };
    let caption = rules::check_caption(wanted.caption.as_deref());
    let (chosen, _) = Error::both(chosen, Error::both(caption, address))?;
    Ok(chosen)
}

/// Limits of uploads.
#[derive(Clone)]
pub struct UploadLimits {
    /// In bytes.
    pub size: u64,
    /// For a file that is fetched from an address.
    pub fetch_deadline: Duration,
    /// The addresses that files may be fetched from.
    pub sources: Guard,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Uploads {
    store: Store,
    folder: MediaFolder,
    limits: UploadLimits,
}

impl Uploads {
    pub fn new(store: Store, folder: MediaFolder, limits: UploadLimits) -> Self {
        Self { store, folder, limits }
    }

    /// A file in a request.
    pub fn data_url(&self, field: &'static str, text: String) -> Source {
        Source::DataUrl { field, text, limit: self.limits.size }
    }

    /// A file at an address. A caller with access to one session alone reaches fewer addresses (`is_narrow`).
    pub fn url(&self, field: &'static str, url: String, is_narrow: bool) -> Source {
        let UploadLimits { size, fetch_deadline: deadline, sources } = self.limits.clone();
        let guard = if is_narrow { sources.for_one_session() } else { sources };
        Source::Url { field, url, bounds: Bounds { size, deadline, guard } }
    }

    /// Checks what a request says about a file, before anything else is looked up.
    pub fn check(
        &self,
        source: &Source,
        kind: MediaKind,
        filename: Option<&str>,
        caption: Option<&str>,
    ) -> Result<(), Error> {
        let (filename, caption) = (filename.map(str::to_owned), caption.map(str::to_owned));
        check_request(source, &Wanted { kind, filename, caption }).map(drop)
    }

    /// A path for a file that a caller uploads; a send moves the file from there.
    pub async fn new_path(&self) -> Result<PathBuf, Error> {
        self.store.health().admit()?;
        let folder = self.folder.of_uploads();
        tokio::fs::create_dir_all(&folder).await.map_err(|error| {
            Error::internal(format!("the media folder could not be created: {error}"))
        })?;
        Ok(folder.join(uuid::Uuid::new_v4().simple().to_string()))
    }

    /// A place for a file that comes from elsewhere, until it is moved to where it stays.
    pub async fn temporary(&self) -> Result<TemporaryFile, Error> {
        Ok(TemporaryFile(self.new_path().await?))
    }

    /// Limits of a file that comes from elsewhere.
    pub fn bounds(&self) -> Bounds {
        let UploadLimits { size, fetch_deadline: deadline, sources: guard } = self.limits.clone();
        Bounds { size, deadline, guard }
    }

    /// The type of a file that came from elsewhere, and the name that its source gives it.
    pub async fn examined(
        &self,
        file: &TemporaryFile,
        declared: Option<String>,
        said: Option<Vec<u8>>,
    ) -> Result<(String, Option<String>), Error> {
        let path = file.0.clone();
        off_thread(move || {
            let name = said.as_deref().and_then(disposition::file_name);
            let name = name.and_then(|name| file_name::tidy(&name));
            let head = head_of(&path)
                .map_err(|error| Error::internal(format!("the file could not be read: {error}")))?;
            let Typed { mime, .. } = content::type_of(&head, name.as_deref(), declared.as_deref());
            let name = name.map(|name| file_name::with_extension(name, &mime, true));
            Ok((mime, name))
        })
        .await
    }

    /// A file for what a caller uploads. It has no name, so that it is gone once it is closed, after a kill too.
    pub async fn nameless_file(&self) -> Result<File, Error> {
        let path = self.new_path().await?;
        off_thread(move || {
            let opened = File::options().read(true).write(true).create_new(true).open(&path);
            opened.and_then(|file| std::fs::remove_file(&path).map(|()| file)).map_err(|error| {
                Error::internal(format!("a file for an upload could not be made: {error}"))
            })
        })
        .await
    }

    /// Stores and checks a file. Faults of the file are errors before anything is sent.
    pub async fn receive(&self, source: Source, wanted: Wanted) -> Result<Upload, Error> {
        let checked = check_request(&source, &wanted);
        let file = TemporaryFile(self.new_path().await?);
        let address = match &source {
            Source::Url { url, .. } => Some(url.clone()),
            Source::DataUrl { .. } | Source::Stored { .. } => None,
        };
        let (raw, chosen) = match source {
            Source::DataUrl { field, text, limit } => {
                Error::both(decoded(&file, field, text, limit).await, checked)?
            }
            // Nothing is fetched for a request that is refused.
            Source::Url { field, url, bounds } => {
                let checked = checked?;
                (fetched(&file, field, &url, &bounds).await?, checked)
            }
            Source::Stored { field, path, mime, name } => {
                let checked = checked?;
                (copied(&file, field, &path, mime, name).await?, checked)
            }
        };
        let name = chosen.clone().or(raw.name);
        let (path, kind) = (file.0.clone(), wanted.kind);
        let (hint, declared) = (name.clone(), raw.declared);
        let field = raw.field;
        let examined = off_thread(move || {
            examined(&path, kind, hint.as_deref(), declared.as_deref())
                .map_err(|error| Error::internal(format!("the file could not be read: {error}")))?
                .map_err(|reason| Error::invalid_field(field, reason).about(Subject::Media))
        });
        let (mime, seconds) = examined.await?;
        let name = name.unwrap_or_else(|| usual_name(&mime));
        let media = OutgoingMedia {
            path: file.0.clone(),
            kind,
            filename: file_name::with_extension(name, &mime, chosen.is_some()),
            mime,
            size: raw.size,
            caption: wanted.caption.filter(|caption| !caption.is_empty()),
            seconds,
            url: address,
        };
        Ok(Upload { media, _file: file })
    }
}

async fn decoded(
    file: &TemporaryFile,
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
    let url = off_thread(read).await?;
    let size = u64::try_from(url.bytes.len()).unwrap_or(u64::MAX);
    let stored = tokio::fs::write(&file.0, url.bytes).await;
    stored.map_err(|error| Error::internal(format!("the file could not be stored: {error}")))?;
    let name = url.name.and_then(|name| file_name::tidy(&name));
    Ok(Raw { field, size, declared: url.declared, name })
}

async fn copied(
    file: &TemporaryFile,
    field: &'static str,
    path: &Path,
    mime: String,
    name: String,
) -> Result<Raw, Error> {
    let copied = tokio::fs::copy(path, &file.0).await;
    let size = copied
        .map_err(|error| Error::internal(format!("the file could not be copied: {error}")))?;
    Ok(Raw { field, size, declared: Some(mime), name: Some(name) })
}

async fn fetched(
    file: &TemporaryFile,
    field: &'static str,
    url: &str,
    bounds: &Bounds,
) -> Result<Raw, Error> {
    let fetched = fetch(url, &file.0, bounds).await.map_err(|error| match error.code {
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

/// The type of a file, and the length of a voice note. Or why the file cannot be sent as this kind, as the words
/// after the name of its field.
fn examined(
    path: &Path,
    kind: MediaKind,
    name: Option<&str>,
    declared: Option<&str>,
) -> std::io::Result<Result<(String, Option<u32>), String>> {
    let mut file = File::open(path)?;
    let head = head_of(path)?;
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

/// The beginning of a file, which says its type.
fn head_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(content::HEAD);
    let most = u64::try_from(content::HEAD).unwrap_or(u64::MAX);
    File::open(path)?.take(most).read_to_end(&mut head)?;
    Ok(head)
}

/// The name of a file without one.
fn usual_name(mime: &str) -> String {
    let class = mime.split('/').next().filter(|class| ["image", "audio", "video"].contains(class));
    let extension = media_type::extension(mime).unwrap_or("bin");
    format!("{}.{extension}", class.unwrap_or("document"))
}

/// An error of an address under the name of its field in the request.
fn named(error: Error, field: &str) -> Error {
    if error.code != ErrorCode::Invalid {
        return error;
    }
    let reason = error.message.strip_prefix("url: ").unwrap_or(&error.message);
    Error::invalid_field(field, reason)
}

/// Runs work that would block other callers on a thread of its own.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::internal("the file could not be examined")))
}

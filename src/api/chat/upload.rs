//! A file to be sent: fetched from a URL, or given in the request as a data URL.

use std::path::Path;

use tokio::io::AsyncReadExt;

use crate::{
    api::{
        body::elsewhere,
        chat::error::CODE,
        sessions::{
            media::{Accepts, Upload, decode, name},
            picture,
        },
    },
    domain::{
        Error, ErrorCode,
        command::{MediaKind, OutgoingMedia},
        media_type,
    },
    egress::{Bounds, fetch},
    services::Services,
};

const URL_FIELD: &str = "media_url";
const DATA_FIELD: &str = "media_data";
const LONGEST_CAPTION: usize = 1_024;
/// By so many bytes a type is told.
const HEAD: usize = 8_192;

/// What is to be sent; one of `url` and `data` is given.
pub struct Wanted {
    pub url: Option<String>,
    /// A data URL.
    pub data: Option<String>,
    /// image, video, audio or document.
    pub media_type: String,
    pub filename: Option<String>,
    pub caption: Option<String>,
    /// Whether the caller may touch one session alone.
    pub is_narrow: bool,
}

enum Source {
    Url(String),
    Data(String),
}

/// A file on the disk, and what its source says of it.
struct Taken {
    size: u64,
    content_type: Option<String>,
    filename: Option<String>,
}

pub async fn take(services: &Services, wanted: Wanted) -> Result<Upload, Error> {
    let kind = kind_of(&wanted.media_type)?;
    let source = source(wanted.url, wanted.data)?;
    let caption = wanted.caption.filter(|_| kind != MediaKind::Audio);
    if caption.as_ref().is_some_and(|caption| LONGEST_CAPTION < caption.chars().count()) {
        return Err(Error::invalid_field("caption", "must have at most 1,024 characters"));
    }
    let settings = &services.config.media;
    let bounds = Bounds {
        size: services.config.openwa.max_media_mib * 1024 * 1024,
        deadline: std::time::Duration::from_secs(settings.fetch_timeout_seconds),
        guard: match wanted.is_narrow {
            true => services.media_sources.for_one_session(),
            false => services.media_sources.clone(),
        },
    };
    if let Source::Url(url) = &source {
        bounds.guard.check(url).map_err(|error| renamed(error, URL_FIELD, None))?;
    }
    let path = services.messaging.upload_place().await?;
    // Removes the file however this ends.
    let media = OutgoingMedia {
        path: path.clone(),
        kind,
        mime: String::new(),
        filename: String::new(),
        size: 0,
        caption: caption.filter(|caption| !caption.is_empty()),
    };
    let mut upload = Upload { media };
    let (taken, field) = match source {
        Source::Url(url) => (fetched(&url, &path, &bounds).await?, URL_FIELD),
        Source::Data(data) => (written(data, &path, bounds.size).await?, DATA_FIELD),
    };
    let found = told_by_content(&path).await?;
    let told = taken.content_type.as_deref().map(media_type::tidy);
    let mime = type_of(kind, found, told.as_deref(), field)?;
    if kind == MediaKind::Image {
        check_picture(&path, mime.clone(), field).await?;
    }
    let in_source = taken.filename.and_then(|text| name(Some(text), &mime, Accepts::Image).ok());
    let filename = match wanted.filename {
        Some(given) => name(Some(given), &mime, Accepts::Image)?,
        None => in_source.map_or_else(|| name(None, &mime, Accepts::Image), Ok)?,
    };
    (upload.media.mime, upload.media.filename, upload.media.size) = (mime, filename, taken.size);
    Ok(upload)
}

/// Whether a picture is whole, and of a size that a browser can show.
async fn check_picture(path: &Path, mime: String, field: &str) -> Result<(), Error> {
    let (path, field) = (path.to_owned(), field.to_owned());
    let checked = elsewhere(move || {
        let bytes = std::fs::read(path);
        let bytes =
            bytes.map_err(|error| Error::internal(format!("the file cannot be read: {error}")))?;
        picture::check(&bytes, &mime)
            .map_err(|reason| mismatch(&field, format!("has a picture that {reason}")))
    });
    checked.await
}

fn source(url: Option<String>, data: Option<String>) -> Result<Source, Error> {
    match (url, data) {
        (Some(url), None) => Ok(Source::Url(url)),
        (None, Some(data)) => Ok(Source::Data(data)),
        (None, None) => Err(Error::invalid_field(URL_FIELD, "is required without media_data")),
        (Some(_), Some(_)) => {
            Err(Error::invalid_field(DATA_FIELD, "cannot be given together with media_url"))
        }
    }
}

async fn fetched(url: &str, path: &Path, bounds: &Bounds) -> Result<Taken, Error> {
    let fetched = fetch(url, path, bounds).await;
    let fetched = fetched.map_err(|error| renamed(error, URL_FIELD, Some("MEDIA_FETCH_FAILED")))?;
    let filename = fetched.url.path_segments().and_then(|mut segments| segments.next_back());
    let filename = filename.map(crate::api::body::decoded);
    Ok(Taken { size: fetched.size, content_type: fetched.content_type, filename })
}

async fn written(data: String, path: &Path, limit: u64) -> Result<Taken, Error> {
    let decoded = elsewhere(move || decode(&data, limit)).await;
    let decoded = decoded.map_err(|error| renamed(error, DATA_FIELD, None))?;
    let size = u64::try_from(decoded.bytes.len()).unwrap_or(u64::MAX);
    let unkept = |error| Error::internal(format!("the file cannot be kept: {error}"));
    tokio::fs::write(path, decoded.bytes).await.map_err(unkept)?;
    Ok(Taken { size, content_type: Some(decoded.mime), filename: None })
}

fn kind_of(media_type: &str) -> Result<MediaKind, Error> {
    Ok(match media_type {
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        "audio" => MediaKind::Audio,
        "document" => MediaKind::Document,
        _ => {
            let message = "must be image, video, audio or document";
            return Err(Error::invalid_field("media_type", message));
        }
    })
}

async fn told_by_content(path: &Path) -> Result<Option<&'static str>, Error> {
    let unreadable = |error| Error::internal(format!("the file cannot be read: {error}"));
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut head = Vec::with_capacity(HEAD);
    let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut head).await.map_err(unreadable)?;
    Ok(infer::get(&head).map(|found| found.mime_type()))
}

/// The type of a file by its content, and where that tells nothing by what its server says; it must
/// fit what it is to be sent as.
fn type_of(
    kind: MediaKind,
    found: Option<&str>,
    told: Option<&str>,
    field: &str,
) -> Result<String, Error> {
    let told_audio = told.filter(|told| told.starts_with("audio/"));
    let of_class = |class: &str| found.filter(|found| found.starts_with(class));
    let mime = match kind {
        MediaKind::Image => found.filter(|found| {
            matches!(*found, "image/jpeg" | "image/png" | "image/webp" | "image/gif")
        }),
        MediaKind::Video => of_class("video/"),
        // Some containers hold video and audio alike; a bare stream has no certain mark.
        MediaKind::Audio => match found {
            None => told_audio,
            Some(found) if found.starts_with("video/") => told_audio,
            Some(_) => of_class("audio/"),
        },
        _ => Some(found.or(told).unwrap_or("application/octet-stream")),
    };
    mime.map(str::to_owned).ok_or_else(|| {
        let shown = found.or(told).unwrap_or("unknown");
        mismatch(field, format!("has a file of type {shown}, which does not fit media_type"))
    })
}

fn mismatch(field: &str, message: String) -> Error {
    let fields = serde_json::json!({ field: [&message] });
    Error::invalid(message).detail(CODE, "MEDIA_TYPE_MISMATCH").detail("fields", fields)
}

/// A fault of a URL or of data, under the name that it has in the body.
fn renamed(error: Error, field: &str, code: Option<&str>) -> Error {
    if error.code != ErrorCode::Invalid {
        return error;
    }
    let former = field.trim_start_matches("media_");
    let faults = error.details.get("fields").and_then(|fields| fields.get(former)).cloned();
    let faults = faults.unwrap_or_else(|| serde_json::json!([error.message]));
    let message = error.message.replacen(&format!("{former}:"), &format!("{field}:"), 1);
    let renamed = Error::invalid(message).detail("fields", serde_json::json!({ field: faults }));
    match code {
        Some(code) => renamed.detail(CODE, code),
        None => renamed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_content_says() {
        let types = |kind, found, told| type_of(kind, found, told, URL_FIELD).ok();
        let image = Some("image/png");
        assert_eq!(types(MediaKind::Image, image, Some("text/html")).as_deref(), image);
        assert_eq!(types(MediaKind::Image, None, image), None);
        assert_eq!(types(MediaKind::Image, Some("image/svg+xml"), image), None);
        assert_eq!(types(MediaKind::Video, image, Some("video/mp4")), None);
        let audio = Some("audio/mp4");
        assert_eq!(types(MediaKind::Audio, Some("video/mp4"), audio).as_deref(), audio);
        assert_eq!(types(MediaKind::Audio, None, audio).as_deref(), audio);
        assert_eq!(types(MediaKind::Audio, Some("video/mp4"), Some("video/mp4")), None);
        let csv = types(MediaKind::Document, None, Some("text/csv"));
        assert_eq!(csv.as_deref(), Some("text/csv"));
        let unknown = types(MediaKind::Document, None, None);
        assert_eq!(unknown.as_deref(), Some("application/octet-stream"));
    }
}

//! A file that is fetched from a URL to be sent.

use std::path::Path;

use tokio::io::AsyncReadExt;

use crate::{
    api::{
        chat::error::CODE,
        sessions::media::{Accepts, Upload, name},
    },
    domain::{
        Error, ErrorCode,
        command::{MediaKind, OutgoingMedia},
    },
    egress::{Bounds, check_url, fetch},
    services::Services,
};

const FIELD: &str = "media_url";
const LONGEST_CAPTION: usize = 1_024;
/// By so many bytes a type is told.
const HEAD: usize = 8_192;

/// What is to be fetched.
pub struct Wanted<'a> {
    pub url: &'a str,
    /// image, video, audio or document.
    pub media_type: &'a str,
    pub filename: Option<String>,
    pub caption: Option<String>,
}

pub async fn take(services: &Services, wanted: Wanted<'_>) -> Result<Upload, Error> {
    let kind = kind_of(wanted.media_type)?;
    let caption = wanted.caption.filter(|_| kind != MediaKind::Audio);
    if caption.as_ref().is_some_and(|caption| LONGEST_CAPTION < caption.chars().count()) {
        return Err(Error::invalid_field("caption", "must have at most 1,024 characters"));
    }
    let settings = &services.config.media;
    let bounds = Bounds {
        size: services.config.openwa.max_media_mib * 1024 * 1024,
        deadline: std::time::Duration::from_secs(settings.fetch_timeout_seconds),
        allow_private: settings.allow_private_sources,
    };
    check_url(wanted.url, bounds.allow_private).map_err(|error| renamed(error, None))?;
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
    let fetched = fetch(wanted.url, &path, bounds).await;
    let fetched = fetched.map_err(|error| renamed(error, Some("MEDIA_FETCH_FAILED")))?;
    let found = told_by_content(&path).await?;
    let mime = type_of(kind, found, fetched.content_type.as_deref())?;
    let in_url = fetched.url.path_segments().and_then(|mut segments| segments.next_back());
    let in_url = in_url.map(crate::api::body::decoded);
    let in_url = in_url.and_then(|text| name(Some(text), &mime, Accepts::Image).ok());
    let filename = match wanted.filename {
        Some(given) => name(Some(given), &mime, Accepts::Image)?,
        None => in_url.map_or_else(|| name(None, &mime, Accepts::Image), Ok)?,
    };
    (upload.media.mime, upload.media.filename, upload.media.size) = (mime, filename, fetched.size);
    Ok(upload)
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
fn type_of(kind: MediaKind, found: Option<&str>, told: Option<&str>) -> Result<String, Error> {
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
        let message = format!("leads to a file of type {shown}, which does not fit media_type");
        let fields = serde_json::json!({ FIELD: [&message] });
        Error::invalid(message).detail(CODE, "MEDIA_TYPE_MISMATCH").detail("fields", fields)
    })
}

/// A fault of a URL, under the name that it has in the body.
fn renamed(error: Error, code: Option<&str>) -> Error {
    if error.code != ErrorCode::Invalid {
        return error;
    }
    let faults = error.details.get("fields").and_then(|fields| fields.get("url")).cloned();
    let faults = faults.unwrap_or_else(|| serde_json::json!([error.message]));
    let message = error.message.replacen("url:", "media_url:", 1);
    let renamed = Error::invalid(message).detail("fields", serde_json::json!({ FIELD: faults }));
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
        let types = |kind, found, told| type_of(kind, found, told).ok();
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

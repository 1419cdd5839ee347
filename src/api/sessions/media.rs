//! Files that callers send as data URLs: decoded, checked, and laid on the disk for the send.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::{
    api::{body::elsewhere, sessions::picture},
    domain::{
        Error, ErrorCode, Subject,
        command::{MediaKind, OutgoingMedia},
    },
    services::Services,
};

const LONGEST_NAME: usize = 255;
const LONGEST_CAPTION: usize = 1_024;

/// What an endpoint accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    Image,
    Audio,
    /// Audio that can be a voice note.
    Voice,
    Anything,
}

/// A file on the disk for one send; removed when dropped.
pub struct Upload {
    pub media: OutgoingMedia,
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A file that is gone already needs no removal.
        let _ = std::fs::remove_file(&self.media.path);
    }
}

/// A decoded data URL.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    pub mime: String,
    pub bytes: Vec<u8>,
}

/// Takes a file in: what is wrong with it is said before anything is sent.
pub async fn take(
    services: &Services,
    data: String,
    filename: Option<String>,
    caption: Option<String>,
    accepts: Accepts,
) -> Result<Upload, Error> {
    let limit = services.config.openwa.max_media_mib * 1024 * 1024;
    if caption.as_ref().is_some_and(|caption| LONGEST_CAPTION < caption.chars().count()) {
        return Err(Error::invalid_field("caption", "must have at most 1,024 characters"));
    }
    let decoded = elsewhere(move || {
        let decoded = decode(&data, limit)?;
        check(&decoded, accepts)?;
        Ok(decoded)
    });
    let decoded = decoded.await?;
    let filename = name(filename, &decoded.mime, accepts)?;
    let path: PathBuf = services.messaging.upload_place().await?;
    let size = u64::try_from(decoded.bytes.len()).unwrap_or(u64::MAX);
    let media = OutgoingMedia {
        path: path.clone(),
        kind: match accepts {
            Accepts::Image => MediaKind::Image,
            Accepts::Audio => MediaKind::Audio,
            Accepts::Voice => MediaKind::Voice,
            Accepts::Anything => MediaKind::Document,
        },
        mime: decoded.mime,
        filename,
        size,
        caption: caption.filter(|caption| !caption.is_empty()),
    };
    let upload = Upload { media };
    tokio::fs::write(&path, decoded.bytes)
        .await
        .map_err(|error| Error::internal(format!("the file cannot be kept: {error}")))?;
    Ok(upload)
}

/// Reads a data URL of at most `limit` bytes; faults are the field `data`'s.
pub fn decode(data: &str, limit: u64) -> Result<Decoded, Error> {
    let fault = |message: &str| Error::invalid_field("data", message);
    let rest = data
        .strip_prefix("data:")
        .ok_or_else(|| fault("must be a data URL: data:<type>;base64,<content>"))?;
    let (head, content) =
        rest.split_once(',').ok_or_else(|| fault("has no comma before its content"))?;
    let mime = head.strip_suffix(";base64").ok_or_else(|| fault("must be in base64"))?;
    let mime = mime.split(';').next().unwrap_or_default().trim().to_lowercase();
    let is_type = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
        !part.is_empty() && part.len() <= 127 && part.bytes().all(allowed)
    };
    if !mime.split_once('/').is_some_and(|(kind, subtype)| is_type(kind) && is_type(subtype)) {
        return Err(fault("names no type"));
    }
    // Four characters make three bytes.
    let about = u64::try_from(content.len()).unwrap_or(u64::MAX) / 4 * 3;
    if limit + 3 < about {
        return Err(too_large(limit));
    }
    let content = content.as_bytes();
    let bytes =
        BASE64.decode(content).map_err(|error| fault(&format!("is not base64: {error}")))?;
    if bytes.is_empty() {
        return Err(fault("is empty"));
    }
    if limit < u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
        return Err(too_large(limit));
    }
    Ok(Decoded { mime, bytes })
}

fn too_large(limit: u64) -> Error {
    Error::new(ErrorCode::TooLarge, format!("the file is larger than {} MiB", limit / 1024 / 1024))
}

/// Whether the content is what the endpoint is for, by its name and by its first bytes.
fn check(decoded: &Decoded, accepts: Accepts) -> Result<(), Error> {
    let unsupported = |message: String| Err(Error::invalid(message).about(Subject::Media));
    let mime = decoded.mime.as_str();
    let found = infer::get(&decoded.bytes);
    match accepts {
        Accepts::Anything => Ok(()),
        Accepts::Image => {
            if !matches!(mime, "image/jpeg" | "image/png" | "image/webp" | "image/gif") {
                return unsupported(format!(
                    "'{mime}' is not an image that WhatsApp takes: JPEG, PNG, WebP or GIF"
                ));
            }
            match found.map(|found| found.mime_type()) {
                Some(found) if found.starts_with("image/") => picture::check(&decoded.bytes, found)
                    .or_else(|reason| unsupported(format!("the picture {reason}"))),
                _ => unsupported("the content is not an image".to_owned()),
            }
        }
        Accepts::Audio | Accepts::Voice => {
            let is_ogg = matches!(mime, "audio/ogg" | "audio/opus");
            if accepts == Accepts::Voice && !is_ogg {
                return unsupported("a voice note must be OGG with Opus".to_owned());
            }
            if !mime.starts_with("audio/") {
                return unsupported(format!("'{mime}' is not audio"));
            }
            match found {
                // Some containers hold video and audio alike; a bare stream has no certain mark.
                Some(found)
                    if !found.mime_type().starts_with("audio/")
                        && !found.mime_type().starts_with("video/") =>
                {
                    unsupported("the content is not audio".to_owned())
                }
                Some(_) | None => Ok(()),
            }
        }
    }
}

/// A plain file name: the one given, or one made from the type.
pub fn name(given: Option<String>, mime: &str, accepts: Accepts) -> Result<String, Error> {
    let Some(name) = given.filter(|name| !name.trim().is_empty()) else {
        if accepts == Accepts::Anything {
            return Err(Error::invalid_field("filename", "is required"));
        }
        let (kind, subtype) = mime.split_once('/').unwrap_or(("file", "bin"));
        return Ok(format!("{kind}.{}", subtype.trim_start_matches("x-")));
    };
    let is_path = name.contains(['/', '\\', '\0']) || name == "." || name == "..";
    if is_path || name.chars().any(char::is_control) || LONGEST_NAME < name.len() {
        return Err(Error::invalid_field(
            "filename",
            "must be a plain file name of at most 255 bytes",
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    #[test]
    fn a_picture_is_a_picture_by_name_and_by_content() {
        let picture = decode(PNG, 1_000).unwrap();
        assert_eq!(check(&picture, Accepts::Image), Ok(()));
        let text = decode("data:image/png;base64,aGVsbG8=", 1_000).unwrap();
        assert!(check(&text, Accepts::Image).is_err());
        let svg = decode("data:image/svg+xml;base64,aGVsbG8=", 1_000).unwrap();
        assert!(check(&svg, Accepts::Image).is_err());
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_and_after_decoding() {
        for data in ["data:a/b;base64,aGVsbG8=", &format!("data:a/b;base64,{}", "A".repeat(400))] {
            assert_eq!(decode(data, 4).map_err(|error| error.code), Err(ErrorCode::TooLarge));
        }
    }

    #[test]
    fn a_name_cannot_be_a_path() {
        for bad in ["../x", "a/b", "a\\b", "..", "a\u{0}b", "a\nb"] {
            assert!(name(Some(bad.to_owned()), "a/b", Accepts::Anything).is_err(), "{bad:?}");
        }
        assert_eq!(name(None, "image/png", Accepts::Image), Ok("image.png".to_owned()));
        assert!(name(None, "image/png", Accepts::Anything).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_is_not_a_data_url_gets_through(text in "\\PC{0,60}") {
            prop_assert!(text.starts_with("data:") || decode(&text, 1_000).is_err());
        }
    }
}

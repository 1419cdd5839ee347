//! A file to be sent: at an address, or in the request as a data URL.

use crate::{
    domain::{Error, command::MediaKind},
    egress::Bounds,
    messaging::files::{Source, Upload, Wanted},
    services::Services,
};

const URL_FIELD: &str = "media_url";
const DATA_FIELD: &str = "media_data";

/// What a caller gave; one of `url` and `data`.
pub struct Given {
    pub url: Option<String>,
    /// A data URL.
    pub data: Option<String>,
    /// image, video, audio, voice or document.
    pub media_type: String,
    pub filename: Option<String>,
    pub caption: Option<String>,
    /// Whether the caller may touch one session alone.
    pub is_narrow: bool,
}

pub async fn take(services: &Services, given: Given) -> Result<Upload, Error> {
    let kind = kind_of(&given.media_type)?;
    let limit = services.config.openwa.max_media_mib * 1024 * 1024;
    let source = match (given.url, given.data) {
        (Some(url), None) => Source::Url {
            field: URL_FIELD,
            url,
            bounds: Bounds {
                size: limit,
                deadline: std::time::Duration::from_secs(
                    services.config.media.fetch_timeout_seconds,
                ),
                guard: match given.is_narrow {
                    true => services.media_sources.for_one_session(),
                    false => services.media_sources.clone(),
                },
            },
        },
        (None, Some(text)) => Source::DataUrl { field: DATA_FIELD, text, limit },
        (None, None) => {
            return Err(Error::invalid_field(URL_FIELD, "is required without media_data"));
        }
        (Some(_), Some(_)) => {
            let message = "cannot be given together with media_url";
            return Err(Error::invalid_field(DATA_FIELD, message));
        }
    };
    let is_sound = matches!(kind, MediaKind::Audio | MediaKind::Voice);
    let caption = given.caption.filter(|_| !is_sound);
    services.messaging.take_file(source, Wanted { kind, filename: given.filename, caption }).await
}

fn kind_of(media_type: &str) -> Result<MediaKind, Error> {
    Ok(match media_type {
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        "audio" => MediaKind::Audio,
        "voice" => MediaKind::Voice,
        "document" => MediaKind::Document,
        _ => {
            let message = "must be image, video, audio, voice or document";
            return Err(Error::invalid_field("media_type", message));
        }
    })
}

//! A file to be sent: at an address, or in the request as a data URL.

use utoipa::openapi::Schema;

use crate::{
    api::kit::{check::bounds::one_of, required_choice},
    domain::{Error, command::MediaKind},
    messaging::uploads::{Source, Upload, Wanted, check_request},
    services::Services,
};

const URL_FIELD: &str = "media_url";
const DATA_FIELD: &str = "media_data";
const KINDS: [&str; 5] = ["image", "video", "audio", "voice", "document"];

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

/// Takes the file in.
pub async fn take(services: &Services, given: Given) -> Result<Upload, Error> {
    let (source, wanted) = read(services, given)?;
    services.uploads.receive(source, wanted).await
}

/// Says what is wrong with a file that is not sent. Nothing is fetched for it.
pub async fn check(services: &Services, given: Given) -> Result<(), Error> {
    let (source, wanted) = read(services, given)?;
    match source {
        Source::Url { .. } => check_request(&source, &wanted).map(drop),
        source => services.uploads.receive(source, wanted).await.map(drop),
    }
}

fn read(services: &Services, given: Given) -> Result<(Source, Wanted), Error> {
    let uploads = &services.uploads;
    let source = match (given.url, given.data) {
        (Some(url), None) => Ok(uploads.url(URL_FIELD, url, given.is_narrow)),
        (None, Some(text)) => Ok(uploads.data_url(DATA_FIELD, text)),
        (None, None) => Err(Error::invalid_field(URL_FIELD, "is required without media_data")),
        (Some(_), Some(_)) => {
            let message = "cannot be given together with media_url";
            Err(Error::invalid_field(DATA_FIELD, message))
        }
    };
    let (kind, source) = Error::both(kind_of(&given.media_type), source)?;
    let is_sound = matches!(kind, MediaKind::Audio | MediaKind::Voice);
    let caption = given.caption.filter(|_| !is_sound);
    Ok((source, Wanted { kind, filename: given.filename, caption }))
}

/// The schema of the kind of a file.
pub fn kind_schema() -> Schema {
    required_choice("What it is sent as; `voice` is Ogg with Opus.", &KINDS)
}

fn kind_of(media_type: &str) -> Result<MediaKind, Error> {
    Ok(match media_type {
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        "audio" => MediaKind::Audio,
        "voice" => MediaKind::Voice,
        "document" => MediaKind::Document,
        _ => return Err(Error::invalid_field("media_type", one_of(&KINDS))),
    })
}

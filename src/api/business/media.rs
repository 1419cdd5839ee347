//! Uploads of the business API: files that later sends name by their id.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Created, Form, OwnSessions},
    },
    domain::Error,
};

const TAG: &str = "Business messages";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/whatsapp-api/media", upload)
            .named("uploadBusinessMedia")
            .about(TAG, "Upload a file for later sends")
            .details(
                "JPEG, PNG, WebP, PDF, DOCX, MP3, OGG or MP4 by its content, up to 16 MiB. It is kept for 30 days.",
            ),
    ]
}

#[derive(ToSchema)]
#[schema(as = BusinessUploadForm)]
#[expect(dead_code, reason = "only its schema is read")]
struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file of the library.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessMedia)]
struct MediaView {
    /// Id of the file, for later sends.
    #[schema(example = "0194f3a0-0000-7000-8000-000000000001")]
    media_id: String,
    /// Media type of the file, by its content.
    #[schema(example = "image/png")]
    mime_type: String,
    /// Bytes.
    size: u64,
    filename: String,
    /// SHA-256 of the file, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
    /// Where the file can be read with a credential.
    #[schema(example = "/api/media/0194f3a0-0000-7000-8000-000000000001")]
    url: String,
}

async fn upload(
    call: kit::Call<kit::Send, OwnSessions>,
    mut form: Form<UploadForm>,
) -> Result<Created<MediaView>, ApiError> {
    let file = form.file()?;
    if call.config.business.max_upload_mib.saturating_mul(1 << 20) < file.size {
        let mib = call.config.business.max_upload_mib;
        return Err(Error::invalid(format!("File exceeds the {mib}MB limit")).into());
    }
    let filename = file.filename.clone();
    let stored = call.library.add(file.into_bytes().await?, filename.as_deref()).await?;
    Ok(Created::of(MediaView {
        url: format!("/api/media/{}", stored.id),
        media_id: stored.id.to_string(),
        mime_type: stored.mime,
        size: stored.size,
        filename: stored.filename,
        sha256: stored.sha256,
    }))
}

//! The QR code of a session as text, data URL or picture, and the pairing code instead of it.

use std::time::Duration;

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Body, Call, Data, File, FileKind, InSession, Query},
        sessions::{
            linking_code::{USUAL_SIZE, data_url, pairing_message, png},
            texts::phone,
            view::failure_of,
            wire::{seconds, status_schema, status_word},
        },
    },
    domain::{
        Error, ErrorCode, Reply, SessionState, SessionStatus, Subject, Timestamp, session::QrCode,
    },
};

const TAG: &str = "Linking";
const WAIT: Duration = Duration::from_secs(30);

pub fn endpoints() -> Vec<Endpoint> {
    let code = |endpoint: Endpoint| {
        endpoint
            .details("404 while there is no code: the session is linked, failed or still starts.")
    };
    vec![
        code(Endpoint::get("/api/v1/sessions/{sessionId}/qr", read))
            .named("getQrCode")
            .about(TAG, "The QR code to scan"),
        code(Endpoint::get("/api/v1/sessions/{sessionId}/qr/image", image))
            .named("getQrImage")
            .about(TAG, "The QR code as a PNG picture"),
        code(Endpoint::get("/api/v1/sessions/{sessionId}/qr.png", image))
            .named("getQrPng")
            .about(TAG, "The QR code as a PNG picture"),
        Endpoint::post("/api/v1/sessions/{sessionId}/pairing-code", pairing_code)
            .named("createPairingCode")
            .about(TAG, "A code to type on the phone instead of scanning")
            .details(
                "Type it on the phone under Linked devices, Link with phone number. It takes \
                 the place of the QR code.",
            ),
    ]
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum QrFormat {
    #[default]
    Base64,
    Url,
    Text,
}

#[derive(Deserialize, ToSchema)]
struct QrQuery {
    /// Wait up to 30 seconds for a code.
    #[serde(default)]
    wait: bool,
    /// As a data URL, as the address of the picture, or as the text of the code; base64 when nothing
    /// is said.
    format: Option<QrFormat>,
}

#[derive(Deserialize, ToSchema)]
struct QrImageQuery {
    /// Wait up to 30 seconds for a code.
    #[serde(default)]
    wait: bool,
    /// Pixels of a side.
    #[schema(minimum = 100, maximum = 1_000, default = 300)]
    size: Option<u32>,
}

/// A picture of the code.
struct Png;

impl FileKind for Png {
    const CONTENT_TYPE: &'static str = "image/png";
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QrView {
    /// The picture as a data URL, unless only the text was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    qr_code: Option<String>,
    /// The text of the code, unless only the picture was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "2@abc,def,ghi")]
    qr_text: Option<String>,
    /// Path of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "/api/v1/sessions/shop/qr/image")]
    qr_code_url: Option<String>,
    expires_at: String,
    session_id: String,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// The form that was asked for.
    format: QrFormat,
    attempt: u32,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "phone": "15551234567" }))]
struct PairingBody {
    /// With the country code, in any usual form.
    #[schema(format = "phone")]
    phone: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PairingView {
    /// The code to type on the phone.
    #[schema(example = "ABCD-1234")]
    code: String,
    expires_at: String,
}

async fn read(
    call: Call<Admin, InSession>,
    Query(query): Query<QrQuery>,
) -> Result<Data<QrView>, ApiError> {
    let format = query.format.unwrap_or_default();
    let status = current(&call, query.wait).await?;
    let Some(qr) = &status.qr else { return Err(not_available(&status).into()) };
    Ok(Data::of(QrView {
        qr_code: (format == QrFormat::Base64).then(|| data_url(&qr.text)).transpose()?,
        qr_text: (format == QrFormat::Text).then(|| qr.text.clone()),
        qr_code_url: (format == QrFormat::Url)
            .then(|| format!("/api/v1/sessions/{}/qr/image", status.id)),
        expires_at: seconds(qr.expires_at),
        session_id: status.id.to_string(),
        status: status_word(status.state),
        format,
        attempt: qr.attempt,
    }))
}

async fn image(
    call: Call<Admin, InSession>,
    Query(query): Query<QrImageQuery>,
) -> Result<File<Png>, ApiError> {
    let status = current(&call, query.wait).await?;
    let Some(qr) = &status.qr else { return Err(not_available(&status).into()) };
    let picture = png(&qr.text, query.size.unwrap_or(USUAL_SIZE))?;
    let mut answer = HttpResponse::Ok();
    answer.content_type(Png::CONTENT_TYPE).insert_header(("cache-control", "no-cache"));
    Ok(answer.body(picture).into())
}

async fn pairing_code(
    call: Call<Admin, InSession>,
    Body(body): Body<PairingBody>,
) -> Result<Data<PairingView>, ApiError> {
    let phone = phone(&body.phone)?;
    let reply = call.session()?.pairing_code(phone.user().to_owned()).await?;
    call.still_good().await?;
    match reply {
        Reply::PairingCode { code, expires_at } => {
            Ok(Data::of(PairingView { code, expires_at: seconds(expires_at) }))
        }
        _ => Err(Error::new(ErrorCode::EngineFailed, "the engine gave no code").into()),
    }
}

/// The status, after waiting for a code when the caller wants that. A code that has run out is
/// no code.
async fn current(call: &Call<Admin, InSession>, wait: bool) -> Result<SessionStatus, ApiError> {
    let handle = call.session()?;
    let mut status = handle.status();
    if wait {
        let decided = |status: &SessionStatus| {
            status.qr.is_some() || status.state != SessionState::Initializing
        };
        status = handle.wait_until(WAIT, decided).await;
        call.still_good().await?;
    }
    let now = call.clock.now();
    status.qr = status.qr.filter(|qr| now < qr.expires_at);
    Ok(status)
}

/// The code that a session shows now, or why there is none.
pub fn shown_code(status: &SessionStatus, now: Timestamp) -> Result<&QrCode, Error> {
    let qr = status.qr.as_ref().filter(|qr| now < qr.expires_at);
    qr.ok_or_else(|| not_available(status))
}

fn not_available(status: &SessionStatus) -> Error {
    let message = match status.state {
        SessionState::Authenticated | SessionState::Ready | SessionState::Degraded => {
            "Session is already authenticated".to_owned()
        }
        SessionState::Failed => {
            let reason = status.last_error.as_deref().unwrap_or("no reason is known");
            format!("The session failed and shows no code: {reason}. Start it again for a new code")
        }
        SessionState::Terminated => {
            "The session is stopped and shows no code. Start it for a new code".to_owned()
        }
        SessionState::Initializing | SessionState::QrReady => match status.pairing_until {
            Some(until) => pairing_message(until),
            None => "QR code not yet generated".to_owned(),
        },
    };
    let error = Error::not_found(Subject::QrCode, message);
    let mut error = error.detail("status", status_word(status.state));
    if let Some(until) = status.pairing_until {
        error = error.detail("pairingCodeExpiresAt", seconds(until));
    }
    if status.state != SessionState::Failed {
        return error;
    }
    let last_error = status.last_error.as_deref();
    error.detail("failure", failure_of(status)).detail("lastError", last_error)
}

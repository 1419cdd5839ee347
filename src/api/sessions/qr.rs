//! The QR code of a session as text, data URL or picture, and the pairing code instead of it.

use std::{io::Cursor, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use image::{ImageFormat, Luma};
use qrcode::{EcLevel, QrCode, types::Color};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        auth::still_good,
        body::{Body, Query, session_id},
        endpoint::{
            Endpoint,
            ParameterKind::{Flag, Number, OneOf},
            Scope,
        },
        error::ApiError,
        sessions::{
            data,
            view::failure_of,
            wire::{self, seconds, status_word},
        },
    },
    domain::{
        Error, ErrorCode, Jid, Reply, SessionState, SessionStatus, Subject, Timestamp, address,
    },
    services::Services,
};

const TAG: &str = "Linking";
const WAIT: Duration = Duration::from_secs(30);
const QUIET_ZONE: usize = 4;
const FORMATS: [&str; 3] = ["base64", "url", "text"];
const USUAL_SIZE: u32 = 300;

pub fn endpoints() -> Vec<Endpoint> {
    let image = |path| {
        Endpoint::get(path, image)
            .about(TAG, "The QR code as a PNG picture")
            .needs(Scope::Admin)
            .query(Flag, "wait", "Wait up to 30 s for a code")
            .query(Number, "size", "Pixels, 100 to 1000 (default 300)")
            .answers_other(200, "image/png")
    };
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/qr", read)
            .about(TAG, "The QR code to scan")
            .needs(Scope::Admin)
            .query(Flag, "wait", "Wait up to 30 s for a code")
            .query(OneOf(&FORMATS), "format", "base64 (default), url or text")
            .answers::<QrView>(200),
        image("/api/v1/sessions/{sessionId}/qr/image"),
        image("/api/v1/sessions/{sessionId}/qr.png"),
        Endpoint::post("/api/v1/sessions/{sessionId}/pairing-code", pairing_code)
            .about(TAG, "A code to type on the phone instead of scanning")
            .takes::<PairingBody>()
            .answers::<PairingView>(200),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QrView {
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code_url: Option<String>,
    expires_at: String,
    session_id: String,
    status: &'static str,
    format: String,
    attempt: u32,
}

#[derive(Deserialize, ToSchema)]
struct PairingBody {
    /// With the country code, in any usual form.
    #[schema(format = "phone")]
    phone: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PairingView {
    code: String,
    expires_at: String,
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(&request);
    let format = query.text("format").unwrap_or("base64").to_owned();
    let status = current(&services, &request).await?;
    let Some(qr) = &status.qr else { return Err(not_available(&status).into()) };
    let view = QrView {
        qr_code: (format == "base64").then(|| data_url(&qr.text)).transpose()?,
        qr_text: (format == "text").then(|| qr.text.clone()),
        qr_code_url: (format == "url").then(|| format!("/api/v1/sessions/{}/qr/image", status.id)),
        expires_at: seconds(qr.expires_at),
        session_id: status.id.to_string(),
        status: status_word(status.state),
        format,
        attempt: qr.attempt,
    };
    Ok(HttpResponse::Ok().json(data(view)))
}

async fn image(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let size = Query::of(&request).number("size", USUAL_SIZE, 100, 1_000)?;
    let status = current(&services, &request).await?;
    let Some(qr) = &status.qr else { return Err(not_available(&status).into()) };
    let picture = png(&qr.text, size)?;
    Ok(HttpResponse::Ok()
        .content_type("image/png")
        .insert_header(("cache-control", "no-cache"))
        .body(picture))
}

async fn pairing_code(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<PairingBody>,
) -> Result<HttpResponse, ApiError> {
    let phone = phone(&body.phone)?;
    let handle = services.supervisor.get(&session_id(&request)?)?;
    let reply = handle.pairing_code(phone.user().to_owned()).await?;
    still_good(&services, &request).await?;
    match reply {
        Reply::PairingCode { code, expires_at } => {
            let view = PairingView { code, expires_at: seconds(expires_at) };
            Ok(HttpResponse::Ok().json(data(view)))
        }
        _ => Err(Error::new(ErrorCode::EngineFailed, "the engine gave no code").into()),
    }
}

/// A telephone number that a session can be linked to.
pub fn phone(text: &str) -> Result<Jid, Error> {
    address::phone(text).map_err(|error| {
        let message = "must be a number of 7 to 15 digits with its country code";
        Error::invalid_field("phone", format!("{message}: {}", error.about(text)))
    })
}

/// The status, after waiting for a code when the caller wants that. A code that has run out is
/// no code.
async fn current(services: &Services, request: &HttpRequest) -> Result<SessionStatus, ApiError> {
    let handle = services.supervisor.get(&session_id(request)?)?;
    let mut status = handle.status();
    if Query::of(request).flag("wait", false)? {
        let decided = |status: &SessionStatus| {
            status.qr.is_some() || status.state != SessionState::Initializing
        };
        status = handle.wait_until(WAIT, decided).await;
        still_good(services, request).await?;
    }
    let now = services.clock.now();
    status.qr = status.qr.filter(|qr| now < qr.expires_at);
    Ok(status)
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

/// Why there is no code to scan while one is typed.
pub fn pairing_message(until: Timestamp) -> String {
    format!(
        "A pairing code was asked for and is good until {}; a QR code comes after it",
        seconds(until)
    )
}

/// A code as a data URL of the usual size.
pub fn data_url(text: &str) -> Result<String, Error> {
    Ok(wire::data_url("image/png", &png(text, USUAL_SIZE)?))
}

/// A code as a square PNG: whole pixels for each module, the rest as margin.
fn png(text: &str, size: u32) -> Result<Vec<u8>, Error> {
    let failed = |reason: String| Error::internal(format!("the QR code cannot be drawn: {reason}"));
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| failed(error.to_string()))?;
    let modules =
        u32::try_from(code.width() + 2 * QUIET_ZONE).map_err(|error| failed(error.to_string()))?;
    let scale = (size / modules).max(1);
    let side = size.max(modules);
    let offset = (side - scale * (modules - 8)) / 2;
    let picture = image::ImageBuffer::from_fn(side, side, |x, y| {
        let module = |at: u32| {
            at.checked_sub(offset).map(|at| (at / scale) as usize).filter(|at| *at < code.width())
        };
        let dark = module(x).zip(module(y)).is_some_and(|(x, y)| code[(x, y)] == Color::Dark);
        Luma([if dark { 0_u8 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| failed(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_size_asked_for_and_a_quiet_zone() {
        for size in [100, 300, 1_000] {
            let bytes = png(&"2@abc,def,ghi,jkl".repeat(3), size).unwrap();
            let picture = image::load_from_memory(&bytes).unwrap().to_luma8();
            assert_eq!(picture.dimensions(), (size, size));
            assert!(picture.rows().next().unwrap().all(|pixel| pixel.0 == [255]));
        }
    }
}

//! A picture of a session's browser, as it looks at the moment. Nobody stores it.

use actix_web::HttpResponse;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Call, File, FileKind, InSession},
    },
    domain::{Command, Error, ErrorCode, Reply},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/screenshot", screenshot)
            .named("getSessionScreenshot")
            .about("Sessions", "A picture of the session's browser, as it looks now")
            .details(
                "To see why a session is not linked. It shows what WhatsApp Web shows, messages too, so it takes the scope \
                 `admin`, and it is stored nowhere. An engine without a browser answers 501.",
            ),
    ]
}

/// A picture of a page.
struct Jpeg;

impl FileKind for Jpeg {
    const CONTENT_TYPE: &'static str = "image/jpeg";
}

async fn screenshot(call: Call<Admin, InSession>) -> Result<File<Jpeg>, ApiError> {
    let reply = call.session()?.execute(Command::Screenshot).await?;
    call.still_good().await?;
    let Reply::Screenshot(picture) = reply else {
        return Err(Error::new(ErrorCode::EngineFailed, "the engine gave no picture").into());
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type(Jpeg::CONTENT_TYPE).insert_header(("cache-control", "no-store"));
    Ok(answer.body(picture).into())
}

//! A backup of the whole gateway, as one file.

use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::stream;

use crate::{
    accounts::Principal,
    api::{
        body::Query,
        endpoint::{Endpoint, ParameterKind::Text},
        error::ApiError,
    },
    backup::Profiles,
    domain::{Error, ErrorCode},
    services::Services,
};

const TYPE: &str = "application/zstd";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/backup", take)
            .about("Backup", "Take a backup of everything: a tar compressed with zstd")
            .query(
                Text,
                "profiles",
                "Logins of sessions whose browser runs: stop (close it for the copy), stopped \
                 (leave them out) or none (leave out all)",
            )
            .answers_other(200, TYPE),
    ]
}

async fn take(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let is_limited = request
        .extensions()
        .get::<Rc<Principal>>()
        .is_none_or(|principal| principal.session.is_some());
    if is_limited {
        let message = "A backup holds every session: it needs a key that is not limited to one";
        return Err(Error::new(ErrorCode::Forbidden, message).into());
    }
    let profiles = match Query::of(&request).text("profiles") {
        Some(text) => {
            text.parse::<Profiles>().map_err(|fault| Error::invalid_field("profiles", fault))?
        }
        None => Profiles::default(),
    };
    let download = services.backups.start(profiles).await?;
    let chunks = stream::unfold(download, |mut download| async move {
        let chunk = download.next().await?;
        // An error cuts the answer off, so that nobody takes it for whole.
        Some((chunk, download))
    });
    let name = services.clock.now().strftime("wagate-%Y%m%d-%H%M%S.tar.zst");
    Ok(HttpResponse::Ok()
        .content_type(TYPE)
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .streaming(chunks))
}

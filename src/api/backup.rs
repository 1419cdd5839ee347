//! A backup of the whole gateway, as one file.

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;

use crate::{
    api::{
        auth::principal,
        body::Query,
        endpoint::{Endpoint, ParameterKind::OneOf, Scope},
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
                OneOf(&["stop", "stopped", "none"]),
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
    let caller = principal(&request);
    if caller.session.is_some() || !caller.may(Scope::Admin.name()) {
        let message = "A backup holds every session: it needs a key that is not limited to one";
        return Err(Error::new(ErrorCode::Forbidden, message).into());
    }
    let profiles = match Query::of(&request).text("profiles") {
        Some(text) => {
            text.parse::<Profiles>().map_err(|fault| Error::invalid_field("profiles", fault))?
        }
        None => Profiles::default(),
    };
    let lease = services.api_keys.lease(&caller).await?;
    let download = services.backups.start(profiles).await?;
    let chunks = stream::unfold((download, lease), |(mut download, lease)| async move {
        // An error cuts the answer off, so that nobody takes it for whole.
        let chunk = tokio::select! {
            biased;
            ending = lease.ended() => Err(Error::new(ErrorCode::Unauthenticated, ending.reason())),
            chunk = download.next() => chunk?,
        };
        Some((chunk, (download, lease)))
    });
    let name = services.clock.now().strftime("wagate-%Y%m%d-%H%M%S.tar.zst");
    Ok(HttpResponse::Ok()
        .content_type(TYPE)
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .streaming(chunks))
}

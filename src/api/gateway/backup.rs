//! A backup of the whole gateway, as one file.

use actix_web::HttpResponse;
use futures_util::stream;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, AllSessions, Call, File, FileKind, Query},
    },
    backup::Profiles,
    domain::{Error, ErrorCode},
};

const TYPE: &str = "application/zstd";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/backup", take)
            .named("takeBackup")
            .about("Backup", "Take a backup of everything: a tar compressed with zstd")
            .details("Holds every session: it needs a key that is not limited to one."),
    ]
}

/// A tar compressed with zstd.
struct Archive;

impl FileKind for Archive {
    const CONTENT_TYPE: &'static str = TYPE;
}

#[derive(Deserialize, ToSchema)]
struct BackupQuery {
    /// Logins of sessions whose browser runs: `stop` closes it for the copy (the default), `stopped`
    /// leaves them out, `none` leaves out all.
    profiles: Option<ProfilesOf>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ProfilesOf {
    Stop,
    Stopped,
    None,
}

impl From<ProfilesOf> for Profiles {
    fn from(profiles: ProfilesOf) -> Self {
        match profiles {
            ProfilesOf::Stop => Self::Stop,
            ProfilesOf::Stopped => Self::Stopped,
            ProfilesOf::None => Self::None,
        }
    }
}

async fn take(
    call: Call<Admin, AllSessions>,
    Query(query): Query<BackupQuery>,
) -> Result<File<Archive>, ApiError> {
    let profiles = query.profiles.map_or_else(Profiles::default, Profiles::from);
    let lease = call.api_keys.lease(&call.principal()).await?;
    let download = call.backups.start(profiles).await?;
    let chunks = stream::unfold((download, lease), |(mut download, lease)| async move {
        // An error cuts the answer off, so that nobody takes it for whole.
        let chunk = tokio::select! {
            biased;
            ending = lease.ended() => Err(Error::new(ErrorCode::Unauthenticated, ending.reason())),
            chunk = download.next() => chunk?,
        };
        Some((chunk, (download, lease)))
    });
    let name = call.clock.now().strftime("wagate-%Y%m%d-%H%M%S.tar.zst");
    Ok(HttpResponse::Ok()
        .content_type(TYPE)
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .streaming(chunks)
        .into())
}

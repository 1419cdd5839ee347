//! API keys: made, listed and revoked by those who may do everything.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    accounts::ApiKeyRecord,
    api::{
        body::{Body, uuid},
        endpoint::{Endpoint, Repeat, Scope},
        error::ApiError,
        sessions::wire::seconds,
    },
    domain::{Error, SessionId, Subject},
    services::Services,
};

const TAG: &str = "API keys";
const PATH: &str = "/api/v1/api-keys";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, list)
            .about(TAG, "List the API keys")
            .needs(Scope::Admin)
            .answers_list::<KeyView>(),
        Endpoint::post(PATH, create)
            .about(TAG, "Make an API key; its secret is shown this once")
            .repeats(Repeat::Secret)
            .takes::<KeyDraft>()
            .answers::<KeyView>(201),
        Endpoint::delete("/api/v1/api-keys/{keyId}", revoke)
            .about(TAG, "Revoke an API key; the streams that it opened end at once"),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KeyDraft {
    name: String,
    /// What the key may do, at least one of: `read`, `send`, `conversations`, `admin`, `*` for
    /// everything. `admin` makes keys too, so it amounts to `*` unless `sessionId` is given.
    scopes: Vec<String>,
    /// Limits the key to one session, which must exist.
    #[schema(min_length = 1)]
    session_id: Option<String>,
    /// RFC 3339, in the future. The key ends then, and what it holds open.
    #[schema(min_length = 1)]
    expires_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    id: String,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    session_id: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl KeyView {
    fn of(record: ApiKeyRecord, key: Option<String>) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            prefix: record.prefix,
            scopes: record.scopes,
            session_id: record.session.map(String::from),
            created_at: seconds(record.created_at),
            expires_at: record.expires_at.map(seconds),
            last_used_at: record.last_used_at.map(seconds),
            revoked_at: record.revoked_at.map(seconds),
            key,
        }
    }
}

async fn list(services: web::Data<Services>) -> Result<HttpResponse, ApiError> {
    let keys = services.api_keys.list().await?;
    let keys: Vec<KeyView> = keys.into_iter().map(|record| KeyView::of(record, None)).collect();
    Ok(HttpResponse::Ok().json(json!({ "success": true, "data": keys })))
}

async fn create(
    services: web::Data<Services>,
    Body(draft): Body<KeyDraft>,
) -> Result<HttpResponse, ApiError> {
    let session: Option<SessionId> = match draft.session_id {
        Some(text) => {
            let fault = |error: crate::domain::id::IdError| {
                Error::invalid_field("sessionId", error.to_string())
            };
            Some(text.parse().map_err(fault)?)
        }
        None => None,
    };
    let expires_at = match draft.expires_at {
        Some(text) => {
            let fault =
                |_| Error::invalid_field("expiresAt", "must be a time like 2026-01-31T00:00:00Z");
            Some(text.parse::<crate::domain::Timestamp>().map_err(fault)?)
        }
        None => None,
    };
    let (record, secret) =
        services.api_keys.create(&draft.name, draft.scopes, session, expires_at).await?;
    let data = KeyView::of(record, Some(secret));
    Ok(HttpResponse::Created().json(json!({ "success": true, "data": data })))
}

async fn revoke(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    services.api_keys.revoke(uuid(&request, "keyId", Subject::ApiKey)?).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true, "message": "API key revoked" })))
}

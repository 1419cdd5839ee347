//! API keys: made, listed and revoked by those who may do everything.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr,
        schema::{Array, ArrayBuilder},
    },
};

use crate::{
    accounts::{self, ApiKeyRecord},
    api::{
        body::{Body, in_field, moment, uuid},
        endpoint::{Endpoint, Repeat, Scope},
        error::ApiError,
        formats::required_choice,
        sessions::wire::seconds,
    },
    domain::{Error, SessionId, Subject, Timestamp},
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
    #[schema(min_length = 1)]
    name: String,
    #[schema(schema_with = scopes_schema)]
    scopes: Vec<String>,
    /// Limits the key to one session, which must exist.
    #[schema(min_length = 1, format = "session-name")]
    session_id: Option<String>,
    /// RFC 3339, in the future. The key ends then, and what it holds open.
    #[schema(min_length = 1, format = "time-to-come")]
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

/// The schema of what a key may do.
fn scopes_schema() -> Array {
    let about = "What the key may do, at least one. `*` is everything. `admin` makes keys too, so it \
                 amounts to `*` unless `sessionId` is given.";
    let each = required_choice("What a key may do", &accounts::SCOPES);
    ArrayBuilder::new().items(RefOr::T(each)).min_items(Some(1)).description(Some(about)).build()
}

/// When a key ends.
pub fn end(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let end = moment(text).map_err(|error| in_field("expiresAt", error))?;
    accounts::check_end(end, now).map(|()| end)
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
    let session = draft.session_id.map(|text| {
        let session = text.parse::<SessionId>();
        session.map_err(|error| Error::invalid_field("sessionId", error.to_string()))
    });
    let now = services.clock.now();
    let expires_at = draft.expires_at.map(|text| end(&text, now)).transpose();
    let limits = Error::both(session.transpose(), expires_at);
    let words = accounts::check_words(&draft.name, &draft.scopes);
    let ((session, expires_at), ()) = Error::both(limits, words)?;
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

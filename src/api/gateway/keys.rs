//! API keys: made, listed and revoked by those who may do everything.

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr,
        schema::{Array, ArrayBuilder},
    },
};
use uuid::Uuid;

use crate::{
    accounts::{self, ApiKeyRecord},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, Created, Listed, Message, Path, Repeat, path::uuid, path_value,
            required_choice,
        },
        sessions::wire::seconds,
        texts::{in_field, moment},
    },
    domain::{Error, SessionId, Subject, Timestamp},
};

const TAG: &str = "API keys";
const PATH: &str = "/api/v1/api-keys";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, list)
            .named("listApiKeys")
            .about(TAG, "List the API keys")
            .details("Revoked and expired keys are listed too. No answer shows a secret."),
        Endpoint::post(PATH, create)
            .named("createApiKey")
            .about(TAG, "Create an API key")
            .details(
                "The secret stands in this one answer: it is not shown again. The key of a person reaches no further \
                 than their role, and ends with their account.",
            )
            .repeats(Repeat::Secret),
        Endpoint::delete("/api/v1/api-keys/{keyId}", revoke)
            .named("revokeApiKey")
            .about(TAG, "Revoke an API key")
            .details("The streams that it opened end at once."),
    ]
}

path_value! {
    /// An API key, by its UUID.
    enum KeyId = "keyId" as Uuid;
    about: "The UUID of the key", example: "550e8400-e29b-41d4-a716-446655440010",
    read: |text| uuid(text, Subject::ApiKey)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "name": "my-bot", "scopes": ["read", "send"] }))]
struct KeyDraft {
    /// A name to recognize the key by.
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
    /// UUID of the key.
    id: String,
    /// The name that was given to the key.
    #[schema(example = "my-bot")]
    name: String,
    /// First characters of the key, to recognize it by.
    #[schema(example = "wag_1a2b")]
    prefix: String,
    /// What the key may do.
    #[schema(example = json!(["read"]))]
    #[schema(schema_with = granted_schema)]
    scopes: Vec<String>,
    /// The only session that the key reaches; null for all.
    #[schema(example = json!(null))]
    session_id: Option<String>,
    /// UUID of the person whose key it is, and whose role bounds it; null for a key of nobody.
    #[schema(example = json!(null))]
    owner_id: Option<String>,
    created_at: String,
    /// When it ends, RFC 3339; null for never.
    #[schema(example = json!(null))]
    expires_at: Option<String>,
    /// When it was last used, to the minute, RFC 3339; null when it never was.
    #[schema(example = json!(null))]
    last_used_at: Option<String>,
    /// When it was revoked, RFC 3339; null while it is valid.
    #[schema(example = json!(null))]
    revoked_at: Option<String>,
    /// The key itself, in the answer to its creation alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "wag_1a2b3c4d5e6f")]
    key: Option<String>,
}

/// The schema of what a key may do.
fn scopes_schema() -> Array {
    let about = "What the key may do, at least one. `*` is everything. `admin` makes keys too, so it \
                 amounts to `*` unless `sessionId` is given.";
    let each = required_choice("What a key may do", &accounts::SCOPES);
    ArrayBuilder::new().items(RefOr::T(each)).min_items(Some(1)).description(Some(about)).build()
}

/// The schema of what a key was granted.
fn granted_schema() -> Array {
    let each = required_choice("A scope", &accounts::SCOPES);
    ArrayBuilder::new().items(RefOr::T(each)).description(Some("What the key may do.")).build()
}

/// When a key ends.
fn end(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
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
            owner_id: record.owner.map(|id| id.to_string()),
            created_at: seconds(record.created_at),
            expires_at: record.expires_at.map(seconds),
            last_used_at: record.last_used_at.map(seconds),
            revoked_at: record.revoked_at.map(seconds),
            key,
        }
    }
}

async fn list(call: Call<Admin>) -> Result<Listed<KeyView>, ApiError> {
    let keys = call.api_keys.list().await?;
    Ok(keys.into_iter().map(|record| KeyView::of(record, None)).collect())
}

async fn create(
    call: Call<Admin>,
    Body(draft): Body<KeyDraft>,
) -> Result<Created<KeyView>, ApiError> {
    let session = draft.session_id.map(|text| {
        let session = text.parse::<SessionId>();
        session.map_err(|error| Error::invalid_field("sessionId", error.to_string()))
    });
    let now = call.clock.now();
    let expires_at = draft.expires_at.map(|text| end(&text, now)).transpose();
    let limits = Error::both(session.transpose(), expires_at);
    let words = accounts::check_words(&draft.name, &draft.scopes);
    let ((session, expires_at), ()) = Error::both(limits, words)?;
    // A key of a person's key is theirs too, so that it goes with them.
    let (owner, words) = (call.principal().person(), (draft.name.as_str(), draft.scopes));
    let (record, secret) = call.api_keys.create_for(owner, words, session, expires_at).await?;
    Ok(Created::of(KeyView::of(record, Some(secret))))
}

async fn revoke(call: Call<Admin>, Path(id): Path<KeyId>) -> Result<Message, ApiError> {
    call.api_keys.revoke(id).await?;
    Ok(Message::of("API key revoked"))
}

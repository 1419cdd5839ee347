//! The key that secrets at rest are sealed with: its id, never the key.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::{Endpoint, Scope},
        error::ApiError,
    },
    domain::Error,
    services::{Services, VaultStatus},
};

const TAG: &str = "Vault";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/vault", status)
            .about(TAG, "What secrets at rest are sealed with")
            .needs(Scope::Admin)
            .answers::<VaultView>(200),
        Endpoint::post("/api/v1/vault/rotate", rotate)
            .about(TAG, "Seal all secrets with a new key and forget the former one")
            .answers::<VaultView>(200),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VaultView {
    /// Tells the key from others; nothing follows from it.
    key_id: String,
    /// `file` for `master.key` in the data folder, `settings` for `vault.key`.
    source: String,
    /// Values that are sealed with this key.
    sealed_values: u64,
    /// Values that are yet to be, while the key is being rotated.
    values_to_seal: u64,
}

impl From<VaultStatus> for VaultView {
    fn from(status: VaultStatus) -> Self {
        Self {
            key_id: status.key.to_string(),
            source: status.source.as_str().to_owned(),
            sealed_values: status.values,
            values_to_seal: status.to_do,
        }
    }
}

async fn status(services: web::Data<Services>) -> Result<HttpResponse, ApiError> {
    answer(services.vault.status().await)
}

async fn rotate(services: web::Data<Services>) -> Result<HttpResponse, ApiError> {
    answer(services.vault.rotate().await)
}

fn answer(status: Result<VaultStatus, Error>) -> Result<HttpResponse, ApiError> {
    let data = VaultView::from(status?);
    Ok(HttpResponse::Ok().json(json!({ "success": true, "data": data })))
}

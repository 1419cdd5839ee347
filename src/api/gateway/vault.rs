//! The key that secrets at rest are sealed with: its id, never the key.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Call, Data, required_choice},
    },
    services::VaultStatus,
};

const TAG: &str = "Vault";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/vault", status)
            .named("getVault")
            .about(TAG, "What secrets at rest are sealed with")
            .details("Shows the id of the key, never the key."),
        Endpoint::post("/api/v1/vault/rotate", rotate)
            .named("rotateVaultKey")
            .about(TAG, "Seal all secrets with a new key")
            .details("The former key is deleted once every value is sealed with the new one."),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VaultView {
    /// Tells the key from others; nothing follows from it.
    #[schema(example = "3f2a9c1e")]
    key_id: String,
    #[schema(schema_with = source_schema)]
    source: String,
    /// Values that are sealed with this key.
    sealed_values: u64,
    /// Values that are yet to be, while the key is being rotated.
    values_to_seal: u64,
}

fn source_schema() -> Schema {
    let about = "`file` for `master.key` in the data folder, `settings` for `vault.key`.";
    required_choice(about, &["file", "settings"])
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

async fn status(call: Call<Admin>) -> Result<Data<VaultView>, ApiError> {
    Ok(Data::of(call.vault.status().await?.into()))
}

async fn rotate(call: Call<Admin>) -> Result<Data<VaultView>, ApiError> {
    Ok(Data::of(call.vault.rotate().await?.into()))
}

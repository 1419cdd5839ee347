//! How a session looks to callers of the API.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        sessions::{
            qr,
            wire::{seconds, status_word},
        },
    },
    domain::{SessionState, SessionStatus, session::Recovery},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    session_id: String,
    status: &'static str,
    created_at: String,
    last_activity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code: Option<String>,
    #[serde(rename = "hasQRCode")]
    has_qr_code: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code_url: Option<String>,
    uuid: String,
    phone_number: Option<String>,
    pushname: Option<String>,
    connected: bool,
    /// Whether the engine fails its probes and is being brought back; no commands are taken then.
    degraded: bool,
    /// The newest such recovery since the gateway started; null if there was none.
    last_recovery: Option<RecoveryView>,
    last_error: Option<String>,
    restarts: u32,
    /// Bytes that the engine takes, as last measured; null where nobody knows.
    memory: Option<u64>,
    config: ConfigView,
}

impl SessionView {
    pub fn of(status: &SessionStatus) -> Self {
        let qr = status.qr.as_ref();
        let id = &status.id;
        let config = &status.config;
        Self {
            session_id: id.to_string(),
            status: status_word(status.state),
            created_at: seconds(status.created_at),
            last_activity: seconds(status.last_activity),
            qr_code: None,
            has_qr_code: qr.is_some(),
            qr_code_url: qr.map(|_| format!("/api/v1/sessions/{id}/qr/image")),
            uuid: status.uuid.to_string(),
            phone_number: status.me.as_ref().map(|me| me.id.user().to_owned()),
            pushname: status.me.as_ref().and_then(|me| me.push_name.clone()),
            connected: status.connected,
            degraded: status.state == SessionState::Degraded,
            last_recovery: status.recovery.as_ref().map(RecoveryView::of),
            last_error: status.last_error.clone(),
            restarts: status.restarts,
            memory: status.memory,
            config: ConfigView {
                multi_device: true,
                headless: config.headless,
                qr_timeout: config.qr_timeout,
                auth_timeout: config.auth_timeout,
                engine: config.engine.as_str(),
                restart_on_crash: config.restart_on_crash,
                proxy_server_credentials: config.proxy.as_ref().map(|proxy| ProxyView {
                    protocol: proxy.protocol.as_str(),
                    address: format!("{}:{}", proxy.host, proxy.port),
                    username: proxy.username.clone(),
                    password: proxy.password.as_ref().map(|_| "****"),
                }),
            },
        }
    }

    /// With the picture of the code that can be scanned now.
    pub fn with_qr(status: &SessionStatus) -> Result<Self, ApiError> {
        let picture = status.qr.as_ref().map(|qr| qr::data_url(&qr.text)).transpose()?;
        Ok(Self { qr_code: picture, ..Self::of(status) })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecoveryView {
    /// `reinject`, `reload` or `restart`: the stage that it has come to.
    stage: &'static str,
    /// `under_way`, `recovered`, `failed` or `abandoned`.
    outcome: &'static str,
    /// What was wrong.
    reason: String,
    started_at: String,
    ended_at: Option<String>,
}

impl RecoveryView {
    fn of(recovery: &Recovery) -> Self {
        Self {
            stage: recovery.stage.as_str(),
            outcome: recovery.outcome.as_str(),
            reason: recovery.reason.clone(),
            started_at: seconds(recovery.began_at),
            ended_at: recovery.ended_at.map(seconds),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigView {
    multi_device: bool,
    headless: bool,
    qr_timeout: u32,
    auth_timeout: u32,
    engine: &'static str,
    restart_on_crash: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_server_credentials: Option<ProxyView>,
}

#[derive(Serialize, ToSchema)]
struct ProxyView {
    protocol: &'static str,
    address: String,
    username: Option<String>,
    password: Option<&'static str>,
}

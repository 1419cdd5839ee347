//! How a session looks to callers of the API.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        error::ApiError,
        kit::{choice, required_choice},
        sessions::{
            linking_code,
            outbox::HoldView,
            wire::{seconds, status_schema, status_word},
        },
    },
    domain::{
        SessionId, SessionState, SessionStatus,
        session::{FailureKind, Recovery},
    },
    messaging::QueueStats,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    session_id: String,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    created_at: String,
    last_activity: String,
    /// The QR code as a data URL; in the answer to the creation alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    qr_code: Option<String>,
    #[serde(rename = "hasQRCode")]
    has_qr_code: bool,
    /// Path of the QR code's picture, when there is one to scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "/api/v1/sessions/shop/qr/image")]
    qr_code_url: Option<String>,
    uuid: String,
    phone_number: Option<String>,
    pushname: Option<String>,
    connected: bool,
    /// Why nothing is sent at the moment, and until when; null when it is.
    #[schema(example = json!(null))]
    send_hold: Option<HoldView>,
    /// Whether the engine fails its probes and is being brought back; no commands are taken then.
    degraded: bool,
    /// The newest such recovery since the gateway started; null if there was none.
    #[schema(example = json!(null))]
    last_recovery: Option<RecoveryView>,
    last_error: Option<String>,
    #[schema(schema_with = failure_schema)]
    failure: Option<&'static str>,
    /// How often the session has started again since the gateway started.
    #[schema(example = 0)]
    restarts: u32,
    /// Bytes that the engine takes, as last measured; null where nobody knows.
    memory: Option<u64>,
    /// Messages of the outbox that wait; in the list of sessions and in a session's details.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    waiting: Option<WaitingView>,
    /// Settings of the session.
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
            send_hold: status.send_hold.as_ref().map(HoldView::of),
            degraded: status.state == SessionState::Degraded,
            last_recovery: status.recovery.as_ref().map(RecoveryView::of),
            last_error: status.last_error.clone(),
            failure: failure_of(status),
            restarts: status.restarts,
            memory: status.memory,
            waiting: None,
            config: ConfigView {
                multi_device: true,
                headless: config.headless,
                qr_timeout: config.qr_timeout,
                auth_timeout: config.auth_timeout,
                engine: config.engine.as_str(),
                restart_on_crash: config.restart_on_crash,
                ignore_status: config.ignore_status,
                ignore_channels: config.ignore_channels,
                proxy_server_credentials: config.proxy.as_ref().map(|proxy| ProxyView {
                    protocol: proxy.protocol.as_str(),
                    address: format!("{}:{}", proxy.host, proxy.port),
                    username: proxy.username.clone(),
                    password: proxy.password.as_ref().map(|_| "****"),
                }),
            },
        }
    }

    /// With what waits in its outbox, where that is known.
    pub fn with_waiting(
        status: &SessionStatus,
        waiting: Option<&HashMap<SessionId, QueueStats>>,
    ) -> Self {
        let own = waiting.map(|all| all.get(&status.id).copied().unwrap_or_default());
        Self { waiting: own.map(WaitingView::of), ..Self::of(status) }
    }

    /// With the picture of the code that can be scanned now.
    pub fn with_qr(status: &SessionStatus) -> Result<Self, ApiError> {
        let picture = status.qr.as_ref().map(|qr| linking_code::data_url(&qr.text)).transpose()?;
        Ok(Self { qr_code: picture, ..Self::of(status) })
    }
}

fn failure_schema() -> Schema {
    let causes = ["QR_TIMEOUT", "AUTH_TIMEOUT", "PROXY_FAILED", "CRASHED"];
    choice("Why the session failed; null for one that has not.", &causes)
}

fn stage_schema() -> Schema {
    required_choice("The stage that it has come to.", &["reinject", "reload", "restart"])
}

fn outcome_schema() -> Schema {
    let outcomes = ["under_way", "recovered", "failed", "abandoned"];
    required_choice("How it ended, or that it is under way.", &outcomes)
}

fn engine_schema() -> Schema {
    required_choice("What runs the session.", &["browser", "simulated"])
}

fn protocol_schema() -> Schema {
    required_choice("Protocol of the proxy.", &["http", "https", "socks4", "socks5", "socks5h"])
}

/// What a session that is failed failed of.
pub fn failure_of(status: &SessionStatus) -> Option<&'static str> {
    let is_failed = status.state == SessionState::Failed;
    status.failure.filter(|_| is_failed).map(FailureKind::as_str)
}

/// How many messages wait, by what they wait for.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WaitingView {
    /// All that wait.
    total: usize,
    /// The time that their caller named.
    send_at: usize,
    /// The session, which is not ready.
    session_not_ready: usize,
    /// Others, which go first.
    turn: usize,
    /// Their outcome, which is being found out.
    lookup: usize,
}

impl WaitingView {
    fn of(waiting: QueueStats) -> Self {
        let QueueStats { send_at, session, turn, lookup } = waiting;
        let total = waiting.total();
        Self { total, send_at, session_not_ready: session, turn, lookup }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecoveryView {
    #[schema(schema_with = stage_schema)]
    stage: &'static str,
    #[schema(schema_with = outcome_schema)]
    outcome: &'static str,
    /// What was wrong.
    #[schema(example = "the page does not answer")]
    reason: String,
    /// When it began, RFC 3339.
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
    /// Always true: sessions are linked devices.
    #[schema(example = true)]
    multi_device: bool,
    /// Whether Chromium runs without a window.
    #[schema(example = true)]
    headless: bool,
    /// Seconds that a code is waited for; 0 for no limit.
    #[schema(example = 0)]
    qr_timeout: u32,
    /// Seconds from the scan until the session must be ready; 0 for no limit.
    #[schema(example = 60)]
    auth_timeout: u32,
    #[schema(schema_with = engine_schema)]
    engine: &'static str,
    /// Whether the session starts again after a crash.
    #[schema(example = true)]
    restart_on_crash: bool,
    /// Whether stories are left out of events and lists.
    ignore_status: bool,
    /// Whether channels are left out of events and lists.
    ignore_channels: bool,
    /// The proxy through which the session reaches WhatsApp; left out without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    proxy_server_credentials: Option<ProxyView>,
}

#[derive(Serialize, ToSchema)]
struct ProxyView {
    #[schema(schema_with = protocol_schema)]
    protocol: &'static str,
    /// Host and port.
    #[schema(example = "proxy.example:8080")]
    address: String,
    username: Option<String>,
    password: Option<&'static str>,
}

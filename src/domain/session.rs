//! Sessions: WhatsApp accounts that are linked to the gateway, their configuration and status.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Jid, Proxy, SendHold, SessionId, Timestamp};

/// The state of a session. The transitions are drawn in `session`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    Initializing,
    QrReady,
    Authenticated,
    Ready,
    /// Linked, but the engine no longer replies or reports; recovery is in progress.
    Degraded,
    Failed,
    Terminated,
}

impl SessionState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::QrReady => "qr_ready",
            Self::Authenticated => "authenticated",
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Terminated => "terminated",
        }
    }

    /// Whether the session holds an engine, or is about to.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Failed | Self::Terminated)
    }
}

/// Which engine drives a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    Browser,
    Simulated,
    /// Of an SMS number; no caller chooses it.
    Sms,
    /// Of the web chat of a bot; no caller chooses it.
    Web,
}

impl EngineKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Simulated => "simulated",
            Self::Sms => "sms",
            Self::Web => "web",
        }
    }
}

/// What the caller asked of a session when creating it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionConfig {
    pub engine: EngineKind,
    pub headless: bool,
    /// Seconds from the first QR code until an unscanned session is given up; 0 for no limit.
    pub qr_timeout: u32,
    /// Seconds from the scan until a session that is not ready is given up; 0 for no limit.
    pub auth_timeout: u32,
    pub restart_on_crash: bool,
    pub proxy: Option<Proxy>,
    pub user_agent: Option<String>,
    pub browser_executable: Option<String>,
    pub browser_args: Vec<String>,
    /// Status updates are neither stored nor events.
    pub ignore_status: bool,
    /// The same for channels.
    pub ignore_channels: bool,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            engine: EngineKind::Browser,
            headless: true,
            qr_timeout: 120,
            auth_timeout: 60,
            restart_on_crash: true,
            proxy: None,
            user_agent: None,
            browser_executable: None,
            browser_args: Vec::new(),
            ignore_status: false,
            ignore_channels: false,
        }
    }
}

/// Whether a session should run; what the gateway restores at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Desired {
    Running,
    Stopped,
}

/// One session and no other: its name, and the UUID that tells it from earlier and later sessions of
/// that name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionRef {
    pub id: SessionId,
    pub uuid: Uuid,
}

/// What a session failed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureKind {
    /// Nobody scanned its code in time: the gateway itself is well.
    QrTimeout,
    AuthTimeout,
    /// Its proxy lets nothing through.
    ProxyFailed,
    /// Its engine ended, or did not open.
    Crashed,
}

impl FailureKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QrTimeout => "QR_TIMEOUT",
            Self::AuthTimeout => "AUTH_TIMEOUT",
            Self::ProxyFailed => "PROXY_FAILED",
            Self::Crashed => "CRASHED",
        }
    }
}

/// How a session is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// Unlink the device from the account.
    pub log_out: bool,
    /// Keep the profile folder.
    pub keep_data: bool,
}

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRecord {
    pub id: SessionId,
    pub uuid: Uuid,
    /// Counts sessions from 1 and is never given twice.
    pub number: u64,
    pub config: SessionConfig,
    pub desired: Desired,
    pub created_at: Timestamp,
    pub last_activity: Timestamp,
    /// The account that was linked when the session was last ready.
    pub me: Option<Me>,
    /// The state when it was last written, for sessions that are not running.
    pub state: SessionState,
    pub last_error: Option<String>,
    /// What `last_error` is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureKind>,
    /// Written before anything of the session is removed: a removal that was cut off goes on at the next
    /// start of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// The newest time in which nothing was sent, since WhatsApp said "not now".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_hold: Option<SendHold>,
}

impl SessionRecord {
    /// A session that begins now, and is to run.
    pub fn new(session: SessionRef, number: u64, config: SessionConfig, now: Timestamp) -> Self {
        Self {
            id: session.id,
            uuid: session.uuid,
            number,
            config,
            desired: Desired::Running,
            created_at: now,
            last_activity: now,
            me: None,
            state: SessionState::Initializing,
            last_error: None,
            failure: None,
            removal: None,
            send_hold: None,
        }
    }

    pub fn reference(&self) -> SessionRef {
        SessionRef { id: self.id.clone(), uuid: self.uuid }
    }
}

/// The account that a session is linked to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    pub id: Jid,
    pub lid: Option<Jid>,
    pub push_name: Option<String>,
    pub platform: Option<String>,
}

/// A QR code that can be scanned now.
#[derive(Clone, Debug, PartialEq)]
pub struct QrCode {
    /// The text that the picture holds.
    pub text: String,
    /// Counts the codes of one linking from 1.
    pub attempt: u32,
    pub expires_at: Timestamp,
}

/// What is done to bring a degraded session back, in the order in which it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecoveryStage {
    /// The engine's agent is injected again into the running page.
    Reinject,
    /// The page is loaded again.
    Reload,
    /// A new engine takes its place.
    Restart,
}

impl RecoveryStage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reinject => "reinject",
            Self::Reload => "reload",
            Self::Restart => "restart",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecoveryOutcome {
    UnderWay,
    Recovered,
    Failed,
    /// The session went on in another way: somebody stopped it, or it asks for a scan.
    Abandoned,
}

impl RecoveryOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Recovered => "recovered",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// How a session that was degraded was brought back, or is being.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// The stage that it has come to.
    pub stage: RecoveryStage,
    pub outcome: RecoveryOutcome,
    /// What was wrong.
    pub reason: String,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What everyone may know of a session, published by its task at each change.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionStatus {
    pub id: SessionId,
    pub uuid: Uuid,
    pub number: u64,
    pub config: SessionConfig,
    pub state: SessionState,
    /// Whether it is being removed: nothing is accepted any more, and its name is not free yet.
    pub removing: bool,
    /// Whether the engine has its line to WhatsApp at this moment.
    pub connected: bool,
    /// The engine's own word for the state of that line, such as `CONNECTED` or `TIMEOUT`.
    pub line: Option<String>,
    pub created_at: Timestamp,
    pub last_activity: Timestamp,
    pub me: Option<Me>,
    pub qr: Option<QrCode>,
    /// Until then a code is waited for that somebody types; there is none to scan meanwhile.
    pub pairing_until: Option<Timestamp>,
    pub last_error: Option<String>,
    pub failure: Option<FailureKind>,
    /// The newest recovery of the engine since the gateway started, ended or not.
    pub recovery: Option<Recovery>,
    /// How often the engine was started again since the session was.
    pub restarts: u32,
    /// What the engine takes, in bytes, as last measured; none where nobody knows.
    pub memory: Option<u64>,
    /// Why nothing is sent at the moment, and until when.
    pub send_hold: Option<SendHold>,
}

impl SessionStatus {
    /// Whether it is ready, and its engine has lost WhatsApp for the moment.
    pub fn is_disconnected(&self) -> bool {
        self.state == SessionState::Ready && !self.connected
    }

    pub fn reference(&self) -> SessionRef {
        SessionRef { id: self.id.clone(), uuid: self.uuid }
    }
}

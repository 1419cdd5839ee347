//! Configuration: defaults, a TOML file, environment variables and flags, each overriding those before.
//!
//! `config/default.toml` is embedded as the defaults and documents every setting. This module does
//! not know what a setting is used for.

mod accounts;
mod assistant;
mod base_url;
mod business;
mod environment;
mod live_secret;
mod load;
mod mcp;
mod mail;
mod pauses;
mod payments;
mod proxies;
mod secret;
mod slips;
mod surveys;
mod sms;
mod targets;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use self::{
    accounts::{Accounts, Registration},
    assistant::{Assistant, SIMULATED_MODEL},
    base_url::{BaseUrl, Bound},
    business::{Assignment, Business, Fault, OptIn, Plan, Reopen, WindowMode},
    live_secret::{LiveSecret, ProviderSecrets},
    load::{ConfigErrors, DEFAULTS, Flags},
    mail::{Mail, MailProvider, MailSecurity},
    mcp::{Mcp, McpTools},
    payments::{PaymentProvider, Payments},
    proxies::{TrustedProxies, TrustedProxy},
    secret::{Secret, for_the_store},
    sms::{Sms, SmsProvider},
    surveys::Surveys,
    targets::AllowedTarget,
};

use serde::{Deserialize, Deserializer};

use crate::domain::session::EngineKind;

/// Every setting. `config/default.toml` documents them and holds the defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file that was named with `--config`.
    #[serde(skip)]
    pub source: Option<PathBuf>,
    pub server: Server,
    pub data: Data,
    pub vault: Vault,
    /// Which WhatsApp: the real one, or the simulated network.
    pub network: NetworkKind,
    #[serde(deserialize_with = "chosen_engine")]
    pub engine: EngineKind,
    pub whatsapp: Whatsapp,
    pub browser: Browser,
    pub sessions: Sessions,
    pub outbox: Outbox,
    pub openwa: OpenWa,
    pub media: Media,
    pub limits: Limits,
    pub accounts: Accounts,
    pub mail: Mail,
    pub business: Business,
    pub payments: Payments,
    pub assistant: Assistant,
    pub surveys: Surveys,
    pub sms: Sms,
    pub mcp: Mcp,
    pub webhooks: Webhooks,
    pub events: Events,
    pub search: Search,
    pub simulator: Simulator,
    pub log: Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    Whatsapp,
    Simulated,
}

impl NetworkKind {
    /// As the settings write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Simulated => "simulated",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// Empty to derive it from `listen`.
    pub public_url: String,
    /// Names besides its own under which the gateway is called without a key.
    pub allowed_hosts: Vec<String>,
    pub cors_origins: Vec<String>,
    pub trusted_proxies: TrustedProxies,
    /// 0 for as many as the descriptors allow.
    pub max_connections: usize,
    /// 0 for half of them.
    pub connections_per_address: usize,
    pub write_timeout_seconds: u64,
    pub body_timeout_seconds: u64,
    /// Where it listens, once it does.
    #[serde(skip)]
    pub bound: Bound,
}

impl Server {
    /// How the gateway is reached.
    pub fn base_url(&self) -> BaseUrl {
        BaseUrl::new(&self.public_url, self.listen, &self.bound)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The store, media and keys.
    pub dir: PathBuf,
    /// Profiles of the sessions; empty for `sessions` beside the data folder's store.
    pub sessions_dir: PathBuf,
    /// MiB of the disk that stay free; 0 not to look.
    pub min_free_mib: u64,
}

/// What secrets at rest are sealed with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// 32 bytes in base64; empty for the key in the data folder.
    pub key: Secret,
    /// The key before it, while secrets are still sealed with that.
    pub former_key: Secret,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    pub url: String,
    /// SHA-256 (base64) of a public key to trust although no authority signed it; empty for none.
    pub trusted_key: String,
    /// `host:port` that the URL's host is looked up as, for a simulated page; empty for DNS.
    pub resolve_to: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browser {
    /// Empty to search for it.
    pub executable: PathBuf,
    pub extra_args: Vec<String>,
    /// Besides the host of `whatsapp.url`; `*.` before a name stands for all below it.
    pub allowed_hosts: Vec<String>,
    pub headless: bool,
    /// MiB of resident memory above which an idle browser is restarted; 0 for no limit.
    pub memory_limit_mib: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    pub max: usize,
    pub parallel_starts: usize,
    pub qr_timeout_seconds: u32,
    pub auth_timeout_seconds: u32,
    pub open_deadline_seconds: u64,
    pub start_deadline_seconds: u64,
    pub command_deadline_seconds: u64,
    pub file_deadline_seconds: u64,
    pub probe_interval_seconds: u64,
    pub max_restarts: u32,
    pub restart_window_seconds: u64,
    pub stop_deadline_seconds: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    pub pause_milliseconds: u64,
    pub at_once: usize,
    pub most_waiting: usize,
    pub retention_days: u32,
    pub restricted_hold_seconds: u64,
    pub rate_limited_hold_seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessMode {
    Auto,
    Open,
    Required,
}

impl AccessMode {
    /// As the settings write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Open => "open",
            Self::Required => "required",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenWa {
    pub auth: AccessMode,
    pub basic_user: String,
    pub basic_password: String,
    pub max_media_mib: u64,
    pub allow_browser_overrides: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    pub fetch_timeout_seconds: u64,
    pub allow_private_sources: bool,
    /// 0 for none.
    pub link_minutes: u64,
}

/// Requests a minute, and streams at once; 0 for no limit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub session_creation: u32,
    pub messaging: u32,
    pub general: u32,
    pub chat: u32,
    pub business: u32,
    pub workspace: u32,
    pub sign_in: u32,
    pub assistant: u32,
    pub dashboard: u32,
    pub refused: u32,
    pub public: u32,
    /// Messages to one recipient in an hour.
    pub per_recipient_hour: usize,
    /// Recipients of a broadcast on the plan `starter`.
    pub broadcast_starter: usize,
    /// WebSockets and event streams that one key may have open, and one address without a key.
    pub streams_per_key: usize,
    pub streams_per_address: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub timeout_seconds: u64,
    /// `auto`: loopback alone, while the gateway serves this machine alone.
    pub allow_private_targets: Toggle,
    /// Targets that are allowed although they are not public.
    pub allowed_targets: Vec<AllowedTarget>,
    pub max_per_session: usize,
    #[serde(deserialize_with = "pauses::read")]
    pub retry_schedule: Vec<Duration>,
    #[serde(deserialize_with = "pauses::read")]
    pub short_retry_schedule: Vec<Duration>,
    pub overload_pause_seconds: u64,
    pub disable_after_hours: u64,
    pub disable_after_failures: u32,
    pub secret_overlap_hours: u64,
    pub per_endpoint: usize,
    pub per_host: usize,
    pub max_event_kib: usize,
    pub max_waiting: u64,
    pub keep_deliveries_days: u64,
    pub keep_delivered: usize,
    pub recovered_per_second: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Toggle {
    Auto,
    Yes,
    No,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// 0 for ever.
    pub retention_days: u32,
    /// MiB of the log; 0 for no limit.
    pub max_mib: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Whether words of messages can be looked for.
    pub enabled: bool,
}

/// The simulated network.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulator {
    /// Messages that each of its chats keeps.
    pub chat_messages: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// As `RUST_LOG`: `info`, `wagate=debug,info`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// An engine that people choose: the others are of the gateway's own sessions.
fn chosen_engine<'de, D: Deserializer<'de>>(value: D) -> Result<EngineKind, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Chosen {
        Browser,
        Simulated,
    }
    Ok(match Chosen::deserialize(value)? {
        Chosen::Browser => EngineKind::Browser,
        Chosen::Simulated => EngineKind::Simulated,
    })
}

impl Config {
    /// Where the profiles of sessions lie.
    pub fn sessions_dir(&self) -> PathBuf {
        if self.data.sessions_dir.as_os_str().is_empty() {
            self.data.dir.join("sessions")
        } else {
            self.data.sessions_dir.clone()
        }
    }
}

//! What may be said on the command line, and the settings that come of it.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use wagate::{
    accounts::Role,
    config::{Config, Flags, NetworkKind},
    domain::session::EngineKind,
};

use crate::Failure;

/// A self-hosted gateway that owns WhatsApp sessions and offers them over HTTP, WebSocket and webhooks.
#[derive(Parser)]
#[command(version, about)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the gateway (the default).
    Serve,
    /// Show the main job on the simulated network, step by step.
    Demo,
    /// Check what the gateway needs on this machine, with a remedy for each fault.
    Doctor,
    /// Make, list and revoke API keys, while the gateway runs or while it does not.
    Key {
        #[command(subcommand)]
        action: KeyAction,
    },
    /// Make and change accounts of people, while the gateway runs or while it does not.
    User {
        #[command(subcommand)]
        action: UserAction,
    },
    /// Show or change the key that secrets at rest are sealed with, while the gateway runs or while it does
    /// not.
    Vault {
        #[command(subcommand)]
        action: VaultAction,
    },
    /// Write everything that the gateway keeps into one file, while it runs or while it does not.
    Backup(BackupOrder),
    /// Put a backup back into an empty data folder.
    Restore {
        /// What `wagate backup` wrote.
        file: PathBuf,
        /// Take the place of what is there, which is moved aside.
        #[arg(long)]
        force: bool,
    },
    /// Offer a running gateway's tools to an assistant, on standard input and output (MCP).
    Mcp {
        /// Address of the gateway [default: where the settings say that it listens].
        #[arg(long, env = "WAGATE_URL")]
        url: Option<String>,
        /// API key of scope `mcp` and those of the tools [default: the first key, in the data folder].
        #[arg(long, env = "WAGATE_API_KEY", hide_env_values = true)]
        key: Option<String>,
    },
    /// Build the indexes of messages and conversations again, while no gateway uses the folder.
    Reindex {
        /// Count the figures of analytics again instead, on all days that the event log holds whole.
        #[arg(long)]
        analytics: bool,
    },
    /// Print the OpenAPI document.
    Openapi {
        /// Print that of the control of the simulated network.
        #[arg(long)]
        simulator: bool,
    },
}

#[derive(Subcommand)]
pub enum KeyAction {
    /// Make a key; its secret is printed this once.
    Create {
        /// What people will know it by.
        name: String,
        /// What it may do: `read`, `send`, `admin`, …, or `*` for everything.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// Limit it to one session.
        #[arg(long)]
        session: Option<String>,
        /// Days until it ends by itself.
        #[arg(long)]
        expires_in_days: Option<u32>,
    },
    List,
    Revoke {
        id: uuid::Uuid,
    },
}

#[derive(Subcommand)]
pub enum UserAction {
    /// Make an account; its password is printed this once.
    Create {
        /// E-mail address of the person.
        email: String,
        /// Name of the person [default: the e-mail address].
        #[arg(long)]
        name: Option<String>,
        /// What they may do: `owner`, `admin`, `agent` or `viewer`.
        #[arg(long, default_value = "agent")]
        role: Role,
    },
    List,
    /// Change what somebody may do.
    Role {
        email: String,
        /// `owner`, `admin`, `agent` or `viewer`.
        role: Role,
    },
    /// Make a code with which somebody chooses a new password; it is printed this once.
    ResetPassword {
        email: String,
    },
    /// Disable the two-factor authentication of somebody who lost their phone.
    DisableTotp {
        email: String,
    },
}

#[derive(Subcommand)]
pub enum VaultAction {
    /// Tell which key it is and how many values are sealed with it.
    Status,
    /// Make a new key, seal everything with it and forget the former one.
    Rotate,
}

#[derive(Args)]
pub struct BackupOrder {
    /// Where to write it; must not exist.
    pub file: PathBuf,
    /// Logins of sessions whose browser runs.
    #[arg(long, value_enum, default_value = "stop")]
    pub profiles: ProfilesChoice,
    /// Address of another gateway [default: the one that uses the data folder, or the folder itself].
    #[arg(long)]
    pub url: Option<String>,
    /// API key of scope `admin` for the gateway at `--url`.
    #[arg(long, env = "WAGATE_API_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ProfilesChoice {
    /// Close each browser in order for its copy, one after the other, and open it again.
    Stop,
    /// Leave them out: these sessions need a new scan after a restore.
    Stopped,
    /// Leave out every login.
    None,
}

/// Settings that may be given as flags; they win over the environment and the file.
#[derive(Args)]
pub struct Settings {
    /// Settings file (TOML).
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080].
    #[arg(long, global = true)]
    listen: Option<std::net::SocketAddr>,
    /// Port to listen on; keeps the address.
    #[arg(long, global = true)]
    port: Option<u16>,
    /// Folder of the store, media and keys [default: ./data].
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// The real WhatsApp or the simulated network.
    #[arg(long, global = true)]
    network: Option<Network>,
    /// What drives a session that does not choose for itself.
    #[arg(long, global = true)]
    engine: Option<Engine>,
    /// Sessions that may be active at once [default: 10].
    #[arg(long, global = true)]
    max_sessions: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    Whatsapp,
    Simulated,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    Browser,
    Simulated,
}

impl Settings {
    pub fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            listen: self.listen,
            port: self.port,
            data: self.data.clone(),
            network: self.network.map(|network| match network {
                Network::Whatsapp => NetworkKind::Whatsapp,
                Network::Simulated => NetworkKind::Simulated,
            }),
            engine: self.engine.map(|engine| match engine {
                Engine::Browser => EngineKind::Browser,
                Engine::Simulated => EngineKind::Simulated,
            }),
            max_sessions: self.max_sessions,
        }
    }

    pub fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.flags(), &environment())?)
    }
}

pub fn environment() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

//! Words of the settings, and fields that may be null.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config;

/// A field that is not given, null, or a value.
pub type Nullable<T> = Option<Option<T>>;

/// A field of a group; null where the group is.
pub fn within<G, T: Clone>(group: &Nullable<G>, field: impl Fn(&G) -> &Nullable<T>) -> Nullable<T> {
    match group {
        None => None,
        Some(None) => Some(None),
        Some(Some(group)) => field(group).clone(),
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BusinessOptInPolicy)]
pub enum OptIn {
    Strict,
    OptedOut,
    Off,
}

impl From<config::OptIn> for OptIn {
    fn from(policy: config::OptIn) -> Self {
        match policy {
            config::OptIn::Strict => Self::Strict,
            config::OptIn::OptedOut => Self::OptedOut,
            config::OptIn::Off => Self::Off,
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BusinessAssignmentStrategy)]
pub enum Assignment {
    None,
    RoundRobin,
    LeastLoaded,
}

impl From<config::Assignment> for Assignment {
    fn from(strategy: config::Assignment) -> Self {
        match strategy {
            config::Assignment::None => Self::None,
            config::Assignment::RoundRobin => Self::RoundRobin,
            config::Assignment::LeastLoaded => Self::LeastLoaded,
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BusinessWindowPolicy)]
pub enum WindowMode {
    Enforce,
    Warn,
    Off,
}

impl From<config::WindowMode> for WindowMode {
    fn from(policy: config::WindowMode) -> Self {
        match policy {
            config::WindowMode::Enforce => Self::Enforce,
            config::WindowMode::Warn => Self::Warn,
            config::WindowMode::Off => Self::Off,
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BusinessReopenPolicy)]
pub enum Reopen {
    Reopen,
    New,
}

impl From<config::Reopen> for Reopen {
    fn from(policy: config::Reopen) -> Self {
        match policy {
            config::Reopen::Reopen => Self::Reopen,
            config::Reopen::New => Self::New,
        }
    }
}

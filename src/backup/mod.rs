//! Backups: the gateway's whole state in one archive, taken while it runs or while it does not.
//!
//! ```text
//!  command ──▶ remote ──▶ POST /api/v1/backup ──▶ service ─┐   the gateway runs
//!     │                                                    ▼
//!     └────────── the folder itself, locked ─────────▶ create ──▶ archive (writer)
//!  command ──▶ restore ──▶ archive (reader) ──▶ work folder ──▶ in place
//! ```
//!
//! The store is a snapshot of one moment. Files, profiles and the simulated network are copied after it, so they
//! know at least what the store knows. This module does not interpret records: the store is bytes here.

mod archive;
mod command;
mod create;
mod dump_format;
mod error;
mod layout;
mod manifest;
mod profiles;
mod reader;
mod remote;
mod restore;
mod service;
mod unpack_limit;
mod workdir;

pub use self::{
    command::{Gateway, Progress, back_up},
    create::clear_left_over,
    error::BackupError,
    manifest::{Manifest, Part, Profile, Secrets},
    profiles::Profiles,
    restore::{Restored, restore},
    service::{Backups, BackupsParts, Download},
};

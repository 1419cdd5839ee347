//! Settings of the business that change while the gateway runs: the configuration, with what callers changed over it.
//!
//! ```text
//!  configuration ──┐
//!                  ├──▶ InEffect ──▶ settings.now(): window, opt-in, keywords, texts …   (asked each time, never kept)
//!  stored record ──┘        ▲
//!  PATCH ──▶ Patch ──▶ checked as the configuration is, one commit with its event
//! ```
//!
//! The record holds values by the path of their setting, such as `business.time_zone`; a setting that is not in it is the
//! configuration's. It lies in a sealed tree, since settings of providers are secrets. This module does not know what a
//! setting is used for.
//!
//! # A further section
//!
//! A section of the configuration that callers may change derives `Serialize`, says in `faults()` what is wrong by path, and
//! is a field of [`InEffect`]. Its endpoint names each field with its path in a [`Patch`]. A secret is shown by no view.

mod event;
mod in_effect;
mod patch;
mod record;
mod service;

pub use self::{event::SettingsEvent, in_effect::InEffect, patch::Patch, service::Settings};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<record::Changed>()];

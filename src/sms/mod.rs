//! SMS: the gateway's number as a channel. Its chats, messages, outbox and inbox are the common ones, under the name of a
//! session that no caller can name.
//!
//! ```text
//! send:    outbox ──▶ session ──▶ engine (driver/sms) ──▶ provider
//! inbound: provider's webhook ──▶ here ──▶ messaging::Ingest, durable before the provider is answered
//!          with files ──▶ files_job: a durable job fetches them, then the same
//! ```
//!
//! What a message means for consent and conversation is the inbox's to know.

mod files_job;
mod service;
mod waiting;

use self::waiting::InboundFiles;
pub use self::{
    files_job::FilesJob,
    service::{InboundSms, Sms, SmsFile, SmsParts},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<InboundFiles>()];

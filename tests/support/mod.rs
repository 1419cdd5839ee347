//! What several test programs share; each uses a part of it.

#![allow(dead_code, reason = "each test program uses a part")]

pub mod daemon;
pub mod document;
pub mod http;
pub mod layout_2;
pub mod processes;
pub mod proxies;
pub mod raw;
pub mod receiver;

use std::time::Duration;

pub const PHONE: &str = "15557654321";
pub const ECHO: &str = "15550000001@c.us";
pub const SILENT: &str = "15550000003@c.us";
/// Below this, every caller needs a key.
pub const BUSINESS: &str = "/api/whatsapp-api";

/// Whether a path is of the business API or of assistants, who need a key on this machine too.
pub fn needs_key(path: &str) -> bool {
    [BUSINESS, "/api/conversations/", "/api/mcp"].iter().any(|base| path.starts_with(base))
}

/// Longer than anything here takes on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

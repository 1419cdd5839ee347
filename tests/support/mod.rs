//! What several test programs share; each uses a part of it.

#![allow(dead_code, reason = "each test program uses a part")]

pub mod daemon;
pub mod document;
pub mod http;
pub mod kept;
pub mod layout_2;
pub mod model;
pub mod processes;
pub mod proxies;
pub mod raw;
pub mod receiver;

use std::time::Duration;

use reqwest::Method;

pub const PHONE: &str = "15557654321";
pub const ECHO: &str = "15550000001@c.us";
pub const SILENT: &str = "15550000003@c.us";
/// Below this, every caller needs a key.
pub const BUSINESS: &str = "/api/whatsapp-api";

/// Whether a path is of the business API or of assistants, who need a key on this machine too.
pub fn needs_key(path: &str) -> bool {
    [BUSINESS, "/api/conversations/", "/api/mcp"].iter().any(|base| path.starts_with(base))
}

/// Whether a request is of the workspace API, which words failures in its own way.
pub fn is_workspace(method: &Method, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    document::operation(method, path).is_some_and(|operation| operation.is_of_workspace())
}

/// Whether a request of the workspace API needs somebody who is signed in.
pub fn needs_token(method: &Method, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let found = document::operation(method, path);
    found.is_some_and(|operation| operation.is_of_workspace() && operation.needs_credential())
}

/// Longer than anything here takes on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

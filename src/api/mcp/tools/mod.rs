//! The table of tools: a file for each group, and their order.

mod analytics;
mod bots;
mod broadcasts;
mod contacts;
mod content;
mod conversations;
mod payments;
mod sending;
mod sessions;

use std::sync::LazyLock;

use crate::{api::mcp::tool::Tool, config::McpTools};

/// Those of the business API's documentation, in its order.
static DOCUMENTED: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    vec![
        contacts::list(),
        contacts::get(),
        contacts::create(),
        conversations::list(),
        conversations::get(),
        sending::message(),
        content::templates(),
        broadcasts::send(),
        analytics::get(),
        bots::list(),
        content::quick_replies(),
        payments::create(),
    ]
});

/// What the gateway has besides.
static FURTHER: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    vec![
        sessions::list(),
        sessions::qr_code(),
        conversations::search(),
        conversations::mark_read(),
        sending::reaction(),
        conversations::resolve(),
        conversations::add_note(),
    ]
});

/// The tools that the settings offer.
pub fn offered(which: McpTools) -> impl Iterator<Item = &'static Tool> {
    let further: &[Tool] = if which == McpTools::All { &FURTHER } else { &[] };
    DOCUMENTED.iter().chain(further)
}

pub fn named(which: McpTools, name: &str) -> Option<&'static Tool> {
    offered(which).find(|tool| tool.name() == name)
}

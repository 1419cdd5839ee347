//! The chat widget: what the page of a visitor asks for. Nobody signs in: the public token in the path names the bot, and the
//! visitor's token opens one conversation.
//!
//! ```text
//! widget.js ─▶ config ─▶ page (a frame) ─▶ sessions ─▶ history ─▶ events, which follow the conversation
//!                                                       └─▶ stream, feedback, handoff, tickets, close
//! ```

mod caller;
mod chat;
mod events;
mod page;
mod tickets;
mod visits;
mod views;

use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = page::endpoints();
    all.extend(visits::endpoints());
    all.extend(chat::endpoints());
    all.extend(tickets::endpoints());
    all.extend(events::endpoints());
    all
}

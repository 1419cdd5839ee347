//! The workspace API: people and their work together, bots and what they know, chat and inbox, as clients of Konan know
//! it.
//!
//! It needs a credential always, also on this machine, but for what signs people in. The rate limit counts by caller; of
//! what signs people in by address.

mod account;
pub mod automation_body;
pub mod automations;
pub mod bot_access;
mod canned;
mod contact_view;
mod contacts;
mod inbox_views;
mod analytics;
mod analytics_view;
mod bot_body;
mod bot_view;
mod bots;
mod chat;
mod chat_stream;
mod fields;
mod inbox;
mod inbox_marks;
mod inbox_send;
mod inbox_stats;
mod summary;
mod invitations;
mod knowledge;
mod knowledge_view;
mod logins;
mod model;
pub mod notes;
mod notifications;
mod pages;
mod people_names;
pub mod people_search;
mod preferences;
mod presence;
pub mod session_view;
mod sessions;
mod sign_in;
mod tasks;
mod teams;
mod tickets;
mod totp;
mod users;
mod views;
mod webhook_view;
mod webhooks;
mod work_item_view;
mod widget;
pub mod wording;

use crate::api::{dialects, endpoint::Endpoint};

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = sign_in::endpoints();
    all.extend(account::endpoints());
    all.extend(totp::endpoints());
    all.extend(logins::endpoints());
    all.extend(invitations::endpoints());
    all.extend(users::endpoints());
    all.extend(teams::endpoints());
    all.extend(presence::endpoints());
    all.extend(notifications::endpoints());
    all.extend(notes::endpoints());
    all.extend(canned::endpoints());
    all.extend(inbox_views::endpoints());
    all.extend(contacts::endpoints());
    all.extend(knowledge::endpoints());
    all.extend(bots::endpoints());
    all.extend(model::endpoints());
    all.extend(chat::endpoints());
    all.extend(chat_stream::endpoints());
    all.extend(inbox::endpoints());
    all.extend(inbox_marks::endpoints());
    all.extend(inbox_send::endpoints());
    all.extend(inbox_stats::endpoints());
    all.extend(tickets::endpoints());
    all.extend(tasks::endpoints());
    all.extend(automations::endpoints());
    all.extend(summary::endpoints());
    all.extend(webhooks::endpoints());
    all.extend(analytics::endpoints());
    all.extend(widget::endpoints());
    all.into_iter().map(|endpoint| endpoint.speaks(&dialects::Workspace)).collect()
}

//! The open-wa Multi-Session API: sessions, messages, chats, contacts, groups and webhooks.

mod cards;
mod chats;
mod contacts;
mod event_data;
pub mod event_names;
pub mod event_schemas;
mod event_words;
mod groups;
mod identity;
pub mod linking_code;
mod manage;
mod message_view;
pub mod messages;
mod outbox;
mod polls;
mod qr;
mod screenshot;
mod send;
mod texts;
mod view;
mod webhook_deliveries;
pub mod webhooks;
pub mod wire;
pub mod wording;

pub use self::{
    manage::views,
    qr::shown_code,
    texts::{addressee, check_contact, phone, proxy_address, target, time_to_send},
    view::SessionView,
};
use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = manage::endpoints();
    all.extend(qr::endpoints());
    all.extend(screenshot::endpoints());
    all.extend(send::endpoints());
    all.extend(outbox::endpoints());
    all.extend(messages::endpoints());
    all.extend(polls::endpoints());
    all.extend(chats::endpoints());
    all.extend(contacts::endpoints());
    all.extend(groups::endpoints());
    all.extend(identity::endpoints());
    all.extend(webhooks::endpoints());
    all.extend(webhook_deliveries::endpoints());
    all
}

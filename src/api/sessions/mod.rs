//! The open-wa Multi-Session API: sessions, messages, chats, contacts, groups and webhooks.

mod cards;
mod chats;
mod contacts;
mod event_data;
pub mod event_schemas;
mod event_words;
mod groups;
mod identity;
mod manage;
mod message_view;
pub mod messages;
mod outbox;
mod polls;
pub mod qr;
mod send;
mod view;
mod webhook_deliveries;
mod webhooks;
pub mod wire;
pub mod wording;

pub use self::{
    cards::{check_contact, check_vcard},
    manage::proxy_address,
    outbox::time_to_send,
    qr::phone,
    send::{addressee, target},
};
use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = manage::endpoints();
    all.extend(qr::endpoints());
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

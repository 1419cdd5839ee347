//! The business API: contacts, conversations and sending, as clients of Kaanha know it.
//!
//! It needs a credential always, also on this machine. The rate limit counts by address, for all callers together.

pub mod agents;
pub mod ai_agents;
pub mod analytics;
pub mod analytics_view;
mod auto_tagging;
mod chat_bulk;
pub mod broadcast_view;
pub mod broadcasts;
mod channels;
mod chat_view;
pub mod chats;
pub mod contact_view;
pub mod csat_view;
pub mod contacts;
mod flow_body;
mod flows;
mod import;
pub mod quick_replies;
mod interactive;
mod media;
mod message_view;
mod messages;
pub mod send;
pub mod send_body;
mod sessions;
mod status;
mod pay_page;
pub mod payment_links;
pub mod payment_view;
mod stripe;
mod settings;
mod tags;
mod template_send;
pub mod template_view;
pub mod templates;
mod timeline;
pub mod values;
mod webhooks;
pub mod wording;
mod twilio;

use crate::api::{dialects, endpoint::Endpoint};

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = contacts::endpoints();
    all.extend(import::endpoints());
    all.extend(tags::endpoints());
    all.extend(timeline::endpoints());
    all.extend(auto_tagging::endpoints());
    all.extend(quick_replies::endpoints());
    all.extend(templates::endpoints());
    all.extend(analytics::endpoints());
    all.extend(ai_agents::endpoints());
    all.extend(flows::endpoints());
    all.extend(broadcasts::endpoints());
    all.extend(payment_links::endpoints());
    all.extend(pay_page::endpoints());
    all.extend(stripe::endpoints());
    all.extend(twilio::endpoints());
    all.extend(status::endpoints());
    all.extend(chat_bulk::endpoints());
    all.extend(chats::endpoints());
    all.extend(messages::endpoints());
    all.extend(send::endpoints());
    all.extend(media::endpoints());
    all.extend(settings::endpoints());
    all.extend(webhooks::endpoints());
    all.into_iter().map(|endpoint| endpoint.speaks(&dialects::Business)).collect()
}

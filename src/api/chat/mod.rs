//! The Zapini Chat API: conversations and messages as a chat user interface shows them. Reads come
//! from the store and work while an instance, a session by its name here, is offline.

pub mod access;
mod choices;
mod conversations;
mod either_form;
mod formatted;
mod instances;
mod list;
mod mentioned;
mod message_list;
mod messages;
mod paging;
mod preview;
mod reactions;
mod render;
mod search;
mod send;
mod tags;
mod texts;
mod upload;
mod wire;

pub use self::{
    access::count_send,
    list::all as list_messages,
    render::media_url as file_url,
    texts::{address, schedule, tag_id},
    wire::time,
};
use crate::api::{dialects, endpoint::Endpoint};

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = conversations::endpoints();
    all.extend(list::endpoints());
    all.extend(messages::endpoints());
    all.extend(send::endpoints());
    all.extend(instances::endpoints());
    all.extend(tags::endpoints());
    let of_surface = |endpoint: Endpoint| match dialects::at(endpoint.path).name() {
        // Files by links, and by keys as the business API documents it.
        "business" => endpoint.speaks(&dialects::Business),
        _ => endpoint.speaks(&dialects::Chat),
    };
    all.into_iter().map(of_surface).collect()
}

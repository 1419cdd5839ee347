//! The Zapini Chat API: conversations and messages as a chat user interface shows them. Reads come
//! from the store and work while an instance, a session by its name here, is offline.

pub mod access;
mod conversations;
pub mod error;
mod formatted;
mod instances;
mod list;
mod mentioned;
mod messages;
mod paging;
mod preview;
mod reactions;
mod render;
mod search;
mod send;
mod tags;
mod upload;
mod wire;

use serde_json::{Value, json};

pub use self::{
    conversations::tag_id,
    send::{address, schedule},
};
use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = conversations::endpoints();
    all.extend(list::endpoints());
    all.extend(messages::endpoints());
    all.extend(send::endpoints());
    all.extend(instances::endpoints());
    all.extend(tags::endpoints());
    all.into_iter().map(Endpoint::of_chat).collect()
}

/// The success envelope around some data.
fn data(data: impl serde::Serialize) -> Value {
    json!({ "success": true, "data": data })
}

/// The same with a word to a person.
fn told(message: &str, data: impl serde::Serialize) -> Value {
    json!({ "success": true, "message": message, "data": data })
}

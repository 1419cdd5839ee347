//! A request to send a message.

use crate::domain::{Content, Jid};

/// A message that a caller wants sent.
#[derive(Clone, Debug)]
pub struct SendRequest {
    /// The message's key, if it was chosen before. The outcome of an earlier send with this key is looked up: the
    /// message is sent again only if that send has failed for certain.
    pub key: Option<String>,
    pub chat: Jid,
    pub content: Content,
    /// The message to quote: a full id, or its key alone.
    pub quoted: Option<String>,
    pub mentions: Vec<Jid>,
    pub link_preview: bool,
}

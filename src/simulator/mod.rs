//! A WhatsApp of our own that needs no internet.
//!
//! [`Network`] holds accounts with a phone each, their contacts, chats and groups, relays messages
//! between them and acts out planned faults. It knows nothing of sessions, browsers or HTTP: devices
//! reach it through [`protocol`], in process or over a page's WebSocket; people act through
//! [`Network`]'s own methods, which the control API offers.

pub mod protocol;

/// Clones are the same network.
#[derive(Clone)]
pub struct Network {}

//! Records that the gateway adds to chats and messages: ids, numbers, inbox state, local deletions.
//!
//! They are stored beside the chats and messages of an engine, so that no report of an engine overwrites them.

mod inbox;
mod record;
mod stored_message;
mod uuids;

pub use self::{
    inbox::{AutomationPause, InboxState, Tag},
    record::ConversationRecord,
    stored_message::{DayCount, FIRST_NUMBER, StoredMessage, Window},
    uuids::{conversation_uuid, message_uuid},
};

//! Conversations: chats and messages as callers read and change them.

pub mod chat_event;
pub mod chats;
pub mod conversation;
pub mod history;
pub mod list;
pub mod local_changes;
pub mod message_filter;
pub mod messages;
pub mod service;
pub mod tags;
pub mod unsent;

//! Outbound messages: requests to send, the outbox, and actions on sent messages.

mod contact_cards;
pub mod message_actions;
pub mod message_rules;
pub mod outbox;
pub mod outgoing_message;
mod phone_numbers;
pub mod retries;
pub mod send_request;
pub mod send_results;
pub mod sends;

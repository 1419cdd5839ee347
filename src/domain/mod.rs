//! Domain types: ids, messages, chats, sessions, commands and events.
//!
//! Plain data, shaped by no API and by no engine. Nothing here does I/O, waits, or knows a store, a browser or HTTP.
//! These types are stored and logged in their serialised form.

pub mod address;
pub mod channel;
pub mod chat;
pub mod clock;
pub mod command;
pub mod contact;
pub mod contact_draft;
pub mod conversation;
pub mod details;
pub mod error;
pub mod event;
pub mod event_people;
pub mod event_subject;
pub mod failure;
pub mod family;
pub mod file_name;
pub mod fold;
pub mod group;
pub mod id;
pub mod identity;
pub mod line;
pub mod locale;
pub mod log_entry;
pub mod media_type;
pub mod message;
pub mod money;
pub mod opening_hours;
pub mod outbox;
pub mod outgoing_details;
pub mod proxy;
pub mod receipt;
pub mod rules;
pub mod schedule;
pub mod session;
pub mod shown;
pub mod vcard;

pub use channel::{Channel, ChannelId, ChannelKind};
pub use chat::Chat;
pub use clock::Clock;
pub use command::{Command, Content, Outgoing, Reply};
pub use contact::Contact;
pub use details::Details;
pub use error::{Error, ErrorCode, Subject};
pub use event::{EventBody, WaEvent};
pub use event_subject::EventSubject;
pub use failure::{FailureCode, NotNow, SendHold};
pub use family::{Body, LogEvent, ModuleEvent};
pub use group::{Group, Participant, ParticipantOutcome};
pub use id::{Jid, JidKind, MessageId, SessionId};
pub use identity::{Identities, Identity};
pub use locale::Locale;
pub use log_entry::Event;
pub use message::{Ack, Message, MessageKind};
pub use money::{Amount, Currency};
pub use proxy::Proxy;
pub use receipt::Receipt;
pub use session::{
    Me, Removal, SessionConfig, SessionRecord, SessionRef, SessionState, SessionStatus,
};

/// A moment in time, stored in UTC.
pub type Timestamp = jiff::Timestamp;

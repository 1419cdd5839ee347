//! Inbox of the business: what state each conversation with a person is in, who works on it, and since when.
//!
//! ```text
//!  event log ──▶ consumer: ordered steps of one event ──▶ state + lists + counts + own events + cursor, one commit
//!                                                                │
//!  callers ────▶ service: assign, resolve, star ─────────────────┘        lists ──▶ pages with exact totals
//! ```
//!
//! The state lies beside the record of the conversation, which messaging owns. A list is an index by last activity, and
//! its length is a counter that changes in the same commit.

mod actions;
mod agent;
mod away;
mod assignments;
mod automatic;
mod answering;
mod bot_changes;
mod bot_rules;
mod bot_run;
mod bot_step;
mod bot_turn;
mod bulk;
mod changed;
mod caller_change;
mod changes;
mod consumer;
mod counts;
mod drafts;
mod event;
mod facts;
mod keeping;
mod list;
mod marketing;
mod menu;
mod menu_reply;
mod merge;
mod other_chat;
mod post;
mod recipient;
mod reply_policy;
mod rotation;
mod sending;
mod sent_note;
mod sms_parts;
mod service;
mod settings;
mod snooze;
mod snooze_job;
mod state;
mod status;
mod survey;
mod surveys;
mod timeline;
mod view_filters;
mod views;
#[cfg(test)]
mod tests;
mod window_job;

pub use self::{
    actions::InboxActions,
    agent::Agent,
    answering::{AnswerQueue, Answering, AnsweringParts},
    assignments::Assignments,
    automatic::{Automatic, Then, Turn},
    bot_run::{BotRun, HandoffReason, HandoffRequest},
    bot_turn::BotTurn,
    bulk::{BulkSending, Person, Ready},
    caller_change::InboxChange,
    changed::ConversationChanged,
    consumer::{ConsumerParts, InboxConsumer},
    counts::put_state,
    drafts::{Draft, Drafts, Terms},
    event::{About, InboxEvent},
    list::{FoundPeople, InboxFilter, InboxPage, Order as InboxOrder},
    marketing::last as last_marketing,
    menu::{MenuDraft, MenuKind, MenuOption, OptionDraft, Section, SentMenu},
    post::Outcome,
    rotation::next as next_in_turn,
    sending::{Prepared, Recipient, Sending, SendingParts, SentToContact},
    sent_note::{Author, AuthorKind, SentNote},
    service::{Inbox, InboxParts},
    settings::InboxSettings,
    snooze_job::SnoozeJob,
    state::{Folder, InboxState, List as InboxList},
    status::Status,
    survey::Survey,
    view_filters::{BUILT_IN, ViewAssignee, ViewFilters, ViewStatus, built_in},
    views::{InboxView, ViewDraft, Views},
    window_job::WindowJob,
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<InboxState>(),
    Declaration::of::<counts::Count>(),
    Declaration::of::<BotTurn>(),
    Declaration::of::<answering::AnswerDue>(),
    Declaration::of::<answering::AnswerLeft>(),
    Declaration::of::<rotation::Rotation>(),
    Declaration::of::<SentNote>(),
    Declaration::of::<menu::SentMenu>(),
    Declaration::of::<recipient::RecipientHour>(),
    Declaration::of::<marketing::LastMarketing>(),
    Declaration::of::<surveys::LastSurvey>(),
    Declaration::of::<InboxView>(),
];

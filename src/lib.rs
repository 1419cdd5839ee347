//! wagate: a gateway that owns WhatsApp sessions and offers them to programs and people.
//!
//! The modules stand in the order of their layers: each may use those above it, never those below.
//! `tests/architecture.rs` keeps it so; `ARCHITECTURE.md` says why.

// Types of the programs in web, generated from ours.
#[cfg(test)]
pub mod typescript;
// What the gateway talks about: plain data, no I/O.
pub mod domain;
// Every setting, its default and its unit.
pub mod config;
// Logging and metrics.
pub mod telemetry;
// When the gateway stops.
pub mod lifecycle;
// How much memory processes take.
pub mod memory;
// Whose process is at the other end of a connection.
pub mod peer;
// How many files and connections the process may have open.
pub mod descriptors;
// Where a test lets the process die.
pub mod breakpoint;
// Files for the owner alone.
pub mod private;
// The only maker of HTTP clients, and the guard of where they may go.
pub mod egress;
// Messages of assistants, and the way from standard input to a running gateway.
pub mod mcp;
// Keys that seal secrets at rest.
pub mod vault;
// Durable state: an ordered key-value engine and the repositories on it.
pub mod store;
// The event log: events are durable before consumers see them.
pub mod events;
// Work that is due at a time, done at least once with effects that happen once.
pub mod jobs;
// A WhatsApp of our own, for tests and demos.
pub mod simulator;
// Services outside of WhatsApp: payments, SMS, mail.
pub mod providers;
// Mails that wait for their server.
pub mod mail;
// What a session needs from WhatsApp, and the engines that give it.
pub mod driver;
// One task per session, and the supervisor of all.
pub mod session;
// Messages out and in, and the mirror of chats and contacts.
pub mod messaging;
// Words of messages, and where they are.
pub mod search;
// What bots know, and answers from it.
pub mod knowledge;
// Settings of the business that change while it runs.
pub mod settings;
// The people whom a business writes with: consent, tags, timeline.
pub mod contacts;
// Who may call.
pub mod accounts;
// Who changed what in the gateway.
pub mod audit;
// Whether a message may be sent to a contact now.
pub mod policy;
// Who answers contacts by itself.
pub mod bots;
// Answers that a language model words for bots, and summaries of conversations.
pub mod answers;
// What state each conversation with a person is in, and who works on it.
pub mod inbox;
// Tickets and tasks: work that people keep until it is done.
pub mod work_items;
// Quick replies and templates, and how they are filled in.
pub mod content;
// Broadcasts of a template to many contacts.
pub mod campaigns;
// The gateway's number for text messages.
pub mod sms;
// The web chats of bots as channels.
pub mod web_chat;
// Web pages that show the chat of a bot to their visitors.
pub mod widget;
// Links that can be paid, and once.
pub mod payments;
// People who work together, and the bots that they share.
pub mod teams;
// What people note beside a conversation.
pub mod notes;
// Who is at work now.
pub mod presence;
// Who gets the conversations that wait for people.
pub mod assignment;
// Rules and flows, which act by themselves in conversations.
pub mod automation;
// What people should know of, made from the log.
pub mod notifications;
// Figures of each day, counted from the log.
pub mod analytics;
// Delivery of events to callers' endpoints.
pub mod webhooks;
// Everything that the gateway keeps, in one file and back.
pub mod backup;
// What the gateway needs on this machine.
pub mod doctor;
// The handles that a surface may hold.
pub mod services;
// Every table of the store.
pub mod tables;
// The HTTP surface.
pub mod api;
// The composition root.
pub mod gateway;
// The demonstration: the main job, done through the public API.
pub mod demo;

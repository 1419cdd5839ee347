//! wagate: a gateway that owns WhatsApp sessions and offers them to programs and people.
//!
//! The modules stand in the order of their layers: each may use those above it, never those below.
//! `tests/architecture.rs` keeps it so; `ARCHITECTURE.md` says why.

/// Who may call.
pub mod accounts;
/// The HTTP surface.
pub mod api;
/// Every setting, its default and its unit.
pub mod config;
/// The demonstration: the main job, done through the public API.
pub mod demo;
/// What the gateway needs on this machine.
pub mod doctor;
/// What the gateway talks about: plain data, no I/O.
pub mod domain;
/// What a session needs from WhatsApp, and the engines that give it.
pub mod driver;
/// The only maker of HTTP clients, and the guard of where they may go.
pub mod egress;
/// The event log: durable first, then told.
pub mod events;
/// The composition root.
pub mod gateway;
/// When the gateway stops.
pub mod lifecycle;
/// Messages out and in, and the mirror of chats and contacts.
pub mod messaging;
/// The handles that a surface may hold.
pub mod services;
/// One task per session, and the supervisor of all.
pub mod session;
/// A WhatsApp of our own, for tests and demos.
pub mod simulator;
/// Durable state: an ordered key-value engine and the repositories on it.
pub mod store;
/// Logging and metrics.
pub mod telemetry;
/// Delivery of events to callers' endpoints.
pub mod webhooks;

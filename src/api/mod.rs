//! The HTTP surface: the only user of actix.
//!
//! Every route stands in one table of `Endpoint`s (`routes`), which says its path, its handler, who
//! may call it, which rate limit it counts against, what a repetition of it does, and what it takes and answers. Routing,
//! permission, limits and the OpenAPI document are all made from it. Handlers translate, call one
//! method of [`crate::services`], and wrap the answer; `store` and `driver` are out of their reach.
//!
//! ```text
//! server ─▶ gate ─▶ kit ─▶ mcp, business, chat, workspace, sessions, gateway, streams, simulator (handlers)
//!    │        └─▶ dialects (envelopes, errors)       │
//!    └─▶ routes ─▶ openapi                           └─▶ services
//! ```

mod business;
mod chat;
mod content;
mod dialects;
mod documents;
mod embedded;
mod endpoint;
mod error;
mod event_data;
mod file;
mod former;
mod gate;
mod gateway;
mod kit;
mod mcp;
mod openapi;
mod routes;
mod server;
mod sessions;
mod simulator;
mod streams;
mod texts;
mod workspace;

pub use self::{
    business::wording::BusinessWords,
    routes::openapi_document,
    server::{
        Server,
        starting::{Progress as StartProgress, StartingServer},
    },
    simulator::door::Door,
    streams::frames::AllFrames,
    workspace::wording::WorkspaceWords,
};

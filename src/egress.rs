//! Outgoing HTTP: the only place that makes clients, and the guard of their targets (SSRF).
//!
//! Callers give the gateway URLs to post to and to fetch from. Such a URL must not lead to the gateway itself, nor
//! into the gateway's network unless the settings allow it. A name is resolved once and checked, and the connection
//! goes to the checked address, so the name cannot change in between.
//!
//! Deliveries go through hyper ([`Client`]), all other requests through reqwest.

mod api_client;
mod client;
mod credential;
mod fetch;
mod guard;
mod own;
mod owner;
mod reach;
mod request_clients;
mod stream_client;
mod target;

pub use self::{
    api_client::{ApiAnswer, ApiClient, NoAnswer},
    client::{Client, trust_of_the_system},
    credential::Credential,
    fetch::{Bounds, FetchFault, Fetched, fetch},
    guard::{Guard, Private, form_of},
    own::{OwnPort, OwnPorts},
    owner::OwnGateway,
    request_clients::{local_client, owner_client},
    stream_client::{StreamClient, Streamed},
    target::{Target, look_up},
};

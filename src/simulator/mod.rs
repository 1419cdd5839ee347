//! Simulated WhatsApp network that needs no internet.
//!
//! [`Network`] holds accounts with a phone each, their contacts, chats and groups, relays messages
//! between them and carries out planned faults. It knows nothing of sessions, browsers or HTTP:
//! devices reach it through [`protocol`], in process or over a page's WebSocket; people act through
//! the methods in `control`, which the control API offers.
//!
//! ```text
//! control, device ──▶ world (one lock) ──▶ actions ──▶ state         persisted: accounts, chats, tasks, clock
//!                                               ├────▶ connections   devices and their pushes
//!                                               ├────▶ pairing       references and pairing codes
//!                                               └────▶ scheduler     tasks and timers by due time
//! ```
//!
//! All parts lie behind one lock that is never held across a wait. A change is in the network's own store before
//! the lock is released and before a device is notified: the network outlives the process, however that ends.
//! Planned faults and devices that are being linked do not.
//!
//! Chats and files have limits ([`NetworkSettings`]). The number of accounts, groups and chats has none.

mod actions;
mod connections;
mod control;
mod device;
mod faults;
mod identity_masking;
mod media_folder;
mod message_builder;
mod network;
mod pairing;
pub mod protocol;
#[cfg(test)]
mod protocol_types;
mod scheduler;
mod settings;
mod state;
mod web_client;
mod world;

pub use self::{
    actions::groups::GroupForm,
    control::{
        account::{Account, AccountView, DeviceView},
        clock::{ClockView, NetworkClock},
        identities::identity_learned,
        lifecycle::dump_of,
        media::{MediaFile, NetworkMedia, PhoneMedia},
        phone::Phone,
    },
    device::{Device, Pushes},
    faults::Faults,
    message_builder::Extra,
    network::Network,
    settings::NetworkSettings,
    state::{Behaviour, IdentityVisibility},
    web_client::WebClient,
};
pub use crate::store::local::{Dump, LOG};

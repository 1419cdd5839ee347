//! Control of the network from outside: clock, faults, identities, and the phones of people.

pub mod account;
pub mod clock;
mod devices;
pub mod identities;
pub mod lifecycle;
mod linking;
pub mod media;
pub mod phone;
mod phone_groups;

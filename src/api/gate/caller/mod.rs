//! Rules about callers: where a request comes from, whether a foreign web page may have made it, and whether it may
//! do without a key.

pub mod address;
pub mod connection;
pub mod owner_socket;
pub mod page;
pub mod policy;

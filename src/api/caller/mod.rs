//! Rules about callers, decided from the head of a request alone: where it comes from, whether a
//! foreign web page may have made it, and whether it may do without a key.

pub mod address;
pub mod page;
pub mod policy;

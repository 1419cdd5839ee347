//! Providers: services outside of WhatsApp that the business uses. Each kind is a trait with its real and its
//! simulated implementations.
//!
//! A provider knows neither the store nor the log. What comes of its answers is decided above.

pub mod mail;
pub mod model;
pub mod payments;
pub mod sms;

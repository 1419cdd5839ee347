//! The control of simulated providers: payments and text messages.

mod payments;
mod sms;

use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = payments::endpoints();
    all.extend(sms::endpoints());
    all
}

//! The control of simulated providers: payments, text messages, and a language model.

mod model;
mod payments;
mod sms;

use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = payments::endpoints();
    all.extend(sms::endpoints());
    all.extend(model::endpoints());
    all
}

//! The workspace API: people, their sign-ins and what bots know, as clients of Konan know it.
//!
//! It needs a credential always, also on this machine, but for what signs people in. The rate limit counts by caller; of
//! what signs people in by address.

mod account;
mod invitations;
mod knowledge;
mod knowledge_view;
mod logins;
mod sign_in;
mod totp;
mod users;
mod views;

use crate::api::{dialects, endpoint::Endpoint};

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = sign_in::endpoints();
    all.extend(account::endpoints());
    all.extend(totp::endpoints());
    all.extend(logins::endpoints());
    all.extend(invitations::endpoints());
    all.extend(users::endpoints());
    all.extend(knowledge::endpoints());
    all.into_iter().map(|endpoint| endpoint.speaks(&dialects::Workspace)).collect()
}

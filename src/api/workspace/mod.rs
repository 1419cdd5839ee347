//! The workspace API: people, their sign-ins, their work together and what bots know, as clients of Konan know it.
//!
//! It needs a credential always, also on this machine, but for what signs people in. The rate limit counts by caller; of
//! what signs people in by address.

mod account;
mod bot_access;
mod canned;
mod contact_view;
mod contacts;
mod inbox_views;
mod invitations;
mod knowledge;
mod knowledge_view;
mod logins;
pub mod notes;
mod notifications;
mod pages;
mod people_names;
mod preferences;
mod presence;
mod sign_in;
mod teams;
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
    all.extend(teams::endpoints());
    all.extend(presence::endpoints());
    all.extend(notifications::endpoints());
    all.extend(notes::endpoints());
    all.extend(canned::endpoints());
    all.extend(inbox_views::endpoints());
    all.extend(contacts::endpoints());
    all.extend(knowledge::endpoints());
    all.into_iter().map(|endpoint| endpoint.speaks(&dialects::Workspace)).collect()
}

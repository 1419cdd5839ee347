//! Callers: people with accounts, API keys with scopes, leases of their streams, stream tickets, and signed links to one
//! file. Knows nothing of HTTP.

pub mod command;
mod command_place;
mod bootstrap_key;
mod calls;
pub mod jwt;
mod key_records;
mod keys;
mod leases;
mod media_links;
mod people;
mod principal;
mod role;
mod teams;
mod tickets;
pub mod user_command;

pub use self::{
    bootstrap_key::BootstrapKey,
    key_records::{ApiKeyRecord, KeyRecords},
    keys::{ApiKeys, MOST_KEYS, SCOPES, check_end, check_words},
    leases::{Ending, Lease, Leases},
    media_links::{BadLink, MediaLinks, Signed},
    people::{
        AccountSettings, Accounts, AccountsParts, Invitation, Login, Newcomer, Registered, SignIn,
        SignedIn, TotpSetup, User, UserChange, UserDraft, Visit, check_password, folded, is_token,
        users_in,
    },
    principal::{Principal, Who},
    role::{ROLES, Role},
    teams::{MOST_MEMBERS, MOST_TEAMS, Team, TeamInvite, TeamMember, TeamRole},
};
use crate::store::{Declaration, SealedSetting};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<ApiKeyRecord>(),
    Declaration::of::<User>(),
    Declaration::of::<Login>(),
    Declaration::of::<people::Code>(),
    Declaration::of::<Invitation>(),
    Declaration::of::<Team>(),
    Declaration::of::<TeamMember>(),
    Declaration::of::<TeamInvite>(),
];

/// The settings of this module that lie sealed: keys that the gateway signs with.
pub const SEALED_SETTINGS: &[SealedSetting] = &[people::ACCOUNT_KEY, media_links::LINK_KEY];

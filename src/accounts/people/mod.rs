//! People: their accounts, sign-ins, codes, second factors and invitations.
//!
//! ```text
//!  register, invite, create ─▶ user ─▶ sign in (password, second factor) ─▶ login record + token (JWT)
//!                               │                                             good while the record exists
//!                               └─ forgot, reset, disabled, removed ─▶ records go, streams and keys end
//! ```
//!
//! Each change is one commit. Passwords are hashed with Argon2id, two at once; codes, recovery codes and tokens are kept
//! as keyed hashes under a key that lies sealed in the store. Nothing here logs a code, an address or a token.

mod administration;
mod attempts;
mod code;
mod invitation;
mod invitations;
mod login;
mod mails;
mod own;
mod password;
mod pending;
mod recovery;
mod registration;
mod rules;
mod second_factor;
mod secret;
mod service;
mod sign_in;
#[cfg(test)]
mod tests;
mod token;
mod totp;
mod user;

pub use self::{
    administration::{UserChange, UserDraft},
    code::Code,
    invitation::Invitation,
    login::{Login, Visit},
    registration::{Newcomer, Registered},
    rules::check_password,
    second_factor::TotpSetup,
    secret::ACCOUNT_KEY,
    service::{AccountSettings, Accounts, AccountsParts},
    sign_in::{SignIn, SignedIn},
    token::is_token,
    user::{User, all as users_in, folded},
};

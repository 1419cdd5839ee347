//! Keyring for secrets at rest: authenticated encryption (XChaCha20-Poly1305) of single values, and the key file.
//!
//! ```text
//!  no key ──make──▶ [A] ──begin──▶ [B, A] ──use_newest──▶ [B, A] ──drop_former──▶ [B]
//!                          A still seals       B seals, A still opens
//! ```
//!
//! A sealed value names its key and is bound to its place: a value that was moved does not open. The module knows
//! no storage. Its user decides which values are sealed, and when a rotation has reached the last one. The keyring
//! never makes a key where values are sealed with a key that it lacks.

mod error;
mod file;
mod key;
mod key_id;
mod keyring;

pub use self::{
    error::VaultError,
    key::key_of,
    key_id::KeyId,
    keyring::{Keyring, Keys, Source},
};
pub use crate::private::MASTER_KEY as KEY_FILE;

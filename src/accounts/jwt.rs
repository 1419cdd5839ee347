//! JWT (RFC 7519) with HS256, and no other algorithm. What the claims say, and which key signs, is the caller's.
//!
//! It is made and read here alone: what a library would add are other algorithms and a clock of its own, and those are what
//! must not be.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;

/// `{"alg":"HS256","typ":"JWT"}`. A token with another header is none.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// Characters that no token of ours exceeds.
const LONGEST: usize = 1_024;

/// A token with these claims, signed with the HMAC-SHA-256 of a key; none never happens.
pub fn sign(claims: &impl Serialize, mac: impl Fn(&[u8]) -> [u8; 32]) -> Option<String> {
    let signed = format!("{HEADER}.{}", BASE64.encode(serde_json::to_vec(claims).ok()?));
    let signature = BASE64.encode(mac(signed.as_bytes()));
    Some(format!("{signed}.{signature}"))
}

/// The claims of a token that carries the signature of this key. Whether it has ended is not looked at.
pub fn read<C: DeserializeOwned>(token: &str, mac: impl Fn(&[u8]) -> [u8; 32]) -> Option<C> {
    if LONGEST < token.len() {
        return None;
    }
    let (signed, given) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let given = BASE64.decode(given).ok()?;
    let is_ours = header == HEADER && bool::from(mac(signed.as_bytes()).ct_eq(given.as_slice()));
    if !is_ours {
        return None;
    }
    serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
}

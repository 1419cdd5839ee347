//! Signatures: Standard Webhooks 1.0.0, and the older hexadecimal form beside it. Pure.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{domain::Timestamp, webhooks::stored::WebhookSecret};

pub const PREFIX: &str = "whsec_";

/// A new secret: `whsec_` and 32 random bytes in base64.
pub fn new_secret() -> String {
    let random: [u8; 32] = rand::random();
    format!("{PREFIX}{}", BASE64.encode(random))
}

/// Whether a caller's own secret is long enough. An error says what it must be.
pub fn check(secret: &str) -> Result<(), &'static str> {
    const WRONG: &str = "must have 24 to 256 characters, or be whsec_ and 24 to 64 bytes in base64";
    let is_fit = match secret.strip_prefix(PREFIX) {
        Some(encoded) => BASE64.decode(encoded).is_ok_and(|bytes| (24..=64).contains(&bytes.len())),
        None => (24..=256).contains(&secret.len()),
    };
    if is_fit { Ok(()) } else { Err(WRONG) }
}

/// The value of `webhook-signature`: one signature for each secret in force, the newest first.
pub fn standard(
    secrets: &[WebhookSecret],
    now: Timestamp,
    id: &str,
    seconds: i64,
    body: &[u8],
) -> String {
    let head = format!("{id}.{seconds}.");
    let in_force = secrets.iter().filter(|secret| secret.valid_until.is_none_or(|end| now < end));
    let signatures = in_force.map(|secret| {
        format!("v1,{}", BASE64.encode(digest(&key(&secret.secret), &[head.as_bytes(), body])))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

/// The value of `X-Webhook-Signature`: over the body alone, with the newest secret's own text.
pub fn hexadecimal(secrets: &[WebhookSecret], body: &[u8]) -> Option<String> {
    let newest = secrets.first()?;
    Some(format!("sha256={}", HEXLOWER.encode(&digest(newest.secret.as_bytes(), &[body]))))
}

/// The key bytes of a secret. A caller's own secret may be any text.
fn key(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix(PREFIX);
    let decoded = encoded.and_then(|encoded| BASE64.decode(encoded).ok());
    decoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// HMAC-SHA-256 of a message in parts.
fn digest(key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            message.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        }
        // Never happens: HMAC takes keys of any length.
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn secret(secret: &str, valid_until: Option<Timestamp>) -> WebhookSecret {
        WebhookSecret { secret: secret.to_owned(), valid_until }
    }

    #[test]
    fn the_example_of_the_standard_is_met() {
        let secrets = [secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None)];
        let signature = standard(
            &secrets,
            from_seconds(0),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_as_many_bytes_as_the_standard_asks_for() {
        let encoded = |bytes: usize| format!("{PREFIX}{}", BASE64.encode(vec![7; bytes]));
        for fit in [encoded(24), encoded(64), "x".repeat(24), "x".repeat(256), new_secret()] {
            assert_eq!(check(&fit), Ok(()), "{fit}");
        }
        let no_base64 = format!("{PREFIX}{}", "!".repeat(32));
        for unfit in
            [String::new(), "x".repeat(23), "x".repeat(257), encoded(23), encoded(65), no_base64]
        {
            assert!(check(&unfit).is_err(), "{unfit}");
        }
    }

    #[test]
    fn an_old_secret_signs_until_its_time_is_over() {
        let secrets = [secret("new", None), secret("old", Some(from_seconds(100)))];
        let count = |now| standard(&secrets, from_seconds(now), "id", 0, b"{}").split(' ').count();
        assert_eq!((count(99), count(100)), (2, 1));
    }

    #[test]
    fn new_secrets_differ_and_hold_32_bytes() {
        let (a, b) = (new_secret(), new_secret());
        assert_ne!(a, b);
        assert_eq!(key(&a).len(), 32);
    }
}

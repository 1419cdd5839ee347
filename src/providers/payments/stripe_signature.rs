//! Signature of Stripe's webhooks: HMAC-SHA-256 over the time and the body, good for five minutes. Pure.

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far the time of a signature may lie from now.
const TOLERANCE_SECONDS: u64 = 300;
/// Signatures of one header that are looked at: Stripe sends one for each secret in force.
const MOST_SIGNATURES: usize = 8;

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("the header Stripe-Signature is missing or is no signature")]
    Malformed,
    #[error("the signature is older than five minutes, or from a clock that is ahead")]
    Late,
    #[error("the signature is not that of the configured secret")]
    Wrong,
}

/// Checks the value of `Stripe-Signature` against the body as it came.
pub fn check(header: &str, body: &[u8], secret: &str, now: i64) -> Result<(), BadSignature> {
    let mut time: Option<&str> = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) if signatures.len() < MOST_SIGNATURES => {
                signatures.extend(HEXLOWER_PERMISSIVE.decode(value.as_bytes()));
            }
            _ => (),
        }
    }
    let time = time.ok_or(BadSignature::Malformed)?;
    let seconds: i64 = time.parse().map_err(|_| BadSignature::Malformed)?;
    if signatures.is_empty() {
        return Err(BadSignature::Malformed);
    }
    let mac = mac(time, body, secret).ok_or(BadSignature::Wrong)?;
    // Each comparison takes the same time wherever the bytes differ.
    let is_right = |signature: &Vec<u8>| mac.clone().verify_slice(signature).is_ok();
    if !signatures.iter().any(is_right) {
        return Err(BadSignature::Wrong);
    }
    if TOLERANCE_SECONDS < now.abs_diff(seconds) {
        return Err(BadSignature::Late);
    }
    Ok(())
}

/// The time is signed as it is written.
fn mac(time: &str, body: &[u8], secret: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "whsec_test_secret";
    const NOW: i64 = 1_774_348_260;

    fn signature(time: i64, body: &[u8], secret: &str) -> String {
        let mac = mac(&time.to_string(), body, secret).unwrap();
        HEXLOWER_PERMISSIVE.encode(&mac.finalize().into_bytes())
    }

    #[test]
    fn one_right_signature_in_time_is_enough() {
        let right = signature(NOW, b"{}", SECRET);
        let check = |header: &str, now: i64| check(header, b"{}", SECRET, now);
        let wrong = "0".repeat(64);
        assert_eq!(check(&format!("t={NOW},v1={right}"), NOW), Ok(()));
        assert_eq!(check(&format!("t={NOW}, v0={wrong}, v1={wrong}, v1={right}"), NOW), Ok(()));
        for seconds in [-300, 300] {
            assert_eq!(check(&format!("t={NOW},v1={right}"), NOW + seconds), Ok(()));
        }
        for seconds in [-301, 301] {
            let late = check(&format!("t={NOW},v1={right}"), NOW + seconds);
            assert_eq!(late, Err(BadSignature::Late));
        }
        for header in ["", "t=1", "v1=00", "t=x,v1=00", &format!("t={NOW},v0={right}"), "t=1,v1=xy"]
        {
            assert_eq!(check(header, NOW), Err(BadSignature::Malformed), "{header}");
        }
        for header in [
            format!("t={NOW},v1={wrong}"),
            format!("t={NOW},v1={}", right.get(..60).unwrap()),
            // The time is part of what is signed.
            format!("t={},v1={right}", NOW + 1),
            format!("t=0{NOW},v1={right}"),
            format!("t={NOW},v1={}", signature(NOW, b"{}", "whsec_other")),
        ] {
            assert_eq!(check(&header, NOW), Err(BadSignature::Wrong), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_other_body_is_refused(body in ".{0,60}", other in ".{0,60}", header in ".{0,80}") {
            let right = format!("t={NOW},v1={}", signature(NOW, body.as_bytes(), SECRET));
            let is_same = check(&right, other.as_bytes(), SECRET, NOW).is_ok();
            prop_assert_eq!(is_same, body == other);
            prop_assert!(check(&header, body.as_bytes(), SECRET, NOW).is_err());
        }
    }
}

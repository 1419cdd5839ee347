//! Codes of a generator on a phone, as RFC 6238 makes them: SHA-1, six digits, a new one each half minute. Pure.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::ConstantTimeEq;

const ISSUER: &str = "wagate";
const DIGITS: usize = 6;
/// Seconds of a step.
const STEP: u64 = 30;
/// Steps before and after the present one whose codes are taken: clocks differ, and people take their time.
const LENIENCY: u64 = 1;

/// The secret as people type it.
pub fn in_base32(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// What a generator reads from a QR code.
pub fn address(secret: &[u8], account: &str) -> String {
    let account = utf8_percent_encode(account, NON_ALPHANUMERIC).to_string();
    // Generators show these as they are.
    let account = account.replace("%40", "@").replace("%2E", ".").replace("%2D", "-");
    format!(
        "otpauth://totp/{ISSUER}:{account}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        in_base32(secret)
    )
}

/// The step whose code this is, at a time in seconds since 1970; none for a wrong code, and for one of a step that is not
/// later than `last`.
pub fn step_of(secret: &[u8], given: &str, seconds: u64, last: Option<u64>) -> Option<u64> {
    let now = seconds / STEP;
    let steps = now.saturating_sub(LENIENCY)..=now + LENIENCY;
    let mut found = None;
    // All are compared, so that the time tells nothing.
    for step in steps {
        let is_it = bool::from(code(secret, step).as_bytes().ct_eq(given.as_bytes()));
        let is_new = last.is_none_or(|last| last < step);
        if is_it && is_new && found.is_none() {
            found = Some(step);
        }
    }
    found
}

/// The code of a step.
fn code(secret: &[u8], step: u64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last().copied().unwrap_or_default() & 0x0F);
    let four: [u8; 4] =
        hash.get(offset..offset + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
    let number = u32::from_be_bytes(four) & 0x7FFF_FFFF;
    format!("{:06}", number % 1_000_000)
}

/// The code of a time, for tests in the place of a phone.
#[cfg(test)]
pub fn at(secret: &[u8], seconds: u64) -> String {
    code(secret, seconds / STEP)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8; 20] = b"12345678901234567890";

    /// The last six digits of the codes in appendix B of the RFC.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(at(SECRET, seconds), expected);
            assert_eq!(step_of(SECRET, expected, seconds, None), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_generator_can_read_the_address() {
        assert_eq!(
            address(SECRET, "ada.l+x@example.com"),
            "otpauth://totp/wagate:ada.l%2Bx@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=wagate&algorithm=SHA1&digits=6&period=30"
        );
    }

    proptest! {
        #[test]
        fn a_code_is_taken_near_its_time_and_once(
            secret: [u8; 20], seconds in 100_u64..4_000_000_000, away in 0_u64..200, later: bool,
        ) {
            let given = at(&secret, seconds);
            let then = if later { seconds + away } else { seconds - away };
            let distance = (then / STEP).abs_diff(seconds / STEP);
            let step = step_of(&secret, &given, then, None);
            // Another step within reach may have the same code, one in a million.
            prop_assert_eq!(step.is_some(), distance <= LENIENCY);
            if let Some(step) = step {
                prop_assert_eq!(step_of(&secret, &given, then, Some(step)), None);
            }
            prop_assert_eq!(step_of(&secret, "", seconds, None), None);
        }
    }
}

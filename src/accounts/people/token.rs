//! Tokens of people who are signed in: a JWT that names the person and the sign-in.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{jwt, people::secret::AccountKey},
    domain::Timestamp,
};

const AUDIENCE: &str = "wagate";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    sid: Uuid,
    aud: String,
    iat: i64,
    exp: i64,
}

/// Whose sign-in a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub user: Uuid,
    pub login: Uuid,
}

/// Whether a credential has the form of a token, in which no API key is.
pub fn is_token(text: &str) -> bool {
    text.matches('.').count() == 2 && text.starts_with("eyJ")
}

/// A token from a time until another; none never happens.
pub fn sign(key: &AccountKey, of: Bearer, from: Timestamp, until: Timestamp) -> Option<String> {
    let claims = Claims {
        sub: of.user,
        sid: of.login,
        aud: AUDIENCE.to_owned(),
        iat: from.as_second(),
        exp: until.as_second(),
    };
    jwt::sign(&claims, |signed| key.token_mac(signed))
}

/// Whose token it is, where it is one of ours and has not ended.
pub fn read(key: &AccountKey, token: &str, now: Timestamp) -> Option<Bearer> {
    let claims: Claims = jwt::read(token, |signed| key.token_mac(signed))?;
    let is_good = claims.aud == AUDIENCE && now.as_second() < claims.exp;
    is_good.then_some(Bearer { user: claims.sub, login: claims.sid })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn bearer() -> Bearer {
        Bearer { user: Uuid::from_u128(1), login: Uuid::from_u128(2) }
    }

    fn token() -> String {
        sign(&AccountKey::fixed(), bearer(), from_seconds(1_000), from_seconds(2_000)).unwrap()
    }

    #[test]
    fn a_token_is_good_until_its_end() {
        let (key, token) = (AccountKey::fixed(), token());
        assert!(is_token(&token) && !is_token("wag_a.b.c"));
        assert_eq!(read(&key, &token, from_seconds(1_999)), Some(bearer()));
        assert_eq!(read(&key, &token, from_seconds(2_000)), None);
    }

    #[test]
    fn no_other_header_is_taken_whatever_its_signature() {
        let (key, token) = (AccountKey::fixed(), token());
        let claims = token.split('.').nth(1).unwrap();
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"x"}"#,
        ] {
            let signed = format!("{}.{claims}", BASE64.encode(header));
            let right = BASE64.encode(key.token_mac(signed.as_bytes()));
            for signature in [right.as_str(), ""] {
                let other = format!("{signed}.{signature}");
                assert_eq!(read(&key, &other, from_seconds(1_500)), None, "{header}");
            }
        }
    }

    /// The signature is what any other library makes of the same key.
    #[test]
    fn the_signature_is_plain_hmac_over_the_first_two_parts() {
        use hmac::{Hmac, KeyInit, Mac};
        let (key, token) = (AccountKey::fixed(), token());
        let (signed, given) = token.rsplit_once('.').unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key.mac("token", &[])).unwrap();
        mac.update(signed.as_bytes());
        assert_eq!(BASE64.encode(mac.finalize().into_bytes()), given);
    }

    proptest! {
        #[test]
        fn a_token_with_another_character_is_none(at in 0_usize..200, with in "[A-Za-z0-9_.-]") {
            let token = token();
            let at = at % token.len();
            let mut other = token.clone();
            other.replace_range(at..=at, &with);
            // The last character of a signature holds bits that say nothing; the reader refuses those, too.
            let expected = (other == token).then(bearer);
            prop_assert_eq!(read(&AccountKey::fixed(), &other, from_seconds(1_500)), expected);
        }

        #[test]
        fn no_text_makes_it_fail_otherwise(text in ".{0,80}") {
            prop_assert_eq!(read(&AccountKey::fixed(), &text, from_seconds(1_500)), None);
        }
    }
}

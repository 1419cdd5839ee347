//! Signatures of Twilio's webhooks: HMAC over the URL and the sorted parameters, with SHA-1, or with SHA-256 for
//! accounts with a shared key. Pure.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// Whether a signature is that of a webhook. With `is_sha256` the key is the shared one.
pub fn is_right(
    url: &str,
    fields: &[(String, String)],
    signature: &str,
    key: &str,
    is_sha256: bool,
) -> bool {
    let Ok(signature) = BASE64.decode(signature.trim()) else { return false };
    let mut sorted: Vec<&(String, String)> = fields.iter().collect();
    sorted.sort();
    // The same value of a name twice is signed once.
    sorted.dedup();
    let parts = sorted.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let text: String = std::iter::once(url).chain(parts).collect();
    // Each comparison takes the same time wherever the bytes differ.
    if is_sha256 {
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
        mac.is_ok_and(|mac| mac.chain_update(text).verify_slice(&signature).is_ok())
    } else {
        let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes());
        mac.is_ok_and(|mac| mac.chain_update(text).verify_slice(&signature).is_ok())
    }
}

/// Whether the settings of a signature name SHA-256: `key=…,algorithm=HMAC_SHA256`.
pub fn is_sha256(settings: Option<&str>) -> bool {
    let parts = settings.into_iter().flat_map(|settings| settings.split(','));
    parts.filter_map(|part| part.trim().split_once('=')).any(|(name, value)| {
        name.eq_ignore_ascii_case("algorithm") && value.eq_ignore_ascii_case("HMAC_SHA256")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_vector_of_the_provider_is_met_and_nothing_else() {
        let (url, key) = ("https://mycompany.com/myapp.php?foo=1&bar=2", "12345");
        let all = fields(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        let mut turned = all.clone();
        turned.reverse();
        for fields in [&all, &turned] {
            assert!(is_right(url, fields, signature, key, false));
        }
        assert!(!is_right(url, &all, signature, "12346", false));
        assert!(!is_right("https://mycompany.com/myapp.php", &all, signature, key, false));
        assert!(!is_right(url, &all[1..], signature, key, false));
        assert!(!is_right(url, &all, signature, key, true));
        assert!(!is_right(url, &all, "", key, false));
        assert!(!is_right(url, &all, "nonsense!", key, false));
    }

    #[test]
    fn sha_256_is_used_where_the_settings_name_it() {
        assert!(is_sha256(Some("key=KS01,algorithm=HMAC_SHA256")));
        assert!(!is_sha256(Some("key=HMAC_SHA256")) && !is_sha256(None));
        let all = fields(&[("From", "+14158675309")]);
        let mac = Hmac::<Sha256>::new_from_slice(b"shared").unwrap();
        let mac = mac.chain_update("https://x.example/From+14158675309").finalize();
        let signature = BASE64.encode(mac.into_bytes());
        assert!(is_right("https://x.example/", &all, &signature, "shared", true));
        assert!(!is_right("https://x.example/", &all, &signature, "shared", false));
    }
}

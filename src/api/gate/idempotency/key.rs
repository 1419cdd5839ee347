//! Reading an `Idempotency-Key`. Pure.

use actix_web::http::header::HeaderMap;

use crate::domain::Error;

pub const HEADER: &str = "idempotency-key";
pub const LONGEST: usize = 255;
/// What a key looks like, for the OpenAPI document: printable ASCII without space at the ends.
pub const PATTERN: &str = "^[!-~]([ -~]*[!-~])?$";

/// The key that a request carries, if it carries one.
pub fn of(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let fault = |reason: &str| Err(Error::invalid_field("Idempotency-Key", reason));
    let mut given = headers.get_all(HEADER);
    let Some(value) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return fault("must be given once");
    }
    let bytes = value.as_bytes().trim_ascii();
    if !(1..=LONGEST).contains(&bytes.len()) {
        return fault("must have 1 to 255 characters");
    }
    match std::str::from_utf8(bytes) {
        Ok(key) if key.bytes().all(|byte| matches!(byte, b' '..=b'~')) => Ok(Some(key.to_owned())),
        _ => fault("must be of printable ASCII characters"),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, Error> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(HEADER), value);
        }
        of(&headers)
    }

    #[test]
    fn a_key_is_one_short_printable_text() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[b"order 7"]).unwrap().as_deref(), Some("order 7"));
        assert!(read(&[&[b'x'; LONGEST]]).is_ok());
        let long = [b'x'; LONGEST + 1];
        for values in
            [&[b"".as_slice()] as &[&[u8]], &[b" "], &[&long], &["ä".as_bytes()], &[b"a\tb"]]
        {
            assert!(read(values).is_err(), "{values:?}");
        }
        assert!(read(&[b"a", b"a"]).is_err());
    }

    proptest! {
        #[test]
        fn every_printable_text_is_taken_as_it_is(key in "[!-~]([ -~]{0,200}[!-~])?") {
            prop_assert_eq!(read(&[key.as_bytes()]).unwrap(), Some(key));
        }
    }
}

//! Parser of data URLs and base64, as lenient as browsers (WHATWG URL, Fetch and Infra). Pure.

use std::borrow::Cow;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::percent_decode_str;

use crate::domain::media_type;

/// Padding is checked separately; spare bits of the last symbol are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The content of a data URL.
#[derive(Debug, PartialEq)]
pub struct DataUrl {
    /// The declared type, if any.
    pub declared: Option<String>,
    /// The file name that some tools put among the parameters.
    pub name: Option<String>,
    pub bytes: Vec<u8>,
}

/// A fault of a data URL or of base64.
#[derive(Debug, PartialEq)]
pub enum Fault {
    /// As the words after the name of the field.
    Malformed(String),
    /// No content.
    Empty,
    TooLarge,
}

/// Reads a data URL of at most `limit` bytes.
pub fn read(text: &str, limit: u64) -> Result<DataUrl, Fault> {
    let malformed = |reason: &str| Fault::Malformed(reason.to_owned());
    let trimmed = text.trim_matches(|ch: char| ch <= ' ');
    let rest = trimmed.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let rest = rest.and_then(|scheme| trimmed.get(scheme.len()..)).ok_or_else(|| {
        malformed(
            "must be a data URL: data:<type>;base64,<content>, such as data:image/png;base64,…",
        )
    })?;
    let (head, content) =
        rest.split_once(',').ok_or_else(|| malformed("has no comma before its content"))?;
    let mut parameters = head.split(';').map(str::trim);
    let declared = parameters.next().and_then(media_type::essence);
    let (mut is_base64, mut name) = (false, None);
    for parameter in parameters {
        is_base64 |= parameter.eq_ignore_ascii_case("base64");
        if let Some((key, value)) = parameter.split_once('=')
            && ["name", "filename"].iter().any(|known| known.eq_ignore_ascii_case(key.trim()))
        {
            let value = value.trim().trim_matches('"');
            name = Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
        }
    }
    let bytes = if is_base64 {
        let at = content.as_ptr().addr() - text.as_ptr().addr();
        base64(content, at, limit)?
    } else {
        let bytes: Cow<'_, [u8]> = percent_decode_str(content).into();
        bytes.into_owned()
    };
    if bytes.is_empty() {
        return Err(Fault::Empty);
    }
    if is_over(bytes.len(), limit) {
        return Err(Fault::TooLarge);
    }
    Ok(DataUrl { declared, name, bytes })
}

/// Decodes base64 of at most `limit` bytes. White space is ignored, and padding must be correct or absent. `at` is
/// the position of its first character in the caller's text.
pub fn base64(content: &str, at: usize, limit: u64) -> Result<Vec<u8>, Fault> {
    let is_encoded = content.contains('%');
    let encoded: Cow<'_, [u8]> =
        if is_encoded { percent_decode_str(content).into() } else { content.as_bytes().into() };
    let (mut symbols, mut padding) = (0_usize, 0_usize);
    for (index, byte) in encoded.iter().enumerate() {
        let fault = |what: &str| {
            // Percent signs before it would have to be counted in.
            let place = if is_encoded { String::new() } else { format!(" at byte {}", at + index) };
            Err(Fault::Malformed(format!("is not base64: {what}{place}")))
        };
        match byte {
            b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' => (),
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => symbols += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                return fault("it goes on behind its padding");
            }
            b'-' | b'_' => {
                return fault("it uses the alphabet for URLs; write + and / in place of - and _,");
            }
            other if other.is_ascii_graphic() => {
                return fault(&format!("there is '{}'", char::from(*other)));
            }
            other => return fault(&format!("there is the byte 0x{other:02X}")),
        }
    }
    let malformed = |reason: String| Err(Fault::Malformed(format!("is not base64: {reason}")));
    if symbols % 4 == 1 {
        return malformed(format!("it is cut off, with {symbols} characters"));
    }
    if padding != 0 && (2 < padding || (symbols + padding) % 4 != 0) {
        let right = (4 - symbols % 4) % 4;
        return malformed(format!("it ends with {padding} '=', where {right} belong or none"));
    }
    // Four characters make three bytes.
    if is_over(symbols / 4 * 3, limit) {
        return Err(Fault::TooLarge);
    }
    let is_bare = symbols + padding == encoded.len();
    let bare: Cow<'_, [u8]> = if is_bare {
        Cow::Borrowed(encoded.get(..symbols).unwrap_or_default())
    } else {
        let is_symbol = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'=';
        Cow::Owned(encoded.iter().copied().filter(is_symbol).collect())
    };
    BASE64.decode(bare).map_err(|error| Fault::Malformed(format!("is not base64: {error}")))
}

fn is_over(bytes: usize, limit: u64) -> bool {
    limit < u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str) -> Result<String, String> {
        match read(text, 1_000) {
            Ok(url) => Ok(String::from_utf8(url.bytes).unwrap()),
            Err(Fault::Malformed(reason)) => Err(reason),
            Err(Fault::Empty) => Err("is empty".to_owned()),
            Err(Fault::TooLarge) => Err("too large".to_owned()),
        }
    }

    #[test]
    fn base64_is_read_as_browsers_read_it() {
        for text in [
            "data:text/plain;base64,aGVsbG8=",
            "data:text/plain;base64,aGVsbG8",
            "data:text/plain;base64,aGVs\nbG8=\n",
            "data:text/plain;base64,aGVs\r\nbG8=\r\n",
            "data:text/plain;base64, a G\tV\x0cs b G 8 = ",
            "data:text/plain;BASE64,aGVsbG8=",
            "data:text/plain; Base64 ,aGVsbG8=",
            "DATA:TEXT/PLAIN;base64,aGVsbG8=",
            "  data:text/plain;base64,aGVsbG8=  ",
            "data:;base64,aGVsbG8=",
            "data:nonsense;base64,aGVsbG8=",
            "data:text/plain;charset=utf-8;base64,aGVsbG8=",
            "data:text/plain;base64;charset=utf-8,aGVsbG8=",
            "data:text/plain;base64,aGVsbG8%3D%0A",
            // Spare bits of the last symbol are ignored.
            "data:text/plain;base64,aGVsbG9=",
            "data:text/plain,hello",
            "data:,hel%6Co",
        ] {
            assert_eq!(bytes(text), Ok("hello".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_base64_says_what_is_wrong_and_where() {
        for (text, reason) in [
            ("data:a/b;base64,aGV!bG8=", "is not base64: there is '!' at byte 19"),
            ("data:a/b;base64,aG\nV!bG8=", "is not base64: there is '!' at byte 20"),
            (
                "data:a/b;base64,aGVsbG8=x",
                "is not base64: it goes on behind its padding at byte 24",
            ),
            ("data:a/b;base64,aGVsb", "is not base64: it is cut off, with 5 characters"),
            (
                "data:a/b;base64,aGVsbG8==",
                "is not base64: it ends with 2 '=', where 1 belong or none",
            ),
            (
                "data:a/b;base64,aGVs====",
                "is not base64: it ends with 4 '=', where 0 belong or none",
            ),
            ("data:a/b;base64,\u{e4}", "is not base64: there is the byte 0xC3 at byte 16"),
            ("data:a/b;base64,", "is empty"),
            ("data:a/b;base64", "has no comma before its content"),
        ] {
            assert_eq!(bytes(text), Err(reason.to_owned()), "{text:?}");
        }
        assert!(bytes("data:a/b;base64,_-A=").unwrap_err().contains("alphabet for URLs"));
        for text in ["aGVsbG8=", "", "data", "date:a/b;base64,aGVsbG8=", "dät:x", "http://a.b/"] {
            assert!(bytes(text).unwrap_err().starts_with("must be a data URL"), "{text:?}");
        }
    }

    #[test]
    fn type_and_name_are_those_of_its_head() {
        let url = read("data:image/jpg;name=a%20b.jpg;base64,aGVsbG8=", 9).unwrap();
        assert_eq!(url.declared.as_deref(), Some("image/jpeg"));
        assert_eq!(url.name.as_deref(), Some("a b.jpg"));
        assert_eq!(read("data:;base64,aGVsbG8=", 9).unwrap().declared, None);
    }

    #[test]
    fn what_is_over_the_limit_is_refused_before_and_after_decoding() {
        for text in ["data:a/b;base64,aGVsbG8=", &format!("data:a/b;base64,{}", "A".repeat(400))] {
            assert_eq!(read(text, 4), Err(Fault::TooLarge));
        }
        assert_eq!(read("data:,hello", 4), Err(Fault::TooLarge));
        assert!(read("data:a/b;base64,aGVsbG8=", 5).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_that_is_not_a_data_url_gets_through(text in "\\PC{0,60}") {
            prop_assert!(text.trim().to_lowercase().starts_with("data:") || read(&text, 1_000).is_err());
        }

        #[test]
        fn what_was_encoded_is_read_again_however_it_is_broken_into_lines(
            content in prop::collection::vec(any::<u8>(), 1..200), width in 1usize..80,
        ) {
            let encoded = base64::engine::general_purpose::STANDARD.encode(&content);
            let lines: Vec<&str> = encoded
                .as_bytes()
                .chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let url = format!("data:a/b;base64,{}", lines.join("\r\n"));
            prop_assert_eq!(read(&url, 1_000).unwrap().bytes, content);
        }
    }
}

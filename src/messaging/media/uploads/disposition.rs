//! Parser of the file name in a `Content-Disposition` header (RFC 6266), including common mistakes of servers. Pure.

use percent_encoding::percent_decode_str;

use crate::messaging::media::uploads::data_url;

/// The name in a header's value; `filename*` takes precedence over `filename`.
pub fn file_name(value: &[u8]) -> Option<String> {
    // Servers that encode nothing write UTF-8, or Latin-1.
    let text = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => latin_1(value),
    };
    let parameters = parameters(&text);
    let find = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
    };
    find("filename*").and_then(extended).or_else(|| find("filename").map(plain))
}

/// `charset'language'percent-encoded`.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    let bytes: Vec<u8> = percent_decode_str(encoded).collect();
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" | "" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(latin_1(&bytes)),
        _ => None,
    }
}

/// Some servers encode a name as in mail (RFC 2047), or percent-encode a plain value; browsers accept both.
fn plain(value: &str) -> String {
    if let Some(words) = encoded_words(value) {
        return words;
    }
    let decoded = percent_decode_str(value).decode_utf8();
    decoded.map_or_else(|_| value.to_owned(), std::borrow::Cow::into_owned)
}

/// Decodes encoded words: `=?utf-8?B?…?=` or `=?utf-8?Q?…?=`. None without any, or if one is malformed.
fn encoded_words(value: &str) -> Option<String> {
    let (mut read, mut rest) = (String::new(), value);
    // A character may be split between two words.
    let mut bytes: Option<(String, Vec<u8>)> = None;
    let mut count = 0;
    while let Some(at) = rest.find("=?") {
        let (before, word) = (&rest[..at], &rest[at + 2..]);
        let (charset, word) = word.split_once('?')?;
        let (encoding, word) = word.split_once('?')?;
        let (encoded, after) = word.split_once("?=")?;
        let charset = charset.split('*').next().unwrap_or_default().to_ascii_lowercase();
        let decoded = match encoding {
            "B" | "b" => data_url::base64(encoded, 0, u64::MAX).ok()?,
            "Q" | "q" => quoted(encoded),
            _ => return None,
        };
        // Blanks between two words are no part of the text.
        let goes_on = count != 0 && before.trim().is_empty();
        match &mut bytes {
            Some((known, bytes)) if goes_on && *known == charset => bytes.extend(decoded),
            _ => {
                read.push_str(&in_charset(bytes.take())?);
                read.push_str(if goes_on { "" } else { before });
                bytes = Some((charset, decoded));
            }
        }
        (rest, count) = (after, count + 1);
    }
    read.push_str(&in_charset(bytes)?);
    read.push_str(rest);
    (count != 0).then_some(read)
}

fn in_charset(word: Option<(String, Vec<u8>)>) -> Option<String> {
    let Some((charset, bytes)) = word else { return Some(String::new()) };
    match charset.as_str() {
        "utf-8" | "utf8" | "us-ascii" => String::from_utf8(bytes).ok(),
        "iso-8859-1" | "windows-1252" => Some(latin_1(&bytes)),
        _ => None,
    }
}

/// `_` for a blank, and `=` before two hexadecimal digits.
fn quoted(encoded: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), encoded.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let coded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, after) = match (*byte, coded) {
            (b'=', Some(coded)) => (coded, after.get(2..).unwrap_or_default()),
            (b'_', _) => (b' ', after),
            (other, _) => (other, after),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The parameters behind the first word. Semicolons and equals signs in quotation marks are part of a value.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let (mut part, mut is_quoted, mut is_escaped) = (String::new(), false, false);
    let mut parts = Vec::new();
    for ch in text.chars() {
        match ch {
            _ if is_escaped => {
                part.push(ch);
                is_escaped = false;
            }
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(ch),
        }
    }
    parts.push(part);
    for part in parts {
        if let Some((name, value)) = part.split_once('=') {
            all.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_name_is_found_however_it_is_written() {
        for (header, name) in [
            (&b"attachment; filename=report.pdf"[..], Some("report.pdf")),
            (b"attachment; filename=\"a; b=c.pdf\"", Some("a; b=c.pdf")),
            (b"attachment; filename=\"a \\\"b\\\".pdf\"", Some("a \"b\".pdf")),
            (b"ATTACHMENT; FILENAME=x.pdf", Some("x.pdf")),
            (
                b"attachment; filename=\"Relatorio.pdf\"; filename*=UTF-8''Relat%C3%B3rio%202024.pdf",
                Some("Relat\u{f3}rio 2024.pdf"),
            ),
            (b"inline; filename*=iso-8859-1'en'%A3.txt", Some("\u{a3}.txt")),
            (b"attachment; filename*=utf-16''x; filename=y.txt", Some("y.txt")),
            (b"attachment; filename*=nonsense; filename=y.txt", Some("y.txt")),
            ("attachment; filename=\"Jahresübersicht.pdf\"".as_bytes(), Some("Jahres\u{fc}bersicht.pdf")),
            (b"attachment; filename=\"na\xefve.txt\"", Some("na\u{ef}ve.txt")),
            (b"attachment; filename=\"a%20b.txt\"", Some("a b.txt")),
            (b"attachment; filename=\"=?utf-8?B?UmVsYXTDs3Jpby5wZGY=?=\"", Some("Relat\u{f3}rio.pdf")),
            (b"attachment; filename==?UTF-8?b?UmVsYXTDs3Jpby5wZGY?=", Some("Relat\u{f3}rio.pdf")),
            (
                b"attachment; filename=\"=?utf-8?Q?Relat=C3=B3rio_2024?= =?utf-8?q?=2Epdf?=\"",
                Some("Relat\u{f3}rio 2024.pdf"),
            ),
            // A split character.
            (b"attachment; filename=\"=?utf-8?Q?a=C3?= =?utf-8?Q?=B3.txt?=\"", Some("a\u{f3}.txt")),
            (b"attachment; filename=\"=?iso-8859-1*en?Q?=A3?= 5.txt\"", Some("\u{a3} 5.txt")),
            (b"attachment; filename=\"=?utf-7?B?eA==?=.txt\"", Some("=?utf-7?B?eA==?=.txt")),
            (b"attachment; filename=\"=?utf-8?B?*?=.txt\"", Some("=?utf-8?B?*?=.txt")),
            (b"filename=x.txt", Some("x.txt")),
            (b"attachment; filename=\"\"", None),
            (b"attachment", None),
            (b"", None),
        ] {
            assert_eq!(file_name(header).as_deref(), name, "{}", String::from_utf8_lossy(header));
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_fail(header in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = file_name(&header);
        }
    }
}

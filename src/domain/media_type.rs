//! Media types as strangers name them: read, or taken for bytes of an unknown kind.

use serde::{Deserialize, Deserializer};

const UNKNOWN: &str = "application/octet-stream";
/// Bytes; the names that are registered have less than half of it.
const LONGEST: usize = 255;

/// A type that can stand in a header: `kind/subtype`, with its parameters.
pub fn tidy(text: &str) -> String {
    let text = text.trim();
    let is_short = text.len() <= LONGEST && text.is_ascii();
    match text.parse::<mime::Mime>() {
        Ok(read) if is_short && !read.essence_str().ends_with('/') => read.to_string(),
        _ => UNKNOWN.to_owned(),
    }
}

/// Whether a browser may show content of this type itself. What may hold a script may not: HTML,
/// XML, SVG, and all that is not known.
pub fn can_be_shown(text: &str) -> bool {
    let Ok(read) = text.parse::<mime::Mime>() else { return false };
    match read.essence_str().to_ascii_lowercase().split_once('/') {
        Some(("image", kind)) => {
            matches!(kind, "jpeg" | "jpg" | "png" | "gif" | "webp" | "avif" | "bmp")
        }
        Some(("audio" | "video", kind)) => !kind.contains("xml") && !kind.contains("svg"),
        Some(("application", kind)) => kind == "pdf",
        _ => false,
    }
}

/// For a field of a record.
pub fn read<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    String::deserialize(value).map(|text| tidy(&text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_type_is_unknown() {
        for (text, tidied) in [
            ("image/png", "image/png"),
            (" audio/ogg; codecs=opus", "audio/ogg; codecs=opus"),
            ("IMAGE/SVG+xml", "image/svg+xml"),
            ("image/png\r\nset-cookie: a=b", UNKNOWN),
            ("image/png\u{0}", UNKNOWN),
            ("text/html; a=\"ü\"", UNKNOWN),
            ("", UNKNOWN),
            ("png", UNKNOWN),
            ("image/", UNKNOWN),
            (&format!("image/{}", "x".repeat(300)), UNKNOWN),
        ] {
            assert_eq!(tidy(text), tidied, "{text:?}");
        }
    }

    #[test]
    fn only_what_runs_nothing_is_shown_in_the_browser() {
        for mime in
            ["image/png", "IMAGE/JPEG", "video/mp4", "audio/ogg; codecs=opus", "application/pdf"]
        {
            assert!(can_be_shown(mime), "{mime}");
        }
        for mime in [
            "text/html",
            "image/svg+xml",
            "image/SVG",
            "IMAGE/SVG+XML; charset=utf-8",
            "application/xhtml+xml",
            "text/xml",
            "application/javascript",
            "multipart/x-mixed-replace",
            "",
            "application/zip",
        ] {
            assert!(!can_be_shown(mime), "{mime}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_names_can_stand_in_a_header(text in "(\\PC|[\\x00-\\x7f]){0,40}") {
            let tidied = tidy(&text);
            prop_assert!(tidied.bytes().all(|byte| (32..127).contains(&byte)));
            prop_assert_eq!(tidy(&tidied), tidied);
        }
    }
}

//! Type detection of files: by content, else by the extension of the name, else as declared. Pure.

use crate::{
    domain::{file_name, media_type},
    messaging::media::uploads::ogg,
};

/// Bytes at the beginning of a file that determine its type.
pub const HEAD: usize = 16 * 1024;
pub const VOICE: &str = "audio/ogg; codecs=opus";

/// The detected type of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    pub mime: String,
    /// Whether the content determined it.
    pub is_certain: bool,
}

/// The result of the content alone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Signature {
    /// A certain type.
    Type(&'static str),
    /// Text, with the type that it resembles; a declared type or an extension takes precedence.
    Text(&'static str),
    Nothing,
}

/// The type of a file with this beginning, its `name`, and the type that its source declared.
pub fn type_of(head: &[u8], name: Option<&str>, declared: Option<&str>) -> Typed {
    let by_name = name.and_then(file_name::extension).and_then(media_type::of_extension);
    let declared = declared.and_then(media_type::essence);
    let declared = declared.as_deref().filter(|mime| *mime != media_type::UNKNOWN);
    let hints = [by_name, declared];
    let hint = |fits: &dyn Fn(&str) -> bool| hints.into_iter().flatten().find(|mime| fits(mime));
    let signature = signature(head);
    let is_certain = signature != Signature::Nothing;
    let found = match signature {
        Signature::Nothing => hint(&|_| true).unwrap_or(media_type::UNKNOWN),
        Signature::Text(found) => by_name
            .filter(|mime| media_type::is_text(mime))
            .or(declared.filter(|mime| !is_binary(mime)))
            .unwrap_or(found),
        // Containers that hold files of many types.
        Signature::Type(found @ "application/zip") => hint(&is_in_zip).unwrap_or(found),
        Signature::Type(found @ "application/x-ole-storage") => hint(&is_in_ole).unwrap_or(found),
        // Some hold video and audio alike.
        Signature::Type(found) if found.starts_with("video/") || found == "audio/ogg" => {
            let other = if found == "audio/ogg" { "video/" } else { "audio/" };
            hint(&|mime| mime.starts_with(other)).unwrap_or(found)
        }
        Signature::Type(found) => found,
    };
    Typed { mime: found.to_owned(), is_certain }
}

fn signature(head: &[u8]) -> Signature {
    if ogg::is_opus(head) {
        return Signature::Type(VOICE);
    }
    if let Some(text) = text(head) {
        return match text_type(text) {
            // Certain by their first bytes.
            Some(found @ ("application/pdf" | "application/rtf" | "image/svg+xml")) => {
                Signature::Type(found)
            }
            found => Signature::Text(found.unwrap_or("text/plain")),
        };
    }
    match infer::get(head).map(|found| found.mime_type()) {
        None | Some(media_type::UNKNOWN) => Signature::Nothing,
        Some("audio/m4a") => Signature::Type("audio/mp4"),
        Some("audio/x-wav") => Signature::Type("audio/wav"),
        Some("audio/x-flac") => Signature::Type("audio/flac"),
        Some(found) => Signature::Type(found),
    }
}

/// Detects text: UTF-8 without control characters. Otherwise a few letters could pass for a picture or a program.
fn text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut off.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_plain =
        |ch: char| !ch.is_control() || matches!(ch, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    (!text.is_empty() && text.chars().all(is_plain)).then_some(text)
}

fn text_type(text: &str) -> Option<&'static str> {
    let start = text.trim_start_matches(|ch: char| ch.is_whitespace() || ch == '\u{FEFF}');
    let begins =
        |with: &str| start.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with));
    let is_xml = begins("<?xml") || begins("<!--") || begins("<!doctype svg");
    if begins("%PDF-") {
        Some("application/pdf")
    } else if begins("{\\rtf") {
        Some("application/rtf")
    } else if begins("<svg") || (is_xml && start.contains("<svg")) {
        Some("image/svg+xml")
    } else if begins("BEGIN:VCARD") {
        Some("text/vcard")
    } else if begins("BEGIN:VCALENDAR") {
        Some("text/calendar")
    } else if start.starts_with(['{', '[']) && is_json(start) {
        Some("application/json")
    } else {
        let found = infer::get(text.as_bytes()).map(|found| found.mime_type());
        found.filter(|mime| mime.starts_with("text/") && media_type::extension(mime).is_some())
    }
}

/// Complete, as far as it was read.
fn is_json(text: &str) -> bool {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => true,
        Err(error) => error.is_eof() && HEAD <= text.len() + 8,
    }
}

/// Types whose files are never text, whatever was declared.
fn is_binary(mime: &str) -> bool {
    let is_class = |class: &&str| mime.starts_with(*class);
    !media_type::is_text(mime)
        && (["image/", "audio/", "video/", "font/"].iter().any(is_class)
            || media_type::extension(mime).is_some())
}

fn is_in_zip(mime: &str) -> bool {
    mime.starts_with("application/vnd.openxmlformats-")
        || mime.starts_with("application/vnd.oasis.opendocument.")
        || mime.ends_with("+zip")
        || matches!(
            mime,
            "application/vnd.android.package-archive"
                | "application/java-archive"
                | "application/vnd.google-earth.kmz"
        )
}

fn is_in_ole(mime: &str) -> bool {
    matches!(
        mime,
        "application/msword" | "application/vnd.ms-excel" | "application/vnd.ms-powerpoint"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\0";

    #[test]
    fn content_decides_then_the_name_then_what_was_declared() {
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        for (head, name, declared, expected) in [
            (&b"%PDF-1.4\n"[..], None, Some("application/octet-stream"), "application/pdf"),
            (b"%PDF-1.4\n", Some("a.txt"), Some("text/plain"), "application/pdf"),
            (b"\x89PNG\r\n\x1a\n", Some("a.jpg"), Some("image/jpg"), "image/png"),
            (b"ID3\x03\0\0\0", None, Some("audio/ogg"), "audio/mpeg"),
            (b"<svg xmlns='x'></svg>", None, None, "image/svg+xml"),
            (b"<?xml version='1.0'?>\n<svg/>", Some("a.txt"), None, "image/svg+xml"),
            (b"<?xml version='1.0'?>\n<gpx/>", Some("a.gpx"), None, "application/gpx+xml"),
            (b"<?xml version='1.0'?>\n<x/>", None, None, "text/xml"),
            (b"a;b\n1;2\n", Some("table.csv"), None, "text/csv"),
            (b"a;b\n1;2\n", None, Some("text/csv"), "text/csv"),
            (b"a;b\n1;2\n", Some("table"), Some("application/octet-stream"), "text/plain"),
            (b"{\"a\":[1]}", None, None, "application/json"),
            (b"{a}", None, None, "text/plain"),
            (b"BEGIN:VCARD\r\n", None, None, "text/vcard"),
            // Two letters make no picture, and no program.
            (b"BMW 3 series", Some("prices.txt"), None, "text/plain"),
            (b"MZ is a state", None, None, "text/plain"),
            (b"hello", Some("a.pdf"), Some("audio/ogg"), "text/plain"),
            (b"hello", None, Some("application/x-test"), "application/x-test"),
            (ZIP, Some("a.docx"), Some("application/zip"), docx),
            (ZIP, Some("a.pdf"), None, "application/zip"),
            (MP4, None, Some("video/mp4"), "video/mp4"),
            (MP4, Some("sound.m4a"), None, "audio/mp4"),
            (MP4, None, Some("audio/mp4"), "audio/mp4"),
            (b"\0\x01\x02", Some("thing.pdf"), Some("x/y"), "application/pdf"),
            (b"\0\x01\x02", Some("thing"), Some("x/y"), "x/y"),
            (b"\0\x01\x02", None, Some("image/jpg"), "image/jpeg"),
            (b"\0\x01\x02", None, None, "application/octet-stream"),
            // Latin-1.
            (b"na\xefve;1", Some("a.csv"), None, "text/csv"),
        ] {
            let shown = String::from_utf8_lossy(head);
            assert_eq!(
                type_of(head, name, declared).mime,
                expected,
                "{shown:?} {name:?} {declared:?}"
            );
        }
    }

    #[test]
    fn text_that_is_cut_in_a_character_is_text() {
        assert_eq!(type_of(&"ää".as_bytes()[..3], None, None).mime, "text/plain");
    }

    proptest! {
        #[test]
        fn whatever_a_file_holds_it_has_a_type(
            head in prop::collection::vec(any::<u8>(), 0..64), name in "\\PC{0,12}",
        ) {
            let found = type_of(&head, Some(&name), Some(&name)).mime;
            prop_assert_eq!(media_type::tidy(&found), found);
        }
    }
}

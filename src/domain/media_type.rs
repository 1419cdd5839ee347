//! Media types from untrusted sources, and the file extensions of each type.

use serde::{Deserialize, Deserializer};

pub const UNKNOWN: &str = "application/octet-stream";
/// The longest type in bytes; registered names have less than half of it.
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

/// Other names of a type, and the one that WhatsApp's apps know.
const NAMES: [(&str, &str); 19] = [
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("image/svg", "image/svg+xml"),
    ("image/heic", "image/heif"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/x-mp3", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/x-wav", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("audio/x-flac", "audio/flac"),
    ("audio/opus", "audio/ogg"),
    ("audio/x-aiff", "audio/aiff"),
    ("application/x-pdf", "application/pdf"),
    ("application/x-zip-compressed", "application/zip"),
    ("application/x-rar-compressed", "application/vnd.rar"),
    ("application/x-rar", "application/vnd.rar"),
    ("text/json", "application/json"),
];

/// `kind/subtype` of a type under its usual name, in small letters; none when the text is no type.
pub fn essence(text: &str) -> Option<String> {
    let text = text.split(';').next().unwrap_or_default().trim();
    let bare = tidy(text);
    let known = NAMES.iter().find(|(other, _)| *other == bare);
    let is_named = bare != UNKNOWN || text.eq_ignore_ascii_case(UNKNOWN);
    is_named.then(|| known.map_or(bare, |(_, usual)| (*usual).to_owned()))
}

/// Extensions and the types that they stand for. The first of a type is the one that is added to a name.
const EXTENSIONS: [(&str, &str); 85] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("jpe", "image/jpeg"),
    ("jfif", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("heic", "image/heif"),
    ("heif", "image/heif"),
    ("avif", "image/avif"),
    ("ico", "image/vnd.microsoft.icon"),
    ("psd", "image/vnd.adobe.photoshop"),
    ("svg", "image/svg+xml"),
    ("mp4", "video/mp4"),
    ("m4v", "video/x-m4v"),
    ("mov", "video/quicktime"),
    ("3gp", "video/3gpp"),
    ("webm", "video/webm"),
    ("mkv", "video/x-matroska"),
    ("avi", "video/x-msvideo"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
    ("wmv", "video/x-ms-wmv"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("ogg", "audio/ogg"),
    ("oga", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("aac", "audio/aac"),
    ("amr", "audio/amr"),
    ("wav", "audio/wav"),
    ("flac", "audio/flac"),
    ("mid", "audio/midi"),
    ("weba", "audio/webm"),
    ("3ga", "audio/3gpp"),
    ("aiff", "audio/aiff"),
    ("caf", "audio/x-caf"),
    ("wma", "audio/x-ms-wma"),
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("epub", "application/epub+zip"),
    ("apk", "application/vnd.android.package-archive"),
    ("jar", "application/java-archive"),
    ("kmz", "application/vnd.google-earth.kmz"),
    ("zip", "application/zip"),
    ("rar", "application/vnd.rar"),
    ("7z", "application/x-7z-compressed"),
    ("gz", "application/gzip"),
    ("tgz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("bz2", "application/x-bzip2"),
    ("xz", "application/x-xz"),
    ("exe", "application/vnd.microsoft.portable-executable"),
    ("sqlite", "application/vnd.sqlite3"),
    ("rtf", "application/rtf"),
    ("ps", "application/postscript"),
    ("txt", "text/plain"),
    ("text", "text/plain"),
    ("log", "text/plain"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("xml", "text/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("vcf", "text/vcard"),
    ("ics", "text/calendar"),
    ("kml", "application/vnd.google-earth.kml+xml"),
    ("gpx", "application/gpx+xml"),
];

/// The type that an extension stands for, in any case.
pub fn of_extension(extension: &str) -> Option<&'static str> {
    let known = EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension));
    known.map(|(_, mime)| *mime)
}

/// The extension of file names of this type, where there is a usual one.
pub fn extension(mime: &str) -> Option<&'static str> {
    let essence = essence(mime)?;
    EXTENSIONS.iter().find(|(_, known)| *known == essence).map(|(extension, _)| *extension)
}

/// Whether a type is so generic that its files have many extensions.
pub fn is_general(mime: &str) -> bool {
    matches!(essence(mime).as_deref(), None | Some(UNKNOWN | "text/plain" | "application/zip"))
}

/// Whether files of this type are text inside.
pub fn is_text(mime: &str) -> bool {
    let Some(essence) = essence(mime) else { return false };
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("json")
        || matches!(
            essence.as_str(),
            "application/xml"
                | "application/yaml"
                | "application/rtf"
                | "application/postscript"
                | "application/javascript"
                | "application/sql"
        )
}

/// Whether a browser may show content of this type inline. Types that can contain scripts must not: HTML, XML, SVG, and
/// unknown types.
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
    fn a_type_has_one_name_and_its_extensions() {
        for (text, usual) in [
            ("image/jpg", Some("image/jpeg")),
            (" IMAGE/JPG ; q=1", Some("image/jpeg")),
            ("audio/mp3", Some("audio/mpeg")),
            ("application/octet-stream", Some(UNKNOWN)),
            ("pdf", None),
            ("", None),
        ] {
            assert_eq!(essence(text).as_deref(), usual, "{text:?}");
        }
        for (extension, mime) in EXTENSIONS {
            assert_eq!(of_extension(extension), Some(mime));
            assert_eq!(essence(mime).as_deref(), Some(mime), "not its usual name");
        }
        assert_eq!(extension("audio/ogg; codecs=opus"), Some("ogg"));
        assert_eq!(of_extension("PDF"), Some("application/pdf"));
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

//! File names from untrusted sources: sanitized to plain names that cannot be paths. Pure.

use serde::{Deserialize, Deserializer};

use crate::domain::media_type;

/// Bytes of a name that common file systems accept.
pub const LONGEST: usize = 255;
/// Bytes of an extension without its dot.
const LONGEST_EXTENSION: usize = 10;

/// The plain name in a text: its last segment, without control and direction characters. None where
/// nothing is left.
pub fn tidy(text: &str) -> Option<String> {
    let shown: String = text.chars().filter(|ch| !is_hidden(*ch)).collect();
    let segments = shown.rsplit(['/', '\\']).map(without_ends);
    let name = segments.into_iter().find(|segment| !segment.is_empty())?;
    Some(shortened(name))
}

/// A name that a caller chose. A path is refused; why, as what follows the name of the field.
pub fn chosen(text: &str) -> Result<String, &'static str> {
    const RULE: &str = "must be a plain file name of at most 255 bytes, without / and \\";
    if text.contains(['/', '\\']) || text.chars().any(char::is_control) || LONGEST < text.len() {
        return Err(RULE);
    }
    tidy(text).ok_or(RULE)
}

/// Adds an extension of this type to a name that has no fitting one. `is_chosen`: a caller chose the name with its
/// extension.
pub fn with_extension(name: String, mime: &str, is_chosen: bool) -> String {
    let Some(wanted) = media_type::extension(mime) else { return name };
    let fits = match extension(&name) {
        None => false,
        Some(_) if is_chosen || media_type::is_general(mime) => true,
        Some(own) => media_type::of_extension(own)
            .is_some_and(|of_own| media_type::essence(mime).as_deref() == Some(of_own)),
    };
    if fits { name } else { shortened(&format!("{}.{wanted}", name.trim_end_matches('.'))) }
}

/// The extension of a name, as it is written there. Numbers such as versions are none.
pub fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_one = extension.len() <= LONGEST_EXTENSION
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_one && !stem.is_empty()).then_some(extension)
}

/// For an optional field of a record.
pub fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(value)?.and_then(|text| tidy(&text)))
}

/// Control characters, marks of direction and others without a shape. Joiners stay: emoji and some
/// scripts need them.
fn is_hidden(ch: char) -> bool {
    ch.is_control()
        || matches!(ch, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}')
        || matches!(ch, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A segment without what some systems drop or read as more than a name: blanks around it, dots at its
/// end, and a drive in front.
fn without_ends(segment: &str) -> &str {
    let is_end = |ch: char| ch == '.' || ch.is_whitespace();
    let mut segment = segment.trim_start().trim_end_matches(is_end);
    while let [drive, b':', ..] = segment.as_bytes()
        && drive.is_ascii_alphabetic()
    {
        segment = segment[2..].trim_start();
    }
    segment
}

/// At most [`LONGEST`] bytes, with the extension that it had.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let ending = extension(name).map(|extension| format!(".{extension}")).unwrap_or_default();
    let mut end = LONGEST - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for (text, name) in [
            ("invoice.pdf", Some("invoice.pdf")),
            ("../2024/x.txt", Some("x.txt")),
            ("..\\..\\windows\\system.ini", Some("system.ini")),
            ("C:\\autoexec.bat", Some("autoexec.bat")),
            ("C:autoexec.bat", Some("autoexec.bat")),
            ("/etc/passwd", Some("passwd")),
            ("folder/", Some("folder")),
            ("..", None),
            (" . ", None),
            ("", None),
            ("../..", None),
            ("a\u{0}b\n.txt", Some("ab.txt")),
            ("gpj.\u{202E}exe", Some("gpj.exe")),
            ("تقرير\u{200F} 2024.pdf", Some("تقرير 2024.pdf")),
            ("👨‍👩‍👧.png", Some("👨‍👩‍👧.png")),
            (".bashrc", Some(".bashrc")),
            ("name. ", Some("name")),
        ] {
            assert_eq!(tidy(text).as_deref(), name, "{text:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = tidy(&format!("{}.pdf", "ä".repeat(300))).unwrap();
        assert!(name.len() <= LONGEST && name.ends_with("ä.pdf"), "{name}");
        let longer = with_extension("x".repeat(LONGEST), "image/png", false);
        assert!(longer.len() == LONGEST && longer.ends_with("x.png"), "{longer}");
    }

    #[test]
    fn a_chosen_name_that_is_a_path_is_refused() {
        for bad in ["../x", "a/b", "a\\b", "..", ".", "a\u{0}b", "a\nb", &"x".repeat(256)] {
            assert!(chosen(bad).is_err(), "{bad:?}");
        }
        assert_eq!(chosen("Relatório 2024.pdf").as_deref(), Ok("Relatório 2024.pdf"));
    }

    #[test]
    fn an_extension_is_added_where_none_fits() {
        for (name, mime, is_chosen, expected) in [
            ("gettable", "application/pdf", false, "gettable.pdf"),
            ("download.php", "application/pdf", false, "download.php.pdf"),
            ("photo.JPEG", "image/jpeg", false, "photo.JPEG"),
            ("photo.png", "image/jpeg", false, "photo.png.jpg"),
            ("photo.png", "image/jpeg", true, "photo.png"),
            ("photo", "image/jpeg", true, "photo.jpg"),
            ("Report v1.2", "application/pdf", true, "Report v1.2.pdf"),
            ("notes.conf", "text/plain", false, "notes.conf"),
            ("thing", "application/octet-stream", false, "thing"),
            ("voice", "audio/ogg; codecs=opus", false, "voice.ogg"),
        ] {
            assert_eq!(with_extension(name.to_owned(), mime, is_chosen), expected, "{name} {mime}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_out_is_a_plain_name(text in "(\\PC|[\\x00-\\x1f./\\\\]|\u{202E}){0,300}") {
            if let Some(name) = tidy(&text) {
                prop_assert!(!name.is_empty() && name.len() <= LONGEST && name != "..");
                prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(is_hidden));
                prop_assert!(chosen(&name).is_ok());
            }
        }
    }
}

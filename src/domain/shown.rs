//! Text of a caller within an error: bounded, with what is not seen written out. Pure.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Characters of a caller's text that an error shows.
const MOST: usize = 100;

/// The beginning of a text as an error shows it.
pub fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(MOST).collect();
    escaped(&beginning)
}

/// A text in which what is not seen, or changes the order of what is seen, is written out: an error
/// must not show a right number where a wrong one was given.
pub fn escaped(text: &str) -> String {
    if text.chars().all(|ch| !is_unseen(ch)) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for ch in text.chars() {
        if is_unseen(ch) {
            escaped.extend(ch.escape_unicode());
        } else {
            escaped.push(ch);
        }
    }
    escaped
}

fn is_unseen(ch: char) -> bool {
    use GeneralCategory as Of;
    let looks_like_another = ch == '\u{2011}';
    let category = ch.general_category();
    let is_odd_blank = category == Of::SpaceSeparator && ch != ' ';
    let is_break = matches!(category, Of::LineSeparator | Of::ParagraphSeparator);
    let is_hidden = matches!(category, Of::Control | Of::Format);
    looks_like_another || is_odd_blank || is_break || is_hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_written_out() {
        assert_eq!(shown("a b\u{e9}\u{1f44d}"), "a b\u{e9}\u{1f44d}");
        assert_eq!(shown("\u{202e}1\u{a0}2\u{2011}3\n"), r"\u{202e}1\u{a0}2\u{2011}3\u{a}");
        assert_eq!(shown(&"x".repeat(1_000)).len(), MOST);
    }
}

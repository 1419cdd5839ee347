//! Texts of one line, such as names and labels: the rule for what callers write, and the repair of what comes from elsewhere. Pure.

/// What is said of a text that is not one line.
pub const FAULT: &str = "must be one line without control characters";

/// Whether a text is one line, apart from blanks around it.
pub fn is_line(text: &str) -> bool {
    !text.trim().chars().any(is_break)
}

/// The text with a blank in place of each break and control character.
pub fn one_line(text: &str) -> String {
    text.trim().chars().map(|ch| if is_break(ch) { ' ' } else { ch }).collect()
}

fn is_break(ch: char) -> bool {
    ch.is_control() || matches!(ch, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_breaks_and_no_control_characters() {
        for good in ["Ada", " Ada\n", "\u{5d0}\u{200f}", "\u{1f469}\u{200d}\u{1f4bb}", ""] {
            assert!(is_line(good), "{good:?}");
        }
        for bad in ["A\nB", "A\0", "A\u{7}B", "A\tB", "A\u{2028}B", "A\u{9f}"] {
            assert!(!is_line(bad), "{bad:?}");
            assert!(is_line(&one_line(bad)), "{bad:?}");
        }
        assert_eq!(one_line(" A\r\nB "), "A  B");
    }
}

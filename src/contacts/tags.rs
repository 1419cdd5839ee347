//! Form of tags in which two are the same. Pure.

use crate::domain::fold::fold;

/// The form of a tag in which two are the same: without case, marks and blanks in excess.
pub fn folded(tag: &str) -> String {
    fold(tag).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tags_are_the_same_without_case_marks_and_blanks_in_excess() {
        assert_eq!(folded("VIP"), folded("vip"));
        assert_eq!(folded("Café  Paris"), folded("cafe paris"));
        assert_ne!(folded("cafe"), folded("cafes"));
    }
}

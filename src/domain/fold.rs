//! Folding of texts for search: case, accents and other spellings of a letter are equal. Pure.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The text without case and marks.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare = |text: &str| -> String {
        text.nfkd().filter(|ch| !is_combining_mark(*ch)).map(base).collect()
    };
    // By way of the upper case, so that all forms of a letter meet. Both may bring marks along.
    let upper: String = bare(text).chars().flat_map(char::to_uppercase).collect();
    let lower: String = upper.chars().flat_map(char::to_lowercase).collect();
    bare(&lower).nfc().collect()
}

/// Letters with a stroke, which Unicode does not take apart.
fn base(ch: char) -> char {
    match ch {
        'Ø' | 'ø' => 'o',
        'Ł' | 'ł' => 'l',
        'Đ' | 'đ' | 'Ð' | 'ð' => 'd',
        'Ħ' | 'ħ' => 'h',
        'Ŧ' | 'ŧ' => 't',
        'ı' => 'i',
        // Its own upper case, which the small letter does not have.
        'ẞ' => 'ß',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_marks_and_widths_make_no_difference() {
        for (one, other) in [
            ("José", "JOSE"),
            ("Müller", "muller"),
            ("Łódź", "lodz"),
            ("مَرْحَبًا", "مرحبا"),
            ("＋４９　１５１", "+49 151"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
        assert_ne!(fold("Ann"), fold("Anna"));
    }

    proptest! {
        #[test]
        fn a_folded_text_stays_as_it_is(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}

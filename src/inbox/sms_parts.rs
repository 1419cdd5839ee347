//! Parts of a long text message: cut where a reader expects it, each with a bounded number of segments, which is what a
//! provider is paid for. Pure.

use unicode_segmentation::UnicodeSegmentation;

/// Segments of a part.
const MOST_SEGMENTS: usize = 10;
/// The usual alphabet of text messages has seven bits (GSM 03.38). A segment of many has room for fewer characters.
const GSM_ALONE: usize = 160;
const GSM_OF_MANY: usize = 153;
/// A text with any other character is sent in UTF-16.
const UTF_16_ALONE: usize = 70;
const UTF_16_OF_MANY: usize = 67;

const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// These take two places.
const GSM_EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// How many segments a text has.
pub fn segments(text: &str) -> usize {
    let (alone, of_many, length) = match gsm_length(text) {
        Some(length) => (GSM_ALONE, GSM_OF_MANY, length),
        None => (UTF_16_ALONE, UTF_16_OF_MANY, text.encode_utf16().count()),
    };
    if length <= alone { 1 } else { length.div_ceil(of_many) }
}

fn gsm_length(text: &str) -> Option<usize> {
    let place = |ch: char| match ch {
        ch if GSM.contains(ch) => Some(1),
        ch if GSM_EXTENDED.contains(ch) => Some(2),
        _ => None,
    };
    text.chars().map(place).sum()
}

/// The parts of a text, in order. A paragraph, a sentence or a word is kept whole where it fits.
pub fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while MOST_SEGMENTS < segments(rest) {
        let end = end_of_part(rest);
        let (part, behind) = rest.split_at(end);
        parts.push(part.trim_end().to_owned());
        rest = behind.trim_start();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

/// Where the first part of a long text ends, in bytes; never at its beginning.
fn end_of_part(text: &str) -> usize {
    let most = longest_beginning(text);
    let beginning = text.get(..most).unwrap_or(text);
    // A part is at least half full, so that there are few of them.
    let is_late = |end: &usize| most / 2 <= *end;
    let ends = [
        beginning.rfind("\n\n"),
        beginning.rfind('\n'),
        [". ", "! ", "? ", "。", "؟ "]
            .iter()
            .filter_map(|end| beginning.rfind(end).map(|at| at + end.len()))
            .max(),
        beginning.rfind(char::is_whitespace),
    ];
    ends.into_iter().flatten().find(is_late).unwrap_or(most)
}

/// The end of the longest beginning that fits a part. What a reader sees as one character is not cut.
fn longest_beginning(text: &str) -> usize {
    let (mut gsm, mut utf_16) = (Some(0), 0);
    for (start, grapheme) in text.grapheme_indices(true) {
        gsm = gsm.zip(gsm_length(grapheme)).map(|(sum, length)| sum + length);
        utf_16 += grapheme.encode_utf16().count();
        let fits = match gsm {
            Some(length) => length <= GSM_OF_MANY * MOST_SEGMENTS,
            None => utf_16 <= UTF_16_OF_MANY * MOST_SEGMENTS,
        };
        if !fits {
            // One that fits no part is cut all the same.
            return if start == 0 { first_characters(text) } else { start };
        }
    }
    text.len()
}

fn first_characters(text: &str) -> usize {
    let mut length = 0;
    let fits = |(_, ch): &(usize, char)| {
        length += ch.len_utf16();
        length <= UTF_16_OF_MANY * MOST_SEGMENTS
    };
    text.char_indices().take_while(fits).last().map_or(text.len(), |(at, ch)| at + ch.len_utf8())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn segments_are_counted_as_providers_do() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ж".repeat(70), 1),
            ("ж".repeat(71), 2),
            ("🎉".repeat(36), 2),
            ("a".repeat(1_530), 10),
            ("a".repeat(1_531), 11),
        ] {
            assert_eq!(segments(&text), expected, "{} of {:?}", text.len(), text.chars().next());
        }
    }

    #[test]
    fn a_long_text_is_cut_behind_a_sentence_and_a_short_one_is_not() {
        assert_eq!(parts(" Hello "), ["Hello"]);
        let sentence = format!("{}end. ", "word ".repeat(100));
        let long = sentence.repeat(5);
        let cut = parts(&long);
        assert_eq!(cut.len(), 2);
        assert!(cut[0].ends_with("end.") && cut[1].starts_with("word"), "{cut:?}");
        // Without a place to cut, it is cut where it is full.
        assert_eq!(parts(&"x".repeat(3_000)).len(), 2);
        assert_eq!(parts(&"ж".repeat(1_400)).len(), 3);
    }

    proptest! {
        #[test]
        fn parts_have_all_words_in_order_and_few_segments(
            words in prop::collection::vec("([a-z]{1,30}|[жшю]{1,20}|🎉{1,9}|e\u{301}{1,40}|\\.|\n)", 0..150),
        ) {
            let text = words.join(" ");
            let parts = parts(&text);
            for part in &parts {
                prop_assert!(segments(part) <= MOST_SEGMENTS, "{part}");
            }
            let plain = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(plain(&parts.join(" ")), plain(&text));
        }
    }
}

//! Chunks: a text in overlapping pieces of about 800 characters that end with a sentence where they can. Pure.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// Characters of a chunk, without blanks at its end.
pub const LONGEST: usize = 800;
/// Chunks that lie together.
pub const IN_PART: usize = 64;
/// Characters that a chunk repeats from the one before it.
pub const OVERLAP: usize = 100;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The byte of the text that it begins at.
    pub start: u64,
    pub text: String,
}

/// A text as it is stored: without control characters, with single spaces, and with at most one empty line in a row.
pub fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let (mut lines, mut blank) = (0_u8, false);
    for ch in text.chars() {
        match ch {
            '\n' | '\u{2028}' | '\u{2029}' => lines = lines.saturating_add(1),
            _ if ch.is_whitespace() => blank = true,
            '\u{feff}' => (),
            _ if ch.is_control() => (),
            _ => {
                if !tidied.is_empty() {
                    match lines {
                        0 if blank => tidied.push(' '),
                        0 => (),
                        1 => tidied.push('\n'),
                        _ => tidied.push_str("\n\n"),
                    }
                }
                (lines, blank) = (0, false);
                tidied.push(ch);
            }
        }
    }
    tidied
}

/// The chunks of a tidied text, in order; together they hold all of it.
pub fn chunks(text: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    // Where the chunk begins and ends, in bytes, and its characters.
    let (mut start, mut end, mut length) = (0, 0, 0);
    for (next, characters) in pieces(text) {
        // A blank stays with what it follows.
        let is_blank = text[end..next].trim().is_empty();
        if LONGEST < length + characters && start < end && !is_blank {
            chunks.push(chunk(text, start, end));
            // What comes next is repeated only as far as there is room for it.
            let room = OVERLAP.min(LONGEST.saturating_sub(characters));
            start = repeated_from(text, start, end, room);
            length = text[start..end].chars().count();
        }
        (end, length) = (next, length + characters);
    }
    if start < end {
        chunks.push(chunk(text, start, end));
    }
    chunks
}

/// The text that chunks were made of.
pub fn joined(chunks: impl IntoIterator<Item = Chunk>) -> String {
    let mut text = String::new();
    for chunk in chunks {
        let start = usize::try_from(chunk.start).unwrap_or(usize::MAX);
        let known = text.len().saturating_sub(start);
        text.push_str(chunk.text.get(known..).unwrap_or_default());
    }
    text
}

/// The sentences of a text, each with the blanks behind it.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    // A line ends a sentence; so do the marks that Unicode names.
    text.split_sentence_bounds()
}

fn chunk(text: &str, start: usize, end: usize) -> Chunk {
    let start_at = u64::try_from(start).unwrap_or(u64::MAX);
    Chunk { start: start_at, text: text[start..end].to_owned() }
}

/// Ends of sentences with their characters; one that is longer than a chunk is cut between words, or within one.
fn pieces(text: &str) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for sentence in sentences(text) {
        let end = at + sentence.len();
        let characters = sentence.chars().count();
        if characters <= LONGEST {
            pieces.push((end, characters));
            at = end;
            continue;
        }
        let (mut from, mut length) = (at, 0);
        for word in sentence.split_inclusive(char::is_whitespace) {
            let mut word = word;
            let mut characters = word.chars().count();
            if LONGEST < length + characters && 0 < length {
                pieces.push((from, length));
                length = 0;
            }
            while LONGEST < characters {
                let cut = word.char_indices().nth(LONGEST).map_or(word.len(), |(cut, _)| cut);
                from += cut;
                pieces.push((from, LONGEST));
                (word, characters) = (&word[cut..], characters - LONGEST);
            }
            (from, length) = (from + word.len(), length + characters);
        }
        if 0 < length {
            pieces.push((end, length));
        }
        at = end;
    }
    pieces
}

/// Where the next chunk begins: at a sentence of the last characters, else at a word of them.
fn repeated_from(text: &str, start: usize, end: usize, room: usize) -> usize {
    let mut window = end;
    let mut before = text[start..end].char_indices().rev();
    for _ in 0..room {
        let Some((at, _)) = before.next() else { break };
        window = start + at;
    }
    // The chunk before must not begin there too.
    if window <= start {
        return end;
    }
    let last = &text[window..end];
    let sentence = sentences(last).next().map_or(0, str::len);
    if 0 < sentence && sentence < last.len() {
        return window + sentence;
    }
    let word = last.find(char::is_whitespace).map(|at| window + at);
    let behind = word.map(|at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    behind.filter(|at| *at < end).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn longest(chunks: &[Chunk]) -> usize {
        chunks.iter().map(|chunk| chunk.text.trim_end().chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn a_text_is_tidied() {
        let text = "\u{feff}One  two\tthree \r\n\r\n\r\n\r\n four\u{7}\n five ";
        assert_eq!(tidy(text), "One two three\n\nfour\nfive");
        assert_eq!(tidy(" \n\u{a0} "), "");
    }

    #[test]
    fn chunks_end_with_sentences_and_repeat_the_last() {
        let text = "Short one here. ".repeat(120);
        let chunks = chunks(text.trim_end());
        assert!(2 < chunks.len());
        assert!(chunks.iter().all(|chunk| chunk.text.trim_end().ends_with('.')));
        assert!(chunks.iter().all(|chunk| chunk.text.starts_with("Short")));
        let [one, two] = [&chunks[0], &chunks[1]];
        let repeated = one.text.len() - usize::try_from(two.start).unwrap();
        assert!((50..=OVERLAP).contains(&repeated), "{repeated}");
    }

    #[test]
    fn a_sentence_without_an_end_is_cut_between_words_and_a_word_without_an_end_within() {
        let words = "word ".repeat(1_000);
        let made = chunks(words.trim_end());
        assert!(longest(&made) <= LONGEST && 5 < made.len());
        assert!(made.iter().all(|chunk| chunk.text.starts_with("word")));
        let made = chunks(&"x".repeat(5_000));
        assert_eq!(joined(made.clone()), "x".repeat(5_000));
        assert!(longest(&made) <= LONGEST);
        assert!(chunks("").is_empty());
    }

    proptest! {
        #[test]
        fn chunks_hold_all_of_a_text_and_none_is_too_long(
            parts in prop::collection::vec("(\\PC{0,300}|[a-z .!?。\n]{0,600})", 0..12),
        ) {
            let text = tidy(&parts.concat());
            let made = chunks(&text);
            prop_assert_eq!(joined(made.clone()), text.clone());
            prop_assert!(longest(&made) <= LONGEST);
            let mut before: Option<&Chunk> = None;
            for chunk in &made {
                let start = usize::try_from(chunk.start).unwrap();
                prop_assert!(text[start..].starts_with(&chunk.text));
                prop_assert!(!chunk.text.trim().is_empty());
                if let Some(before) = before {
                    prop_assert!(before.start < chunk.start);
                    let end = usize::try_from(before.start).unwrap() + before.text.len();
                    prop_assert!(start <= end);
                    prop_assert!(text[start..end].chars().count() <= OVERLAP);
                }
                before = Some(chunk);
            }
        }

        #[test]
        fn a_tidied_text_stays_as_it_is(text in "(\\PC|\\s){0,200}") {
            let tidied = tidy(&text);
            prop_assert_eq!(tidy(&tidied), tidied);
        }
    }
}

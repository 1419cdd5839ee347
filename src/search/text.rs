//! Tokenizer of texts and queries. Pure.
//!
//! Letters lose their case and their marks (`domain/fold`). A word is a run of letters and digits; where a script
//! sets no spaces between words (Chinese, Japanese, Thai and their neighbours), each character
//! and each pair of neighbours is looked up by itself; so is every emoji.

use std::collections::BTreeSet;

use unicode_properties::UnicodeEmoji;

use crate::domain::fold::fold;

/// Characters of a query; a longer one is refused.
pub const LONGEST_QUERY: usize = 256;
/// Characters of a word that are significant.
const LONGEST_WORD: usize = 64;

/// What a query asks for: a text must hold all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Looked up as they are.
    whole: BTreeSet<String>,
    /// The last word may be the beginning of a longer one.
    beginning: Option<String>,
    /// Runs without spaces, which must stand in the text as they are.
    runs: Vec<String>,
}

impl Wanted {
    /// None when there is nothing in it that could be looked for.
    pub fn read(query: &str) -> Option<Self> {
        let folded = fold(query);
        let mut pieces = pieces(&folded);
        let beginning = match pieces.last() {
            Some(Piece::Word(word)) => Some(short(word).to_owned()),
            _ => None,
        };
        if beginning.is_some() {
            pieces.pop();
        }
        let mut wanted = Self { whole: BTreeSet::new(), beginning, runs: Vec::new() };
        for piece in pieces {
            match piece {
                Piece::Word(word) => {
                    wanted.whole.insert(short(word).to_owned());
                }
                Piece::Emoji(emoji) => {
                    wanted.whole.insert(emoji.to_owned());
                }
                Piece::Run(run) => {
                    wanted.runs.push(run.to_owned());
                    // A pair says more than its characters do.
                    let parts = parts(run);
                    let is_one = run.chars().count() == 1;
                    let tokens = parts.filter(|part| is_one || part.chars().count() == 2);
                    wanted.whole.extend(tokens.map(str::to_owned));
                }
            }
        }
        (wanted.beginning.is_some() || !wanted.whole.is_empty()).then_some(wanted)
    }

    pub fn whole(&self) -> impl Iterator<Item = &str> {
        self.whole.iter().map(String::as_str)
    }

    pub fn beginning(&self) -> Option<&str> {
        self.beginning.as_deref()
    }

    /// Whether a text holds it, whatever an index says.
    pub fn is_in(&self, text: &str) -> bool {
        let folded = fold(text);
        let found = tokens_of(&folded);
        self.whole.iter().all(|token| found.contains(token.as_str()))
            && self.runs.iter().all(|run| folded.contains(run))
            && self.beginning.as_ref().is_none_or(|beginning| {
                let from = found.range(beginning.as_str()..).next();
                from.is_some_and(|word| word.starts_with(beginning.as_str()))
            })
    }
}

/// All that a text is found by.
pub fn tokens(text: &str) -> BTreeSet<String> {
    tokens_of(&fold(text)).into_iter().map(str::to_owned).collect()
}

/// The words of a folded text in their order, as often as they stand there. A run without spaces is taken by its pairs.
pub fn words_of(folded: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for piece in pieces(folded) {
        match piece {
            Piece::Word(word) => words.push(short(word)),
            Piece::Emoji(emoji) => words.push(emoji),
            Piece::Run(run) => {
                let is_one = run.chars().count() == 1;
                words.extend(parts(run).filter(|part| is_one || part.chars().count() == 2));
            }
        }
    }
    words
}

fn tokens_of(folded: &str) -> BTreeSet<&str> {
    let mut tokens = BTreeSet::new();
    for piece in pieces(folded) {
        match piece {
            Piece::Word(word) => {
                tokens.insert(short(word));
            }
            Piece::Emoji(emoji) => {
                tokens.insert(emoji);
            }
            Piece::Run(run) => tokens.extend(parts(run)),
        }
    }
    tokens
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Between,
    Word,
    Run,
    Emoji,
}

enum Piece<'a> {
    Word(&'a str),
    Run(&'a str),
    Emoji(&'a str),
}

fn class(ch: char) -> Class {
    match ch {
        // Thai, Lao, Myanmar, Khmer; Chinese and Japanese with their rarer planes.
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}'
            if ch.is_alphanumeric() =>
        {
            Class::Run
        }
        _ if ch.is_alphanumeric() => Class::Word,
        _ if !ch.is_ascii() && ch.is_emoji_char() => Class::Emoji,
        _ => Class::Between,
    }
}

fn pieces(folded: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut start, mut of) = (Vec::new(), 0, Class::Between);
    let ends = folded.char_indices().map(|(at, ch)| (at, class(ch)));
    for (at, class) in ends.chain([(folded.len(), Class::Between)]) {
        if class == of && class != Class::Emoji {
            continue;
        }
        let piece = &folded[start..at];
        match of {
            Class::Between => (),
            Class::Word => pieces.push(Piece::Word(piece)),
            Class::Run => pieces.push(Piece::Run(piece)),
            Class::Emoji => pieces.push(Piece::Emoji(piece)),
        }
        (start, of) = (at, class);
    }
    pieces
}

/// The characters of a run, and each two neighbours.
fn parts(run: &str) -> impl Iterator<Item = &str> {
    let ends = |from: usize| {
        let mut ends = run[from..].char_indices().skip(1).map(move |(at, _)| from + at);
        [ends.next(), ends.next()]
    };
    run.char_indices().flat_map(move |(at, _)| {
        let [one, two] = ends(at);
        let last = run.len();
        let pair = one.map(|_| &run[at..two.unwrap_or(last)]);
        [Some(&run[at..one.unwrap_or(last)]), pair].into_iter().flatten()
    })
}

fn short(word: &str) -> &str {
    word.char_indices().nth(LONGEST_WORD).map_or(word, |(end, _)| &word[..end])
}

/// In capitals this Greek mark becomes a letter, which its word is not found by.
#[cfg(test)]
pub fn has_iota_below(text: &str) -> bool {
    use unicode_normalization::UnicodeNormalization;
    text.nfd().any(|ch| ch == '\u{345}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_found(query: &str, text: &str) -> bool {
        Wanted::read(query).is_some_and(|wanted| wanted.is_in(text))
    }

    #[test]
    fn words_are_found_without_case_and_marks_and_by_the_beginning_of_the_last() {
        for (query, text) in [
            ("CAFE", "Un café, s'il vous plaît"),
            ("café plai", "Un café, s'il vous plaît"),
            ("strasse", "Die Straße"),
            ("STRASSE", "Die Straße"),
            ("istanbul", "İstanbul'da"),
            ("lodz", "Łódź"),
            ("οδος", "ΟΔΌΣ"),
            ("مرحبا", "مَرْحَبًا بك"),
            ("שלום", "שָׁלוֹם"),
            ("привет", "Привет, мир"),
            ("안녕", "안녕하세요"),
            ("北京", "我在北京工作"),
            ("工", "我在北京工作"),
            ("タワー", "東京タワー"),
            ("สวัสดี", "สวัสดีครับ"),
            ("👍", "ok 👍🏽!"),
            ("🎉 par", "Party 🎉🎉"),
            ("2026", "on 2026-11-21"),
        ] {
            assert!(is_found(query, text), "{query} in {text}");
        }
    }

    #[test]
    fn other_words_and_other_orders_of_characters_are_not_found() {
        for (query, text) in [
            ("coff un", "un coffee"),
            ("ordinary", "ord"),
            ("京北", "我在北京工作"),
            ("北京工作我", "我在北京工作"),
            ("🎉", "Party"),
        ] {
            assert!(!is_found(query, text), "{query} in {text}");
        }
        for query in ["", "  ", "?!…", "\u{0}\u{7}", "\u{200d}\u{fe0f}"] {
            assert_eq!(Wanted::read(query), None, "{query:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_each_of_its_words_in_any_case(text in "\\PC{0,60}") {
            prop_assume!(!has_iota_below(&text));
            for word in text.split_whitespace() {
                for query in [word.to_owned(), word.to_uppercase(), word.to_lowercase(), fold(word)] {
                    if let Some(wanted) = Wanted::read(&query) {
                        prop_assert!(wanted.is_in(&text), "{query:?} in {text:?}");
                    }
                }
            }
        }

        #[test]
        fn what_is_looked_up_is_among_what_a_text_is_found_by(text in "\\PC{0,60}") {
            let found = tokens(&text);
            if let Some(wanted) = Wanted::read(&text) {
                prop_assert!(wanted.whole().all(|token| found.contains(token)));
                prop_assert!(wanted.beginning().is_none_or(|word| found.contains(word)));
            }
        }
    }
}

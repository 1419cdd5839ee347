//! Spoken: what a model has said so far as its reader gets it. Pure.
//!
//! Blanks at both ends are left out, and the mark with which a model calls a person is never shown, however a reply is
//! cut into pieces: what may turn out to be either is held back.

/// What a model writes to call a person.
pub const MARK: &str = crate::providers::model::HANDOFF_MARK;

#[derive(Clone, Debug)]
pub struct Spoken {
    shown: String,
    /// What came, and is not shown yet.
    held: String,
    /// Characters that may still be shown.
    room: usize,
    asks_for_person: bool,
}

impl Spoken {
    pub fn new(longest: usize) -> Self {
        Self { shown: String::new(), held: String::new(), room: longest, asks_for_person: false }
    }

    /// Takes in a piece. What is to be shown of it, and of what was held back.
    pub fn take(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let mut ready = String::new();
        while let Some(at) = self.held.find(MARK) {
            // What stands before a mark is no part of another that its end makes.
            let kept = self.held[..at].trim_end().len();
            ready.push_str(&self.show(kept));
            self.held.replace_range(at - kept..at - kept + MARK.len(), "");
            self.asks_for_person = true;
        }
        let kept = self.held.len() - held_back(&self.held);
        ready.push_str(&self.show(kept));
        ready
    }

    /// What is to be shown at the end of the reply.
    pub fn end(&mut self) -> String {
        let kept = self.held.trim_end().len();
        self.show(kept)
    }

    fn show(&mut self, end: usize) -> String {
        let rest = self.held.split_off(end);
        let ready = std::mem::replace(&mut self.held, rest);
        let ready = if self.shown.is_empty() { ready.trim_start() } else { &ready };
        let cut = ready.char_indices().nth(self.room).map_or(ready.len(), |(cut, _)| cut);
        let mut ready = &ready[..cut];
        if self.room <= ready.chars().count() {
            ready = ready.trim_end();
            self.room = 0;
        } else {
            self.room -= ready.chars().count();
        }
        self.shown.push_str(ready);
        ready.to_owned()
    }

    /// All that was shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether nothing more is shown, whatever comes.
    pub fn is_full(&self) -> bool {
        self.room == 0
    }

    pub fn asks_for_person(&self) -> bool {
        self.asks_for_person
    }
}

/// Bytes at the end of a text that may become a mark, or the blanks at the end of all.
fn held_back(text: &str) -> usize {
    let begun = (1..MARK.len()).rev().find(|length| text.ends_with(&MARK[..*length])).unwrap_or(0);
    let before = &text[..text.len() - begun];
    text.len() - before.trim_end().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(pieces: &[&str], longest: usize) -> (String, bool) {
        let mut spoken = Spoken::new(longest);
        let mut shown: String = pieces.iter().map(|piece| spoken.take(piece)).collect();
        shown.push_str(&spoken.end());
        assert_eq!(shown, spoken.shown());
        (shown, spoken.asks_for_person())
    }

    #[test]
    fn a_word_is_shown_at_once_and_a_mark_never() {
        let mut spoken = Spoken::new(100);
        assert_eq!((spoken.take(" \n"), spoken.take("Hello")), (String::new(), "Hello".to_owned()));
        assert_eq!((spoken.take(" "), spoken.take("you [")), (String::new(), " you".to_owned()));
        assert_eq!((spoken.take("1] ["), spoken.take("[HAND")), (" [1]".to_owned(), String::new()));
        assert_eq!((spoken.take("OFF]] "), spoken.end()), (String::new(), String::new()));
        assert!(spoken.asks_for_person());
        assert_eq!(spoken.shown(), "Hello you [1]");
        assert_eq!(all(&["[[HANDOFF]]"], 9), (String::new(), true));
        assert_eq!(all(&["a [[HAND"], 9), ("a [[HAND".to_owned(), false));
    }

    #[test]
    fn a_long_reply_is_cut_at_a_character() {
        let mut spoken = Spoken::new(5);
        assert_eq!(spoken.take("éé é"), "éé é");
        assert!(!spoken.is_full());
        assert_eq!(spoken.take("é é"), "é");
        assert!(spoken.is_full());
        assert_eq!((spoken.take("more"), spoken.end()), (String::new(), String::new()));
    }

    proptest! {
        #[test]
        fn it_is_the_same_however_it_is_cut(
            text in "(\\[|\\]|HANDOFF|\\[\\[HANDOFF\\]\\]| |a|é){0,30}", cuts in prop::collection::vec(0_usize..90, 0..8),
            longest in 0_usize..40,
        ) {
            let mut cuts: Vec<usize> =
                cuts.into_iter().map(|cut| text.floor_char_boundary(cut.min(text.len()))).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|part| &text[part[0]..part[1]]).collect();
            let (shown, asks) = all(&pieces, longest);
            let whole = text.replace(MARK, "");
            let cut: String = whole.trim().chars().take(longest).collect();
            prop_assert_eq!((shown.as_str(), asks), (cut.trim_end(), text.contains(MARK)));
        }
    }
}

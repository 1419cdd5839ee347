//! Keywords of consent: STOP, START and HELP, as the whole of a message. Pure.

use unicode_normalization::UnicodeNormalization;

use crate::contacts::consent::Medium;

/// Characters of a message that may be a keyword.
const LONGEST: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    Stop,
    Start,
    /// Only of SMS.
    Help,
}

/// The words, in small letters.
#[derive(Clone, Debug)]
pub struct Keywords {
    pub stop: Vec<String>,
    pub start: Vec<String>,
    /// These also mean START in an SMS.
    pub start_by_sms: Vec<String>,
    pub help: Vec<String>,
}

impl Default for Keywords {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            stop: words(&["stop", "stopall", "unsubscribe", "cancel", "quit", "end"]),
            start: words(&["start", "unstop", "subscribe"]),
            start_by_sms: words(&["yes"]),
            help: words(&["help", "info"]),
        }
    }
}

impl Keywords {
    /// The keyword that a whole message is. Blanks around it, case, and full stops and exclamation marks at its end
    /// make no difference.
    pub fn find(&self, text: &str, medium: Medium) -> Option<Keyword> {
        if text.chars().nth(LONGEST).is_some() {
            return None;
        }
        let text = text.trim().trim_end_matches(['.', '!', '。', '！']).trim_end();
        let word: String = text.nfkc().flat_map(char::to_lowercase).collect();
        let is_in = |words: &[String]| words.contains(&word);
        let by_sms = medium == Medium::Sms;
        if is_in(&self.stop) {
            return Some(Keyword::Stop);
        }
        if is_in(&self.start) || by_sms && is_in(&self.start_by_sms) {
            return Some(Keyword::Start);
        }
        (by_sms && is_in(&self.help)).then_some(Keyword::Help)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_keyword_is_the_whole_of_a_message() {
        let keywords = Keywords::default();
        for (text, by_whatsapp, by_sms) in [
            ("STOP", Some(Keyword::Stop), Some(Keyword::Stop)),
            (" stop. ", Some(Keyword::Stop), Some(Keyword::Stop)),
            ("Stop!!", Some(Keyword::Stop), Some(Keyword::Stop)),
            ("ＳＴＯＰ", Some(Keyword::Stop), Some(Keyword::Stop)),
            ("Unsubscribe", Some(Keyword::Stop), Some(Keyword::Stop)),
            ("START", Some(Keyword::Start), Some(Keyword::Start)),
            ("unstop", Some(Keyword::Start), Some(Keyword::Start)),
            ("yes", None, Some(Keyword::Start)),
            ("HELP", None, Some(Keyword::Help)),
            ("please stop", None, None),
            ("stop it", None, None),
            ("s t o p", None, None),
            ("", None, None),
            (".", None, None),
        ] {
            assert_eq!(keywords.find(text, Medium::WhatsApp), by_whatsapp, "{text:?}");
            assert_eq!(keywords.find(text, Medium::Sms), by_sms, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_without_a_panic(text in "\\PC{0,60}") {
            let _ = Keywords::default().find(&text, Medium::Sms);
        }

        #[test]
        fn a_word_beside_a_keyword_makes_it_none(word in "[a-z]{1,9}") {
            let text = format!("stop {word}");
            prop_assert_eq!(Keywords::default().find(&text, Medium::WhatsApp), None);
        }
    }
}

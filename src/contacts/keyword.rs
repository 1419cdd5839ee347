//! Keywords of consent: STOP, START and HELP, as the whole of a message. Pure.

use unicode_normalization::UnicodeNormalization;

use crate::{config::Business, contacts::consent::Medium};

/// Characters of a message that may be a keyword.
const LONGEST: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    Stop,
    Start,
    /// Only of SMS.
    Help,
}

/// Means START in an SMS, besides the words of the settings.
const START_BY_SMS: &str = "yes";

/// The words of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Keywords<'s> {
    stop: &'s [String],
    start: &'s [String],
    help: &'s [String],
}

impl<'s> Keywords<'s> {
    pub fn of(settings: &'s Business) -> Self {
        Self {
            stop: &settings.optout_keywords,
            start: &settings.optin_keywords,
            help: &settings.help_keywords,
        }
    }

    /// The keyword that a whole message is. Blanks around it, case, and full stops and exclamation marks at its end
    /// make no difference.
    pub fn find(&self, text: &str, medium: Medium) -> Option<Keyword> {
        if text.chars().nth(LONGEST).is_some() {
            return None;
        }
        let word = folded(text);
        let is_in = |words: &[String]| words.iter().any(|known| folded(known) == word);
        let by_sms = medium == Medium::Sms;
        if is_in(self.stop) {
            return Some(Keyword::Stop);
        }
        if is_in(self.start) || by_sms && word == START_BY_SMS {
            return Some(Keyword::Start);
        }
        (by_sms && is_in(self.help)).then_some(Keyword::Help)
    }
}

/// A word as it is compared.
fn folded(text: &str) -> String {
    let text = text.trim().trim_end_matches(['.', '!', '。', '！']).trim_end();
    text.nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    fn settings() -> Business {
        Config::shipped().unwrap().business
    }

    #[test]
    fn a_keyword_is_the_whole_of_a_message() {
        let settings = settings();
        let keywords = Keywords::of(&settings);
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

    #[test]
    fn words_of_ones_own_take_the_place_of_those_that_are_shipped() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let settings = Business { optout_keywords: words(&["Arrêt", " fin! "]), ..settings() };
        let keywords = Keywords::of(&settings);
        for (text, expected) in [
            ("ARRÊT.", Some(Keyword::Stop)),
            ("fin", Some(Keyword::Stop)),
            ("stop", None),
            ("start", Some(Keyword::Start)),
        ] {
            assert_eq!(keywords.find(text, Medium::WhatsApp), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_without_a_panic(text in "\\PC{0,60}") {
            let _ = Keywords::of(&settings()).find(&text, Medium::Sms);
        }

        #[test]
        fn a_word_beside_a_keyword_makes_it_none(word in "[a-z]{1,9}") {
            let text = format!("stop {word}");
            prop_assert_eq!(Keywords::of(&settings()).find(&text, Medium::WhatsApp), None);
        }
    }
}

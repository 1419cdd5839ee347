//! Phrases in messages: calls for a person, and keywords. Whole words, without regard to case and marks. Pure.

use crate::{
    bots::{bot::Bot, preset::preset},
    domain::fold::fold,
};

/// Calls for a person, by language.
const CALLS: [(&str, &[&str]); 6] = [
    (
        "en",
        &[
            "human",
            "agent",
            "operator",
            "representative",
            "real person",
            "live agent",
            "talk to someone",
            "speak to someone",
            "talk to a person",
            "speak to a person",
        ],
    ),
    ("fr", &["humain", "conseiller", "agent", "operateur", "une personne", "parler a quelqu'un"]),
    ("es", &["humano", "agente", "operador", "una persona", "hablar con alguien"]),
    ("pt", &["humano", "agente", "atendente", "uma pessoa", "falar com alguem"]),
    ("de", &["mensch", "mitarbeiter", "kundenberater", "mit jemandem sprechen"]),
    ("ar", &["موظف", "انسان", "شخص حقيقي", "خدمة العملاء"]),
];

/// The words of a text, folded.
fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = folded.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether a phrase occurs in words, whole.
fn occurs(phrase: &str, within: &[String]) -> bool {
    let phrase = words(phrase);
    !phrase.is_empty() && within.windows(phrase.len()).any(|part| part == phrase)
}

/// Whether a message asks for a person, by the words of the bot, of its domain, or of its language.
pub fn asks_for_person(bot: &Bot, text: &str) -> bool {
    let said = words(text);
    let own = bot.handoff.keywords.iter().map(String::as_str);
    let of_domain = preset(&bot.domain).into_iter().flat_map(|preset| preset.handoff);
    let language = bot.language.get(..2).unwrap_or_default().to_lowercase();
    let is_spoken = |known: &str| bot.language == "auto" || known == "en" || known == language;
    let usual = CALLS.iter().filter(|(known, _)| is_spoken(known)).flat_map(|(_, calls)| *calls);
    own.chain(of_domain.copied()).chain(usual.copied()).any(|phrase| occurs(phrase, &said))
}

/// Whether a message has one of the keywords that call a bot.
pub fn calls(bot: &Bot, text: &str) -> bool {
    let said = words(text);
    bot.trigger_keywords.iter().any(|keyword| occurs(keyword, &said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bots::{BotChange, BotDraft},
        domain::clock::from_seconds,
    };

    fn bot(domain: &str, language: &str, keywords: &[&str]) -> Bot {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let rest = BotChange {
            domain: Some(domain.to_owned()),
            language: Some(language.to_owned()),
            handoff_keywords: Some(owned(keywords)),
            trigger_keywords: Some(owned(&["Order status"])),
            ..BotChange::default()
        };
        let draft =
            BotDraft { name: "Bot".to_owned(), task: None, rest, created_by: None, owner: None };
        draft.bot(from_seconds(1)).unwrap()
    }

    #[test]
    fn a_person_is_called_by_whole_words_of_the_language_and_the_bot() {
        let any = bot("general", "auto", &["boss"]);
        for text in ["I want a human", "AGENT please", "parler à quelqu'un", "get me the BOSS"] {
            assert!(asks_for_person(&any, text), "{text}");
        }
        for text in ["humanity", "agentur", "bossy", "refund"] {
            assert!(!asks_for_person(&any, text), "{text}");
        }
        let english = bot("ecommerce", "en", &[]);
        assert!(asks_for_person(&english, "I want a refund"));
        assert!(!asks_for_person(&english, "Mitarbeiter"));
        assert!(asks_for_person(&bot("general", "de-AT", &[]), "Mitarbeiter bitte"));
    }

    #[test]
    fn a_keyword_of_several_words_calls_as_a_whole() {
        let bot = bot("general", "auto", &[]);
        assert!(calls(&bot, "my order-status, please"));
        assert!(!calls(&bot, "order it; status unknown"));
    }
}

//! Greetings, thanks and goodbyes: messages that are nothing else, and what is said to them. Pure.

use crate::{domain::fold::fold, search::words_of};

/// Words of a message that may still be nothing but a greeting.
const MOST_WORDS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Courtesy {
    Greeting,
    Thanks,
    Goodbye,
}

struct Phrases {
    courtesy: Courtesy,
    answer: &'static str,
    /// Folded, as `words_of` reads them.
    phrases: &'static [&'static str],
}

/// Words that may stand beside a greeting, in any language.
const BESIDE: [&str; 14] = [
    "there", "again", "all", "everyone", "team", "sir", "madam", "so", "very", "much", "a", "you",
    "dear", "beaucoup",
];

const PHRASES: [Phrases; 21] = [
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "Hi! How can I help?",
        phrases: &[
            "hello",
            "hi",
            "hey",
            "good morning",
            "good afternoon",
            "good evening",
            "greetings",
        ],
    },
    Phrases {
        courtesy: Courtesy::Thanks,
        answer: "You're welcome!",
        phrases: &["thanks", "thank", "thank you", "thx", "ty", "many thanks", "lot"],
    },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "Goodbye!",
        phrases: &["bye", "goodbye", "bye bye", "see you", "see you later", "good night"],
    },
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "Bonjour ! Comment puis-je vous aider ?",
        phrases: &["bonjour", "bonsoir", "salut", "coucou"],
    },
    Phrases {
        courtesy: Courtesy::Thanks,
        answer: "Je vous en prie !",
        phrases: &["merci", "merci bien", "mille mercis"],
    },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "Au revoir !",
        phrases: &["au revoir", "a bientot", "bonne journee", "bonne soiree"],
    },
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "¡Hola! ¿En qué puedo ayudarle?",
        phrases: &["hola", "buenos dias", "buenas tardes", "buenas noches", "buenas"],
    },
    Phrases {
        courtesy: Courtesy::Thanks,
        answer: "¡De nada!",
        phrases: &["gracias", "muchas gracias", "mil gracias"],
    },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "¡Hasta luego!",
        phrases: &["adios", "hasta luego", "hasta pronto", "chao"],
    },
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "Olá! Como posso ajudar?",
        phrases: &["ola", "oi", "bom dia", "boa tarde", "boa noite"],
    },
    Phrases {
        courtesy: Courtesy::Thanks,
        answer: "De nada!",
        phrases: &["obrigado", "obrigada", "muito obrigado", "muito obrigada"],
    },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "Até logo!",
        phrases: &["tchau", "ate logo", "ate mais", "ate breve"],
    },
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "Hallo! Wie kann ich helfen?",
        phrases: &["hallo", "guten tag", "guten morgen", "guten abend", "moin", "servus"],
    },
    Phrases {
        courtesy: Courtesy::Thanks,
        answer: "Gern geschehen!",
        phrases: &["danke", "vielen dank", "danke schon", "herzlichen dank"],
    },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "Auf Wiedersehen!",
        phrases: &["tschuss", "auf wiedersehen", "bis bald", "gute nacht"],
    },
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "Ciao! Come posso aiutare?",
        phrases: &["ciao", "buongiorno", "buonasera", "salve"],
    },
    Phrases { courtesy: Courtesy::Thanks, answer: "Prego!", phrases: &["grazie", "grazie mille"] },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "Arrivederci!",
        phrases: &["arrivederci", "a presto", "buona giornata"],
    },
    Phrases {
        courtesy: Courtesy::Greeting,
        answer: "مرحبا! كيف يمكنني مساعدتك؟",
        phrases: &["مرحبا", "السلام عليكم", "اهلا", "صباح الخير", "مساء الخير"],
    },
    Phrases {
        courtesy: Courtesy::Thanks,
        answer: "على الرحب والسعة!",
        phrases: &["شكرا", "شكرا جزيلا"],
    },
    Phrases {
        courtesy: Courtesy::Goodbye,
        answer: "مع السلامة!",
        phrases: &["مع السلامة", "الى اللقاء"],
    },
];

/// What a message is, if it is nothing but a greeting, thanks or a goodbye, and what is answered in its language. Of
/// several, the last counts: "hi, thank you" is thanks.
pub fn courtesy(message: &str) -> Option<(Courtesy, &'static str)> {
    let folded = fold(message);
    let words: Vec<&str> = words_of(&folded);
    if MOST_WORDS < words.len() {
        return None;
    }
    let (mut at, mut found) = (0, None);
    while at < words.len() {
        let matching = |phrase: &&str| {
            let wanted: Vec<&str> = phrase.split(' ').collect();
            words[at..].starts_with(&wanted).then_some(wanted.len())
        };
        let known = PHRASES.iter().filter_map(|of| {
            let length = of.phrases.iter().filter_map(&matching).max()?;
            Some((length, of))
        });
        // The longest phrase; of two languages that share it, the first.
        let longest = known.fold(None, |best: Option<(usize, &Phrases)>, (length, of)| {
            best.filter(|(known, _)| length <= *known).or(Some((length, of)))
        });
        match longest {
            Some((length, of)) => {
                (at, found) = (at + length, Some((of.courtesy, of.answer)));
            }
            // Emoji and usual words beside a greeting change nothing.
            None if BESIDE.contains(&words[at]) || is_sign(words[at]) => at += 1,
            None => return None,
        }
    }
    found
}

fn is_sign(word: &str) -> bool {
    !word.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nothing_but_a_greeting_is_answered_in_its_language() {
        for (message, courtesy_of, begins) in [
            ("Hello!", Courtesy::Greeting, "Hi!"),
            ("hi there 👋", Courtesy::Greeting, "Hi!"),
            ("Good MORNING", Courtesy::Greeting, "Hi!"),
            ("Thank you so much!", Courtesy::Thanks, "You're"),
            ("Hi, thanks a lot", Courtesy::Thanks, "You're"),
            ("bye bye", Courtesy::Goodbye, "Goodbye"),
            ("Bonjour", Courtesy::Greeting, "Bonjour"),
            ("¡Buenos días!", Courtesy::Greeting, "¡Hola"),
            ("Olá", Courtesy::Greeting, "Olá"),
            ("Danke schön", Courtesy::Thanks, "Gern"),
            ("مرحبا", Courtesy::Greeting, "مرحبا"),
        ] {
            let found = courtesy(message);
            assert!(
                found.is_some_and(|(of, answer)| of == courtesy_of && answer.starts_with(begins)),
                "{message}: {found:?}"
            );
        }
    }

    #[test]
    fn what_asks_for_something_is_no_greeting() {
        for message in [
            "",
            "?",
            "👍",
            "Hello, where is my order?",
            "high",
            "you",
            "thanks for nothing",
            "so much",
        ] {
            assert_eq!(courtesy(message), None, "{message}");
        }
    }

    #[test]
    fn every_phrase_is_written_as_messages_are_read() {
        for of in PHRASES {
            for phrase in of.phrases {
                assert_eq!(words_of(&fold(phrase)).join(" "), *phrase);
                assert_eq!(courtesy(phrase).map(|(courtesy, _)| courtesy), Some(of.courtesy));
            }
        }
    }
}

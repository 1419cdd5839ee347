//! Answers without a model: courtesies, known questions, and sentences of documents word for word. Pure.
//!
//! The same question and the same knowledge give the same answer, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::knowledge::{
    chunks::sentences,
    smalltalk::{self, Courtesy},
    words::{all_words, normal, words},
};

/// The part of a question that a chunk must cover to answer it.
pub const LEAST_COVERAGE: f64 = 0.5;
/// The part of the words of two questions that must be the same.
const LEAST_LIKENESS: f64 = 0.8;
const MOST_SENTENCES: usize = 3;
/// Characters of an answer from sentences.
const LONGEST: usize = 400;
/// Chunks that are named as sources.
pub const MOST_SOURCES: usize = 3;
/// Characters of a question that are read.
pub const LONGEST_QUESTION: usize = 4_000;
const FALLBACK: &str = "I'm not sure about that. Would you like to talk to a person?";

/// What a bot says of its own.
#[derive(Clone, Debug, Default)]
pub struct AnswerTerms {
    /// Said to a greeting; none for a usual word in the language of the greeting.
    pub welcome: Option<String>,
    /// Said when nothing is known; none for a usual sentence.
    pub fallback: Option<String>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    Greeting,
    Thanks,
    Goodbye,
    /// The answer of a known question.
    Faq,
    /// Sentences of documents.
    Found,
    /// Nothing is known.
    Fallback,
    /// A language model worded it.
    Generated,
}

impl AnswerKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Thanks => "thanks",
            Self::Goodbye => "goodbye",
            Self::Faq => "faq",
            Self::Found => "found",
            Self::Fallback => "fallback",
            Self::Generated => "generated",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: String,
    pub kind: AnswerKind,
    /// Best first.
    pub sources: Vec<Hit>,
}

/// A chunk of a document that says something of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub document: Uuid,
    pub title: String,
    /// The part of the question that it covers, from 0 to 1.
    pub score: f64,
    pub excerpt: String,
}

/// A chunk that was found, with its text.
#[derive(Clone, Debug)]
pub struct Passage {
    pub document: Uuid,
    pub title: String,
    pub score: f64,
    pub text: String,
    /// Its text is the answer of a known question.
    pub is_answer: bool,
}

/// A question that a bot knows, ready to be compared.
#[derive(Clone, Debug)]
pub struct Question {
    /// The place of its document among the entries of the index.
    pub entry: usize,
    normal: String,
    words: BTreeSet<String>,
}

impl Question {
    pub fn new(entry: usize, question: &str) -> Self {
        Self { entry, normal: normal(question), words: all_words(question) }
    }
}

/// Whether a message is a greeting and nothing else.
pub fn is_greeting(message: &str) -> bool {
    smalltalk::courtesy(message).is_some_and(|(courtesy, _)| courtesy == Courtesy::Greeting)
}

/// The answer to a message that asks nothing.
pub fn to_courtesy(message: &str, terms: &AnswerTerms) -> Option<Answer> {
    let (courtesy, usual) = smalltalk::courtesy(message)?;
    let (kind, own) = match courtesy {
        Courtesy::Greeting => (AnswerKind::Greeting, terms.welcome.as_deref()),
        Courtesy::Thanks => (AnswerKind::Thanks, None),
        Courtesy::Goodbye => (AnswerKind::Goodbye, None),
    };
    Some(Answer { text: own.unwrap_or(usual).to_owned(), kind, sources: Vec::new() })
}

/// The known question that this one is, and how like it is; the first of those that are as like.
pub fn known<'q>(question: &str, known: &'q [Question]) -> Option<(&'q Question, f64)> {
    let (normal, words) = (normal(question), all_words(question));
    if words.is_empty() {
        return None;
    }
    if let Some(same) = known.iter().find(|known| known.normal == normal) {
        return Some((same, 1.0));
    }
    let like = |one: &Question| {
        let (both, either) =
            (one.words.intersection(&words).count(), one.words.union(&words).count());
        float(both) / float(either.max(1))
    };
    let likely =
        known.iter().map(|one| (one, like(one))).filter(|(_, like)| LEAST_LIKENESS <= *like);
    likely.fold(None, |best: Option<(&Question, f64)>, next| {
        best.filter(|(_, like)| next.1 <= *like).or(Some(next))
    })
}

/// The answer of a known question.
pub fn of_known(passage: Passage) -> Answer {
    let text = passage.text.clone();
    Answer { text, kind: AnswerKind::Faq, sources: vec![passage.hit()] }
}

/// The answer from the best chunks, whose words have these weights; the fallback where none covers the question.
pub fn from_passages(
    passages: Vec<Passage>,
    weights: &BTreeMap<String, f64>,
    terms: &AnswerTerms,
) -> Answer {
    let covering = passages.into_iter().filter(|passage| LEAST_COVERAGE <= passage.score);
    let passages: Vec<Passage> = covering.take(MOST_SOURCES).collect();
    let best = passages.first().map(|best| match best.is_answer {
        true => best.text.clone(),
        false => best_sentences(&best.text, weights),
    });
    match best.filter(|text| !text.is_empty()) {
        Some(text) => {
            let sources = passages.into_iter().map(Passage::hit).collect();
            Answer { text, kind: AnswerKind::Found, sources }
        }
        None => fallback(terms),
    }
}

pub fn fallback(terms: &AnswerTerms) -> Answer {
    let text = terms.fallback.as_deref().unwrap_or(FALLBACK).to_owned();
    Answer { text, kind: AnswerKind::Fallback, sources: Vec::new() }
}

impl Passage {
    pub fn hit(self) -> Hit {
        let Self { document, title, score, text, .. } = self;
        Hit { document, title, score, excerpt: shortened(&text) }
    }
}

/// The sentences of a chunk that say most of the words, in their order, as one text.
fn best_sentences(text: &str, weights: &BTreeMap<String, f64>) -> String {
    let mut answer = String::new();
    for sentence in chosen_sentences(text, weights) {
        answer.push_str(sentence.trim());
        answer.push(if sentence.ends_with('\n') { '\n' } else { ' ' });
    }
    shortened(&answer)
}

fn chosen_sentences<'t>(text: &'t str, weights: &BTreeMap<String, f64>) -> Vec<&'t str> {
    let all: Vec<&str> = sentences(text).collect();
    let weight = |sentence: &&str| -> f64 {
        let own: BTreeSet<String> = words(sentence).into_iter().collect();
        own.iter().filter_map(|word| weights.get(word)).sum()
    };
    let mut ranked: Vec<(usize, f64)> = all.iter().map(weight).enumerate().collect();
    ranked.retain(|(_, weight)| 0.0 < *weight);
    // A stable sort: of equals, the first.
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
    let Some((_, most)) = ranked.first().copied() else { return Vec::new() };
    let (mut chosen, mut length) = (BTreeSet::new(), 0);
    for (place, weight) in ranked {
        let characters = all[place].trim().chars().count() + 1;
        // What says little beside the best is left out.
        if weight * 2.0 < most || MOST_SENTENCES <= chosen.len() {
            break;
        }
        if chosen.is_empty() || length + characters <= LONGEST {
            length += characters;
            chosen.insert(place);
        }
    }
    chosen.into_iter().map(|place| all[place]).collect()
}

/// As much of a text as an answer may have, to the end of a word.
fn shortened(text: &str) -> String {
    let text = text.trim();
    let Some((cut, _)) = text.char_indices().nth(LONGEST) else { return text.to_owned() };
    let (kept, rest) = text.split_at(cut);
    let is_whole = rest.starts_with(char::is_whitespace);
    let end = if is_whole { cut } else { kept.rfind(char::is_whitespace).unwrap_or(cut) };
    kept[..end].trim_end().to_owned()
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passage(text: &str, score: f64) -> Passage {
        let title = "Shop".to_owned();
        Passage { document: Uuid::nil(), title, score, text: text.to_owned(), is_answer: false }
    }

    fn weights(question: &str) -> BTreeMap<String, f64> {
        words(question).into_iter().map(|word| (word, 1.0)).collect()
    }

    #[test]
    fn the_best_sentences_are_given_word_for_word_and_in_their_order() {
        let text = "We sell shoes. Returns are free for 30 days. Our dog is called Rex. \
                    A refund takes five days after the return.";
        let answer = from_passages(
            vec![passage(text, 0.9), passage("Other.", 0.2)],
            &weights("How long does a refund of a return take?"),
            &AnswerTerms::default(),
        );
        assert_eq!(answer.text, "A refund takes five days after the return.");
        assert_eq!((answer.kind, answer.sources.len()), (AnswerKind::Found, 1));
        let answer = from_passages(
            vec![passage(text, 0.9)],
            &weights("returns days"),
            &AnswerTerms::default(),
        );
        let both = "Returns are free for 30 days. A refund takes five days after the return.";
        assert_eq!(answer.text, both);
    }

    #[test]
    fn what_is_not_covered_gets_the_fallback() {
        let own = AnswerTerms { fallback: Some("No idea.".to_owned()), ..AnswerTerms::default() };
        for passages in [vec![], vec![passage("Half of it.", 0.49)], vec![passage("...", 0.9)]] {
            let answer = from_passages(passages, &weights("moon"), &own);
            assert_eq!((answer.text.as_str(), answer.kind), ("No idea.", AnswerKind::Fallback));
            assert!(answer.sources.is_empty());
        }
        assert_eq!(fallback(&AnswerTerms::default()).text, FALLBACK);
    }

    #[test]
    fn a_question_is_known_by_its_words() {
        let all = ["What are your opening hours?", "Do you ship to France?", "Where is it?"];
        let all: Vec<Question> =
            (0..).zip(all).map(|(entry, question)| Question::new(entry, question)).collect();
        let found = |question: &str| known(question, &all).map(|(known, _)| known.entry);
        assert_eq!(found("what are your OPENING hours"), Some(0));
        assert_eq!(found("What are the opening hours?"), None, "4 of 6 words");
        assert_eq!(found("so, do you ship to France"), Some(1));
        assert_eq!(found("Where was it?"), None);
        assert_eq!(found("?!"), None);
    }

    #[test]
    fn a_courtesy_gets_the_bots_own_word() {
        let own = AnswerTerms { welcome: Some("Welcome!".to_owned()), ..AnswerTerms::default() };
        assert_eq!(to_courtesy("Hello", &own).unwrap().text, "Welcome!");
        assert_eq!(to_courtesy("Thanks", &own).unwrap().kind, AnswerKind::Thanks);
        assert_eq!(to_courtesy("Where?", &own), None);
    }

    proptest! {
        #[test]
        fn an_answer_is_the_sentences_of_its_chunk_and_is_always_the_same(
            text in "([a-f]{1,5}[ ,.!?\n]{1,2}){0,200}", question in "[a-f ]{0,40}",
        ) {
            let given = || from_passages(
                vec![passage(&text, 1.0)], &weights(&question), &AnswerTerms::default(),
            );
            let answer = given();
            prop_assert_eq!(&answer, &given());
            if answer.kind == AnswerKind::Found {
                prop_assert!(answer.text.chars().count() <= LONGEST);
                let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                let chosen = chosen_sentences(&text, &weights(&question));
                prop_assert!((1..=MOST_SENTENCES).contains(&chosen.len()));
                prop_assert!(plain(&chosen.join(" ")).starts_with(&plain(&answer.text)));
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,2000}", question in "\\PC{0,200}") {
            let passages = vec![passage(&text, 1.0)];
            let answer = from_passages(passages, &weights(&question), &AnswerTerms::default());
            prop_assert!(!answer.text.is_empty());
        }
    }
}

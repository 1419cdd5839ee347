//! Summary without a model: the first question, the sentences that say most, and words that occur often. Pure.
//!
//! The same conversation gives the same summary, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    answers::summary::{
        kinds::Sentiment,
        lexicon::{BAD, GOOD, PROMISES},
        transcript::Transcript,
    },
    domain::fold::fold,
    knowledge::{sentences, terms},
};

const MOST_POINTS: usize = 3;
const MOST_TOPICS: usize = 5;
const MOST_ACTIONS: usize = 10;
/// Characters of a sentence.
const LONGEST: usize = 300;

/// The parts of a summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    pub text: String,
    pub key_points: Vec<String>,
    pub topics: Vec<String>,
    pub sentiment: Sentiment,
    pub action_items: Vec<String>,
}

struct Sentence {
    text: String,
    terms: BTreeSet<String>,
    is_customer: bool,
}

pub fn summary(transcript: &Transcript) -> Parts {
    let all = sentences_of(transcript);
    let counts = counts(&all);
    let key_points = key_points(&all, &counts);
    let first = all.iter().find(|one| one.is_customer && one.text.ends_with('?'));
    let first = first.or_else(|| all.iter().find(|one| one.is_customer)).or(all.first());
    let last = transcript.lines.last();
    let mut text = Vec::new();
    text.extend(first.map(|one| format!("It began with: {}", one.text)));
    text.extend(last.map(|line| {
        let who = if line.is_customer { "The customer" } else { "The business" };
        format!("{who} wrote last: {}", cut(&line.text))
    }));
    Parts {
        text: text.join("\n"),
        key_points,
        topics: topics(&all, &counts),
        sentiment: sentiment(transcript),
        action_items: actions(&all),
    }
}

fn sentences_of(transcript: &Transcript) -> Vec<Sentence> {
    let mut all = Vec::new();
    for line in &transcript.lines {
        for sentence in sentences(&line.text).map(str::trim).filter(|text| !text.is_empty()) {
            all.push(Sentence {
                text: cut(sentence),
                terms: terms(sentence).into_iter().collect(),
                is_customer: line.is_customer,
            });
        }
    }
    all
}

/// In how many sentences each term occurs.
fn counts(all: &[Sentence]) -> BTreeMap<&str, u32> {
    let mut counts = BTreeMap::new();
    for term in all.iter().flat_map(|sentence| &sentence.terms) {
        *counts.entry(term.as_str()).or_default() += 1;
    }
    counts
}

/// The sentences with the most frequent terms, in their order. Of equals the earlier goes first.
fn key_points(all: &[Sentence], counts: &BTreeMap<&str, u32>) -> Vec<String> {
    let score = |sentence: &Sentence| -> u32 {
        let each = sentence.terms.iter().filter_map(|term| counts.get(term.as_str()));
        each.map(|count| count.saturating_sub(1) * 2 + 1).sum()
    };
    let mut ranked: Vec<(usize, u32)> = all.iter().map(score).enumerate().collect();
    ranked.retain(|(_, score)| 0 < *score);
    ranked.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    let mut chosen = BTreeSet::new();
    for (place, _) in ranked {
        let is_new = !chosen.iter().any(|known: &usize| all[*known].text == all[place].text);
        if chosen.len() < MOST_POINTS && is_new {
            chosen.insert(place);
        }
    }
    chosen.into_iter().map(|place| all[place].text.clone()).collect()
}

/// The words whose terms occur most often, as they were first written.
fn topics(all: &[Sentence], counts: &BTreeMap<&str, u32>) -> Vec<String> {
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    for sentence in all {
        for word in sentence.text.split(|ch: char| !ch.is_alphanumeric()) {
            let is_word = word.chars().any(char::is_alphabetic);
            if let Some(term) = terms(word).into_iter().next().filter(|_| is_word) {
                written.entry(term).or_insert_with(|| word.to_lowercase());
            }
        }
    }
    let mut ranked: Vec<(&&str, &u32)> = counts.iter().collect();
    ranked.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
    let words = ranked.into_iter().filter_map(|(term, _)| written.get(*term).cloned());
    words.take(MOST_TOPICS).collect()
}

/// By the words of the customer.
fn sentiment(transcript: &Transcript) -> Sentiment {
    let (mut good, mut bad) = (0, 0);
    for line in transcript.lines.iter().filter(|line| line.is_customer) {
        let folded = fold(&line.text);
        for word in folded.split(|ch: char| !ch.is_alphanumeric()) {
            good += u32::from(GOOD.contains(&word));
            bad += u32::from(BAD.contains(&word));
        }
    }
    match good.cmp(&bad) {
        std::cmp::Ordering::Greater => Sentiment::Positive,
        std::cmp::Ordering::Equal => Sentiment::Neutral,
        std::cmp::Ordering::Less => Sentiment::Negative,
    }
}

fn actions(all: &[Sentence]) -> Vec<String> {
    let promises = |sentence: &&Sentence| {
        let folded = fold(&sentence.text).replace('\u{2019}', "'");
        let padded = format!(" {folded}");
        PROMISES.iter().any(|promise| padded.contains(&format!(" {promise}")))
    };
    all.iter().filter(promises).take(MOST_ACTIONS).map(|one| one.text.clone()).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::answers::summary::transcript::Line;

    fn transcript(lines: &[(bool, &str)]) -> Transcript {
        let line = |(is_customer, text): &(bool, &str)| Line {
            is_customer: *is_customer,
            text: (*text).to_owned(),
        };
        Transcript { lines: lines.iter().map(line).collect() }
    }

    #[test]
    fn it_says_what_was_asked_and_promised() {
        let parts = summary(&transcript(&[
            (true, "Hello. Where is my parcel? It is late."),
            (false, "The parcel left on Monday. I'll ask the courier about the parcel."),
            (true, "This is terrible, the parcel is late again."),
        ]));
        assert_eq!(
            parts.text,
            "It began with: Where is my parcel?\n\
             The customer wrote last: This is terrible, the parcel is late again."
        );
        assert_eq!(parts.topics[0], "parcel");
        assert_eq!(parts.action_items, ["I'll ask the courier about the parcel."]);
        assert_eq!((parts.sentiment, parts.key_points.len()), (Sentiment::Negative, 3));
        let parts = summary(&transcript(&[(false, "Hi"), (true, "Thanks, great!")]));
        assert_eq!(parts.sentiment, Sentiment::Positive);
        assert!(parts.text.starts_with("It began with: Thanks, great!"), "{}", parts.text);
    }

    proptest! {
        #[test]
        fn any_conversation_has_one_and_it_is_bounded(
            texts in prop::collection::vec((any::<bool>(), "\\PC{0,400}"), 0..20),
        ) {
            let lines: Vec<(bool, &str)> = texts.iter().map(|(who, text)| (*who, text.as_str())).collect();
            let parts = summary(&transcript(&lines));
            prop_assert_eq!(&parts, &summary(&transcript(&lines)));
            prop_assert!(parts.key_points.len() <= MOST_POINTS && parts.topics.len() <= MOST_TOPICS);
            prop_assert!(parts.key_points.iter().all(|one| one.chars().count() <= LONGEST));
        }
    }
}

//! Index of a bot's words in memory: which chunks hold the words of a question, and how much of it they cover. Pure.
//!
//! A chunk's rank is its coverage, which is the weight of the question's words that it holds as a part of the weight of
//! all of them, and then BM25 (k1 1.2, b 0.75). All counts are exact, so that the same knowledge gives the same ranks.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::knowledge::{chunks::IN_PART, document::Kind};

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Different words of a question that count.
pub const MOST_WORDS: usize = 32;
/// A posting holds the chunk above this many bits and below them how often the word stands in it.
const COUNT_BITS: u16 = 10;
const MOST_COUNTED: u16 = (1 << COUNT_BITS) - 1;

/// The words of the chunks of one part, as numbers made from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Words of each chunk.
    lengths: Vec<u32>,
    /// Ascending.
    words: Vec<u64>,
    /// Where the postings of each word end.
    ends: Vec<u32>,
    postings: Vec<u16>,
}

impl Words {
    /// Of at most [`IN_PART`] chunks, each with its words.
    pub fn of(chunks: &[Vec<String>]) -> Self {
        let mut all: BTreeMap<u64, BTreeMap<u16, u16>> = BTreeMap::new();
        for (place, words) in (0_u16..).zip(chunks.iter().take(IN_PART)) {
            for word in words {
                let count = all.entry(number(word)).or_default().entry(place).or_default();
                *count = count.saturating_add(1).min(MOST_COUNTED);
            }
        }
        let lengths = chunks.iter().take(IN_PART).map(|words| to_u32(words.len())).collect();
        let mut made = Self { lengths, ..Self::default() };
        for (word, places) in all {
            made.words.push(word);
            made.postings.extend(places.iter().map(|(place, count)| place << COUNT_BITS | count));
            made.ends.push(to_u32(made.postings.len()));
        }
        made
    }

    pub fn chunks(&self) -> u64 {
        self.lengths.len() as u64
    }

    fn length(&self) -> u64 {
        self.lengths.iter().map(|length| u64::from(*length)).sum()
    }

    /// Where the postings of a word are.
    fn find(&self, word: u64) -> Option<Range<usize>> {
        let at = self.words.binary_search(&word).ok()?;
        let end = |at: usize| self.ends.get(at).and_then(|end| usize::try_from(*end).ok());
        let start = at.checked_sub(1).map_or(Some(0), end)?;
        Some(start..end(at)?).filter(|range| range.end <= self.postings.len())
    }

    /// Each chunk of a range of postings, and how often the word stands in it.
    fn each(&self, range: Range<usize>) -> impl Iterator<Item = (usize, f64)> {
        let postings = self.postings.get(range).unwrap_or_default().iter();
        postings
            .map(|posting| (usize::from(posting >> COUNT_BITS), f64::from(posting & MOST_COUNTED)))
    }
}

/// A document as the index has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: Uuid,
    pub title: String,
    pub kind: Kind,
}

/// A part of a document's chunks.
#[derive(Clone, Debug)]
pub struct Part {
    /// The place of its document among the entries.
    pub entry: usize,
    pub number: u64,
    pub revision: Uuid,
    /// Shared with later indexes of the bot, as long as the document stays as it is.
    pub words: Arc<Words>,
}

/// All that one bot knows, without its texts.
#[derive(Clone, Debug, Default)]
pub struct BotIndex {
    pub generation: u64,
    pub entries: Vec<Entry>,
    parts: Vec<Part>,
    chunks: u64,
    length: u64,
}

/// A chunk that holds words of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The place of its document among the entries.
    pub entry: usize,
    pub part: u64,
    pub revision: Uuid,
    /// Its place in the part.
    pub chunk: usize,
    /// From 0 to 1.
    pub coverage: f64,
    pub(in crate::knowledge) rank: f64,
}

/// What a question finds.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    /// Best first.
    pub chunks: Vec<Ranked>,
    /// The words of the question with their weights.
    pub weights: BTreeMap<String, f64>,
}

impl BotIndex {
    pub fn new(generation: u64, entries: Vec<Entry>, parts: Vec<Part>) -> Self {
        let chunks = parts.iter().map(|part| part.words.chunks()).sum();
        let length = parts.iter().map(|part| part.words.length()).sum();
        Self { generation, entries, parts, chunks, length }
    }

    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// The words of a part, if it is of this revision.
    pub fn words_of(&self, document: Uuid, number: u64, revision: Uuid) -> Option<Arc<Words>> {
        let of = |part: &Part| (self.entries.get(part.entry).map(|entry| entry.id), part.number);
        // Parts lie in the order of documents, which is that of their ids, and of their numbers.
        let wanted = (Some(document), number);
        let at = self.parts.binary_search_by(|part| of(part).cmp(&wanted)).ok()?;
        let part = self.parts.get(at).filter(|part| part.revision == revision)?;
        Some(part.words.clone())
    }

    /// The first chunk of a document.
    pub fn first_chunk(&self, entry: usize) -> Option<Ranked> {
        let part = self.parts.iter().find(|part| part.entry == entry)?;
        let (part, revision) = (part.number, part.revision);
        Some(Ranked { entry, part, revision, chunk: 0, coverage: 1.0, rank: 0.0 })
    }

    /// The best chunks for these words, at most so many.
    pub fn rank(&self, words: &[String], limit: usize) -> Ranking {
        let mut known = BTreeSet::new();
        let words = words.iter().filter(|word| known.insert(word.as_str())).take(MOST_WORDS);
        let words: Vec<&String> = words.collect();
        let numbers: Vec<u64> = words.iter().map(|word| number(word)).collect();
        let found: Vec<Vec<Option<Range<usize>>>> = self
            .parts
            .iter()
            .map(|part| numbers.iter().map(|number| part.words.find(*number)).collect())
            .collect();
        let holding = |word: usize| -> usize {
            let ranges = found.iter().filter_map(|part| part.get(word)?.clone());
            ranges.map(|range| range.len()).sum()
        };
        let weights: Vec<f64> =
            (0..words.len()).map(|word| weight(self.chunks, to_u64(holding(word)))).collect();
        let total: f64 = weights.iter().sum();
        let average = ratio(self.length, self.chunks).max(1.0);
        let mut chunks = Vec::new();
        for (part, ranges) in self.parts.iter().zip(&found) {
            let mut of_part = [(0.0_f64, 0.0_f64); IN_PART];
            for (range, weight) in ranges.iter().zip(&weights) {
                for (chunk, count) in part.words.each(range.clone().unwrap_or_default()) {
                    let length = part.words.lengths.get(chunk).copied().unwrap_or_default();
                    let norm = K1 * (1.0 - B + B * f64::from(length) / average);
                    if let Some((covered, rank)) = of_part.get_mut(chunk) {
                        *covered += weight;
                        *rank += weight * count * (K1 + 1.0) / (count + norm);
                    }
                }
            }
            let held = of_part.iter().enumerate().filter(|(_, (covered, _))| 0.0 < *covered);
            chunks.extend(held.map(|(chunk, (covered, rank))| Ranked {
                entry: part.entry,
                part: part.number,
                revision: part.revision,
                chunk,
                // Sums in another order than the total may exceed it by a trifle.
                coverage: (covered / total).min(1.0),
                rank: *rank,
            }));
        }
        // A stable sort: of equals, the first of the oldest document.
        chunks.sort_by(|one, other| {
            let coverage = other.coverage.total_cmp(&one.coverage);
            coverage.then(other.rank.total_cmp(&one.rank))
        });
        chunks.truncate(limit);
        let weights = words.into_iter().cloned().zip(weights).collect();
        Ranking { chunks, weights }
    }
}

/// How much a word says that so many of all chunks hold.
fn weight(chunks: u64, holding: u64) -> f64 {
    let (chunks, holding) = (float(chunks), float(holding));
    (1.0 + (chunks - holding + 0.5).max(0.0) / (holding + 0.5)).ln()
}

/// A number for a word (FNV-1a), the same on every machine and in every version.
fn number(word: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    word.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn ratio(one: u64, other: u64) -> f64 {
    if other == 0 { 0.0 } else { float(one) / float(other) }
}

/// Counts are bounded far below what a float holds exactly.
fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(words: &[&str]) -> Vec<Vec<String>> {
        words.iter().map(|text| text.split_whitespace().map(str::to_owned).collect()).collect()
    }

    fn index(parts: &[&[&str]]) -> BotIndex {
        let entry = Entry { id: Uuid::nil(), title: "One".to_owned(), kind: Kind::Text };
        let parts = (0..).zip(parts).map(|(number, part)| Part {
            entry: 0,
            number,
            revision: Uuid::nil(),
            words: Arc::new(Words::of(&texts(part))),
        });
        BotIndex::new(1, vec![entry], parts.collect())
    }

    fn found(index: &BotIndex, question: &str) -> Vec<(u64, usize)> {
        let words: Vec<String> = question.split_whitespace().map(str::to_owned).collect();
        index.rank(&words, 10).chunks.iter().map(|one| (one.part, one.chunk)).collect()
    }

    #[test]
    fn the_chunk_that_covers_most_of_a_question_is_first() {
        let index = index(&[
            &["pay card card card card", "pay cash shop", "open monday"],
            &["pay card refund", "ship france"],
        ]);
        assert_eq!(found(&index, "pay card refund"), [(1, 0), (0, 0), (0, 1)]);
        assert_eq!(found(&index, "card"), [(0, 0), (1, 0)]);
        assert_eq!(found(&index, "nothing"), []);
        assert_eq!(found(&index, ""), []);
        let coverage = |question: &str| {
            let words: Vec<String> = question.split_whitespace().map(str::to_owned).collect();
            index.rank(&words, 1).chunks[0].coverage
        };
        assert!((coverage("ship france") - 1.0).abs() < 1e-9);
        assert!(coverage("ship moon") < 0.5, "a word that nothing holds says most");
        assert!((coverage("pay pay pay") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_word_counts_as_often_as_it_can() {
        let many = "word ".repeat(2_000);
        let words = Words::of(&texts(&[&many, "other"]));
        let range = words.find(number("word")).unwrap();
        assert_eq!(words.each(range).collect::<Vec<_>>(), [(0, f64::from(MOST_COUNTED))]);
        assert_eq!(words.find(number("none")), None);
    }

    #[test]
    fn words_are_found_again_by_their_part() {
        let index = index(&[&["one"], &["two"], &["three"]]);
        for (number, word) in [(0, "one"), (1, "two"), (2, "three")] {
            let words = index.words_of(Uuid::nil(), number, Uuid::nil()).unwrap();
            assert_eq!(*words, Words::of(&texts(&[word])));
        }
        assert_eq!(index.words_of(Uuid::nil(), 3, Uuid::nil()), None);
        assert_eq!(index.words_of(Uuid::nil(), 0, Uuid::max()), None);
        assert_eq!(index.words_of(Uuid::max(), 0, Uuid::nil()), None);
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_holds_a_word(
            chunks in prop::collection::vec("[a-d]( [a-d]){0,6}", 1..20),
            question in "[a-e]( [a-e]){0,4}",
        ) {
            let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            let parts: Vec<&[&str]> = chunks.chunks(3).collect();
            let ranked = found(&index(&parts), &question);
            let holds = |text: &str| question.split(' ').any(|word| text.split(' ').any(|own| own == word));
            let expected = chunks.iter().filter(|text| holds(text)).count();
            prop_assert_eq!(ranked.len(), expected.min(10));
            let text = |(part, chunk): &(u64, usize)| parts[usize::try_from(*part).unwrap()][*chunk];
            prop_assert!(ranked.iter().all(|one| holds(text(one))));
        }
    }
}

//! The content of a document as it is stored: its chunks and their words. Pure.

use uuid::Uuid;

use crate::knowledge::{
    chunks::{Chunk, IN_PART, chunks},
    index::Words,
    parts::{TextPart, WordPart},
    words::{self, words},
};

/// A content that is ready to be stored.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub revision: Uuid,
    /// Bytes of what it was made of.
    pub size: u64,
    pub chunks: u64,
    pub parts: Vec<(TextPart, WordPart)>,
}

impl Prepared {
    /// Of a tidied text.
    pub fn of_text(text: &str, size: usize) -> Self {
        Self::of_chunks(&chunks(text), "", size)
    }

    /// Of a question, by whose words its answer is found too.
    pub fn of_answer(question: &str, answer: &str) -> Self {
        let chunk = Chunk { start: 0, text: answer.to_owned() };
        Self::of_chunks(&[chunk], question, question.len() + answer.len())
    }

    fn of_chunks(all: &[Chunk], beside: &str, size: usize) -> Self {
        let revision = Uuid::new_v4();
        let parts = all.chunks(IN_PART).map(|chunks| {
            let words = words_of(chunks, beside);
            let text = TextPart { revision, chunks: chunks.to_vec() };
            (text, WordPart { layout: words::LAYOUT, revision, words })
        });
        let parts = parts.collect();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Self { revision, size: count(size), chunks: count(all.len()), parts }
    }
}

/// The words of some chunks, each with those of a text beside it.
pub fn words_of(chunks: &[Chunk], beside: &str) -> Words {
    let each = |chunk: &Chunk| -> Vec<String> {
        words(beside).into_iter().chain(words(&chunk.text)).collect()
    };
    Words::of(&chunks.iter().map(each).collect::<Vec<_>>())
}

/// How many parts so many chunks make.
pub fn parts_of(chunks: u64) -> u64 {
    chunks.div_ceil(IN_PART as u64)
}

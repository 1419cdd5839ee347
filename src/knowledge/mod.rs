//! Knowledge bases: what each bot knows, and answers from it without a model.
//!
//! ```text
//!  text, question, file ──extract──▶ text ──▶ chunks, words ──one commit──▶ document + parts + event
//!  URL ──▶ document + job ──fetch──┘
//!
//!  question ──▶ courtesy ─▶ known question ─▶ index of words ─▶ sentences of the best chunk, word for word ─▶ fallback
//! ```
//!
//! The words of a document lie in the store beside its text and change in the same commit, so a deleted document is
//! found by nobody from then on. A bot's words are read into memory when it is asked, and again after each change.
//!
//! This module knows no HTTP and no bots: a bot is an id here.

mod answer;
mod cache;
mod chunks;
mod document;
mod draft;
mod event;
mod extract;
mod fetch_job;
mod index;
mod parts;
mod prepared;
mod retrieval;
mod service;
mod smalltalk;
mod words;

pub use self::{
    answer::{Answer, AnswerKind, AnswerTerms, Hit, LEAST_COVERAGE, Passage, is_greeting},
    chunks::sentences,
    document::{Document, Kind, MOST_DOCUMENTS, Status},
    draft::{
        Content, ContentChange, DocumentChange, DocumentDraft, LONGEST_ANSWER, LONGEST_CONTENT,
        LONGEST_QUESTION, LONGEST_TITLE, LONGEST_URL,
    },
    event::{Change, KnowledgeEvent},
    fetch_job::FetchJob,
    retrieval::{MOST_HITS, Retrieval},
    service::{Knowledge, KnowledgeParts, MOST_CHUNKS, Opened},
    words::words as terms,
};
use self::{
    document::Base,
    parts::{TextPart, WordPart},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<Base>(),
    Declaration::of::<Document>(),
    Declaration::of::<TextPart>(),
    Declaration::of::<WordPart>(),
];

#[cfg(test)]
mod tests;

//! Summaries of conversations: by a model where the conversation's bot has one, else put together from its sentences.
//! A summary says which; it is kept until the conversation changes.

mod extract;
mod kinds;
mod lexicon;
mod service;
mod transcript;
mod worded;

pub use self::{
    kinds::{Sentiment, Summary},
    service::{StoredSummary, Summaries},
};

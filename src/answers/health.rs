//! Health of the language model: how it answered last, and a test of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    domain::{Clock, Timestamp},
    providers::model::{LanguageModel, ModelError, ModelRequest, Speaker, Turn},
};

/// Tokens of the answer to a test, and characters of it that are shown.
const MOST_TOKENS: u32 = 32;
const LONGEST_SHOWN: usize = 200;

/// How a model has answered since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub last_answer_at: Option<Timestamp>,
    pub last_error: Option<(Timestamp, ModelError)>,
}

/// Clones are the same.
#[derive(Clone)]
pub struct ModelHealth {
    clock: Clock,
    last: Arc<Mutex<Health>>,
}

impl ModelHealth {
    pub fn new(clock: Clock) -> Self {
        Self { clock, last: Arc::default() }
    }

    pub fn get(&self) -> Health {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that it answered, or why it did not.
    pub fn note(&self, error: Option<ModelError>) {
        let now = self.clock.now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            None => last.last_answer_at = Some(now),
            Some(error) => last.last_error = Some((now, error)),
        }
    }
}

/// A test of a model.
#[derive(Clone, Debug)]
pub struct ModelTest {
    pub model: String,
    pub took: Duration,
    pub answer: Result<String, ModelError>,
}

impl ModelTest {
    /// Asks for one word, which costs as little as an answer can.
    pub async fn of(model: &dyn LanguageModel) -> Self {
        let text = "Answer with the word OK alone.".to_owned();
        let request = ModelRequest {
            system: "You are being tested.".to_owned(),
            turns: vec![Turn { speaker: Speaker::User, text }],
            max_tokens: Some(MOST_TOKENS),
            temperature: Some(0.0),
            ..ModelRequest::default()
        };
        let begun = Instant::now();
        let said = async { model.reply(&request).await?.whole().await };
        let answer = said.await.map(|text| text.trim().chars().take(LONGEST_SHOWN).collect());
        Self { model: model.name(&request), took: begun.elapsed(), answer }
    }
}

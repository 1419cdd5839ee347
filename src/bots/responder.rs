//! Responder: what a bot answers to a message, from what it knows.

use crate::{
    bots::bot::Bot,
    domain::Error,
    knowledge::{Answer, AnswerTerms, Passage, Retrieval},
};

const HANDOFF: &str = "One moment, please: somebody of our team takes over.";

/// Clones are the same responder.
#[derive(Clone)]
pub struct Responder {
    retrieval: Retrieval,
}

impl Responder {
    pub fn new(retrieval: Retrieval) -> Self {
        Self { retrieval }
    }

    /// The answer to a message. A bot that knows nothing says so; it fails when the store does.
    pub async fn answer(&self, bot: &Bot, text: &str) -> Result<Answer, Error> {
        let (welcome, fallback) = (bot.texts.welcome.clone(), bot.texts.fallback.clone());
        self.retrieval.answer(bot.id, text, &AnswerTerms { welcome, fallback }).await
    }

    /// What a bot knows of a message, best first.
    pub async fn quotes(&self, bot: &Bot, text: &str, limit: usize) -> Result<Vec<Passage>, Error> {
        self.retrieval.quotes(bot.id, text, limit).await
    }

    /// What a bot says when a person takes over.
    pub fn handoff(&self, bot: &Bot) -> String {
        bot.texts.handoff.clone().unwrap_or_else(|| HANDOFF.to_owned())
    }
}

//! Responder: what a bot answers to a message. So far by the rules that need no knowledge: a greeting is answered with the
//! bot's welcome message, everything else with its fallback message.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bots::{bot::Bot, phrases};

const WELCOME: &str = "Hi! How can I help?";
const FALLBACK: &str =
    "Sorry, I do not know that. Please ask it in other words, or ask for a person.";
const HANDOFF: &str = "One moment, please: somebody of our team takes over.";

/// What an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    Greeting,
    /// A question that the bot was taught with its answer.
    Faq,
    /// A part of a document.
    Found,
    /// Nothing that the bot knows.
    Fallback,
}

impl AnswerKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Faq => "faq",
            Self::Found => "found",
            Self::Fallback => "fallback",
        }
    }
}

/// A document that an answer comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub document: Uuid,
    pub title: String,
    /// From 0 to 1.
    pub score: f64,
    pub excerpt: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: String,
    pub sources: Vec<Source>,
    pub kind: AnswerKind,
}

/// Clones are the same responder.
#[derive(Clone, Debug, Default)]
pub struct Responder;

impl Responder {
    /// The answer to a message. It never fails: a bot that knows nothing says so.
    pub async fn answer(&self, bot: &Bot, text: &str) -> Answer {
        let own =
            |text: &Option<String>, usual: &str| text.clone().unwrap_or_else(|| usual.to_owned());
        let (text, kind) = match phrases::is_greeting(text) {
            true => (own(&bot.texts.welcome, WELCOME), AnswerKind::Greeting),
            false => (own(&bot.texts.fallback, FALLBACK), AnswerKind::Fallback),
        };
        Answer { text, sources: Vec::new(), kind }
    }

    /// What a bot says when a person takes over.
    pub fn handoff(&self, bot: &Bot) -> String {
        bot.texts.handoff.clone().unwrap_or_else(|| HANDOFF.to_owned())
    }
}

//! Assistant: words answers for bots, by the model of the settings where the bot's record says so.

use std::{sync::Arc, time::Duration};

use crate::{
    answers::{
        health::{Health, ModelHealth, ModelTest},
        prompt::{self, Talk},
    },
    bots::{Bot, Provider, Responder},
    config,
    domain::{Clock, Error},
    knowledge::{Answer, Hit, LEAST_COVERAGE, Passage},
    providers::model::{LanguageModel, ModelError, ModelRequest, Reply, SimulatedModel},
};

/// Passages that a model is given.
const MOST_PASSAGES: usize = 6;

/// Rules of the answers of a model.
#[derive(Clone, Copy, Debug)]
pub struct AnswerRules {
    /// Messages that follow each other within this time are answered together.
    pub gather: Duration,
    /// Replies in one conversation.
    pub most_a_minute: usize,
    /// Answers that are worded at the same time.
    pub at_once: usize,
}

impl AnswerRules {
    pub fn of(settings: &config::Assistant) -> Self {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            gather: Duration::from_secs(settings.gather_seconds),
            most_a_minute: number(settings.most_a_minute),
            at_once: number(settings.at_once),
        }
    }
}

/// A request to a model, and what it was given to answer from.
pub struct Asked {
    pub request: ModelRequest,
    /// Best first.
    pub sources: Vec<Hit>,
}

/// Clones are the same assistant.
#[derive(Clone)]
pub struct Assistant {
    responder: Responder,
    model: Option<Arc<dyn LanguageModel>>,
    rules: AnswerRules,
    health: ModelHealth,
    simulated: Option<SimulatedModel>,
}

impl Assistant {
    pub fn new(
        responder: Responder,
        model: Option<Arc<dyn LanguageModel>>,
        rules: AnswerRules,
        clock: Clock,
    ) -> Self {
        Self { responder, model, rules, health: ModelHealth::new(clock), simulated: None }
    }

    /// With the model of the simulated network as its own, where there is one.
    #[must_use]
    pub fn simulating(self, simulated: Option<SimulatedModel>) -> Self {
        match &simulated {
            Some(model) => Self { model: Some(Arc::new(model.clone())), simulated, ..self },
            None => self,
        }
    }

    /// The model of the simulated network; none where another answers.
    pub fn simulated(&self) -> Option<&SimulatedModel> {
        self.simulated.as_ref()
    }

    /// The model of the settings, whichever bots use it.
    pub fn model(&self) -> Option<&Arc<dyn LanguageModel>> {
        self.model.as_ref()
    }

    /// How the model has answered since the start.
    pub fn health(&self) -> Health {
        self.health.get()
    }

    /// Asks the model for a word, as a test. None where there is no model.
    pub async fn test(&self) -> Option<ModelTest> {
        let model = self.model.as_ref()?;
        let test = ModelTest::of(&**model).await;
        self.health.note(test.answer.as_ref().err().copied());
        Some(test)
    }

    pub fn rules(&self) -> AnswerRules {
        self.rules
    }

    pub fn responder(&self) -> &Responder {
        &self.responder
    }

    /// Whether a model words the answers of a bot.
    pub fn is_by_model(&self, bot: &Bot) -> bool {
        self.model_of(bot).is_some()
    }

    /// The model of the settings, for a bot that may use it.
    pub fn model_of(&self, bot: &Bot) -> Option<&Arc<dyn LanguageModel>> {
        self.model.as_ref().filter(|_| bot.provider == Provider::OpenAi)
    }

    /// What a model is asked for the answer to a conversation.
    pub async fn prepare(&self, bot: &Bot, talk: &Talk) -> Result<Asked, Error> {
        let quoted = self.responder.quotes(bot, &talk.question, MOST_PASSAGES).await?;
        let request = prompt::request(bot, &quoted, talk);
        let is_source = |passage: &Passage| LEAST_COVERAGE <= passage.score;
        let sources = quoted.into_iter().filter(is_source).map(Passage::hit).collect();
        Ok(Asked { request, sources })
    }

    /// Asks the model; answers once the first piece is there.
    pub async fn ask(&self, request: &ModelRequest) -> Result<Reply, ModelError> {
        let Some(model) = &self.model else { return Err(ModelError::Unreachable) };
        let reply = model.reply(request).await;
        self.health.note(reply.as_ref().err().copied());
        reply
    }

    /// Notes that a model failed in the middle of an answer.
    pub fn note_failure(&self, error: ModelError) {
        self.health.note(Some(error));
    }

    /// The answer without a model.
    pub async fn plain(&self, bot: &Bot, text: &str) -> Result<Answer, Error> {
        self.responder.answer(bot, text).await
    }
}

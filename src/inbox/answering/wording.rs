//! Wording of an answer: the model is asked, its pieces go to those who wait, and it is given up when nobody needs it.

use std::time::Duration;

use crate::{
    answers::{Asked, Live, Spoken},
    domain::Error,
    inbox::{
        answering::{due::AnswerDue, scene::Scene, worker::Worker},
        bot_run::HandoffReason,
        state::InboxState,
    },
    knowledge::{AnswerKind, Hit},
    providers::model::ModelError,
    store::StoreError,
};

/// How often it is looked whether an answer is still wanted.
const LOOK: Duration = Duration::from_millis(500);
/// Requests that further messages make useless; then an answer is given, and what came meanwhile gets the next one.
const MOST_RESTARTS: u32 = 2;

/// What became of an answer.
pub enum Ending {
    Said(Said),
    /// It must not be given.
    Dropped,
    /// Nobody waits for it any more.
    Left,
    /// A further message is to be answered with it.
    Joined,
}

/// An answer in full.
#[derive(Clone, Debug)]
pub struct Said {
    pub text: String,
    pub kind: AnswerKind,
    pub handoff: Option<HandoffReason>,
    pub sources: Vec<Hit>,
    /// The model failed.
    pub is_degraded: bool,
    /// It is not all of it.
    pub is_truncated: bool,
    /// Somebody has read it by now.
    pub is_read: bool,
}

/// Why an answer is given up.
enum Interrupt {
    Left,
    Cancelled,
    Joined,
}

impl Worker {
    pub(in crate::inbox::answering) async fn word(
        &self,
        due: &AnswerDue,
        scene: &Scene,
        live: &Live,
    ) -> Result<Ending, Error> {
        let asked = self.assistant.prepare(&scene.bot, &scene.talk).await?;
        let mut spoken = Spoken::new(scene.talk.longest);
        let interrupted = self.interrupted(due, scene, live);
        tokio::pin!(interrupted);
        let fault = tokio::select! {
            biased;
            interrupt = &mut interrupted => return Ok(given_up(interrupt, &spoken, live, asked)),
            fault = self.hear(&asked, &mut spoken, live) => fault,
        };
        live.say(&spoken.end());
        let outcome = if fault.is_some() { "failed" } else { "answered" };
        metrics::counter!("wagate_model_answers_total", "outcome" => outcome).increment(1);
        match fault {
            None => Ok(Ending::Said(self.said(scene, &spoken, live, asked))),
            Some(error) => {
                tracing::warn!(%error, bot = %scene.bot.id, "the model of a bot gave no answer");
                self.without_model(due, scene, (&spoken, live)).await.map(Ending::Said)
            }
        }
    }

    /// Listens to the model until its end. An answer without a word is a fault.
    async fn hear(&self, asked: &Asked, spoken: &mut Spoken, live: &Live) -> Option<ModelError> {
        let mut reply = match self.assistant.ask(&asked.request).await {
            Ok(reply) => reply,
            Err(error) => return Some(error),
        };
        while let Some(piece) = reply.next().await {
            match piece {
                Ok(piece) => live.say(&spoken.take(&piece)),
                Err(error) => {
                    self.assistant.note_failure(error);
                    return Some(error);
                }
            }
            if spoken.is_full() {
                break;
            }
        }
        let is_empty = spoken.shown().is_empty() && !spoken.asks_for_person();
        if is_empty {
            self.assistant.note_failure(ModelError::Broken);
        }
        is_empty.then_some(ModelError::Broken)
    }

    fn said(&self, scene: &Scene, spoken: &Spoken, live: &Live, asked: Asked) -> Said {
        let hands_over = spoken.asks_for_person() && scene.bot.handoff.enabled;
        let mut text = spoken.shown().to_owned();
        if hands_over || text.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&self.assistant.responder().handoff(&scene.bot));
        }
        Said {
            text,
            kind: AnswerKind::Generated,
            handoff: hands_over.then_some(HandoffReason::Model),
            sources: asked.sources,
            is_degraded: false,
            is_truncated: false,
            is_read: live.is_read(),
        }
    }

    /// What is said where the model failed: the answer of what the bot knows, unless somebody has read a part of the
    /// model's.
    async fn without_model(
        &self,
        due: &AnswerDue,
        scene: &Scene,
        (spoken, live): (&Spoken, &Live),
    ) -> Result<Said, Error> {
        let mut said = Said {
            text: spoken.shown().to_owned(),
            kind: AnswerKind::Generated,
            handoff: None,
            sources: Vec::new(),
            is_degraded: true,
            is_truncated: true,
            is_read: true,
        };
        if !live.take_back() {
            return Ok(said);
        }
        (said.is_truncated, said.is_read) = (false, false);
        let answer = self.assistant.plain(&scene.bot, &scene.talk.question).await?;
        let state = self.state(&self.store, due).await?;
        let fallbacks = state.map_or(0, |state: InboxState| state.run.fallbacks);
        let handoff = &scene.bot.handoff;
        let is_last = handoff.enabled && handoff.after_fallbacks <= fallbacks.saturating_add(1);
        if is_last && answer.kind == AnswerKind::Fallback {
            said.text = self.assistant.responder().handoff(&scene.bot);
            said.handoff = Some(HandoffReason::Fallbacks);
        } else {
            (said.text, said.sources) = (answer.text, answer.sources);
        }
        said.kind = answer.kind;
        Ok(said)
    }

    /// Returns when an answer is not wanted as it is being worded.
    async fn interrupted(&self, due: &AnswerDue, scene: &Scene, live: &Live) -> Interrupt {
        loop {
            if live.is_left() {
                return Interrupt::Left;
            }
            // While the store cannot be read, the answer goes on.
            if let Ok(Some(interrupt)) = self.look(due, scene, live).await {
                return interrupt;
            }
            tokio::select! {
                () = self.queue.live().left() => (),
                () = tokio::time::sleep(LOOK) => (),
            }
        }
    }

    async fn look(
        &self,
        due: &AnswerDue,
        scene: &Scene,
        live: &Live,
    ) -> Result<Option<Interrupt>, StoreError> {
        let Some(found) = self.queue.get(&due.session, &due.chat).await? else {
            return Ok(Some(Interrupt::Cancelled));
        };
        let has_more = due.messages.len() < found.messages.len();
        if has_more && due.restarts < MOST_RESTARTS && !live.is_read() {
            return Ok(Some(Interrupt::Joined));
        }
        let is_wanted = self.answerable(&self.store, due, &scene.bot).await?.is_some();
        Ok((!is_wanted).then_some(Interrupt::Cancelled))
    }
}

/// What somebody has read of an answer stays.
fn given_up(interrupt: Interrupt, spoken: &Spoken, live: &Live, asked: Asked) -> Ending {
    metrics::counter!("wagate_model_answers_total", "outcome" => "given up").increment(1);
    match interrupt {
        Interrupt::Joined => Ending::Joined,
        Interrupt::Left | Interrupt::Cancelled if live.is_read() => Ending::Said(Said {
            text: spoken.shown().to_owned(),
            kind: AnswerKind::Generated,
            handoff: None,
            sources: asked.sources,
            is_degraded: false,
            is_truncated: true,
            is_read: true,
        }),
        Interrupt::Left => Ending::Left,
        Interrupt::Cancelled => Ending::Dropped,
    }
}

//! The language model of the simulated network: it gives the answers that were set, and otherwise that it is none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream;

use crate::{
    config::SIMULATED_MODEL,
    providers::model::reply::{
        HANDOFF_MARK, LONGEST_REPLY, LanguageModel, ModelError, ModelRequest, Reply, Speaker,
    },
};

/// Answers that may wait, and requests that are kept.
pub const MOST_ANSWERS: usize = 100;
const MOST_REQUESTS: usize = 100;
/// Characters of what a person wrote that the usual answer repeats.
const LONGEST_REPEATED: usize = 200;

/// An answer that the model is to give.
#[derive(Clone, Debug, Default)]
pub struct PlannedAnswer {
    pub text: String,
    /// Before each of its words.
    pub pause: Duration,
    /// Whether the model calls a person then.
    pub hands_off: bool,
    /// It fails instead.
    pub error: Option<ModelError>,
}

/// What a model was asked.
#[derive(Clone, Debug)]
pub struct SimulatedRequest {
    pub model: String,
    pub system: String,
    /// What the person wrote last.
    pub question: String,
}

#[derive(Default)]
struct State {
    next: VecDeque<PlannedAnswer>,
    requests: VecDeque<SimulatedRequest>,
}

/// Clones are the same model.
#[derive(Clone)]
pub struct SimulatedModel {
    name: String,
    state: Arc<Mutex<State>>,
}

impl SimulatedModel {
    pub fn new(name: String) -> Self {
        Self { name, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an answer behind those that wait; false where too many do.
    pub fn plan(&self, answer: PlannedAnswer) -> bool {
        let mut state = self.state();
        let has_room = state.next.len() < MOST_ANSWERS;
        if has_room {
            state.next.push_back(answer);
        }
        has_room
    }

    /// How many answers wait.
    pub fn waiting(&self) -> usize {
        self.state().next.len()
    }

    /// What it was asked, newest first.
    pub fn requests(&self) -> Vec<SimulatedRequest> {
        self.state().requests.iter().rev().cloned().collect()
    }

    /// Forgets the answers that wait.
    pub fn forget(&self) {
        self.state().next.clear();
    }
}

#[async_trait]
impl LanguageModel for SimulatedModel {
    fn name(&self, request: &ModelRequest) -> String {
        request.model.clone().unwrap_or_else(|| self.name.clone())
    }

    fn address(&self) -> String {
        SIMULATED_MODEL.to_owned()
    }

    async fn reply(&self, request: &ModelRequest) -> Result<Reply, ModelError> {
        let last = request.turns.iter().rev().find(|turn| turn.speaker == Speaker::User);
        let question = last.map(|turn| plain(&turn.text)).unwrap_or_default();
        let asked = SimulatedRequest {
            model: self.name(request),
            system: request.system.clone(),
            question: question.clone(),
        };
        let planned = {
            let mut state = self.state();
            if MOST_REQUESTS <= state.requests.len() {
                state.requests.pop_front();
            }
            state.requests.push_back(asked);
            state.next.pop_front()
        };
        let PlannedAnswer { text, pause, hands_off, error } =
            planned.unwrap_or_else(|| usual(&question));
        if let Some(error) = error {
            return Err(error);
        }
        let text: String = text.chars().take(LONGEST_REPLY).collect();
        let mut pieces: VecDeque<String> =
            text.split_inclusive(char::is_whitespace).map(str::to_owned).collect();
        if hands_off && request.may_hand_off {
            pieces.push_back(HANDOFF_MARK.to_owned());
        }
        if pieces.is_empty() {
            return Err(ModelError::Broken);
        }
        Ok(Reply::new(stream::unfold(pieces, move |mut pieces| async move {
            let piece = pieces.pop_front()?;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Some((Ok(piece), pieces))
        })))
    }
}

/// What a person wrote, without the marks around it.
fn plain(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix("<message>").and_then(|text| text.strip_suffix("</message>"));
    inner.unwrap_or(text).trim().to_owned()
}

fn usual(question: &str) -> PlannedAnswer {
    let repeated: String = question.chars().take(LONGEST_REPEATED).collect();
    let text = format!("This is the simulated model. You wrote: {repeated}");
    PlannedAnswer { text, ..PlannedAnswer::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::model::reply::Turn;

    fn request(text: &str) -> ModelRequest {
        let turns = vec![Turn { speaker: Speaker::User, text: text.to_owned() }];
        ModelRequest { turns, may_hand_off: true, ..ModelRequest::default() }
    }

    #[tokio::test]
    async fn it_says_what_was_planned_in_order_and_then_what_it_is() {
        let model = SimulatedModel::new("small".to_owned());
        let answer = |text: &str| PlannedAnswer { text: text.to_owned(), ..Default::default() };
        assert!(model.plan(answer("From nine to five.")));
        assert!(model.plan(PlannedAnswer { hands_off: true, ..answer("One moment.") }));
        assert!(model.plan(PlannedAnswer { error: Some(ModelError::Busy), ..answer("") }));
        let mut reply = model.reply(&request("Open?")).await.unwrap();
        assert_eq!(reply.next().await, Some(Ok("From ".to_owned())));
        assert_eq!(reply.whole().await, Ok("nine to five.".to_owned()));
        let second = model.reply(&request("Help")).await.unwrap().whole().await;
        assert_eq!(second, Ok(format!("One moment.{HANDOFF_MARK}")));
        assert_eq!(model.reply(&request("x")).await.err(), Some(ModelError::Busy));
        let usual = model.reply(&request("<message>\nHi\n</message>")).await.unwrap().whole().await;
        assert_eq!(usual, Ok("This is the simulated model. You wrote: Hi".to_owned()));
        let asked: Vec<String> = model.requests().into_iter().map(|asked| asked.question).collect();
        assert_eq!(asked, ["Hi", "x", "Help", "Open?"]);
    }

    #[tokio::test]
    async fn what_waits_and_what_is_kept_are_bounded() {
        let model = SimulatedModel::new("small".to_owned());
        for count in 0..MOST_ANSWERS + 5 {
            assert_eq!(model.plan(PlannedAnswer::default()), count < MOST_ANSWERS);
        }
        model.forget();
        assert_eq!(model.waiting(), 0);
        for count in 0..MOST_REQUESTS + 5 {
            model.reply(&request(&count.to_string())).await.unwrap();
        }
        assert_eq!(model.requests().len(), MOST_REQUESTS);
    }
}

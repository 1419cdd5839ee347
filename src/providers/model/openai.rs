//! Any endpoint that answers `POST /chat/completions` as OpenAI's does: Ollama, llama.cpp, vLLM, LM Studio, OpenAI.
//!
//! A request is tried again before the first piece of its reply, never after: what was said stays said.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use crate::{
    config::Assistant,
    egress::{NoAnswer, OwnPorts, StreamClient, Streamed},
    providers::model::{
        reply::{
            HANDOFF_FUNCTION, LONGEST_REPLY, LanguageModel, ModelError, ModelRequest, Reply,
            Speaker,
        },
        stream::{Events, Said, whole},
    },
};

const PATH: &str = "/chat/completions";
/// The field of the functions that a model may call.
const FUNCTIONS: &str = "tools";
/// Tries of one request.
const MOST_TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A longer pause that an endpoint asks for is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Bytes of a reply, with all that surrounds it.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

pub struct OpenAi {
    client: StreamClient,
    address: String,
    model: String,
    temperature: f64,
    max_tokens: u32,
    first_token: Duration,
    answer: Duration,
    /// The endpoint refused a request for its functions alone: it is offered none from then on.
    takes_no_functions: AtomicBool,
}

impl OpenAi {
    pub fn new(settings: &Assistant, own: OwnPorts) -> Self {
        Self {
            client: StreamClient::new(&settings.base_url, own, settings.api_key.clone()),
            address: address_of(&settings.base_url),
            model: settings.model.clone(),
            temperature: settings.temperature,
            max_tokens: settings.max_tokens,
            first_token: Duration::from_secs(settings.first_token_seconds),
            answer: Duration::from_secs(settings.answer_seconds),
            takes_no_functions: AtomicBool::new(false),
        }
    }

    fn body(&self, request: &ModelRequest) -> Value {
        let system = (!request.system.is_empty())
            .then(|| json!({ "role": "system", "content": request.system }));
        let turns = request.turns.iter().map(|turn| {
            let role = match turn.speaker {
                Speaker::User => "user",
                Speaker::Assistant => "assistant",
            };
            json!({ "role": role, "content": turn.text })
        });
        let mut body = json!({
            "model": self.name(request),
            "messages": system.into_iter().chain(turns).collect::<Vec<_>>(),
            "temperature": request.temperature.unwrap_or(self.temperature),
            "max_tokens": request.max_tokens.unwrap_or(self.max_tokens),
            "stream": true,
        });
        if request.may_hand_off && !self.takes_no_functions.load(Ordering::Relaxed) {
            body[FUNCTIONS] = json!([handoff_function()]);
        }
        body
    }

    /// Asks once, and waits for the first piece. A pause that the endpoint asks for stands beside its error.
    async fn attempt(
        &self,
        body: &Value,
        end: Instant,
    ) -> Result<Coming, (ModelError, Option<Duration>)> {
        let left = end.saturating_duration_since(Instant::now());
        let answer = self.client.post(PATH, body, left).await.map_err(|error| match error {
            NoAnswer::NotSent => (ModelError::Unreachable, None),
            // It may have begun to answer; it is asked again all the same, since nothing was said.
            NoAnswer::Unknown => (ModelError::Unreachable, None),
        })?;
        match answer.status {
            200..=299 => (),
            429 | 500..=599 => {
                let pause = answer.retry_after.map(Duration::from_secs);
                return Err((ModelError::Busy, pause));
            }
            status => return Err((ModelError::Refused(status), None)),
        }
        let mut coming = Coming::new(answer, end);
        match coming.next().await {
            Some(Ok(first)) => {
                coming.waiting.push_front(first);
                Ok(coming)
            }
            Some(Err(error)) => Err((error, None)),
            None => Err((ModelError::Broken, None)),
        }
    }

    async fn first_piece(&self, mut body: Value, end: Instant) -> Result<Coming, ModelError> {
        let (mut tries, mut is_without) = (0, false);
        loop {
            tries += 1;
            let (error, asked) = match self.attempt(&body, end).await {
                Ok(coming) => {
                    if is_without {
                        self.takes_no_functions.store(true, Ordering::Relaxed);
                    }
                    return Ok(coming);
                }
                Err(failed) => failed,
            };
            // Many endpoints and models know no functions, and some refuse a request with any.
            let may_be_for_functions = matches!(error, ModelError::Refused(400 | 404 | 415 | 422));
            if may_be_for_functions && remove_functions(&mut body) {
                is_without = true;
                continue;
            }
            let pause = asked.unwrap_or(FIRST_PAUSE * 2_u32.pow(tries - 1));
            if !error.may_be_retried() || MOST_TRIES <= tries || LONGEST_PAUSE < pause {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

#[async_trait]
impl LanguageModel for OpenAi {
    fn name(&self, request: &ModelRequest) -> String {
        request.model.clone().unwrap_or_else(|| self.model.clone())
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    async fn reply(&self, request: &ModelRequest) -> Result<Reply, ModelError> {
        let (body, end) = (self.body(request), Instant::now() + self.answer);
        let first = tokio::time::timeout(self.first_token, self.first_piece(body, end));
        let coming = first.await.unwrap_or(Err(ModelError::Late))?;
        Ok(Reply::new(stream::unfold(coming, |mut coming| async move {
            let piece = coming.next().await?;
            Some((piece, coming))
        })))
    }
}

/// An address without what stands before its host or behind its path.
fn address_of(base_url: &str) -> String {
    let Ok(mut url) = Url::parse(base_url) else { return String::new() };
    // They fail only where there is no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// What a model is offered to call a person by.
fn handoff_function() -> Value {
    json!({
        "type": "function",
        "function": {
            "name": HANDOFF_FUNCTION,
            "description": "Hands the conversation over to a person, when the customer asks for one, is upset, or needs \
                something that you cannot do.",
            "parameters": {
                "type": "object",
                "properties": { "reason": { "type": "string", "description": "Why, in a few words." } },
            },
        },
    })
}

/// Whether there were any.
fn remove_functions(body: &mut Value) -> bool {
    body.as_object_mut().is_some_and(|body| body.remove(FUNCTIONS).is_some())
}

/// A reply under way.
struct Coming {
    answer: Streamed,
    events: Events,
    waiting: VecDeque<String>,
    end: Instant,
    bytes: usize,
    characters: usize,
    is_over: bool,
}

impl Coming {
    fn new(answer: Streamed, end: Instant) -> Self {
        let (events, waiting) = (Events::default(), VecDeque::new());
        Self { answer, events, waiting, end, bytes: 0, characters: 0, is_over: false }
    }

    /// The next piece. After an error nothing comes.
    async fn next(&mut self) -> Option<Result<String, ModelError>> {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Some(Ok(piece));
            }
            if self.is_over {
                return None;
            }
            let read = tokio::time::timeout_at(self.end, self.read()).await;
            if let Err(error) = read.unwrap_or(Err(ModelError::Late)) {
                self.is_over = true;
                return Some(Err(error));
            }
        }
    }

    async fn read(&mut self) -> Result<(), ModelError> {
        if !self.answer.is_events {
            self.is_over = true;
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk().await? {
                body.extend_from_slice(&chunk);
            }
            let text = whole(&body)?;
            self.take(text);
            return Ok(());
        }
        let said = match self.chunk().await? {
            Some(chunk) => self.events.read(&chunk)?,
            None => {
                self.is_over = true;
                self.events.end()?
            }
        };
        for one in said {
            match one {
                Said::Piece(text) => self.take(text),
                Said::Done => self.is_over = true,
            }
            if self.is_over {
                break;
            }
        }
        Ok(())
    }

    async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, ModelError> {
        let chunk = self.answer.chunk().await.map_err(|_| ModelError::Unreachable)?;
        self.bytes += chunk.as_ref().map_or(0, bytes::Bytes::len);
        if LARGEST_ANSWER < self.bytes { Err(ModelError::Broken) } else { Ok(chunk) }
    }

    /// Takes a piece in, up to the longest reply.
    fn take(&mut self, text: String) {
        let room = LONGEST_REPLY.saturating_sub(self.characters);
        let text = match text.char_indices().nth(room) {
            Some((end, _)) => {
                self.is_over = true;
                text[..end].to_owned()
            }
            None => text,
        };
        self.characters += text.chars().count();
        if !text.is_empty() {
            self.waiting.push_back(text);
        }
    }
}

#[cfg(test)]
mod tests;

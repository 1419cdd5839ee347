//! What a language model is asked for, and its reply.

use std::fmt;

use async_trait::async_trait;
use futures_util::{Stream, StreamExt, stream::BoxStream};

/// Characters of a reply. What comes beyond is not waited for.
pub const LONGEST_REPLY: usize = 16_384;

/// What stands in a reply where the model calls a person, by a function or by writing it.
pub const HANDOFF_MARK: &str = "[[HANDOFF]]";
/// The function by which a model calls a person.
pub const HANDOFF_FUNCTION: &str = "handoff";

/// A conversation that is to be continued.
#[derive(Clone, Debug, Default)]
pub struct ModelRequest {
    /// The instructions for the model.
    pub system: String,
    /// Oldest first; the last is what it replies to.
    pub turns: Vec<Turn>,
    /// None for the model of the settings.
    pub model: Option<String>,
    /// None for that of the settings; the same of the tokens of the reply.
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
    /// Whether the model may call a person.
    pub may_hand_off: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub speaker: Speaker,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The person.
    User,
    /// The bot, or somebody in its place.
    Assistant,
}

/// Why there is no reply, or no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("the model cannot be reached")]
    Unreachable,
    #[error("the model is busy")]
    Busy,
    #[error("the model refused the request with status {0}")]
    Refused(u16),
    #[error("the model did not answer in time")]
    Late,
    #[error("the model answered with something else than a reply")]
    Broken,
}

impl ModelError {
    /// Whether the same request may succeed a moment later.
    pub fn may_be_retried(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy)
    }
}

/// A reply that comes piece by piece. There is at least one piece.
pub struct Reply(BoxStream<'static, Result<String, ModelError>>);

impl Reply {
    pub fn new(pieces: impl Stream<Item = Result<String, ModelError>> + Send + 'static) -> Self {
        Self(pieces.boxed())
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Option<Result<String, ModelError>> {
        self.0.next().await
    }

    /// All of it at once.
    pub async fn whole(mut self) -> Result<String, ModelError> {
        let mut text = String::new();
        while let Some(piece) = self.next().await {
            text.push_str(&piece?);
        }
        Ok(text)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reply")
    }
}

#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// The name of the model that replies to a request.
    fn name(&self, request: &ModelRequest) -> String;

    /// Where it is asked, without credentials.
    fn address(&self) -> String;

    /// Asks for a reply, and answers once its first piece is there.
    async fn reply(&self, request: &ModelRequest) -> Result<Reply, ModelError>;
}

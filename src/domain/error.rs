//! Why something could not be done: a closed list of codes, and what the failure is about.
//!
//! Surfaces translate these into their own envelopes and statuses; they add no meaning of their
//! own. The message is for the caller to read and never carries a secret or the text of a message.

use serde_json::{Map, Value};

/// The kind of failure. Each has exactly one meaning for HTTP on every surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is malformed or breaks a rule.
    Invalid,
    /// No credential, or one that is not accepted.
    Unauthenticated,
    /// The credential is good and does not reach this far.
    Forbidden,
    /// The thing named does not exist.
    NotFound,
    /// The thing exists already, or another state forbids this.
    Conflict,
    /// The session cannot do this in the state it is in.
    NotReady,
    /// The body, file or list is larger than allowed.
    TooLarge,
    /// Too many requests; try again after a while.
    RateLimited,
    /// The engine has no such function at the moment.
    Unsupported,
    /// The request is well formed and WhatsApp would not do it.
    Refused,
    /// The engine tried and failed.
    EngineFailed,
    /// The engine did not answer in time; the outcome is unknown.
    Timeout,
    /// The gateway is stopping or out of a resource; try again later.
    Unavailable,
    /// The disk has too little room left; try again when it has more.
    StorageFull,
    /// A fault of the gateway itself.
    Internal,
}

/// What an error is about, so that a surface can name it in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Session,
    QrCode,
    ChatId,
    Chat,
    Message,
    Contact,
    Group,
    Recipient,
    Webhook,
    Media,
    Tag,
    ApiKey,
    IdempotencyKey,
    /// What is read from WhatsApp: nothing was sent.
    Reading,
    /// What the gateway keeps on the disk.
    Store,
}

/// A failure that a caller may see.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: ErrorCode,
    pub subject: Option<Subject>,
    pub message: String,
    pub details: Map<String, Value>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, subject: None, message: message.into(), details: Map::new() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Invalid, message)
    }

    /// One field of a request breaks a rule.
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fields = serde_json::json!({ field: [message] });
        Self::invalid(format!("{field}: {message}")).detail("fields", fields)
    }

    pub fn not_found(subject: Subject, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message).about(subject)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

//! Engine of an SMS number: its messages go to a provider. What comes in is taken in by the webhook of the provider.
//!
//! A provider keeps no chats that could be read, and cannot be asked for a message by its key. What became of the last
//! sends is therefore noted here; of one whose outcome nobody knows, the provider's report may still say it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    domain::{
        Ack, Clock, Command, Content, Error, ErrorCode, Jid, Me, Message, MessageId, Outgoing,
        Reply,
        command::{OutgoingMedia, Sent},
    },
    driver::{
        Capabilities, Close, Driver, EngineFactory, OpenRequest, OpenedEngine, RecoveryMethod,
        stored_channel::{self, Line},
    },
    providers::sms::{Configured, LONGEST_TEXT, SmsMessage, SmsProvider},
};

/// Sends whose outcome is noted.
const MOST_NOTED: usize = 1_000;

pub struct SmsEngine {
    configured: Configured,
    clock: Clock,
}

impl SmsEngine {
    pub fn new(configured: Configured, clock: Clock) -> Self {
        Self { configured, clock }
    }
}

#[async_trait]
impl EngineFactory for SmsEngine {
    async fn open(&self, request: OpenRequest) -> Result<OpenedEngine, Error> {
        let number = &self.configured.number;
        if request.session.as_str() != format!("sms:{number}") {
            let message = "the settings name another number for SMS";
            return Err(Error::new(ErrorCode::EngineFailed, message));
        }
        let id = Jid::of_phone(number).map_err(|error| Error::internal(error.to_string()))?;
        let me = Me { id, lid: None, push_name: None, platform: None };
        let (provider, clock) = (self.configured.provider.clone(), self.clock.clone());
        Ok(Line::open(me, |line| SmsDriver { provider, clock, line, noted: Mutex::default() }))
    }
}

/// What became of a send.
#[derive(Clone)]
enum Outcome {
    Sent(Sent, String),
    /// It was not taken on.
    NotSent,
}

struct SmsDriver {
    provider: Arc<dyn SmsProvider>,
    clock: Clock,
    line: Line,
    /// By the key of the message.
    noted: Mutex<VecDeque<(String, Outcome)>>,
}

impl SmsDriver {
    fn noted(&self) -> MutexGuard<'_, VecDeque<(String, Outcome)>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, key: &str, outcome: Outcome) {
        let mut noted = self.noted();
        noted.retain(|(known, _)| known != key);
        if MOST_NOTED <= noted.len() {
            noted.pop_front();
        }
        noted.push_back((key.to_owned(), outcome));
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Reply, Error> {
        let Outgoing { key, chat, content, .. } = outgoing;
        let (text, media) = match content {
            Content::Text { body } => (body, Vec::new()),
            Content::Media(OutgoingMedia { url: Some(url), caption, .. }) => {
                (caption.unwrap_or_default(), vec![url])
            }
            Content::Media(_) => {
                let message = "by SMS a file goes by its address, which is not known";
                return Err(Error::new(ErrorCode::Unsupported, message));
            }
            _ => {
                let message = "SMS carries text, and files by their address";
                return Err(Error::new(ErrorCode::Unsupported, message));
            }
        };
        if LONGEST_TEXT < text.chars().count() {
            let fault = format!("must have at most {LONGEST_TEXT} characters by SMS");
            return Err(Error::invalid_field("text", fault));
        }
        let message = SmsMessage { key: key.clone(), to: chat.user().to_owned(), text, media };
        match self.provider.send(&message).await {
            Ok(_) => {
                let id =
                    MessageId { from_me: true, chat, key: key.as_str().into(), participant: None };
                let (timestamp, ack) = (self.clock.now(), Ack::Sent);
                let sent = Sent { id, timestamp, ack, recipients: None };
                self.note(&key, Outcome::Sent(sent.clone(), message.text));
                Ok(Reply::Sent(sent))
            }
            Err(error) => {
                if error.code != ErrorCode::Timeout {
                    self.note(&key, Outcome::NotSent);
                }
                Err(error)
            }
        }
    }

    fn find(&self, message: &MessageId) -> Result<Reply, Error> {
        let outcome = self.noted().iter().find(|(key, _)| key.as_str() == &*message.key).cloned();
        match outcome.map(|(_, outcome)| outcome) {
            Some(Outcome::Sent(sent, text)) => {
                let found = Message::text(sent.id, self.line.me().id.clone(), text, sent.timestamp);
                Ok(Reply::Found(Some(Box::new(found))))
            }
            Some(Outcome::NotSent) => Ok(Reply::Found(None)),
            None => {
                let message = "the SMS provider cannot be asked what became of the message";
                Err(Error::new(ErrorCode::Timeout, message))
            }
        }
    }
}

#[async_trait]
impl Driver for SmsDriver {
    fn capabilities(&self) -> Capabilities {
        Capabilities { missing: Vec::new(), version: None }
    }

    async fn execute(&self, command: Command) -> Result<Reply, Error> {
        match command {
            Command::Send(outgoing) => self.send(outgoing).await,
            Command::Find { message } => self.find(&message),
            other => stored_channel::execute(&other, "by SMS"),
        }
    }

    async fn recover(&self, _: RecoveryMethod) -> Result<(), Error> {
        self.line.ready().await
    }

    async fn close(&self, _: Close) {}
}

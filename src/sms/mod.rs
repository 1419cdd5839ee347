//! SMS: the gateway's number as a channel. Its chats, messages, outbox and inbox are the common ones, under the name of a
//! session that no caller can name.
//!
//! ```text
//! send:    outbox ──▶ session ──▶ engine (driver/sms) ──▶ provider
//! inbound: provider's webhook ──▶ here ──▶ messaging::Ingest, durable before the provider is answered
//! ```
//!
//! What a message means for consent and conversation is the inbox's to know.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{
        Ack, Clock, Error, ErrorCode, EventBody, Jid, Message, MessageId, SessionConfig, SessionId,
        SessionState, SessionStatus, Subject, session::EngineKind,
    },
    messaging::Ingest,
    providers::sms::{Configured, SmsMessage, Webhook},
    session::Supervisor,
};

/// How long a caller waits for the number to be opened.
const OPENING: Duration = Duration::from_secs(5);
/// Files of one inbound message that are noted.
const MOST_FILES: usize = 10;
/// Characters of an inbound text.
const LONGEST_INBOUND: usize = 4_096;

/// What SMS needs.
#[derive(Clone)]
pub struct SmsParts {
    /// None where SMS is not configured.
    pub configured: Option<Configured>,
    pub supervisor: Supervisor,
    pub ingest: Arc<Ingest>,
    pub clock: Clock,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Sms {
    parts: SmsParts,
    /// The session of the number.
    session: Option<SessionId>,
}

/// A message that came in.
#[derive(Clone, Debug)]
pub struct InboundSms {
    /// The provider's id of it.
    pub id: String,
    /// The number that it comes from.
    pub from: String,
    pub text: String,
}

impl Sms {
    /// A real number is opened at once; the simulated one when it is first used.
    pub async fn start(parts: SmsParts) -> Result<Self, Error> {
        let number = parts.configured.as_ref().map(|configured| &configured.number);
        let session = number.map(|number| SessionId::of_sms(number)).transpose();
        let session = session.map_err(|error| Error::internal(error.to_string()))?;
        let is_real =
            parts.configured.as_ref().is_some_and(|configured| configured.simulated.is_none());
        let sms = Self { parts, session };
        if is_real {
            sms.create().await?;
        }
        Ok(sms)
    }

    /// Makes the session of the number, or starts it again where it has failed.
    async fn create(&self) -> Result<(), Error> {
        let session = self.session()?;
        let config = SessionConfig {
            engine: EngineKind::Sms,
            qr_timeout: 0,
            auth_timeout: 0,
            ..SessionConfig::default()
        };
        match self.parts.supervisor.create(session.clone(), config).await {
            // It was there before, and goes on.
            Ok(_) | Err(Error { code: ErrorCode::Conflict, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The session of the number, ready to send.
    pub async fn open(&self) -> Result<&SessionId, Error> {
        let session = self.session()?;
        let is_ready = |status: &SessionStatus| status.state == SessionState::Ready;
        let known = self.parts.supervisor.get(session);
        if !known.is_ok_and(|handle| is_ready(&handle.status())) {
            self.create().await?;
            self.parts.supervisor.get(session)?.wait_until(OPENING, is_ready).await;
        }
        Ok(session)
    }

    /// The session of the number; an error where SMS is not configured.
    pub fn session(&self) -> Result<&SessionId, Error> {
        self.session.as_ref().ok_or_else(|| Error::invalid("SMS is not enabled"))
    }

    /// The number with its country code; none where SMS is not configured.
    pub fn number(&self) -> Option<String> {
        self.parts.configured.as_ref().map(|configured| format!("+{}", configured.number))
    }

    /// What was sent by the simulated network, newest first.
    pub fn simulated(&self) -> Result<Vec<SmsMessage>, Error> {
        let configured = self.parts.configured.as_ref();
        let simulated = configured.and_then(|configured| configured.simulated.as_ref());
        let simulated = simulated.ok_or_else(|| {
            Error::new(ErrorCode::Conflict, "Text messages go to a real provider here")
        });
        Ok(simulated?.sent())
    }

    /// Takes in a webhook of the provider about an inbound message.
    pub async fn receive_webhook(&self, webhook: Webhook<'_>) -> Result<(), Error> {
        self.check(webhook)?;
        let field = |name: &str| field(webhook.fields, name);
        let mut text = field("Body").to_owned();
        for place in 0..MOST_FILES {
            let url = field_of(webhook.fields, &format!("MediaUrl{place}"));
            if let Some(url) = url.filter(|url| !url.is_empty()) {
                text = if text.is_empty() { url.to_owned() } else { format!("{text}\n{url}") };
            }
        }
        let (id, from) = (field("MessageSid").to_owned(), field("From").to_owned());
        self.receive(InboundSms { id, from, text }).await
    }

    /// Takes in a message. Durable on return; one that comes twice is one.
    pub async fn receive(&self, inbound: InboundSms) -> Result<(), Error> {
        let session = self.open().await?;
        let InboundSms { id, from, text } = inbound;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id || 64 < id.len() {
            return Err(Error::invalid_field("MessageSid", "must be letters and digits"));
        }
        let chat = number(&from).ok_or_else(|| Error::invalid_field("From", NO_NUMBER))?;
        let text: String = text.chars().take(LONGEST_INBOUND).collect();
        let id =
            MessageId { from_me: false, chat: chat.clone(), key: id.into(), participant: None };
        let mut message = Message::text(id, chat, text, self.parts.clock.now());
        if let Some(me) = self.number().as_deref().and_then(number) {
            message.came_to(&me);
        }
        let event = EventBody::Message { message: Box::new(message) };
        Ok(self.parts.ingest.take_in(session, event).await?)
    }

    /// Takes in a webhook of the provider about a message that was sent.
    pub async fn report_webhook(&self, key: &str, webhook: Webhook<'_>) -> Result<(), Error> {
        self.check(webhook)?;
        let status = field(webhook.fields, "MessageStatus");
        let to = field(webhook.fields, "To").to_owned();
        self.report(key, &to, status).await
    }

    /// Takes in what became of a message that was sent.
    pub async fn report(&self, key: &str, to: &str, status: &str) -> Result<(), Error> {
        let session = self.session()?;
        let ack = match status.to_lowercase().as_str() {
            "delivered" => Ack::Delivered,
            "read" => Ack::Read,
            "undelivered" | "failed" => Ack::Failed,
            // It is on its way, which is known.
            _ => return Ok(()),
        };
        let chat = number(to).ok_or_else(|| Error::invalid_field("To", NO_NUMBER))?;
        let unknown = || Error::not_found(Subject::Message, "there is no such message");
        let message = format!("true_{chat}_{key}").parse().map_err(|_| unknown())?;
        let event = EventBody::Ack { message, ack, participant: None };
        Ok(self.parts.ingest.take_in(session, event).await?)
    }

    fn check(&self, webhook: Webhook<'_>) -> Result<(), Error> {
        let configured = self
            .parts
            .configured
            .as_ref()
            .ok_or_else(|| Error::new(ErrorCode::Forbidden, "SMS is not enabled"));
        configured?.provider.check(webhook)
    }
}

const NO_NUMBER: &str = "must be a telephone number with its country code";

fn field_of<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    field_of(fields, name).unwrap_or_default()
}

fn number(text: &str) -> Option<Jid> {
    let digits = text.trim().strip_prefix('+')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| Jid::of_phone(digits).ok())?
}

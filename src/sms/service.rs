//! The service of SMS: its session, what comes in, and what becomes of what was sent.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    domain::{
        Ack, Clock, Error, ErrorCode, EventBody, Jid, Message, MessageId, SessionConfig, SessionId,
        SessionState, SessionStatus, Subject, media_type, session::EngineKind,
    },
    jobs::{Job, Jobs},
    messaging::{Ingest, MessageFiles, MessagingTables, Uploads},
    providers::sms::{Configured, SimulatedSms, SmsMessage, Webhook},
    session::Supervisor,
    sms::waiting::{FILES, InboundFile, InboundFiles, MOST_FILES},
    store::Store,
};

/// How long a caller waits for the number to be opened.
const OPENING: Duration = Duration::from_secs(5);
/// Characters of the address of a file.
const LONGEST_ADDRESS: usize = 2_048;
/// Characters of an inbound text.
const LONGEST_INBOUND: usize = 4_096;

/// What SMS needs.
#[derive(Clone)]
pub struct SmsParts {
    /// None where SMS is not configured.
    pub configured: Option<Configured>,
    pub supervisor: Supervisor,
    pub ingest: Arc<Ingest>,
    pub store: Store,
    pub jobs: Jobs,
    pub uploads: Uploads,
    pub files: MessageFiles,
    pub clock: Clock,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Sms {
    pub(in crate::sms) parts: SmsParts,
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
    pub files: Vec<SmsFile>,
}

/// A file of a message that came in.
#[derive(Clone, Debug)]
pub struct SmsFile {
    /// Where the provider has it.
    pub url: String,
    /// The type that the provider names.
    pub mime: Option<String>,
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

    /// The name of the provider; none where SMS is not configured.
    pub fn provider(&self) -> Option<&'static str> {
        self.parts.configured.as_ref().map(|configured| configured.provider.name())
    }

    /// Hands a message to the provider that belongs to no conversation, to test the settings; with the provider's name.
    /// None where SMS is not configured.
    pub async fn test(&self, digits: &str) -> Option<(&'static str, Result<(), Error>)> {
        let Configured { provider, .. } = self.parts.configured.as_ref()?;
        let message = SmsMessage {
            key: Uuid::new_v4().simple().to_string(),
            to: digits.to_owned(),
            text: "You asked for this message to test the settings. It has arrived.".to_owned(),
            media: Vec::new(),
        };
        Some((provider.name(), provider.send(&message).await.map(drop)))
    }

    /// What was sent by the simulated network, newest first.
    pub fn simulated(&self) -> Result<Vec<SmsMessage>, Error> {
        Ok(self.simulated_network()?.sent())
    }

    /// Puts a file where the gateway fetches it, for somebody of the simulated network who writes. Returns its address.
    pub fn put_simulated_file(&self, bytes: Vec<u8>) -> Result<String, Error> {
        Ok(self.simulated_network()?.put_file(bytes))
    }

    fn simulated_network(&self) -> Result<&SimulatedSms, Error> {
        let configured = self.parts.configured.as_ref();
        let simulated = configured.and_then(|configured| configured.simulated.as_ref());
        simulated.ok_or_else(|| {
            Error::new(ErrorCode::Conflict, "Text messages go to a real provider here")
        })
    }

    /// Takes in a webhook of the provider about an inbound message.
    pub async fn receive_webhook(&self, webhook: Webhook<'_>) -> Result<(), Error> {
        self.check(webhook)?;
        let field = |name: &str| field(webhook.fields, name);
        let mut files = Vec::new();
        for place in 0..MOST_FILES {
            let of_file = |name: &str| field(&format!("{name}{place}"));
            let (url, mime) = (of_file("MediaUrl"), of_file("MediaContentType"));
            if !url.is_empty() && url.chars().nth(LONGEST_ADDRESS).is_none() {
                let mime = Some(media_type::tidy(mime)).filter(|_| !mime.is_empty());
                files.push(SmsFile { url: url.to_owned(), mime });
            }
        }
        let (id, from) = (field("MessageSid").to_owned(), field("From").to_owned());
        self.receive(InboundSms { id, from, text: field("Body").to_owned(), files }).await
    }

    /// Takes in a message. Durable on return; one that comes twice is one.
    pub async fn receive(&self, inbound: InboundSms) -> Result<(), Error> {
        let session = self.open().await?;
        let InboundSms { id, from, text, files } = inbound;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id || 64 < id.len() {
            return Err(Error::invalid_field("MessageSid", "must be letters and digits"));
        }
        let chat = number(&from).ok_or_else(|| Error::invalid_field("From", NO_NUMBER))?;
        let (text, at) = (text.chars().take(LONGEST_INBOUND).collect(), self.parts.clock.now());
        if !files.is_empty() {
            let file = |SmsFile { url, mime }| InboundFile { url, mime, is_done: false };
            let files = files.into_iter().take(MOST_FILES).map(file).collect();
            let waiting = InboundFiles { id, from: chat, text, at, files, rounds: 0 };
            return self.fetch_later(session, waiting).await;
        }
        let id =
            MessageId { from_me: false, chat: chat.clone(), key: id.into(), participant: None };
        self.take_in(session, Message::text(id, chat, text, at)).await
    }

    /// Notes a message with files, which a job fetches. Durable on return.
    async fn fetch_later(&self, session: &SessionId, waiting: InboundFiles) -> Result<(), Error> {
        let SmsParts { store, jobs, .. } = &self.parts;
        // It has come before, and the provider did not hear so.
        if store.messages().get(session, &waiting.message_id()).await?.is_some() {
            return Ok(());
        }
        let (key, mut transaction) = (InboundFiles::at(&waiting.id), store.transaction());
        loop {
            if transaction.get(&key).await?.is_none() {
                transaction.put(&key, &waiting).await?;
                let job = Job::new(FILES, &waiting.id, waiting.at);
                transaction.put(&job.key(), &job).await?;
            }
            if transaction.commit().await? {
                break;
            }
        }
        store.durable().await?;
        jobs.woken();
        Ok(())
    }

    pub(in crate::sms) async fn take_in(
        &self,
        session: &SessionId,
        mut message: Message,
    ) -> Result<(), Error> {
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
        self.configured()?.provider.check(webhook)
    }

    pub(in crate::sms) fn configured(&self) -> Result<&Configured, Error> {
        let configured = self.parts.configured.as_ref();
        configured.ok_or_else(|| Error::new(ErrorCode::Forbidden, "SMS is not enabled"))
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

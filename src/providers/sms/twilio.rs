//! Twilio: text messages over its Messages API, files of those that come in, and the check of its webhooks.

use std::path::Path;

use async_trait::async_trait;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    config::{self, LiveSecret, ProviderSecrets},
    domain::{Error, ErrorCode, Subject},
    egress::{ApiAnswer, ApiClient, Bounds, Credential, FetchFault, NoAnswer, OwnPorts},
    providers::sms::{
        provider::{Accepted, FetchedFile, FileFault, SmsMessage, SmsProvider, Webhook},
        twilio_signature::{is_right, is_sha256},
    },
};

/// Where Twilio reports what became of a message.
const STATUS: &str = "/api/webhooks/twilio/status";
/// The recipient has opted out at Twilio.
const OPTED_OUT: u64 = 21_610;
/// The number, or the sender, takes no files, or Twilio cannot fetch or send the one that was given.
const NO_MEDIA: [u64; 5] = [12_300, 21_620, 21_621, 21_623, 30_019];
/// The number is none that a message can go to.
const BAD_NUMBERS: [u64; 4] = [21_211, 21_214, 21_217, 21_614];

pub struct Twilio {
    client: ApiClient,
    path: String,
    auth_token: LiveSecret,
    shared_key: LiveSecret,
    /// The name of the sender's field, and its value.
    sender: (&'static str, String),
    /// How the gateway is reached; empty where nobody said so.
    public_url: String,
}

impl Twilio {
    pub fn new(
        settings: &config::Sms,
        public_url: &str,
        own: OwnPorts,
        secrets: &ProviderSecrets,
    ) -> Self {
        let account = settings.account_sid.clone();
        let credential = Credential::Basic(account.clone(), secrets.sms_auth_token.clone());
        let sender = match settings.messaging_service_sid.as_str() {
            "" => ("From", settings.from.clone()),
            service => ("MessagingServiceSid", service.to_owned()),
        };
        Self {
            client: ApiClient::new(&settings.base_url, own, credential),
            path: format!("/2010-04-01/Accounts/{account}/Messages.json"),
            auth_token: secrets.sms_auth_token.clone(),
            shared_key: secrets.sms_shared_key.clone(),
            sender,
            public_url: public_url.trim_end_matches('/').to_owned(),
        }
    }
}

#[async_trait]
impl SmsProvider for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    async fn send(&self, message: &SmsMessage) -> Result<Accepted, Error> {
        let to = format!("+{}", message.to);
        let key = utf8_percent_encode(&message.key, NON_ALPHANUMERIC);
        let callback = format!("{}{STATUS}?message={key}", self.public_url);
        let mut fields = vec![("To", to.as_str()), (self.sender.0, self.sender.1.as_str())];
        if !message.text.is_empty() || message.media.is_empty() {
            fields.push(("Body", message.text.as_str()));
        }
        fields.extend(message.media.iter().map(|url| ("MediaUrl", url.as_str())));
        // Without an address of the gateway nobody could report.
        if !self.public_url.is_empty() {
            fields.push(("StatusCallback", callback.as_str()));
        }
        match self.client.post_form(&self.path, &fields, &[]).await {
            Ok(answer) => accepted(&answer),
            Err(NoAnswer::NotSent) => {
                Err(Error::new(ErrorCode::EngineFailed, "Twilio cannot be reached"))
            }
            Err(NoAnswer::Unknown) => Err(unknown("Twilio did not answer")),
        }
    }

    async fn fetch(
        &self,
        url: &str,
        into: &Path,
        bounds: &Bounds,
    ) -> Result<FetchedFile, FileFault> {
        match self.client.fetch(url, into, bounds).await {
            Ok(found) => Ok(FetchedFile {
                size: found.size,
                mime: found.content_type,
                disposition: found.disposition,
            }),
            Err(fault) => Err(file_fault(fault)),
        }
    }

    fn check(&self, webhook: Webhook<'_>) -> Result<(), Error> {
        let forbidden = |message: &str| Err(Error::new(ErrorCode::Forbidden, message));
        if self.public_url.is_empty() {
            tracing::warn!(
                "a webhook of Twilio was refused: set server.public_url, which its signature is made with"
            );
            return forbidden("The signature cannot be checked");
        }
        let is_sha256 = is_sha256(webhook.settings);
        let key = if is_sha256 { self.shared_key.now() } else { self.auth_token.now() };
        let url = format!("{}{}", self.public_url, webhook.path);
        if key.is_empty()
            || !is_right(&url, webhook.fields, webhook.signature, key.expose(), is_sha256)
        {
            return forbidden("The signature is not that of the configured account");
        }
        Ok(())
    }
}

fn accepted(answer: &ApiAnswer) -> Result<Accepted, Error> {
    if answer.is_success() {
        let id = answer.body["sid"].as_str().unwrap_or_default().to_owned();
        return Ok(Accepted { id });
    }
    let (status, code) = (answer.status, answer.body["code"].as_u64());
    tracing::warn!(status, code, "Twilio refused a message with {status}");
    Err(match (status, code) {
        (_, Some(OPTED_OUT)) => {
            let message = "The recipient has opted out of text messages";
            Error::new(ErrorCode::Forbidden, message).detail("code", "not_opted_in")
        }
        (_, Some(code)) if BAD_NUMBERS.contains(&code) => {
            Error::invalid_field("to", "is no number that Twilio sends to")
                .about(Subject::Recipient)
        }
        (_, Some(code)) if NO_MEDIA.contains(&code) => Error::invalid_field(
            "mediaUrl",
            format!(
                "was refused by Twilio ({code}): it sends files of up to 5 MiB from some numbers to some countries"
            ),
        ),
        // Both say that the request was not handled; after any other failure of its own the message may be under way.
        (429 | 503, _) => {
            Error::new(ErrorCode::EngineFailed, "Twilio does not take the message at the moment")
        }
        (500.., _) => unknown(&format!("Twilio failed with {status}")),
        (401 | 403, _) => Error::new(
            ErrorCode::EngineFailed,
            "Twilio refused the gateway's credential: check sms.account_sid and sms.auth_token",
        ),
        _ => Error::invalid("Twilio refused the message; the gateway's log says with which code"),
    })
}

/// What may be otherwise later: a file can be asked for before it is there, and a credential be replaced.
fn file_fault(fault: FetchFault) -> FileFault {
    match fault {
        FetchFault::Refused(_) => {
            FileFault::Never("lies where the gateway must not ask".to_owned())
        }
        FetchFault::NoAddress(_) => {
            FileFault::NotYet("lies where no address is found that may be asked".to_owned())
        }
        FetchFault::TooLarge(most) => {
            FileFault::Never(format!("is larger than {} MiB", most / 1024 / 1024))
        }
        FetchFault::Answered(410) => FileFault::Never("is gone at Twilio".to_owned()),
        FetchFault::Answered(404) => FileFault::NotYet("is not there at Twilio".to_owned()),
        FetchFault::Answered(status @ (401 | 403)) => {
            let message = "is refused by Twilio: check sms.account_sid and sms.auth_token";
            tracing::warn!(status, "a file of a text message {message}");
            FileFault::NotYet(message.to_owned())
        }
        FetchFault::Answered(status) => {
            FileFault::NotYet(format!("is not given by Twilio, which answers {status}"))
        }
        FetchFault::Broken(what) => FileFault::NotYet(what),
        FetchFault::NotKept(error) => FileFault::NotYet(format!("cannot be kept: {error}")),
    }
}

fn unknown(what: &str) -> Error {
    let message = format!("{what}: nobody knows whether it sends the message");
    Error::new(ErrorCode::Timeout, message)
}

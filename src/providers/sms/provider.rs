//! What an SMS provider does.

use std::path::Path;

use async_trait::async_trait;

use crate::{domain::Error, egress::Bounds};

/// Characters of a text message; a longer one is split by no provider.
pub const LONGEST_TEXT: usize = 1_600;

/// A message that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsMessage {
    /// The message's own key, which reports about it carry.
    pub key: String,
    /// Digits with the country code.
    pub to: String,
    pub text: String,
    /// Addresses of files, which the provider fetches.
    pub media: Vec<String>,
}

/// A message that the provider took on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of it.
    pub id: String,
}

/// A webhook of a provider, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    /// The path with its query.
    pub path: &'a str,
    pub fields: &'a [(String, String)],
    /// The value of `X-Twilio-Signature`.
    pub signature: &'a str,
    /// The value of `X-Twilio-Webhooks-Signature-Settings`, where SHA-256 is used.
    pub settings: Option<&'a str>,
}

/// A file of an inbound message, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFile {
    /// Bytes.
    pub size: u64,
    /// The type that the provider names.
    pub mime: Option<String>,
    /// Its `Content-Disposition`.
    pub disposition: Option<Vec<u8>>,
}

/// Why a file of an inbound message did not come, in words that follow "the file".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It may come later.
    NotYet(String),
    /// It will never come.
    Never(String),
}

#[async_trait]
pub trait SmsProvider: Send + Sync {
    fn name(&self) -> &'static str;

    /// Hands a message over. [`crate::domain::ErrorCode::EngineFailed`] says that it was not taken on and may be tried
    /// again, `Timeout` that nobody knows, any other that it never will be.
    async fn send(&self, message: &SmsMessage) -> Result<Accepted, Error>;

    /// Fetches a file of an inbound message. After a failure the caller removes what there is of it.
    async fn fetch(
        &self,
        url: &str,
        into: &Path,
        bounds: &Bounds,
    ) -> Result<FetchedFile, FileFault>;

    /// Refuses a webhook that is not the provider's.
    fn check(&self, webhook: Webhook<'_>) -> Result<(), Error>;
}

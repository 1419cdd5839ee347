//! Client of another service's HTTP API, such as a payment provider's: forms to, and files from, a base address that the
//! settings name. Its errors and answers never reach a caller unread.

use std::{fmt, path::Path, time::Duration};

use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    domain::Error,
    egress::{
        credential::Credential,
        fetch::{Account, Bounds, FetchFault, Fetched, fetch_as},
        guard::Guard,
        own::OwnPorts,
    },
};

/// For one request, with its answer.
const DEADLINE: Duration = Duration::from_secs(20);
/// Bytes of an answer.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Clones are the same client.
#[derive(Clone)]
pub struct ApiClient {
    base: String,
    guard: Guard,
    credential: Credential,
}

/// What a service answered.
#[derive(Debug)]
pub struct ApiAnswer {
    pub status: u16,
    /// Seconds after which to ask again, if it says so.
    pub retry_after: Option<u64>,
    /// Null where the answer is no JSON.
    pub body: Value,
}

impl ApiAnswer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same request may succeed later.
    pub fn may_be_retried(&self) -> bool {
        matches!(self.status, 409 | 429 | 500..)
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The request did not leave the gateway.
    NotSent,
    /// It may have been carried out.
    Unknown,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotSent => "it cannot be reached",
            Self::Unknown => "it did not answer",
        })
    }
}

impl ApiClient {
    /// A client of the service at `base`, which the owner of the gateway chose: it may lie in the gateway's network,
    /// and be anything but the gateway itself.
    pub fn new(base: &str, own: OwnPorts, credential: Credential) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { base, guard: Guard::for_services(own), credential }
    }

    /// Downloads a file of the service into a file of the gateway, which the caller removes after a failure.
    pub async fn fetch(
        &self,
        url: &str,
        into: &Path,
        bounds: &Bounds,
    ) -> Result<Fetched, FetchFault> {
        let Self { base, guard, credential } = self;
        fetch_as(Some(Account { base, guard, credential }), url, into, bounds).await
    }

    /// Posts a form. The path begins with a slash.
    pub async fn post_form(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Result<ApiAnswer, NoAnswer> {
        let posted = self.post(path, fields, headers);
        tokio::time::timeout(DEADLINE, posted).await.unwrap_or(Err(NoAnswer::Unknown))
    }

    async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Result<ApiAnswer, NoAnswer> {
        let target = self.guard.resolve(&format!("{}{path}", self.base)).await;
        let target = target.map_err(|error: Error| {
            tracing::warn!(base = %self.base, %error, "{} cannot be asked: {error}", self.base);
            NoAnswer::NotSent
        })?;
        let client = self.guard.clients().to(&target).map_err(|_| NoAnswer::NotSent)?;
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = client
            .post(target.url.clone())
            .timeout(DEADLINE)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        request = self.credential.put_on(request);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.map_err(|error| match error.is_connect() {
            true => NoAnswer::NotSent,
            false => NoAnswer::Unknown,
        })?;
        read(answer).await
    }
}

async fn read(mut answer: reqwest::Response) -> Result<ApiAnswer, NoAnswer> {
    let status: StatusCode = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|seconds| seconds.trim().parse().ok());
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NoAnswer::Unknown)? {
        if LARGEST_ANSWER < bytes.len() + chunk.len() {
            return Err(NoAnswer::Unknown);
        }
        bytes.extend_from_slice(&chunk);
    }
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Ok(ApiAnswer { status: status.as_u16(), retry_after, body })
}

//! Client for answers that come piece by piece, such as those of a language model: JSON to a base address that the
//! settings name, and the answer as it comes. Dropped, the answer's connection is closed.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;

use crate::{
    config::Secret,
    domain::Error,
    egress::{api_client::NoAnswer, guard::Guard, own::OwnPorts},
};

/// Clones are the same client.
#[derive(Clone)]
pub struct StreamClient {
    base: String,
    guard: Guard,
    token: Secret,
}

/// An answer whose body is still to come.
pub struct Streamed {
    pub status: u16,
    /// Seconds after which to ask again, if it says so.
    pub retry_after: Option<u64>,
    /// Whether its body is a stream of events.
    pub is_events: bool,
    response: reqwest::Response,
}

impl Streamed {
    /// The next piece of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NoAnswer> {
        self.response.chunk().await.map_err(|_| NoAnswer::Unknown)
    }
}

impl StreamClient {
    /// A client of the service at `base`, which the owner of the gateway chose: it may lie in the gateway's network,
    /// and be anything but the gateway itself.
    pub fn new(base: &str, own: OwnPorts, token: Secret) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { base, guard: Guard::for_services(own), token }
    }

    /// Posts JSON. The path begins with a slash; all of the answer must have come within the deadline.
    pub async fn post(
        &self,
        path: &str,
        body: &Value,
        deadline: Duration,
    ) -> Result<Streamed, NoAnswer> {
        let target = self.guard.resolve(&format!("{}{path}", self.base)).await;
        let target = target.map_err(|error: Error| {
            tracing::warn!(base = %self.base, %error, "{} cannot be asked: {error}", self.base);
            NoAnswer::NotSent
        })?;
        let client = self.guard.clients().to(&target).map_err(|_| NoAnswer::NotSent)?;
        let mut request = client
            .post(target.url.clone())
            .timeout(deadline)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream, application/json")
            .body(body.to_string());
        if !self.token.is_empty() {
            request = request.bearer_auth(self.token.expose());
        }
        let response = request.send().await.map_err(|error| match error.is_connect() {
            true => NoAnswer::NotSent,
            false => NoAnswer::Unknown,
        })?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
        let is_events = header(CONTENT_TYPE).is_some_and(|named| {
            named.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
        });
        let status = response.status().as_u16();
        Ok(Streamed { status, retry_after, is_events, response })
    }
}

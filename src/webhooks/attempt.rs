//! Delivery attempt: one signed POST, and the receiver's answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Request,
    body::Incoming,
    header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};
use hyper_util::client::legacy;
use uuid::Uuid;

use crate::{
    domain::{Clock, Timestamp},
    events::{TEST, Wording},
    webhooks::{
        host_pool::{HostPermit, HostPool},
        schedule,
        settings::WebhookSettings,
        signature,
        stored::{Attempt, WebhookRecord},
    },
};

/// Headers that every delivery has.
const OWN_HEADERS: usize = 11;
/// Bytes of an answer's body and characters of an error that are stored.
const LONGEST_RESPONSE: usize = 1_024;
const LONGEST_ERROR: usize = 500;
/// Deadline for the body of an answer. The status alone decides; the body is stored for people.
const BODY_DEADLINE: Duration = Duration::from_secs(1);

/// What is posted to an endpoint.
pub struct DeliveryRequest<'a> {
    /// `webhook-id`: the same for every attempt, retry and replay.
    pub id: String,
    pub delivery: Uuid,
    pub event: &'a str,
    pub body: Bytes,
    pub number: u32,
}

/// The record of an attempt, and the receiver's `Retry-After`.
#[derive(Clone)]
pub struct PostOutcome {
    pub attempt: Attempt,
    pub retry_after: Option<Duration>,
    /// When the attempt began, in steady time.
    pub begun: Timestamp,
}

impl PostOutcome {
    /// The `outcome` label of the attempts metric.
    pub fn label(&self) -> &'static str {
        match self.attempt.status {
            Some(200..=299) => "delivered",
            Some(300..=399) => "redirected",
            Some(410) => "gone",
            Some(429 | 502 | 503 | 504) => "overloaded",
            Some(400..=499) => "refused",
            Some(_) => "failed",
            None => "unanswered",
        }
    }
}

/// Sends delivery requests. Owns the connections to receivers.
pub struct Sender {
    hosts: HostPool,
    settings: Arc<WebhookSettings>,
    clock: Clock,
}

impl Sender {
    pub fn new(settings: Arc<WebhookSettings>, clock: Clock) -> Self {
        Self { hosts: HostPool::new(settings.per_host), settings, clock }
    }

    /// Posts as soon as the host pool has a permit. Timestamp and duration count from then.
    pub async fn post(
        &self,
        webhook: &WebhookRecord,
        request: &DeliveryRequest<'_>,
    ) -> PostOutcome {
        let guard = self.settings.guard_of(webhook);
        let permit = self.hosts.acquire(&webhook.url, guard).await;
        let (at, begun, since) = (self.clock.now(), self.clock.steady(), Instant::now());
        let is_public = permit.as_ref().is_ok_and(|permit| permit.is_public);
        let answered = match permit {
            Ok(permit) => send(webhook, request, &permit, self.settings.timeout, at).await,
            Err(error) => Err(error),
        };
        let (status, error, response, retry_after) = match answered {
            Ok(answer) => (Some(answer.status), None, Some(answer.body), answer.retry_after),
            Err(error) => (None, Some(error.chars().take(LONGEST_ERROR).collect()), None, None),
        };
        let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (delivery, number) = (request.delivery, request.number);
        let attempt =
            Attempt { delivery, number, at, duration_ms, status, error, response, is_public };
        PostOutcome { attempt, retry_after, begun }
    }

    /// Posts a test event, in the wording of the endpoint.
    pub async fn send_test(&self, webhook: &WebhookRecord, wording: &dyn Wording) -> Attempt {
        let delivery = Uuid::now_v7();
        let now = self.clock.now();
        let (event, body) = match webhook.bot {
            Some(bot) => wording.test_for(delivery, bot, now),
            None => (TEST, wording.test(delivery, webhook.session.as_ref(), now)),
        };
        let (id, body) = (delivery.to_string(), body.to_string().into());
        let request = DeliveryRequest { id, delivery, event, body, number: 1 };
        self.post(webhook, &request).await.attempt
    }
}

struct ReceiverAnswer {
    status: u16,
    body: String,
    retry_after: Option<Duration>,
}

async fn send(
    webhook: &WebhookRecord,
    request: &DeliveryRequest<'_>,
    permit: &HostPermit,
    deadline: Duration,
    now: Timestamp,
) -> Result<ReceiverAnswer, String> {
    let http = Request::post(permit.url.as_str()).body(request.body.clone().into());
    let mut http = http.map_err(|error| format!("the URL cannot be requested: {error}"))?;
    *http.headers_mut() = headers(webhook, request, now)?;
    let sent = permit.client.send(http);
    let late = |_| format!("no answer within {} s", deadline.as_secs());
    let response = tokio::time::timeout(deadline, sent).await.map_err(late)?;
    let response = response.map_err(|error| words(&error))?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| schedule::parse_retry_after(text, now));
    Ok(ReceiverAnswer { status, body: beginning(response.into_body()).await, retry_after })
}

fn headers(
    webhook: &WebhookRecord,
    request: &DeliveryRequest<'_>,
    now: Timestamp,
) -> Result<HeaderMap, String> {
    let seconds = now.as_second();
    let standard = signature::standard(&webhook.secrets, now, &request.id, seconds, &request.body);
    let mut headers = HeaderMap::with_capacity(OWN_HEADERS + webhook.headers.len());
    for (name, value) in &webhook.headers {
        let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = pair {
            headers.append(name, value);
        }
    }
    let mut own =
        |name, value: HeaderValue| _ = headers.insert(HeaderName::from_static(name), value);
    own("content-type", HeaderValue::from_static("application/json"));
    own("webhook-id", text(request.id.clone())?);
    own("webhook-timestamp", seconds.into());
    own("webhook-signature", text(standard)?);
    own("x-webhook-id", text(request.delivery.to_string())?);
    own("x-webhook-event", text(request.event.to_owned())?);
    own("x-webhook-timestamp", seconds.into());
    own("x-webhook-attempt", request.number.into());
    if let Some(hexadecimal) = signature::hexadecimal(&webhook.secrets, &request.body) {
        let hexadecimal = text(hexadecimal)?;
        if webhook.business {
            own("x-kaanha-signature", hexadecimal.clone());
        }
        own("x-webhook-signature", hexadecimal);
    }
    Ok(headers)
}

fn text(value: String) -> Result<HeaderValue, String> {
    HeaderValue::try_from(value).map_err(|error| format!("a header cannot be sent: {error}"))
}

/// The beginning of a body. A body that breaks off, drips or never ends is cut.
async fn beginning(mut answer: Incoming) -> String {
    let mut body = Vec::new();
    let read = async {
        while body.len() < LONGEST_RESPONSE {
            match answer.frame().await {
                Some(Ok(frame)) => {
                    let chunk = frame.into_data().unwrap_or_default();
                    let room = LONGEST_RESPONSE - body.len();
                    body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                }
                Some(Err(_)) | None => break,
            }
        }
    };
    let _ = tokio::time::timeout(BODY_DEADLINE, read).await;
    String::from_utf8_lossy(&body).into_owned()
}

/// An error with its causes, which say more than the error itself. The URL is left out: it may hold a token.
fn words(error: &legacy::Error) -> String {
    let kind = if error.is_connect() { "the connection failed" } else { "the request failed" };
    let (mut text, mut cause) = (kind.to_owned(), Some(error as &dyn std::error::Error));
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

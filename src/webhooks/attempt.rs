//! One try to deliver: a POST, and what came of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Request,
    body::Incoming,
    header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};
use hyper_util::client::legacy;

use crate::{
    domain::{Clock, Timestamp},
    store::records::{Attempt, WebhookRecord},
    webhooks::{
        WebhookSettings,
        hosts::{Hosts, Leave},
        schedule, signature,
    },
};

/// Headers that every delivery has.
const OWN_HEADERS: usize = 10;
/// How much of the receiver's answer is kept, and of an error's words.
const RESPONSE_KEPT: usize = 1_024;
const ERROR_KEPT: usize = 500;
/// How long the body of an answer is read for. The status is the answer; the body is a courtesy.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// What is posted.
pub struct Letter<'a> {
    /// The same over every retry and replay.
    pub id: String,
    pub delivery: uuid::Uuid,
    pub event: &'a str,
    pub body: Bytes,
    pub number: u32,
}

/// What came of an attempt: its record, and how long the receiver wishes to be left alone.
#[derive(Clone)]
pub struct Outcome {
    pub attempt: Attempt,
    pub wish: Option<Duration>,
}

impl Outcome {
    /// A word for what came of it, for metrics.
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

/// Posts when the host has room. Time counts from then.
pub async fn post(
    webhook: &WebhookRecord,
    letter: &Letter<'_>,
    hosts: &Hosts,
    settings: &WebhookSettings,
    clock: &Clock,
) -> Outcome {
    let entered = hosts.enter(&webhook.url, settings.guard_of(webhook)).await;
    let (at, since) = (clock.now(), Instant::now());
    let is_public = entered.as_ref().is_ok_and(|leave| leave.is_public);
    let answered = match entered {
        Ok(leave) => send(webhook, letter, &leave, settings.timeout, at).await,
        Err(error) => Err(error),
    };
    let (status, error, response, wish) = match answered {
        Ok(answer) => (Some(answer.status), None, Some(answer.body), answer.wish),
        Err(error) => (None, Some(error.chars().take(ERROR_KEPT).collect()), None, None),
    };
    let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (delivery, number) = (letter.delivery, letter.number);
    let attempt = Attempt { delivery, number, at, duration_ms, status, error, response, is_public };
    Outcome { attempt, wish }
}

struct ReceiverAnswer {
    status: u16,
    body: String,
    wish: Option<Duration>,
}

async fn send(
    webhook: &WebhookRecord,
    letter: &Letter<'_>,
    leave: &Leave,
    deadline: Duration,
    now: Timestamp,
) -> Result<ReceiverAnswer, String> {
    let request = Request::post(leave.url.as_str()).body(letter.body.clone().into());
    let mut request = request.map_err(|error| format!("it cannot be asked: {error}"))?;
    *request.headers_mut() = headers(webhook, letter, now)?;
    let sent = leave.client.send(request);
    let late = |_| format!("no answer within {} s", deadline.as_secs());
    let response = tokio::time::timeout(deadline, sent).await.map_err(late)?;
    let response = response.map_err(|error| words(&error))?;
    let status = response.status().as_u16();
    let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wish = wish.and_then(|text| schedule::retry_after(text, now));
    Ok(ReceiverAnswer { status, body: beginning(response.into_body()).await, wish })
}

fn headers(
    webhook: &WebhookRecord,
    letter: &Letter<'_>,
    now: Timestamp,
) -> Result<HeaderMap, String> {
    let seconds = now.as_second();
    let standard = signature::standard(&webhook.secrets, now, &letter.id, seconds, &letter.body);
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
    own("webhook-id", text(letter.id.clone())?);
    own("webhook-timestamp", seconds.into());
    own("webhook-signature", text(standard)?);
    own("x-webhook-id", text(letter.delivery.to_string())?);
    own("x-webhook-event", text(letter.event.to_owned())?);
    own("x-webhook-timestamp", seconds.into());
    own("x-webhook-attempt", letter.number.into());
    if let Some(hexadecimal) = signature::hexadecimal(&webhook.secrets, &letter.body) {
        own("x-webhook-signature", text(hexadecimal)?);
    }
    Ok(headers)
}

fn text(value: String) -> Result<HeaderValue, String> {
    HeaderValue::try_from(value).map_err(|error| format!("a header cannot be sent: {error}"))
}

/// The beginning of a body. One that breaks off, drips or never ends changes nothing.
async fn beginning(mut answer: Incoming) -> String {
    let mut body = Vec::new();
    let read = async {
        while body.len() < RESPONSE_KEPT {
            match answer.frame().await {
                Some(Ok(frame)) => {
                    let chunk = frame.into_data().unwrap_or_default();
                    let room = RESPONSE_KEPT - body.len();
                    body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                }
                Some(Err(_)) | None => break,
            }
        }
    };
    let _ = tokio::time::timeout(BODY_PATIENCE, read).await;
    String::from_utf8_lossy(&body).into_owned()
}

/// An error with its causes, which say more than the error itself. The URL may hold a token of the
/// receiver's: it is left out.
fn words(error: &legacy::Error) -> String {
    let kind = if error.is_connect() { "the connection failed" } else { "the request failed" };
    let (mut text, mut cause) = (kind.to_owned(), Some(error as &dyn std::error::Error));
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

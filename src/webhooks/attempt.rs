//! One try to deliver: a POST, and what came of it.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};

use crate::{
    domain::{Clock, Timestamp},
    egress,
    store::records::{Attempt, WebhookRecord},
    webhooks::{WebhookSettings, signature},
};

/// How much of the receiver's answer is kept.
const RESPONSE_KEPT: usize = 1_024;

/// What is posted.
pub struct Letter<'a> {
    /// The same over every retry and replay.
    pub id: String,
    pub delivery: uuid::Uuid,
    pub event: &'a str,
    pub body: &'a str,
    pub number: u32,
}

/// What came of an attempt: its record, and how long the receiver wishes to be left alone.
pub struct Outcome {
    pub attempt: Attempt,
    pub wish: Option<Duration>,
}

pub async fn post(
    webhook: &WebhookRecord,
    letter: &Letter<'_>,
    settings: &WebhookSettings,
    clock: &Clock,
) -> Outcome {
    let (at, since) = (clock.now(), Instant::now());
    let sent = tokio::time::timeout(settings.timeout, send(webhook, letter, settings, at)).await;
    let (status, error, response, wish) = match sent {
        Ok(Ok(answer)) => (Some(answer.status), None, Some(answer.body), answer.wish),
        Ok(Err(error)) => (None, Some(error), None, None),
        Err(_) => {
            let error = format!("no answer within {} s", settings.timeout.as_secs());
            (None, Some(error), None, None)
        }
    };
    let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (delivery, number) = (letter.delivery, letter.number);
    let attempt = Attempt { delivery, number, at, duration_ms, status, error, response };
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
    settings: &WebhookSettings,
    now: Timestamp,
) -> Result<ReceiverAnswer, String> {
    let target = egress::resolve(&webhook.url, settings.allow_private_targets).await;
    let target = target.map_err(|error| error.message)?;
    let client =
        egress::client_for(&target, settings.timeout).map_err(|error| error.to_string())?;
    let seconds = now.as_second();
    let mut request = client.post(target.url.clone());
    for (name, value) in &webhook.headers {
        let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = pair {
            request = request.header(name, value);
        }
    }
    let standard = signature::standard(&webhook.secrets, now, &letter.id, seconds, letter.body);
    request = request
        .header("content-type", "application/json")
        .header("webhook-id", &letter.id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", standard)
        .header("x-webhook-id", letter.delivery.to_string())
        .header("x-webhook-event", letter.event)
        .header("x-webhook-timestamp", seconds)
        .header("x-webhook-attempt", letter.number);
    if let Some(hexadecimal) = signature::hexadecimal(&webhook.secrets, letter.body) {
        request = request.header("x-webhook-signature", hexadecimal);
    }
    let response = request.body(letter.body.to_owned()).send().await;
    let response = response.map_err(|error| words(&error))?;
    let status = response.status().as_u16();
    let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wish = wish.and_then(|text| retry_after(text, now));
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    // The status is the answer; a body that breaks off or never ends changes nothing.
    while body.len() < RESPONSE_KEPT {
        match chunks.next().await {
            Some(Ok(chunk)) => body.extend_from_slice(&chunk),
            Some(Err(_)) | None => break,
        }
    }
    body.truncate(RESPONSE_KEPT);
    Ok(ReceiverAnswer { status, body: String::from_utf8_lossy(&body).into_owned(), wish })
}

/// `Retry-After` in seconds or as a date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    let seconds = date.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// An error with its causes, which say more than the error itself. The URL may hold a token of the
/// receiver's: it is left out.
fn words(error: &reqwest::Error) -> String {
    let kind = if error.is_connect() { "the connection failed" } else { "the request failed" };
    let mut text = kind.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = from_seconds(1_445_412_480);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        let date = "Wed, 21 Oct 2015 07:29:00 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("soon", now), None);
    }
}

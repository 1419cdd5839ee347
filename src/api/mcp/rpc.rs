//! One message through rmcp: the request as it reads it, and its answer. Where the protocol wants a tool, a resource or
//! a prompt, it is made here, on the worker of the call.

use std::sync::{Arc, LazyLock};

use actix_web::http::{StatusCode, header::HeaderMap};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use crate::{
    api::mcp::{asked::Asked, call::McpCall, protocol::Protocol, work},
    domain::Error,
    mcp::message::{self, Envelope, MOST_BYTES},
};

/// Headers of a request that the protocol reads.
const READ: [&str; 3] = ["mcp-protocol-version", "mcp-method", "mcp-name"];
const BOTH: &str = "application/json, text/event-stream";
const INVALID_REQUEST: i32 = -32_600;

type Service = StreamableHttpService<Protocol, NeverSessionManager>;

/// Without sessions, and with answers in JSON.
static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MOST_BYTES)
        // The gate has looked at the credential, which is needed always, and at the origin.
        .disable_allowed_hosts();
    Service::new(|| Ok(Protocol), Arc::new(NeverSessionManager::default()), config)
});

/// The answer to a message; no bytes for one that is not answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Option<Bytes>,
}

impl Answer {
    fn of(status: StatusCode, body: &serde_json::Value) -> Self {
        Self { status, body: Some(body.to_string().into()) }
    }
}

/// Which headers a message came with.
pub enum Headers<'a> {
    /// Its own: they must say the same as the message.
    Own(&'a HeaderMap),
    /// None are asked for; the version of the protocol may be named.
    Implied(&'a HeaderMap),
}

/// Has a message answered.
pub async fn answer(call: &McpCall, bytes: Bytes, headers: Headers<'_>) -> Result<Answer, Error> {
    let envelope = match message::read(&bytes) {
        Ok(envelope) => envelope,
        Err(fault) => return Ok(Answer::of(StatusCode::BAD_REQUEST, &fault.answer())),
    };
    if envelope.method.is_none() {
        // Nothing was asked of the client.
        return Ok(Answer { status: StatusCode::ACCEPTED, body: None });
    }
    let (asked, mut queue) = Asked::new((*call.principal()).clone(), call.config.mcp.tools);
    let request = request(&envelope, bytes, &headers, asked)?;
    let (mut answered, mut marked) = (Box::pin(SERVICE.handle(request)), None);
    let response = loop {
        tokio::select! {
            biased;
            Some(job) = queue.recv() => marked = work::carry_out(call, job).await,
            response = &mut answered => break response,
        }
    };
    let (parts, body) = response.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::OK);
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if body.is_empty() {
        return Ok(Answer { status, body: None });
    }
    let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|value| value.starts_with("application/json")) {
        let body = match marked {
            Some(marked) => marked.put_into(body),
            None => body,
        };
        return Ok(Answer { status, body: Some(body) });
    }
    // What rmcp says in words.
    let id = envelope.id.unwrap_or_default();
    let words = message::error(&id, INVALID_REQUEST, &String::from_utf8_lossy(&body));
    Ok(Answer::of(StatusCode::BAD_REQUEST, &words))
}

fn request(
    envelope: &Envelope,
    bytes: Bytes,
    headers: &Headers<'_>,
    asked: Asked,
) -> Result<http::Request<Full<Bytes>>, Error> {
    let mut request = http::Request::post("/api/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        // Answers are in JSON, whatever a client would take besides.
        .header("accept", BOTH);
    let (given, names) = match headers {
        Headers::Own(given) => (given, READ.as_slice()),
        Headers::Implied(given) => (given, &READ[..1]),
    };
    let implied = match headers {
        Headers::Own(_) => Vec::new(),
        Headers::Implied(_) => envelope.headers(),
    };
    for &name in names {
        let values = given.get_all(name).filter(|_| implied.is_empty());
        for value in values {
            request = request.header(name, value.as_bytes());
        }
    }
    for (name, value) in implied {
        request = request.header(name, value);
    }
    let mut request = request
        .body(Full::new(bytes))
        .map_err(|_| Error::invalid("the message names what no header can hold"))?;
    request.extensions_mut().insert(asked);
    Ok(request)
}

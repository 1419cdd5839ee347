//! The HTTP client of the tests: it fails on any answer that the OpenAPI document does not allow.

use std::{fmt::Display, time::Duration};

use futures_util::StreamExt;
use reqwest::{
    Body, Method, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use tokio_tungstenite::tungstenite::http;

use crate::support::document::{Operation, agree, events::Stream, operation};

#[derive(Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// A client like the command line's ([`wagate::egress::local_client`]), without the certificates of the system: to read
    /// them takes as long as a gateway takes to start, and the tests kill and start it thousands of times.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests call a gateway on this machine without TLS"
    )]
    pub fn new() -> Self {
        // The first call installs it; a later one is refused and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("wagate-cli/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only([]);
        Self(builder.build().unwrap())
    }

    pub fn get(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::GET, url)
    }

    pub fn head(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::HEAD, url)
    }

    pub fn post(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::POST, url)
    }

    pub fn put(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::PUT, url)
    }

    pub fn request(&self, method: Method, url: impl AsRef<str>) -> Request {
        Request(self.0.request(method, url.as_ref()))
    }
}

#[must_use]
pub struct Request(reqwest::RequestBuilder);

impl Request {
    pub fn header(self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        let name = name.try_into().ok().expect("not the name of a header");
        let value = value.try_into().ok().expect("not the value of a header");
        Self(self.0.header(name, value))
    }

    pub fn headers(self, headers: HeaderMap) -> Self {
        Self(self.0.headers(headers))
    }

    pub fn bearer_auth(self, token: impl Display) -> Self {
        Self(self.0.bearer_auth(token))
    }

    pub fn basic_auth(self, name: impl Display, password: Option<impl Display>) -> Self {
        Self(self.0.basic_auth(name, password))
    }

    pub fn body(self, body: impl Into<Body>) -> Self {
        Self(self.0.body(body))
    }

    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        Self(self.0.json(body))
    }

    /// The answer, checked. A body of JSON is read whole for it, any other is left to the caller.
    pub async fn send(self) -> Result<Response, reqwest::Error> {
        let (client, request) = self.0.build_split();
        let request = request?;
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = client.execute(request).await?;
        match operation(&method, &path) {
            Some(operation) => checked(&operation, &method, response).await,
            // What a browser asks before it asks.
            None if method == Method::OPTIONS => Ok(response),
            None => {
                let status = response.status();
                assert!(
                    !status.is_success(),
                    "{method} {path}: {status}, and is not in the document"
                );
                Ok(response)
            }
        }
    }
}

async fn checked(
    operation: &Operation,
    method: &Method,
    response: Response,
) -> Result<Response, reqwest::Error> {
    let (status, headers) = (response.status(), response.headers().clone());
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|text| text.split(';').next());
    let faults = operation.faults_of_head(status, content_type);
    let name = &operation.name;
    agree(&faults, || format!("{name} answered {status} with {headers:?}"));
    if method == Method::HEAD {
        return Ok(response);
    }
    // Streams of other things than events of the log answer a request, or are of the workspace API.
    let is_of_log = method == Method::GET && !operation.is_of_workspace();
    if content_type == Some("text/event-stream") && is_of_log {
        return Ok(with_body(status, headers.clone(), events_of(response)));
    }
    if content_type != Some("application/json") {
        return Ok(response);
    }
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes).unwrap();
    let faults = operation.faults_of_body(status, &body).unwrap_or_default();
    agree(&faults, || format!("{name} answered {status} with {body:#}"));
    Ok(with_body(status, headers.clone(), bytes.into()))
}

/// The body of an event stream, whose events are checked on their way.
fn events_of(response: Response) -> Body {
    let mut events = Stream::default();
    let pieces = response.bytes_stream().inspect(move |piece| {
        if let Ok(piece) = piece {
            events.check(piece);
        }
    });
    Body::wrap_stream(pieces)
}

fn with_body(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut whole = http::Response::new(body);
    (*whole.status_mut(), *whole.headers_mut()) = (status, headers);
    whole.into()
}

//! One open connection to the gateway, and nothing beside: where the way through HTTP is part of what
//! is measured, what a library for clients does of its own is not.

use std::pin::Pin;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request,
    client::conn::http1::{Connection as Driven, SendRequest, handshake},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Outcome;

type Body = Full<Bytes>;

pub struct Connection {
    host: String,
    requests: SendRequest<Body>,
    /// Goes on while an answer is waited for.
    driven: Pin<Box<Driven<TokioIo<TcpStream>, Body>>>,
}

impl Connection {
    /// To an address such as `http://127.0.0.1:8080`.
    pub async fn open(base: &str) -> Outcome<Self> {
        let host = base.strip_prefix("http://").ok_or("not an address")?.to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (requests, driven) = handshake(TokioIo::new(stream)).await?;
        Ok(Self { host, requests, driven: Box::pin(driven) })
    }

    /// Asks, and reads the answer to its end.
    pub async fn call(&mut self, method: Method, path: &str, body: Option<&Value>) -> Outcome<()> {
        let body = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = Request::builder().method(method).uri(path);
        let request = request.header(HOST, &self.host).header(CONTENT_TYPE, "application/json");
        let asked = self.requests.send_request(request.body(Full::new(body.into()))?);
        let answered = async {
            let response = asked.await?;
            let status = response.status();
            let answer = response.into_body().collect().await?.to_bytes();
            let refused = || format!("{path}: {}", String::from_utf8_lossy(&answer)).into();
            if status.is_success() { Ok(()) } else { Err(refused()) }
        };
        tokio::select! {
            answered = answered => answered,
            ended = &mut self.driven => Err(format!("the connection ended: {ended:?}").into()),
        }
    }
}

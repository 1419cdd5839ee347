//! File exchange between the gateway and a page: over loopback HTTP, each file under a URL that works once.
//!
//! The debugging channel would copy a whole file in memory several times. Here files are streamed both ways.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::{BodyExt, Empty, StreamBody, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        CONTENT_LENGTH, HeaderValue,
    },
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_util::io::ReaderStream;

use crate::{driver::browser::loopback::Port, egress::OwnPorts};

/// Transfers in flight; further ones wait.
const CONNECTIONS: usize = 16;
/// Deadline for the head of a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

type Body = BoxBody<Bytes, std::io::Error>;

enum Offer {
    GiveOut(PathBuf),
    TakeIn(PathBuf),
}

type Offers = Arc<Mutex<HashMap<String, Offer>>>;

/// A loopback server of one session.
pub struct Exchange {
    port: Port,
    offers: Offers,
}

/// Withdraws an offer when it is dropped.
pub struct Token {
    offers: Offers,
    name: String,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl Exchange {
    pub async fn start(own_ports: &OwnPorts) -> std::io::Result<Self> {
        let offers = Offers::default();
        let given = offers.clone();
        let serve = move |stream| serve(stream, given.clone());
        let port = Port::open(own_ports, CONNECTIONS, serve).await?;
        Ok(Self { port, offers })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    /// A URL from which this file can be fetched once.
    pub fn give_out(&self, path: PathBuf) -> (String, Token) {
        self.offer(Offer::GiveOut(path))
    }

    /// A URL to which a file can be sent once; it is written to this path.
    pub fn take_in(&self, path: PathBuf) -> (String, Token) {
        self.offer(Offer::TakeIn(path))
    }

    fn offer(&self, offer: Offer) -> (String, Token) {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let url = format!("http://{}/{name}", self.port.address);
        self.offers.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), offer);
        (url, Token { offers: self.offers.clone(), name })
    }
}

async fn serve(stream: TcpStream, offers: Offers) {
    let service = service_fn(move |request| answer(request, offers.clone()));
    let mut connection = hyper::server::conn::http1::Builder::new();
    // A client without a valid URL holds a connection no longer than this.
    connection.timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE).keep_alive(false);
    // When the page disconnects, the command that needs the file fails with the reason.
    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, offers: Offers) -> Result<Response<Body>, Infallible> {
    let mut response = if request.method() == Method::OPTIONS {
        empty(StatusCode::NO_CONTENT)
    } else {
        let name = request.uri().path().trim_start_matches('/').to_owned();
        let offer = offers.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        match (offer, request.method()) {
            (Some(Offer::GiveOut(path)), &Method::GET) => give(path).await,
            (Some(Offer::TakeIn(path)), &Method::PUT) => take(path, request.into_body()).await,
            _ => empty(StatusCode::NOT_FOUND),
        }
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, PUT"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    // Chromium sends a preflight request before a public page may reach a private address.
    headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    Ok(response)
}

async fn give(path: PathBuf) -> Response<Body> {
    let Ok(file) = tokio::fs::File::open(path).await else { return empty(StatusCode::NOT_FOUND) };
    let length = file.metadata().await.map(|metadata| metadata.len()).ok();
    let body = StreamBody::new(ReaderStream::new(file).map_ok(Frame::data));
    let mut response = Response::new(BodyExt::boxed(body));
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

async fn take(path: PathBuf, mut body: Incoming) -> Response<Body> {
    let written = async {
        let mut file = tokio::fs::File::create(&path).await?;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(std::io::Error::other)?;
            if let Some(data) = frame.data_ref() {
                file.write_all(data).await?;
            }
        }
        file.flush().await
    };
    match written.await {
        Ok(()) => empty(StatusCode::NO_CONTENT),
        Err(error) => {
            tracing::warn!(%error, "a file from the page could not be written");
            let _ = tokio::fs::remove_file(&path).await;
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_works_once_and_both_ways() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::write(&from, b"content").unwrap();
        let exchange = Exchange::start(&OwnPorts::default()).await.unwrap();
        let client = crate::egress::local_client().unwrap();
        let (url, _token) = exchange.give_out(from);
        assert_eq!(client.get(&url).send().await.unwrap().bytes().await.unwrap(), "content");
        let again = client.get(&url).send().await.unwrap();
        assert_eq!(again.status(), 404);
        assert_eq!(again.headers()["connection"], "close", "a stranger keeps its place");
        let (url, _token) = exchange.take_in(to.clone());
        assert_eq!(client.put(&url).body("sent").send().await.unwrap().status(), 204);
        assert_eq!(std::fs::read(to).unwrap(), b"sent");
        let (url, token) = exchange.take_in(folder.path().join("never"));
        drop(token);
        assert_eq!(client.put(&url).body("late").send().await.unwrap().status(), 404);
    }
}

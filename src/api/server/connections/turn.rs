//! A request and its answer on a connection: while it lasts the connection is busy, its body comes
//! at a pace, and its answer goes out in small pieces.

use std::{
    cell::RefCell,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error as ActixError, HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{Method, header},
    middleware::Next,
    web::Bytes,
};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::api::server::connections::Connection;

/// Bytes of an answer that are copied for one connection at a time.
const PIECE: usize = 16 * 1024;
/// Bytes that a body must bring each second beyond its first time.
const SLOWEST: u64 = 32 * 1024;

/// Around everything else that a request passes.
pub async fn pass(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    patience: Duration,
) -> Result<ServiceResponse<Answer>, ActixError> {
    let is_upgrade = is_websocket(&request);
    let unread = if is_upgrade { None } else { paced_body(&mut request, patience) };
    let has_body = is_upgrade || unread.is_some();
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let turn = connection.map(|connection| Turn::begin(connection, has_body));
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Answer {
        body: body.boxed(),
        piece: Bytes::new(),
        _unread: unread,
        _turn: turn,
    }))
}

/// Whether the connection becomes a WebSocket. Any other request may have the same words: its body has its
/// deadline all the same.
fn is_websocket(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let names_it = headers
        .get(header::UPGRADE)
        .is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let has_body = headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING);
    request.head().upgrade() && request.method() == Method::GET && names_it && !has_body
}

/// A request that is under way on a connection.
struct Turn(Arc<Connection>);

impl Turn {
    fn begin(connection: Arc<Connection>, has_body: bool) -> Self {
        connection.under_way.fetch_add(1, Ordering::Relaxed);
        connection.turns.fetch_add(1, Ordering::Relaxed);
        connection.has_body.store(has_body, Ordering::Relaxed);
        let turn = Self(connection);
        if has_body {
            turn.read_on();
        }
        turn
    }

    fn read_on(&self) {
        if self.0.is_held.swap(false, Ordering::Relaxed) {
            self.0.task.wake();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        self.0.has_body.store(false, Ordering::Relaxed);
        self.read_on();
    }
}

/// The body of an answer.
pub struct Answer {
    body: BoxBody,
    /// What is left of the part that the body gave last.
    piece: Bytes,
    /// While it is here the server does not read on for a body that nobody wants: it closes.
    _unread: Option<Rc<RefCell<Payload>>>,
    _turn: Option<Turn>,
}

impl MessageBody for Answer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        while self.piece.is_empty() {
            match Pin::new(&mut self.body).poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) => self.piece = bytes,
                other => return other,
            }
        }
        let length = self.piece.len().min(PIECE);
        Poll::Ready(Some(Ok(self.piece.split_to(length))))
    }
}

/// Puts a deadline on the body of a request, where it has one.
fn paced_body(request: &mut ServiceRequest, patience: Duration) -> Option<Rc<RefCell<Payload>>> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let shared = Rc::new(RefCell::new(payload));
    let begun = Instant::now();
    let deadline = Box::pin(sleep_until(begun + patience));
    let body = PacedBody { payload: shared.clone(), begun, read: 0, patience, deadline };
    request.set_payload(Payload::Stream { payload: Box::pin(body) });
    Some(shared)
}

/// A body that has to come: something within each time of patience, and all of it at a pace.
struct PacedBody {
    payload: Rc<RefCell<Payload>>,
    begun: Instant,
    read: u64,
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl Stream for PacedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut *this.payload.borrow_mut()).poll_next(cx);
        match polled {
            Poll::Ready(Some(Ok(bytes))) => {
                this.read += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let at_pace = this.begun + this.patience + Duration::from_secs(this.read / SLOWEST);
                this.deadline.as_mut().reset(at_pace.min(Instant::now() + this.patience));
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Pending if this.deadline.as_mut().poll(cx).is_ready() => {
                let late = io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly");
                Poll::Ready(Some(Err(PayloadError::Io(late))))
            }
            other => other,
        }
    }
}

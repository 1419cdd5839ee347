//! Server-sent events as an answer: its headers, and pieces until there are none. What the pieces say is the handler's.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, Data},
};
use futures_util::stream;
use tokio_util::sync::CancellationToken;

pub const EVENT_STREAM: &str = "text/event-stream";

/// A stream under way.
pub trait Pieces: 'static {
    /// The next piece; none at the end of the stream.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>>;
}

/// The end of all streams of a server: cancelled when it stops.
#[derive(Clone, Default)]
pub struct EndOfStreams(pub CancellationToken);

/// The answer to a request that asks for the headers of a stream alone; none for any other.
pub fn of_head(request: &HttpRequest) -> Option<HttpResponse> {
    (request.method() == Method::HEAD)
        .then(|| HttpResponse::Ok().content_type(EVENT_STREAM).finish())
}

/// The answer that is a stream. Neither caches nor proxies hold it back. When the server stops, it ends after the pieces
/// that are ready.
pub fn streaming(request: &HttpRequest, pieces: impl Pieces) -> HttpResponse {
    let end = request.app_data::<Data<EndOfStreams>>();
    let end = end.map_or_else(CancellationToken::new, |end| end.0.clone());
    let pieces = stream::unfold((pieces, end), |(mut pieces, end)| async move {
        let next = tokio::select! {
            biased;
            next = pieces.next() => next?,
            () = end.cancelled() => return None,
        };
        Some((Ok::<_, Infallible>(next), (pieces, end)))
    });
    HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(pieces)
}

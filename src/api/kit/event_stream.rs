//! Server-sent events as an answer: its headers, and pieces until there are none. What the pieces say is the handler's.

use std::convert::Infallible;

use actix_web::{HttpRequest, HttpResponse, http::Method, web::Bytes};
use futures_util::stream;

pub const EVENT_STREAM: &str = "text/event-stream";

/// A stream under way.
pub trait Pieces: 'static {
    /// The next piece; none at the end of the stream.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>>;
}

/// The answer to a request that asks for the headers of a stream alone; none for any other.
pub fn of_head(request: &HttpRequest) -> Option<HttpResponse> {
    (request.method() == Method::HEAD)
        .then(|| HttpResponse::Ok().content_type(EVENT_STREAM).finish())
}

/// The answer that is a stream. Neither caches nor proxies hold it back.
pub fn streaming(pieces: impl Pieces) -> HttpResponse {
    let pieces = stream::unfold(pieces, |mut pieces| async move {
        let next = pieces.next().await?;
        Some((Ok::<_, Infallible>(next), pieces))
    });
    HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(pieces)
}

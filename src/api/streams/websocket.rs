//! `/ws/{sessionId}`: the events of a session as they are logged, with replay.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::StatusCode, web};
use actix_ws::{AggregatedMessage, CloseCode, CloseReason, Session};
use bytestring::ByteString;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    api::{
        dialects,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Content, DescribeAnswer, InSession, Operation, Query, Read},
        sessions::wording::{present, status_frame},
        streams::{
            feed::{Feed, Start},
            listener::{Listener, StreamQuery},
            websocket_faults::{LARGEST_FRAME, close_code, guarded},
        },
    },
    domain::{Error, SessionId, SessionState},
    services::Services,
};

const PING_INTERVAL: Duration = Duration::from_secs(30);
/// A client that has not answered for so long is dead.
const DEAD_AFTER: Duration = Duration::from_secs(75);
/// A client that does not take a frame for so long is too slow; it resumes by number.
const SLOW_AFTER: Duration = Duration::from_secs(10);
/// How long the last frame may wait for a client that does not read.
const CLOSE_AFTER: Duration = Duration::from_secs(2);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/ws/{sessionId}", open)
            .named("openWebSocket")
            .about("Events", "Follow the events of a session over a WebSocket")
            .details("A client that comes back with `since` misses nothing."),
    ]
}

/// A WebSocket that opens, or why it does not.
struct Upgrade(HttpResponse);

impl Responder for Upgrade {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl DescribeAnswer for Upgrade {
    fn describe(operation: &mut Operation) {
        operation.succeeds(101, "The WebSocket is open", Content::Other("", ""));
        operation.fails_with(StatusCode::UPGRADE_REQUIRED);
    }
}

async fn open(
    call: Call<Read, InSession>,
    Query(query): Query<StreamQuery>,
    payload: web::Payload,
) -> Result<Upgrade, ApiError> {
    let (id, handle, request) = (call.session_id()?, call.session()?, call.request());
    let is_upgrade = request
        .headers()
        .get("upgrade")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    if !is_upgrade {
        let body =
            dialects::of(request).http_failure("UPGRADE_REQUIRED", "This is a WebSocket endpoint");
        let mut answer = HttpResponse::build(StatusCode::UPGRADE_REQUIRED);
        return Ok(Upgrade(answer.insert_header(("upgrade", "websocket")).json(body)));
    }
    let listener = Listener::admit(&call, request, &query, Some(&handle), None).await?;
    let payload = guarded(request, payload).await?;
    let (response, session, stream) = actix_ws::handle(request, payload).map_err(|error| {
        Error::invalid(format!("the WebSocket handshake is not right: {error}"))
    })?;
    let stream = stream.max_frame_size(LARGEST_FRAME).aggregate_continuations();
    let stream = stream.max_continuation_size(LARGEST_FRAME);
    let mut first = Vec::new();
    match listener.start {
        Start::Now => {
            let present = present(&handle.status(), listener.codes, call.clock.now());
            let wanted = present.filter(|(name, _)| listener.feed.wants(name));
            first.extend(wanted.map(|(_, frame)| frame));
        }
        Start::Replay => (),
        Start::Reset(oldest) => {
            first.push(json!({ "event": "reset", "oldest": oldest }).to_string())
        }
    }
    let Listener { feed, lease, place, .. } = listener;
    let connection =
        Connection { session, feed, status: handle.watch(), id, services: call.services() };
    actix_web::rt::spawn(async move {
        let (_place, session) = (place, connection.session.clone());
        tokio::select! {
            biased;
            ending = lease.ended() => close(session, closing(CloseCode::Policy, ending.reason())).await,
            () = connection.serve(stream, first) => (),
        }
    });
    Ok(Upgrade(response))
}

/// What a client may say.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Saying {
    Ping,
    Subscribe { events: Vec<String> },
}

struct Connection {
    session: Session,
    feed: Feed,
    status: tokio::sync::watch::Receiver<crate::domain::SessionStatus>,
    id: SessionId,
    services: web::Data<Services>,
}

impl Connection {
    /// Until either side closes.
    async fn serve(mut self, mut stream: actix_ws::AggregatedMessageStream, first: Vec<String>) {
        for frame in first {
            if self.send(frame).await.is_err() {
                return;
            }
        }
        let mut last_received = Instant::now();
        let mut ping = tokio::time::interval(PING_INTERVAL);
        let reason = loop {
            tokio::select! {
                said = stream.next() => match said {
                    Some(Ok(AggregatedMessage::Text(text))) => {
                        last_received = Instant::now();
                        if self.hear(&text).await.is_err() { return; }
                    }
                    Some(Ok(AggregatedMessage::Ping(data))) => {
                        last_received = Instant::now();
                        if self.session.pong(&data).await.is_err() { return; }
                    }
                    Some(Ok(AggregatedMessage::Close(reason))) => break reason,
                    Some(Ok(AggregatedMessage::Pong(_) | AggregatedMessage::Binary(_))) => last_received = Instant::now(),
                    Some(Err(fault)) => match close_code(&fault) {
                        Some(code) => break Some(code.into()),
                        // The connection is gone.
                        None => return,
                    },
                    None => return,
                },
                frames = self.feed.next() => match frames {
                    Ok(frames) => {
                        for frame in frames {
                            if let Err(reason) = self.send(frame.json).await {
                                return close(self.session, reason).await;
                            }
                        }
                    }
                    Err(_) => break Some(closing(CloseCode::Again, "the event log failed; resume by number")),
                },
                gone = self.status.changed() => {
                    if gone.is_err() {
                        break Some(self.last_words().await);
                    }
                },
                _ = ping.tick() => {
                    if DEAD_AFTER < last_received.elapsed() || self.session.ping(b"").await.is_err() {
                        return;
                    }
                }
            }
        };
        close(self.session, reason).await;
    }

    /// The session's task has ended: removed, or the gateway stops.
    async fn last_words(&mut self) -> CloseReason {
        // The reason was logged before the task ended; the client gets it first.
        while let Ok(Ok(frames)) =
            tokio::time::timeout(Duration::from_millis(100), self.feed.next()).await
        {
            for frame in frames {
                if self.send(frame.json).await.is_err() {
                    break;
                }
            }
        }
        let is_removed = self.services.supervisor.get(&self.id).is_err()
            || self.status.borrow().state == SessionState::Terminated;
        if is_removed {
            closing(CloseCode::Normal, "the session was removed")
        } else {
            closing(CloseCode::Away, "the gateway is stopping")
        }
    }

    async fn send(&mut self, text: impl Into<ByteString>) -> Result<(), CloseReason> {
        match tokio::time::timeout(SLOW_AFTER, self.session.text(text)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(closing(CloseCode::Away, "closed")),
            Err(_) => Err(closing(CloseCode::Again, "too slow; resume with ?since=")),
        }
    }

    /// What is not understood is let pass.
    async fn hear(&mut self, text: &str) -> Result<(), CloseReason> {
        match serde_json::from_str(text) {
            Ok(Saying::Ping) => {
                let pong = status_frame("pong", &self.id, json!({}), self.services.clock.now());
                self.send(pong).await
            }
            Ok(Saying::Subscribe { events }) => {
                self.feed.choose(&events.join(","));
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }
}

/// Says goodbye to a client that may not read it.
async fn close(session: Session, reason: impl Into<Option<CloseReason>>) {
    let _ = tokio::time::timeout(CLOSE_AFTER, session.close(reason.into())).await;
}

fn closing(code: CloseCode, description: &str) -> CloseReason {
    CloseReason { code, description: Some(description.to_owned()) }
}

//! `/ws/{sessionId}`: the events of a session as they are logged, with replay.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use actix_ws::{AggregatedMessage, CloseCode, CloseReason, Session};
use bytestring::ByteString;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    api::{
        body::{Query, session_id},
        endpoint::{
            Endpoint,
            ParameterKind::{Number, Text},
        },
        error::{ApiError, envelope},
        feed::{Feed, Start, names},
        frames::Frames,
        places::{Place, Places},
        sessions::wire::{present, status_frame},
    },
    domain::{Error, SessionId, SessionState},
    services::Services,
};

const LARGEST_FRAME: usize = 64 * 1024;
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// A client that has not answered for so long is dead.
const DEAD_AFTER: Duration = Duration::from_secs(75);
/// A client that does not take a frame for so long is too slow; it resumes by number.
const SLOW_AFTER: Duration = Duration::from_secs(10);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/ws/{sessionId}", open)
            .about("Events", "Follow the events of a session over a WebSocket")
            .query(Text, "events", "Names of the events wanted, separated by commas")
            .query(Number, "since", "Replay everything after this number first")
            .answers_other(101, ""),
    ]
}

async fn open(
    services: web::Data<Services>,
    places: web::Data<Places>,
    frames: web::Data<Frames>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&request)?;
    let handle = services.supervisor.get(&id)?;
    let is_upgrade = request
        .headers()
        .get("upgrade")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    if !is_upgrade {
        let body = envelope("UPGRADE_REQUIRED", "This is a WebSocket endpoint", &json!({}));
        return Ok(HttpResponse::build(StatusCode::UPGRADE_REQUIRED)
            .insert_header(("upgrade", "websocket"))
            .json(body));
    }
    let query = Query::of(&request);
    let since = match query.text("since") {
        Some(_) => Some(query.number("since", 0, 0, u64::MAX - 1)?),
        None => None,
    };
    let (log, frames) = (services.events.clone(), frames.get_ref().clone());
    let mut feed = Feed::new(log, frames, Some(id.clone()), &query)?;
    let start = feed.begin(since);
    let place = places.take(&id)?;
    let (response, session, stream) = actix_ws::handle(&request, payload).map_err(|error| {
        Error::invalid(format!("the WebSocket handshake is not right: {error}"))
    })?;
    let stream = stream.max_frame_size(LARGEST_FRAME).aggregate_continuations();
    let stream = stream.max_continuation_size(LARGEST_FRAME);
    let mut first = Vec::new();
    match start {
        Start::Now => {
            let present = present(&handle.status(), services.clock.now());
            first.extend(present.filter(|(name, _)| feed.wants(name)).map(|(_, frame)| frame));
        }
        Start::Replay => (),
        Start::TooOld(oldest) => {
            first.push(json!({ "event": "reset", "oldest": oldest }).to_string())
        }
    }
    let connection =
        Connection { session, feed, status: handle.watch(), id, services, _place: place };
    actix_web::rt::spawn(connection.serve(stream, first));
    Ok(response)
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
    _place: Place,
}

impl Connection {
    async fn serve(mut self, mut stream: actix_ws::AggregatedMessageStream, first: Vec<String>) {
        for frame in first {
            if self.send(frame).await.is_err() {
                return;
            }
        }
        let mut heard = Instant::now();
        let mut ping = tokio::time::interval(PING_INTERVAL);
        let reason = loop {
            tokio::select! {
                said = stream.next() => match said {
                    Some(Ok(AggregatedMessage::Text(text))) => {
                        heard = Instant::now();
                        if self.hear(&text).await.is_err() { return; }
                    }
                    Some(Ok(AggregatedMessage::Ping(data))) => {
                        heard = Instant::now();
                        if self.session.pong(&data).await.is_err() { return; }
                    }
                    Some(Ok(AggregatedMessage::Close(reason))) => break reason,
                    Some(Ok(AggregatedMessage::Pong(_) | AggregatedMessage::Binary(_))) => heard = Instant::now(),
                    Some(Err(_)) => break Some(CloseCode::Size.into()),
                    None => return,
                },
                frames = self.feed.next() => match frames {
                    Ok(frames) => {
                        for frame in frames {
                            if let Err(reason) = self.send(frame.json).await {
                                let _ = self.session.close(Some(reason)).await;
                                return;
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
                    if DEAD_AFTER < heard.elapsed() || self.session.ping(b"").await.is_err() {
                        return;
                    }
                }
            }
        };
        let _ = self.session.close(reason).await;
    }

    /// The session's task has ended: removed, or the gateway stops.
    async fn last_words(&mut self) -> CloseReason {
        // The reason was logged before the task ended; the client shall have it first.
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
                if let Ok(wanted) = names(&events.join(",")) {
                    self.feed.choose(wanted);
                }
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }
}

fn closing(code: CloseCode, description: &str) -> CloseReason {
    CloseReason { code, description: Some(description.to_owned()) }
}

//! Server-sent events: the event log as a stream that a browser resumes by itself.

use std::{collections::VecDeque, time::Duration};

use actix_web::web;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Call, File, FileKind, InSession, OwnSessions, Query, Read,
            event_stream::{self, EVENT_STREAM, Pieces},
        },
        streams::{
            feed::Start,
            listener::{Listener, StreamQuery},
        },
    },
    domain::SessionStatus,
    session::SessionHandle,
};

const TAG: &str = "Events";
const HEARTBEAT: Duration = Duration::from_secs(15);

pub fn endpoints() -> Vec<Endpoint> {
    let stream = |endpoint: Endpoint| {
        endpoint.details(
            "Each frame has the number of its event as its id. A client that comes back with \
             `Last-Event-ID` or `since` misses nothing. With `inbox=true` the events of the inbox come too, such as \
             `conversation.changed`: of WhatsApp and SMS to everybody with the scope `conversations`, of web chats to \
             those who see the bot.",
        )
    };
    vec![
        stream(Endpoint::get("/api/v1/events", all))
            .named("streamEvents")
            .about(TAG, "Follow the events of all sessions, or of the one that the key is for"),
        stream(Endpoint::get("/api/v1/sessions/{sessionId}/events", one))
            .named("streamSessionEvents")
            .about(TAG, "Follow the events of a session"),
    ]
}

#[derive(Deserialize, ToSchema)]
struct FollowQuery {
    #[serde(flatten)]
    stream: StreamQuery,
    /// End after this number.
    #[schema(minimum = 0)]
    until: Option<u64>,
}

const EXAMPLE: &str = "id: 42\nevent: message\ndata: {\"event\":\"message\",\"sessionId\":\"shop\",\
    \"data\":{\"body\":\"Hello\"},\"timestamp\":1774348260,\"seq\":42}\n\n";

/// A stream of events.
struct EventStream;

impl FileKind for EventStream {
    const CONTENT_TYPE: &'static str = EVENT_STREAM;
    const EXAMPLE: &'static str = EXAMPLE;
}

async fn all(
    call: Call<Read, OwnSessions>,
    Query(query): Query<FollowQuery>,
) -> Result<File<EventStream>, ApiError> {
    let own = call.own_session().map(|own| call.supervisor.get(&own)).transpose()?;
    follow(&call, &query, own.as_ref()).await
}

async fn one(
    call: Call<Read, InSession>,
    Query(query): Query<FollowQuery>,
) -> Result<File<EventStream>, ApiError> {
    follow(&call, &query, Some(&call.session()?)).await
}

async fn follow<R>(
    call: &Call<Read, R>,
    query: &FollowQuery,
    session: Option<&SessionHandle>,
) -> Result<File<EventStream>, ApiError> {
    let request = call.request();
    if let Some(head) = event_stream::of_head(request) {
        return Ok(head.into());
    }
    let last_id = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let resume = last_id.and_then(|id| id.parse().ok());
    let mut listener = Listener::admit(call, request, &query.stream, session, resume).await?;
    if let Some(until) = query.until {
        listener.feed.end_at(until);
    }
    let opening = match listener.start {
        // The number alone: a connection that breaks before the first event goes on from here.
        Start::Now => format!("id: {}\n: connected\n\n", listener.feed.position()),
        Start::Replay => ": connected\n\n".to_owned(),
        Start::Reset(oldest) => format!("event: reset\ndata: {{\"oldest\":{oldest}}}\n\n"),
    };
    let (status, ready) = (session.map(SessionHandle::watch), VecDeque::from([opening.into()]));
    let following = Following { listener, status, ready, is_over: false };
    Ok(event_stream::streaming(request, following).into())
}

/// A stream under way.
struct Following {
    listener: Listener,
    /// Of the one session that is followed, until it ends.
    status: Option<watch::Receiver<SessionStatus>>,
    ready: VecDeque<web::Bytes>,
    is_over: bool,
}

impl Pieces for Following {
    async fn next(&mut self) -> Option<web::Bytes> {
        if self.is_over {
            return None;
        }
        let Listener { feed, lease, .. } = &mut self.listener;
        // First of all, also before what is ready: nothing is shown to a key that has ended.
        while lease.ending().is_none() && self.ready.is_empty() && !feed.is_over() {
            tokio::select! {
                biased;
                _ = lease.ended() => (),
                next = tokio::time::timeout(HEARTBEAT, feed.next()) => match next {
                    Ok(Ok(frames)) => self.ready.extend(frames.into_iter().map(|frame| frame.stream)),
                    // The store failed: the client comes back with the number it has.
                    Ok(Err(_)) => return None,
                    Err(_) => self.ready.push_back(web::Bytes::from_static(b": alive\n\n")),
                },
                // What was logged before its end is sent; then the stream ends.
                () = ended(&mut self.status) => feed.end_now(),
            }
        }
        if let Some(ending) = lease.ending() {
            self.is_over = true;
            let data = json!({ "reason": ending.reason() });
            return Some(format!("event: closed\ndata: {data}\n\n").into());
        }
        self.ready.pop_front()
    }
}

/// Resolves once when the session that is followed has ended: removed, or the gateway stops.
async fn ended(status: &mut Option<watch::Receiver<SessionStatus>>) {
    if let Some(status) = status {
        while status.changed().await.is_ok() {}
    } else {
        std::future::pending::<()>().await;
    }
    *status = None;
}

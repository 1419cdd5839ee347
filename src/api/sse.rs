//! Server-sent events: the event log as a stream that a browser resumes by itself.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;

use crate::{
    api::{
        auth::principal,
        body::{Query, session_id},
        endpoint::{
            Endpoint,
            ParameterKind::{Number, Text},
        },
        error::ApiError,
        feed::{Feed, Start},
        frames::Frames,
    },
    domain::SessionId,
    services::Services,
};

const TAG: &str = "Events";
const HEARTBEAT: Duration = Duration::from_secs(15);

pub fn endpoints() -> Vec<Endpoint> {
    let stream = |endpoint: Endpoint| {
        endpoint
            .query(Text, "events", "Names of the events wanted, separated by commas")
            .query(Number, "since", "Replay everything after this number first")
            .query(Number, "until", "End after this number")
            .answers_other(200, "text/event-stream")
    };
    vec![
        stream(
            Endpoint::get("/api/v1/events", all)
                .about(TAG, "Follow the events of all sessions, or of the one that the key is for")
                .for_keys_of_one_session(),
        ),
        stream(
            Endpoint::get("/api/v1/sessions/{sessionId}/events", one)
                .about(TAG, "Follow the events of a session"),
        ),
    ]
}

async fn all(
    services: web::Data<Services>,
    frames: web::Data<Frames>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let own = principal(&request).session.clone();
    follow(&services, &frames, &request, own)
}

async fn one(
    services: web::Data<Services>,
    frames: web::Data<Frames>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&request)?;
    services.supervisor.get(&id)?;
    follow(&services, &frames, &request, Some(id))
}

fn follow(
    services: &Services,
    frames: &Frames,
    request: &HttpRequest,
    session: Option<SessionId>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(request);
    let last_id = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let since = match last_id.and_then(|id| id.parse().ok()) {
        Some(since) => Some(since),
        None => match query.text("since") {
            Some(_) => Some(query.number("since", 0, 0, u64::MAX - 1)?),
            None => None,
        },
    };
    let mut feed = Feed::new(services.events.clone(), frames.clone(), session, &query)?;
    if query.text("until").is_some() {
        feed.end_at(query.number("until", 0, 0, u64::MAX)?);
    }
    let opening = match feed.begin(since) {
        // The number alone: a line that breaks before the first event goes on from here.
        Start::Now => format!("id: {}\n: connected\n\n", feed.position()),
        Start::Replay => ": connected\n\n".to_owned(),
        Start::TooOld(oldest) => format!("event: reset\ndata: {{\"oldest\":{oldest}}}\n\n"),
    };
    let opening = VecDeque::from([web::Bytes::from(opening)]);
    let frames = stream::unfold((feed, opening), |(mut feed, mut ready)| async move {
        if ready.is_empty() && !feed.is_over() {
            match tokio::time::timeout(HEARTBEAT, feed.next()).await {
                Ok(Ok(frames)) => ready.extend(frames.into_iter().map(|frame| frame.stream)),
                // The store failed: the client comes back with the number it has.
                Ok(Err(_)) => return None,
                Err(_) => ready.push_back(web::Bytes::from_static(b": alive\n\n")),
            }
        }
        let next = ready.pop_front()?;
        Some((Ok::<_, Infallible>(next), (feed, ready)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(frames))
}

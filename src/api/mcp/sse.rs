//! HTTP+SSE: the transport of revision 2024-11-05. Messages come by POST, and their answers go on a stream.

use std::{panic::AssertUnwindSafe, time::Duration};

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, web};
use bytes::Bytes;
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    accounts::Lease,
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Content, DescribeAnswer, File, FileKind, Operation, Query, Repeat,
            event_stream::{self, EVENT_STREAM, Pieces},
        },
        mcp::{
            call::{McpCall, TAG},
            rpc::{self, Headers},
            streamable::{RpcMessage, is_open},
            streams::{Frame, Line, Reading, Streams},
        },
    },
    domain::{Error, ErrorCode},
    mcp::message,
};

/// A client that has hung up is noticed by the second ping that it does not take: its place is free again then.
const PING: Duration = Duration::from_secs(3);
const INTERNAL_ERROR: i32 = -32_603;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/mcp/sse", open)
            .named("openMcpStream")
            .about(TAG, "Open a stream for the older transport of assistants")
            .details(
                "HTTP+SSE of revision 2024-11-05. The first event, `endpoint`, says where messages are sent; their \
                 answers come as the event `message`. A reader that is 64 messages or 1 MiB behind is cut off.",
            )
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::post("/api/mcp/messages", take)
            .named("sendMcpMessage")
            .about(TAG, "Send one message of the stream that is named")
            .details("The answer comes on the stream. Another key than the stream's is refused.")
            .repeats(Repeat::Unkeyed)
            .may_fail(&[ErrorCode::NotFound]),
    ]
}

const EXAMPLE: &str = "event: endpoint\n\
    data: /api/mcp/messages?sessionId=6f1c0f0e-3f5b-4f0e-9d3a-5d9a3c1b2e4f\n\n";

/// A stream of messages.
struct Messages;

impl FileKind for Messages {
    const CONTENT_TYPE: &'static str = EVENT_STREAM;
    const EXAMPLE: &'static str = EXAMPLE;
}

/// Nothing but that it was taken.
struct Taken(HttpResponse);

impl Responder for Taken {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl DescribeAnswer for Taken {
    fn describe(operation: &mut Operation) {
        operation.succeeds(202, "The answer comes on the stream", Content::Other("", ""));
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StreamQuery {
    /// The id of the stream, as its first event names it.
    #[schema(max_length = 36, example = "6f1c0f0e-3f5b-4f0e-9d3a-5d9a3c1b2e4f")]
    session_id: String,
}

fn streams(call: &McpCall) -> Result<web::Data<Streams>, Error> {
    let streams = call.request().app_data::<web::Data<Streams>>().cloned();
    streams.ok_or_else(|| Error::internal("the server is not set up"))
}

async fn open(call: McpCall) -> Result<File<Messages>, ApiError> {
    is_open(&call)?;
    if let Some(head) = event_stream::of_head(call.request()) {
        return Ok(head.into());
    }
    let reading = streams(&call)?.add((*call.principal()).clone())?;
    // Last, so that a revocation that comes meanwhile is seen.
    let lease = call.api_keys.lease(&call.principal()).await?;
    let first = format!("event: endpoint\ndata: /api/mcp/messages?sessionId={}\n\n", reading.id);
    let following = Following { first: Some(first.into()), reading, lease };
    Ok(event_stream::streaming(call.request(), following).into())
}

/// A stream under way.
struct Following {
    first: Option<Bytes>,
    reading: Reading,
    lease: Lease,
}

impl Pieces for Following {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let Self { reading: Reading { frames, ended, .. }, lease, .. } = self;
        if lease.ending().is_some() {
            return None;
        }
        tokio::select! {
            biased;
            _ = lease.ended() => None,
            () = ended.cancelled() => None,
            frame = tokio::time::timeout(PING, frames.recv()) => match frame {
                Ok(frame) => frame.map(Frame::taken),
                Err(_) => Some(Bytes::from_static(b": ping\n\n")),
            },
        }
    }
}

async fn take(
    call: McpCall,
    Query(query): Query<StreamQuery>,
    RpcMessage(bytes): RpcMessage,
) -> Result<Taken, ApiError> {
    is_open(&call)?;
    let line = streams(&call)?.find(&query.session_id, &call.principal())?;
    let envelope = match message::read(&bytes) {
        Ok(envelope) => envelope,
        Err(fault) => return Ok(Taken(HttpResponse::BadRequest().json(fault.answer()))),
    };
    let place = line.begin()?;
    // The worker's runtime owns the task, which ends by the deadlines of what it does.
    actix_web::rt::spawn(async move {
        let _place = place;
        answer(&call, bytes, &line, envelope.id.unwrap_or_default()).await;
    });
    Ok(Taken(HttpResponse::Accepted().finish()))
}

/// Has a message answered, and tells the answer on the stream.
async fn answer(call: &McpCall, bytes: Bytes, line: &Line, id: Value) {
    let headers = Headers::Implied(call.request().headers());
    let answered = AssertUnwindSafe(rpc::answer(call, bytes, headers)).catch_unwind().await;
    match answered {
        Ok(Ok(answer)) => answer.body.iter().for_each(|body| line.tell(body)),
        Ok(Err(error)) => {
            let body = message::error(&id, INTERNAL_ERROR, &error.message);
            line.tell(body.to_string().as_bytes());
        }
        Err(_) => {
            tracing::error!("a tool panicked");
            let body = message::error(&id, INTERNAL_ERROR, "Internal server error");
            line.tell(body.to_string().as_bytes());
        }
    }
}

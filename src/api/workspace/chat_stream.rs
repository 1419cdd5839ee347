//! Answers of bots as a stream of server-sent events: `start`, `token` for each word or piece, `sources`, `done`; or `error`.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{FutureExt, future::LocalBoxFuture, stream};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answers::Follower,
    api::{
        dialects,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Bucket, Call, Conversations, Dialect, File, FileKind, Repeat},
        streams::{
            listener::who,
            places::{Caller, Place, Places},
        },
        workspace::chat::{self, Admitted, ChatBody, ChatView, TAG},
    },
    bots::Bot,
    domain::{Error, ErrorCode, SessionId},
    services::Services,
    web_chat::{Said, Saying},
};

const TYPE: &str = "text/event-stream";
/// The pause after which a waiting client gets a comment.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/chat/stream", follow)
            .named("streamChatWithBot")
            .about(TAG, "Say something to a bot, and get its answer word by word")
            .details(
                "The deltas of all `token` events joined are the `response` of `done`, which is the answer of the same \
                 request without a stream. Faults of the request are JSON, before the stream begins. A client that leaves \
                 stops a language model; what it said by then is kept, `truncated`. With the same `Idempotency-Key` the \
                 stream is that of the first message.",
            )
            .limited(Bucket::Assistant)
            .repeats(Repeat::Joined)
            .may_fail(&[ErrorCode::NotFound, ErrorCode::Unavailable]),
    ]
}

const EXAMPLE: &str = "event: start\ndata: {\"session_id\":\"550e8400-e29b-41d4-a716-446655440061\",\
    \"message_id\":\"660e8400-e29b-41d4-a716-446655440062\"}\n\nevent: token\ndata: {\"delta\":\"Hi! \"}\n\n";

/// A stream of the words of an answer.
pub struct AnswerStream;

impl FileKind for AnswerStream {
    const CONTENT_TYPE: &'static str = TYPE;
    const EXAMPLE: &'static str = EXAMPLE;
}

async fn follow(
    call: Call<Conversations>,
    Body(mut body): Body<ChatBody>,
) -> Result<File<AnswerStream>, ApiError> {
    let Admitted { bot, chat, visitor } = chat::admit(&call, &mut body).await?;
    let place = place(call.request(), &bot, who(call.request()))?;
    let saying = Saying { bot: bot.id, chat, visitor, key: call.message_key() };
    let said = call.web_chats.say(&body.message, saying).await?;
    Ok(answer_stream(call.services(), bot.id, (said, place)))
}

/// A place for the stream of an answer, among those of the bot's web chat and of the caller. It is taken before anything is
/// said: what is refused for want of one was not said.
pub fn place(request: &HttpRequest, bot: &Bot, caller: Caller) -> Result<Place, Error> {
    let places = request.app_data::<web::Data<Places>>();
    let places = places.ok_or_else(|| Error::internal("the server is not set up"))?;
    places.take(Some(&SessionId::of_web(bot.id)), caller)
}

/// The answer to a message of a visitor.
pub fn answer_stream(
    services: web::Data<Services>,
    bot: Uuid,
    (said, place): (Said, Place),
) -> File<AnswerStream> {
    let start = frame(
        "start",
        &json!({ "session_id": said.conversation.to_string(), "message_id": said.message.to_string() }),
    );
    let follower = services.web_chats.follow(&said);
    let reply = async move {
        let replied = services.web_chats.reply(&said).await?;
        Ok(chat::answer(&services, bot, said.message, &replied))
    };
    let words = Words {
        ready: VecDeque::from([start]),
        follower,
        said: String::new(),
        reply: Some(reply.boxed_local()),
        _place: place,
    };
    let frames = stream::unfold(words, |mut words| async move {
        let next = words.next().await?;
        Some((Ok::<_, Infallible>(next), words))
    });
    HttpResponse::Ok()
        .content_type(TYPE)
        .insert_header(("cache-control", "no-cache"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(frames)
        .into()
}

/// A stream under way. Dropped with its client, it waits no more, and a language model that words the answer stops; what
/// it said by then is kept.
struct Words {
    ready: VecDeque<web::Bytes>,
    follower: Follower,
    /// What of the answer was sent.
    said: String,
    /// None once the answer is there.
    reply: Option<LocalBoxFuture<'static, Result<ChatView, Error>>>,
    _place: Place,
}

impl Words {
    /// The next piece of the stream; none at its end.
    async fn next(&mut self) -> Option<web::Bytes> {
        if let Some(next) = self.ready.pop_front() {
            return Some(next);
        }
        let reply = self.reply.as_mut()?;
        let answer = tokio::select! {
            biased;
            delta = self.follower.next() => {
                self.said.push_str(&delta);
                return Some(token(&delta));
            }
            answer = reply => answer,
            () = tokio::time::sleep(HEARTBEAT) => {
                return Some(web::Bytes::from_static(b": ping\n\n"));
            }
        };
        self.reply = None;
        self.follower.done();
        self.ready.extend(frames(answer, &self.said));
        self.ready.pop_front()
    }
}

/// What is sent once the answer is there, and this much of it was sent before.
fn frames(answer: Result<ChatView, Error>, said: &str) -> Vec<web::Bytes> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let failed = dialects::Workspace.failure(&error);
            let data = json!({ "error": failed.body["error"], "code": failed.code });
            return vec![frame("error", &data)];
        }
    };
    let rest = answer.response.as_deref().and_then(|text| text.strip_prefix(said));
    let words = rest.unwrap_or_default().split_inclusive(' ');
    let mut frames: Vec<web::Bytes> = words.map(token).collect();
    if !answer.sources.is_empty() {
        frames.push(frame("sources", &json!({ "sources": answer.sources })));
    }
    frames.push(frame("done", &json!(answer)));
    frames
}

fn token(delta: &str) -> web::Bytes {
    frame("token", &json!({ "delta": delta }))
}

pub fn frame(event: &str, data: &Value) -> web::Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}

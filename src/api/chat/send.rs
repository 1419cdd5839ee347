//! Sending: at once, with the message as it was sent in the answer, or through the queue, now or at
//! a time.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        chat::{
            access::{self, Id},
            either_form::SentOrQueued,
            mentioned::{mentions, named},
            messages::check_text,
            render,
            texts::{address, schedule},
            upload::{self, Given},
            wire::{QueuedView, SentView},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Body, Data, OwnSessions, Repeat},
    },
    domain::{
        Content, Error, ErrorCode, Jid, SessionId, SessionState, Timestamp, command::Sent,
        outbox::SendOptions,
    },
    messaging::{SendOutcome, SendRequest, uploads::Upload},
    services::Services,
};

const TAG: &str = "Chat";
const SENT: &str = "Message sent";
const QUEUED: &str = "Message added to queue";

type Call = kit::Call<kit::Send, OwnSessions>;

pub fn endpoints() -> Vec<Endpoint> {
    // What an earlier attempt sent is found in the outbox.
    let send = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable);
    vec![
        send(Endpoint::post("/api/v1/chat/send", text))
            .named("sendChatText")
            .about(TAG, "Send a text")
            .details(
                "Answers with the message as it was sent; one that still waits has no id yet.",
            ),
        send(Endpoint::post("/api/v1/chat/send-media", media))
            .named("sendChatMedia")
            .about(TAG, "Send a file from a URL, or a file in the request")
            .details("The file is named by `media_url`, or is in `media_data` as a data URL."),
        send(Endpoint::post("/api/v1/messages/send", queue_text))
            .named("queueText")
            .about(TAG, "Queue a text, to be sent now or at a time")
            .details(
                "Answers as soon as the message is in the outbox, also while the instance is \
                 not connected.",
            ),
        send(Endpoint::post("/api/v1/messages/send-media", queue_media))
            .named("queueMedia")
            .about(TAG, "Queue a file from a URL or in the request, to be sent now or at a time")
            .details(
                "Answers as soon as the message is in the outbox, also while the instance is \
                 not connected.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ChatTextBody, example = json!({
    "instance_id": "shop", "recipient": "15550000001", "message": "Hello!",
}))]
struct TextBody {
    #[schema(schema_with = access::instance_schema)]
    instance_id: Option<Id>,
    /// A telephone number with its country code, or a WhatsApp address, also of a group.
    #[schema(format = "chat-recipient")]
    recipient: String,
    /// 1 to 4,096 characters.
    #[schema(min_length = 1, max_length = 4_096)]
    message: String,
    #[schema(schema_with = access::reply_schema)]
    reply_to: Option<Id>,
    /// Those mentioned as `@number`; known numbers in the text are found without.
    #[schema(max_items = 100, format = "person")]
    mentioned_jids: Option<Vec<String>>,
    /// Only for `/messages/send`: not before this time.
    #[schema(format = "chat-time-to-send")]
    schedule_at: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ChatMediaBody, example = json!({
    "instance_id": "shop", "recipient": "15550000001",
    "media_data": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "media_type": "image", "caption": "Look",
}))]
struct MediaBody {
    #[schema(schema_with = access::instance_schema)]
    instance_id: Option<Id>,
    /// A telephone number with its country code, or a WhatsApp address, also of a group.
    #[schema(format = "chat-recipient")]
    recipient: String,
    /// http or https, at a public address.
    #[schema(max_length = 2_048, format = "http-url")]
    media_url: Option<String>,
    /// In place of `media_url`: the file as a data URL, `data:image/jpeg;base64,…`.
    #[schema(max_length = 25_165_824, format = "data-url")]
    media_data: Option<String>,
    #[schema(schema_with = upload::kind_schema)]
    media_type: String,
    /// At most 1,024 characters; not for audio.
    #[schema(max_length = 1_024)]
    caption: Option<String>,
    /// As the receiver sees it.
    #[schema(max_length = 255, format = "file-name")]
    filename: Option<String>,
    #[schema(schema_with = access::reply_schema)]
    reply_to: Option<Id>,
    /// Those mentioned in the caption as `@number`; known numbers in it are found without.
    #[schema(max_items = 100, format = "person")]
    mentioned_jids: Option<Vec<String>>,
    /// Only for `/messages/send-media`: not before this time.
    #[schema(format = "chat-time-to-send")]
    schedule_at: Option<String>,
}

async fn text(call: Call, Body(body): Body<TextBody>) -> Result<Data<SentOrQueued>, ApiError> {
    let at_once = not_scheduled(body.schedule_at.as_deref());
    let (session, send, ()) = text_request(&call, body, at_once).await?;
    send_now(&call, &session, send).await
}

async fn queue_text(call: Call, Body(body): Body<TextBody>) -> Result<Data<QueuedView>, ApiError> {
    let send_at = schedule(body.schedule_at.as_deref(), call.clock.now());
    let (session, send, send_at) = text_request(&call, body, send_at).await?;
    queue(&call, &session, send, send_at).await
}

async fn media(call: Call, Body(body): Body<MediaBody>) -> Result<Data<SentOrQueued>, ApiError> {
    let at_once = not_scheduled(body.schedule_at.as_deref());
    let is_ready = |session: &SessionId| -> Result<(), Error> {
        match call.supervisor.get(session)?.status().state {
            SessionState::Ready => Ok(()),
            _ => Err(Error::new(ErrorCode::NotReady, "The instance is not connected")),
        }
    };
    // The file is there until it is sent.
    let (session, send, (), _upload) = media_request(&call, body, at_once, is_ready).await?;
    send_now(&call, &session, send).await
}

async fn queue_media(
    call: Call,
    Body(body): Body<MediaBody>,
) -> Result<Data<QueuedView>, ApiError> {
    let send_at = schedule(body.schedule_at.as_deref(), call.clock.now());
    let (session, send, send_at, _upload) = media_request(&call, body, send_at, |_| Ok(())).await?;
    queue(&call, &session, send, send_at).await
}

/// A direct send goes out at once: a time to wait for is refused rather than ignored.
fn not_scheduled(schedule_at: Option<&str>) -> Result<(), Error> {
    match schedule_at.filter(|time| !time.trim().is_empty()) {
        Some(_) => Err(Error::invalid_field(
            "schedule_at",
            "is for /messages/send and /messages/send-media; this sends at once",
        )),
        None => Ok(()),
    }
}

/// What both kinds of message have: where from and to, what they answer, and whom they name.
struct Around {
    session: SessionId,
    chat: Jid,
    quoted: Option<String>,
    named: Vec<Jid>,
}

async fn around(
    services: &Services,
    request: &actix_web::HttpRequest,
    (instance_id, recipient, reply_to): (Option<Id>, &str, Option<Id>),
    given: &[String],
) -> Result<Around, Error> {
    let target = target(services, request, instance_id, recipient);
    let quoted = match &target {
        Ok((session, chat)) => quoted(services, session, chat, reply_to).await,
        Err(_) => Ok(None),
    };
    let ((target, quoted), named) = Error::both(Error::both(target, quoted), named(given))?;
    let (session, chat) = target;
    Ok(Around { session, chat, quoted, named })
}

/// `time`: when it is to be sent, or what is wrong with that.
async fn text_request<T>(
    call: &Call,
    body: TextBody,
    time: Result<T, Error>,
) -> Result<(SessionId, SendRequest, T), ApiError> {
    let given = body.mentioned_jids.unwrap_or_default();
    let place = (body.instance_id, body.recipient.as_str(), body.reply_to);
    let around = around(call, call.request(), place, &given).await;
    let (around, ((), time)) = Error::both(around, Error::both(check_text(&body.message), time))?;
    let Around { session, chat, quoted, named } = around;
    let mentions = mentions(call, &session, &chat, named, &body.message).await?;
    access::count_send(call.request(), &session)?;
    let (key, content) = (call.message_key(), Content::Text { body: body.message });
    Ok((session, SendRequest { key, chat, content, quoted, mentions, link_preview: true }, time))
}

/// A file is fetched from its address when all else is right, and `may_begin` says so.
async fn media_request<T>(
    call: &Call,
    body: MediaBody,
    time: Result<T, Error>,
    may_begin: impl Fn(&SessionId) -> Result<(), Error>,
) -> Result<(SessionId, SendRequest, T, Upload), ApiError> {
    let people = body.mentioned_jids.as_deref().unwrap_or_default();
    let is_sound = matches!(body.media_type.as_str(), "audio" | "voice");
    let fit = match is_sound && !people.is_empty() {
        true => {
            let message = "must not be given with audio, which has no words";
            Err(Error::invalid_field("mentioned_jids", message))
        }
        false => Ok(()),
    };
    let place = (body.instance_id.clone(), body.recipient.as_str(), body.reply_to.clone());
    let around = around(call, call.request(), place, people).await;
    let all = Error::both(around, Error::both(fit, time));
    // The caption of a sound is not sent.
    let caption = body.caption.clone().filter(|_| !is_sound).unwrap_or_default();
    let file = given(body, call);
    let (around, ((), time)) = match all {
        Err(error) if error.code == ErrorCode::Invalid => {
            return Err(match upload::check(call, file).await {
                Ok(()) => error.into(),
                Err(fault) => error.and(fault).into(),
            });
        }
        all => all?,
    };
    let Around { session, chat, quoted, named } = around;
    let mentions = mentions(call, &session, &chat, named, &caption).await?;
    access::count_send(call.request(), &session)?;
    may_begin(&session)?;
    let upload = upload::take(call, file).await?;
    // A file from a URL may take as long as its deadline.
    call.still_good().await?;
    let key = call.message_key();
    let content = Content::Media(upload.media.clone());
    let send = SendRequest { key, chat, content, quoted, mentions, link_preview: false };
    Ok((session, send, time, upload))
}

fn given(body: MediaBody, call: &Call) -> Given {
    Given {
        url: body.media_url,
        data: body.media_data,
        media_type: body.media_type,
        filename: body.filename,
        caption: body.caption,
        is_narrow: call.own_session().is_some(),
    }
}

async fn send_now(
    services: &Services,
    session: &SessionId,
    send: SendRequest,
) -> Result<Data<SentOrQueued>, ApiError> {
    Ok(match services.sends.send(session, send, SendOptions::default()).await? {
        SendOutcome::Sent(sent) => {
            let view = sent_view(services, session, &sent).await?;
            Data::of(SentOrQueued::from(view)).saying(SENT)
        }
        SendOutcome::Queued(entry) => {
            Data::of(SentOrQueued::from(QueuedView::of(&entry, services.clock.now())))
                .saying(QUEUED)
        }
    })
}

async fn sent_view(
    services: &Services,
    session: &SessionId,
    sent: &Sent,
) -> Result<SentView, ApiError> {
    let stored = services.messages.stored(session, &sent.id).await?;
    let stored = stored.ok_or_else(|| Error::internal("a message that was sent is not there"))?;
    let message = render::message(services, session, &stored).await?;
    let found = services.conversations.of_chat(session, &sent.id.chat).await?;
    let tags = render::tags(services).await?;
    let conversation = render::conversation(services, &tags, &found)?;
    Ok(SentView { message, conversation })
}

async fn queue(
    services: &Services,
    session: &SessionId,
    send: SendRequest,
    send_at: Option<Timestamp>,
) -> Result<Data<QueuedView>, ApiError> {
    let options = SendOptions { queue_if_offline: true, send_at, ..SendOptions::default() };
    match services.sends.send(session, send, options).await? {
        SendOutcome::Queued(entry) => {
            Ok(Data::of(QueuedView::of(&entry, services.clock.now())).saying(QUEUED))
        }
        SendOutcome::Sent(sent) => {
            let view = QueuedView {
                uuid: crate::domain::conversation::message_uuid(session, &sent.id).to_string(),
                status: "sent",
                scheduled_at: None,
                delay_seconds: 0,
                remaining_quota: None,
            };
            Ok(Data::of(view).saying(SENT))
        }
    }
}

/// The instance that sends, and the chat that it sends to.
fn target(
    services: &Services,
    request: &actix_web::HttpRequest,
    instance_id: Option<Id>,
    recipient: &str,
) -> Result<(SessionId, Jid), Error> {
    let id = instance_id.filter(|id| !id.is_empty()).map(|id| id.text());
    let session = access::instance(services, request, id.as_deref());
    Error::both(session.map(|status| status.id), address(recipient))
}

async fn quoted(
    services: &Services,
    session: &SessionId,
    chat: &Jid,
    reply_to: Option<Id>,
) -> Result<Option<String>, Error> {
    let Some(id) = reply_to.filter(|id| !id.is_empty()) else { return Ok(None) };
    let fault = || Error::invalid_field("reply_to", "must name a message of this conversation");
    let quoted = services.messages.quoted(session, chat, &id.text()).await?.ok_or_else(fault)?;
    Ok(Some(quoted.to_string()))
}

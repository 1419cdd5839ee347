//! Sending: at once, with the message as it was sent in the answer, or through the queue, now or at
//! a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        body::Body,
        chat::{
            access::{self, Id},
            either_form::SentOrQueued,
            mentioned::{mentions, named},
            messages::check_text,
            render,
            upload::{self, Given},
            wire::{SentView, time},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Data, OwnSessions, Repeat},
    },
    domain::{
        Content, Error, ErrorCode, Jid, SessionId, SessionState, Timestamp,
        address::{self, AddressError},
        command::Sent,
        outbox::{OutboxEntry, SendOptions},
        schedule::{Unzoned, send_time},
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
            .about(TAG, "Send a file from a URL, or a file in the request"),
        send(Endpoint::post("/api/v1/messages/send", queue_text))
            .named("queueText")
            .about(TAG, "Queue a text, to be sent now or at a time"),
        send(Endpoint::post("/api/v1/messages/send-media", queue_media))
            .named("queueMedia")
            .about(TAG, "Queue a file from a URL or in the request, to be sent now or at a time"),
    ]
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ChatTextBody, example = json!({
    "instance_id": "my-session", "recipient": "15550000001", "message": "Hello!",
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
    "instance_id": "my-session", "recipient": "15550000001",
    "media_data": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "media_type": "image", "caption": "Look",
}))]
struct MediaBody {
    #[schema(schema_with = access::instance_schema)]
    instance_id: Option<Id>,
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

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "660e8400-e29b-41d4-a716-446655440045", "status": "pending",
    "scheduled_at": "2030-01-31T12:00:00.000Z", "delay_seconds": 3600, "remaining_quota": null,
}))]
pub struct QueuedView {
    /// Of the message that it will be; DELETE /chat/messages/{uuid} takes it back.
    uuid: String,
    status: &'static str,
    scheduled_at: Option<String>,
    delay_seconds: i64,
    remaining_quota: Option<u64>,
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
            Data::of(SentOrQueued::from(queued_view(&entry, services.clock.now()))).saying(QUEUED)
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
            Ok(Data::of(queued_view(&entry, services.clock.now())).saying(QUEUED))
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

fn queued_view(entry: &OutboxEntry, now: Timestamp) -> QueuedView {
    let send_at = entry.options.send_at;
    let delay = send_at.map_or(0, |at| (at.as_second() - now.as_second()).max(0));
    QueuedView {
        uuid: entry.message_uuid().to_string(),
        status: "pending",
        scheduled_at: send_at.map(time),
        delay_seconds: delay,
        remaining_quota: None,
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

/// Somebody to write to.
pub fn address(recipient: &str) -> Result<Jid, Error> {
    let fault = |why: &str| {
        let message = "must be a telephone number or a WhatsApp address";
        Error::invalid_field("recipient", format!("{message}: {why}"))
    };
    let chat = match address::recipient(recipient) {
        Err(AddressError::Empty) => return Err(Error::invalid_field("recipient", "is required")),
        Err(error) => return Err(fault(&error.about(recipient))),
        Ok(chat) => chat,
    };
    if chat.is_broadcast_list() {
        Err(fault(&format!("'{chat}' is a broadcast list")))
    } else {
        Ok(chat)
    }
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

/// The time that a message is to be sent at; without a zone it is meant in UTC.
pub fn schedule(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    send_time("schedule_at", text, now, Unzoned::Utc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_recipient_is_a_number_or_an_address() {
        for (text, chat) in [
            ("5521999999999", "5521999999999@c.us"),
            ("+55 (21) 99999-9999", "5521999999999@c.us"),
            ("5521999999999@s.whatsapp.net", "5521999999999@c.us"),
            ("120363000000000000@g.us", "120363000000000000@g.us"),
        ] {
            assert_eq!(address(text).map(String::from), Ok(chat.to_owned()), "{text}");
        }
        for text in ["", " ", "abc", "12", "5521@x", "77777777@broadcast"] {
            let error = address(text).unwrap_err();
            assert!(error.details["fields"].get("recipient").is_some(), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_utc_and_the_far_future_is_refused() {
        let now = from_seconds(0);
        let at = schedule(Some("1970-01-02 00:00:00"), now).unwrap();
        assert_eq!(at, Some(from_seconds(86_400)));
        assert_eq!(schedule(Some("1970-01-02T01:00:00+01:00"), now).unwrap(), at);
        assert_eq!(schedule(Some(" "), now).unwrap(), None);
        assert!(schedule(Some("tomorrow"), now).is_err());
        assert!(schedule(Some("1972-01-01T00:00:00Z"), now).is_err());
    }
}

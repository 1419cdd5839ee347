//! Sending: at once, with the message as it was sent in the answer, or through the queue, now or at
//! a time.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        auth::{principal, still_good},
        body::Body,
        chat::{
            access::{self, Id},
            mentioned::{mentions, named},
            messages::check_text,
            render, told,
            upload::{self, Given},
            wire::{SentView, time},
        },
        endpoint::{Endpoint, Repeat, Scope},
        error::ApiError,
        idempotency::message_key,
    },
    domain::{
        Content, Error, ErrorCode, Jid, JidKind, SessionId, SessionState, Subject, Timestamp,
        address::{self, AddressError},
        command::Sent,
        outbox::{OutboxEntry, SendOptions},
    },
    messaging::{Change, FoundMessage, SendOutcome, SendRequest, check_unsent, uploads::Upload},
    services::Services,
};

const TAG: &str = "Chat";
/// How far ahead a message may be accepted.
const FARTHEST: std::time::Duration = std::time::Duration::from_secs(366 * 86_400);

pub fn endpoints() -> Vec<Endpoint> {
    let send = |endpoint: Endpoint, summary| {
        // What an earlier attempt sent is found in the outbox.
        endpoint.about(TAG, summary).needs(Scope::Send).repeats(Repeat::Repeatable)
    };
    vec![
        send(Endpoint::post("/api/v1/chat/send", text), "Send a text")
            .takes::<TextBody>()
            .answers::<SentView>(200),
        send(
            Endpoint::post("/api/v1/chat/send-media", media),
            "Send a file from a URL, or a file in the request",
        )
        .takes_file()
        .takes::<MediaBody>()
        .answers::<SentView>(200),
        send(
            Endpoint::post("/api/v1/messages/send", queue_text),
            "Queue a text, to be sent now or at a time",
        )
        .takes::<TextBody>()
        .answers::<QueuedView>(200),
        send(
            Endpoint::post("/api/v1/messages/send-media", queue_media),
            "Queue a file from a URL or in the request, to be sent now or at a time",
        )
        .takes_file()
        .takes::<MediaBody>()
        .answers::<QueuedView>(200),
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
    "media_url": "https://example.com/picture.jpg", "media_type": "image", "caption": "Look",
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
struct QueuedView {
    /// Of the message that it will be; DELETE /chat/messages/{uuid} takes it back.
    uuid: String,
    status: &'static str,
    scheduled_at: Option<String>,
    delay_seconds: i64,
    remaining_quota: Option<u64>,
}

async fn text(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<TextBody>,
) -> Result<HttpResponse, ApiError> {
    let at_once = not_scheduled(body.schedule_at.as_deref());
    let (session, send, ()) = text_request(&services, &request, body, at_once).await?;
    send_now(&services, &session, send).await
}

async fn queue_text(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<TextBody>,
) -> Result<HttpResponse, ApiError> {
    let send_at = schedule(body.schedule_at.as_deref(), services.clock.now());
    let (session, send, send_at) = text_request(&services, &request, body, send_at).await?;
    queue(&services, &session, send, send_at).await
}

async fn media(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MediaBody>,
) -> Result<HttpResponse, ApiError> {
    let at_once = not_scheduled(body.schedule_at.as_deref());
    let is_ready = |session: &SessionId| -> Result<(), Error> {
        match services.supervisor.get(session)?.status().state {
            SessionState::Ready => Ok(()),
            _ => Err(Error::new(ErrorCode::NotReady, "The instance is not connected")),
        }
    };
    // The file is there until it is sent.
    let (session, send, (), _upload) =
        media_request(&services, &request, body, at_once, is_ready).await?;
    send_now(&services, &session, send).await
}

async fn queue_media(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MediaBody>,
) -> Result<HttpResponse, ApiError> {
    let send_at = schedule(body.schedule_at.as_deref(), services.clock.now());
    let (session, send, send_at, _upload) =
        media_request(&services, &request, body, send_at, |_| Ok(())).await?;
    queue(&services, &session, send, send_at).await
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
    request: &HttpRequest,
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
    services: &Services,
    request: &HttpRequest,
    body: TextBody,
    time: Result<T, Error>,
) -> Result<(SessionId, SendRequest, T), ApiError> {
    let given = body.mentioned_jids.unwrap_or_default();
    let place = (body.instance_id, body.recipient.as_str(), body.reply_to);
    let around = around(services, request, place, &given).await;
    let (around, ((), time)) = Error::both(around, Error::both(check_text(&body.message), time))?;
    let Around { session, chat, quoted, named } = around;
    let mentions = mentions(services, &session, &chat, named, &body.message).await?;
    access::count_send(request, &session)?;
    let (key, content) = (message_key(request), Content::Text { body: body.message });
    Ok((session, SendRequest { key, chat, content, quoted, mentions, link_preview: true }, time))
}

/// A file is fetched from its address when all else is right, and `may_begin` says so.
async fn media_request<T>(
    services: &Services,
    request: &HttpRequest,
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
    let around = around(services, request, place, people).await;
    let all = Error::both(around, Error::both(fit, time));
    // The caption of a sound is not sent.
    let caption = body.caption.clone().filter(|_| !is_sound).unwrap_or_default();
    let file = given(body, request);
    let (around, ((), time)) = match all {
        Err(error) if error.code == ErrorCode::Invalid => {
            return Err(match upload::check(services, file).await {
                Ok(()) => error.into(),
                Err(fault) => error.and(fault).into(),
            });
        }
        all => all?,
    };
    let Around { session, chat, quoted, named } = around;
    let mentions = mentions(services, &session, &chat, named, &caption).await?;
    access::count_send(request, &session)?;
    may_begin(&session)?;
    let upload = upload::take(services, file).await?;
    // A file from a URL may take as long as its deadline.
    still_good(services, request).await?;
    let key = message_key(request);
    let content = Content::Media(upload.media.clone());
    let send = SendRequest { key, chat, content, quoted, mentions, link_preview: false };
    Ok((session, send, time, upload))
}

fn given(body: MediaBody, request: &HttpRequest) -> Given {
    Given {
        url: body.media_url,
        data: body.media_data,
        media_type: body.media_type,
        filename: body.filename,
        caption: body.caption,
        is_narrow: principal(request).session.is_some(),
    }
}

async fn send_now(
    services: &Services,
    session: &SessionId,
    send: SendRequest,
) -> Result<HttpResponse, ApiError> {
    match services.sends.send(session, send, SendOptions::default()).await? {
        SendOutcome::Sent(sent) => sent_answer(services, session, &sent).await,
        SendOutcome::Queued(entry) => Ok(queued_answer(&entry, services.clock.now())),
    }
}

async fn sent_answer(
    services: &Services,
    session: &SessionId,
    sent: &Sent,
) -> Result<HttpResponse, ApiError> {
    let stored = services.messages.stored(session, &sent.id).await?;
    let stored = stored.ok_or_else(|| Error::internal("a message that was sent is not there"))?;
    let message = render::message(services, session, &stored).await?;
    let found = services.conversations.of_chat(session, &sent.id.chat).await?;
    let tags = render::tags(services).await?;
    let conversation = render::conversation(services, &tags, &found)?;
    Ok(HttpResponse::Ok().json(told("Message sent", SentView { message, conversation })))
}

async fn queue(
    services: &Services,
    session: &SessionId,
    send: SendRequest,
    send_at: Option<Timestamp>,
) -> Result<HttpResponse, ApiError> {
    let terms = SendOptions { queue_if_offline: true, send_at, ..SendOptions::default() };
    match services.sends.send(session, send, terms).await? {
        SendOutcome::Queued(entry) => Ok(queued_answer(&entry, services.clock.now())),
        SendOutcome::Sent(sent) => {
            let view = QueuedView {
                uuid: crate::domain::conversation::message_uuid(session, &sent.id).to_string(),
                status: "sent",
                scheduled_at: None,
                delay_seconds: 0,
                remaining_quota: None,
            };
            Ok(HttpResponse::Ok().json(told("Message sent", view)))
        }
    }
}

fn queued_answer(entry: &OutboxEntry, now: Timestamp) -> HttpResponse {
    let send_at = entry.options.send_at;
    let delay = send_at.map_or(0, |at| (at.as_second() - now.as_second()).max(0));
    let view = QueuedView {
        uuid: entry.message_uuid().to_string(),
        status: "pending",
        scheduled_at: send_at.map(time),
        delay_seconds: delay,
        remaining_quota: None,
    };
    HttpResponse::Ok().json(told("Message added to queue", view))
}

/// The instance that sends, and the chat that it sends to.
fn target(
    services: &Services,
    request: &HttpRequest,
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
    let is_list = chat.kind() == JidKind::Broadcast && chat.as_str() != "status@broadcast";
    if is_list { Err(fault(&format!("'{chat}' is a broadcast list"))) } else { Ok(chat) }
}

async fn quoted(
    services: &Services,
    session: &SessionId,
    chat: &Jid,
    reply_to: Option<Id>,
) -> Result<Option<String>, Error> {
    let Some(id) = reply_to.filter(|id| !id.is_empty()) else { return Ok(None) };
    let fault = || Error::invalid_field("reply_to", "must name a message of this conversation");
    let chat = services.chats.canonical_id(session, chat).await?;
    match services.messages.get(&id.text()).await {
        Ok(FoundMessage::Stored(of, stored))
            if of == *session && *stored.message.chat() == chat =>
        {
            Ok(Some(stored.message.id.to_string()))
        }
        Ok(FoundMessage::Unsent(entry)) if entry.session == *session && *entry.chat() == chat => {
            check_unsent(entry.state, Change::Quote)?;
            // It was sent a moment ago, and stands in the chat as soon as its answer is there.
            Ok(Some(entry.message_id(None).to_string()))
        }
        Ok(_) => Err(fault()),
        Err(error) if error.subject == Some(Subject::Message) => Err(fault()),
        Err(error) => Err(error),
    }
}

/// The time that a message is to be sent at; without a zone it is meant in UTC.
pub fn schedule(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    const FIELD: &str = "schedule_at";
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let time: Timestamp = text
        .parse()
        .or_else(|_| format!("{text}Z").parse())
        .map_err(|_| Error::invalid_field(FIELD, "must be a time such as 2030-01-31T12:00:00Z"))?;
    if now + FARTHEST < time {
        return Err(Error::invalid_field(FIELD, "must be within a year"));
    }
    Ok(Some(time))
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

//! Sending: every kind of message, now, later or when the session is ready.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Bucket, Call, InSession, Repeat, Send, Sent},
        sessions::{
            cards::{CardDraft, cards},
            outbox::Posting,
            texts::{addressee, check_text, target},
            wire::jids,
        },
        texts::in_field,
    },
    domain::{
        Ack, Content, Error, Jid, MessageId, Timestamp, command::MediaKind, outbox::SendOptions,
        rules,
    },
    messaging::{SendOutcome, SendRequest, uploads::Wanted},
    services::Services,
    session::SessionHandle,
};

const TAG: &str = "Messages";

type SendCall = Call<Send, InSession>;
type Answer = Result<Sent<SentView>, ApiError>;

pub fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::post("/api/v1/sessions/{sessionId}/send-text", text)
            .named("sendText")
            .about(TAG, "Send a text"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-message", to_number)
            .named("sendTextToNumber")
            .about(TAG, "Send a text to a telephone number"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-image", image)
            .named("sendImage")
            .about(TAG, "Send a picture"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-file", file)
            .named("sendFile")
            .about(TAG, "Send a file as a document"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-audio", audio)
            .named("sendAudio")
            .about(TAG, "Send audio or a voice note"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-location", location)
            .named("sendLocation")
            .about(TAG, "Send a location"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-contact", contact)
            .named("sendContacts")
            .about(TAG, "Send contact cards"),
        Endpoint::post("/api/v1/sessions/{sessionId}/send-poll", poll)
            .named("sendPoll")
            .about(TAG, "Send a poll"),
    ];
    let send = |endpoint: Endpoint| {
        endpoint
            .details(
                "Answers 200 once WhatsApp has the message. With `queue` or `sendAt` it answers 202 \
                 as soon as the message is in the outbox, where `outboxId` names it.",
            )
            .limited(Bucket::Messaging)
            // What an earlier attempt sent is found in the outbox.
            .repeats(Repeat::Repeatable)
    };
    all.into_iter().map(send).collect()
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "content": "Hello" }))]
struct TextBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    /// The text, 1 to 65,536 characters.
    #[schema(min_length = 1, max_length = 65_536)]
    content: String,
    /// The message that this answers: its full id, or the part after the chat.
    quoted_message_id: Option<String>,
    /// People mentioned in the text, by id or telephone number.
    #[schema(max_items = 100, format = "person")]
    mentions: Option<Vec<String>>,
    /// Whether the first link in the text gets a preview (default true).
    link_preview: Option<bool>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "to": "15550000001", "message": "Hello" }))]
struct NumberBody {
    /// An id or a telephone number with its country code, in any usual form.
    #[schema(format = "recipient")]
    to: String,
    /// The text, 1 to 65,536 characters.
    #[schema(min_length = 1, max_length = 65_536)]
    message: String,
    #[serde(rename = "quotedMessageId")]
    quoted_message_id: Option<String>,
    /// People mentioned in the text, by id or telephone number.
    #[schema(max_items = 100, format = "person")]
    mentions: Option<Vec<String>>,
    /// Whether the first link in the text gets a preview (default true).
    #[serde(rename = "linkPreview")]
    link_preview: Option<bool>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "data": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "filename": "dot.png", "caption": "A dot" }))]
struct MediaBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    /// `data:<type>;base64,<content>`. The content decides what the file is.
    #[schema(max_length = 25_165_824, format = "data-url")]
    data: String,
    #[schema(max_length = 255, format = "file-name")]
    filename: Option<String>,
    #[schema(max_length = 1_024)]
    caption: Option<String>,
    /// People mentioned in the caption.
    #[schema(max_items = 100, format = "person")]
    mentions: Option<Vec<String>>,
    quoted_message_id: Option<String>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "data": "data:text/plain;base64,SGVsbG8=", "filename": "hello.txt" }))]
struct FileBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    /// `data:<type>;base64,<content>`. The content decides what the file is.
    #[schema(max_length = 25_165_824, format = "data-url")]
    data: String,
    #[schema(min_length = 1, max_length = 255, format = "file-name")]
    filename: String,
    #[schema(max_length = 1_024)]
    caption: Option<String>,
    /// People mentioned in the caption.
    #[schema(max_items = 100, format = "person")]
    mentions: Option<Vec<String>>,
    quoted_message_id: Option<String>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "data": "data:audio/ogg;base64,T2dnUwACAAAAAAAAAAAAAAAAAAAAAAAAAAABE09wdXNIZWFkAQE4AYC7AAAAAAA=" }))]
struct AudioBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    /// `data:<type>;base64,<content>`. The content decides what the file is.
    #[schema(max_length = 25_165_824, format = "data-url")]
    data: String,
    #[schema(max_length = 255, format = "file-name")]
    filename: Option<String>,
    quoted_message_id: Option<String>,
    /// As a voice note; OGG with Opus only.
    ptt: Option<bool>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "latitude": 48.2, "longitude": 16.37, "name": "Vienna" }))]
struct LocationBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
    /// Name of the place.
    #[schema(max_length = 256)]
    name: Option<String>,
    #[schema(max_length = 1_024)]
    address: Option<String>,
    quoted_message_id: Option<String>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "contacts": ["15550000003@c.us"] }))]
struct ContactBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    /// The people to send, by id or telephone number; or objects with `name`, `phone`, `organization`
    /// and `vcard`.
    #[schema(min_items = 1, max_items = 50)]
    contacts: Vec<CardDraft>,
    quoted_message_id: Option<String>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chatId": "15550000001@c.us", "question": "Tea?", "options": ["Yes", "No"] }))]
struct PollBody {
    #[schema(format = "chat-id")]
    chat_id: String,
    #[schema(min_length = 1, max_length = 255)]
    question: String,
    /// 2 to 12 texts of 1 to 100 characters.
    #[schema(min_items = 2, max_items = 12, format = "poll-option")]
    options: Vec<String>,
    /// How many options one person may choose; 0 for any number.
    selectable_count: Option<u32>,
    /// People mentioned in the question.
    #[schema(max_items = 100, format = "person")]
    mentions: Option<Vec<String>>,
    quoted_message_id: Option<String>,
    #[serde(flatten)]
    posting: Posting,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SentView {
    message_id: String,
    chat_id: String,
    /// Seconds since 1970.
    timestamp: i64,
    /// -1 failed, 0 pending, 1 sent, 2 delivered, 3 read, 4 played.
    ack: i8,
    /// Where the message waits, when it is not sent yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mimetype: Option<String>,
    /// Bytes of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    caption: Option<String>,
}

impl SentView {
    fn of(id: &MessageId, timestamp: Timestamp, ack: Ack) -> Self {
        Self {
            chat_id: id.chat.to_string(),
            message_id: id.to_string(),
            timestamp: timestamp.as_second(),
            ack: ack.level(),
            outbox_id: None,
            content: None,
            filename: None,
            mimetype: None,
            size: None,
            caption: None,
        }
    }
}

async fn text(call: SendCall, Body(body): Body<TextBody>) -> Answer {
    let session = call.session()?;
    let around = Around::of(&call, body.quoted_message_id, body.mentions, &body.posting);
    let text = Error::both(target(&body.chat_id), check_text("content", &body.content));
    let ((chat, ()), around) = Error::both(text, around)?;
    let content = Content::Text { body: body.content.clone() };
    let around = Around { link_preview: body.link_preview.unwrap_or(true), ..around };
    let view = send(&call, &session, chat, content, around).await?;
    Ok(answer(SentView { content: Some(body.content), ..view }))
}

async fn to_number(call: SendCall, Body(body): Body<NumberBody>) -> Answer {
    let session = call.session()?;
    let around = Around::of(&call, body.quoted_message_id, body.mentions, &body.posting);
    let text = Error::both(addressee(&body.to), check_text("message", &body.message));
    let ((chat, ()), around) = Error::both(text, around)?;
    let content = Content::Text { body: body.message.clone() };
    let around = Around { link_preview: body.link_preview.unwrap_or(true), ..around };
    let view = send(&call, &session, chat, content, around).await?;
    Ok(answer(SentView { content: Some(body.message), ..view }))
}

async fn image(call: SendCall, Body(body): Body<MediaBody>) -> Answer {
    send_media(&call, body, MediaKind::Image).await
}

async fn file(call: SendCall, Body(body): Body<FileBody>) -> Answer {
    let FileBody { chat_id, data, filename, caption, mentions, quoted_message_id, posting } = body;
    let filename = Some(filename);
    let body = MediaBody { chat_id, data, filename, caption, mentions, quoted_message_id, posting };
    send_media(&call, body, MediaKind::Document).await
}

async fn audio(call: SendCall, Body(body): Body<AudioBody>) -> Answer {
    let kind = if body.ptt == Some(true) { MediaKind::Voice } else { MediaKind::Audio };
    let AudioBody { chat_id, data, filename, quoted_message_id, posting, ptt: _ } = body;
    let (caption, mentions) = (None, None);
    let body = MediaBody { chat_id, data, filename, caption, mentions, quoted_message_id, posting };
    send_media(&call, body, kind).await
}

async fn send_media(call: &SendCall, body: MediaBody, kind: MediaKind) -> Answer {
    let session = call.session()?;
    let around = Around::of(call, body.quoted_message_id, body.mentions, &body.posting);
    let unnamed = kind == MediaKind::Document
        && body.filename.as_ref().is_none_or(|name| name.trim().is_empty());
    let named = match unnamed {
        true => Err(Error::invalid_field("filename", "is required")),
        false => Ok(()),
    };
    let source = call.uploads.data_url("data", body.data);
    let wanted = Wanted { kind, filename: body.filename, caption: body.caption };
    let upload = Error::both(call.uploads.receive(source, wanted).await, named);
    let around = Error::both(target(&body.chat_id), around);
    let ((chat, around), (upload, ())) = Error::both(around, upload)?;
    let content = Content::Media(upload.media.clone());
    let view = send(call, &session, chat, content, around).await?;
    let file = &upload.media;
    let view = SentView {
        filename: Some(file.filename.clone()),
        mimetype: Some(file.mime.clone()),
        size: Some(file.size),
        caption: file.caption.clone(),
        ..view
    };
    Ok(answer(view))
}

async fn location(call: SendCall, Body(body): Body<LocationBody>) -> Answer {
    let session = call.session()?;
    let LocationBody { latitude, longitude, name, address, quoted_message_id, posting, .. } = body;
    let content = Content::Location { latitude, longitude, name, address };
    let around = Around::of(&call, quoted_message_id, None, &posting);
    let around = Error::both(target(&body.chat_id), around);
    let ((), (chat, around)) = Error::both(rules::check(&content), around)?;
    let view = send(&call, &session, chat, content, around).await?;
    Ok(answer(view))
}

async fn contact(call: SendCall, Body(body): Body<ContactBody>) -> Answer {
    let session = call.session()?;
    let contacts = cards(body.contacts).and_then(|contacts| {
        let content = Content::ContactCards { contacts };
        rules::check(&content).map(|()| content)
    });
    let around = Around::of(&call, body.quoted_message_id, None, &body.posting);
    let around = Error::both(target(&body.chat_id), around);
    let (content, (chat, around)) = Error::both(contacts, around)?;
    let view = send(&call, &session, chat, content, around).await?;
    Ok(answer(view))
}

async fn poll(call: SendCall, Body(body): Body<PollBody>) -> Answer {
    let session = call.session()?;
    let around = Around::of(&call, body.quoted_message_id, body.mentions, &body.posting);
    let around = Error::both(target(&body.chat_id), around);
    let selectable = body.selectable_count.unwrap_or(1);
    let content = Content::Poll { question: body.question, options: body.options, selectable };
    let ((), (chat, around)) = Error::both(rules::check(&content), around)?;
    let view = send(&call, &session, chat, content, around).await?;
    Ok(answer(view))
}

/// What a send has beside its content: which message it answers, whom it mentions, and when it goes.
struct Around {
    quoted: Option<String>,
    mentions: Vec<Jid>,
    options: SendOptions,
    link_preview: bool,
}

impl Around {
    fn of(
        services: &Services,
        quoted: Option<String>,
        mentions: Option<Vec<String>>,
        posting: &Posting,
    ) -> Result<Self, Error> {
        let mentions =
            jids(&mentions.unwrap_or_default()).map_err(|error| in_field("mentions", error));
        let (mentions, options) = Error::both(mentions, posting.options(services.clock.now()))?;
        // Some clients send an empty id for none.
        let quoted = quoted.filter(|id| !id.trim().is_empty());
        Ok(Self { quoted, mentions, options, link_preview: false })
    }
}

async fn send(
    call: &SendCall,
    session: &SessionHandle,
    chat: Jid,
    content: Content,
    around: Around,
) -> Result<SentView, Error> {
    let key = call.message_key();
    let Around { quoted, mentions, options, link_preview } = around;
    let request = SendRequest { key, chat, content, quoted, mentions, link_preview };
    let me = session.status().me.map(|me| me.id);
    Ok(match call.sends.send(session.id(), request, options).await? {
        SendOutcome::Sent(sent) => SentView::of(&sent.id, sent.timestamp, sent.ack),
        SendOutcome::Queued(entry) => SentView {
            outbox_id: Some(entry.id.to_string()),
            ..SentView::of(&entry.message_id(me.as_ref()), entry.queued_at, Ack::Pending)
        },
    })
}

fn answer(view: SentView) -> Sent<SentView> {
    if view.outbox_id.is_none() { Sent::now(view) } else { Sent::queued(view) }
}

//! Sending, and what can be done to a message afterwards.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, Query, jid, path_message, session_id},
        endpoint::{Bucket, Endpoint, ParameterKind::Text, Scope},
        error::ApiError,
        idempotency::message_key,
        sessions::{
            data,
            media::{self, Accepts},
            message,
            wire::jids,
        },
    },
    domain::{
        Content, Error, Jid, JidKind, SessionId, Subject,
        command::{ContactCard, Sent},
    },
    messaging::SendRequest,
    services::Services,
};

const TAG: &str = "Messages";
const LONGEST_TEXT: usize = 65_536;
const MOST_CARDS: usize = 50;

pub fn endpoints() -> Vec<Endpoint> {
    let send = |endpoint: Endpoint, summary| {
        endpoint
            .about(TAG, summary)
            .needs(Scope::Send)
            .limited(Bucket::Messaging)
            .answers::<SentView>(200)
    };
    let change = |endpoint: Endpoint, summary| endpoint.about(TAG, summary).needs(Scope::Send);
    const ONE: &str = "/api/v1/sessions/{sessionId}/messages/{messageId}";
    vec![
        send(Endpoint::post("/api/v1/sessions/{sessionId}/send-text", text), "Send a text")
            .takes::<TextBody>(),
        send(
            Endpoint::post("/api/v1/sessions/{sessionId}/send-message", to_number),
            "Send a text to a number",
        )
        .takes::<NumberBody>(),
        send(Endpoint::post("/api/v1/sessions/{sessionId}/send-image", image), "Send a picture")
            .takes::<MediaBody>(),
        send(
            Endpoint::post("/api/v1/sessions/{sessionId}/send-file", file),
            "Send a file as a document",
        )
        .takes::<MediaBody>(),
        send(
            Endpoint::post("/api/v1/sessions/{sessionId}/send-audio", audio),
            "Send audio or a voice note",
        )
        .takes::<AudioBody>(),
        send(
            Endpoint::post("/api/v1/sessions/{sessionId}/send-location", location),
            "Send a location",
        )
        .takes::<LocationBody>(),
        send(
            Endpoint::post("/api/v1/sessions/{sessionId}/send-contact", contact),
            "Send contact cards",
        )
        .takes::<ContactBody>(),
        send(Endpoint::post("/api/v1/sessions/{sessionId}/send-poll", poll), "Send a poll")
            .takes::<PollBody>(),
        change(Endpoint::patch(ONE, edit), "Edit a text of the last 15 minutes")
            .takes::<EditBody>(),
        change(Endpoint::delete(ONE, revoke), "Delete a message").query(
            Text,
            "for",
            "everyone (default) or me",
        ),
        change(
            Endpoint::post("/api/v1/sessions/{sessionId}/messages/{messageId}/reaction", react),
            "React to a message",
        )
        .takes::<ReactionBody>(),
        change(
            Endpoint::delete("/api/v1/sessions/{sessionId}/messages/{messageId}/reaction", unreact),
            "Take a reaction back",
        ),
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/media", download)
            .about(TAG, "The file of a message")
            .answers_other(200, "application/octet-stream"),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TextBody {
    chat_id: String,
    content: String,
    /// The message that this answers: its full id, or the part after the chat.
    quoted_message_id: Option<String>,
    /// People mentioned in the text, as ids.
    mentions: Option<Vec<String>>,
    link_preview: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
struct NumberBody {
    /// An id or a telephone number with its country code.
    to: String,
    message: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MediaBody {
    chat_id: String,
    /// `data:<type>;base64,<content>`.
    data: String,
    filename: Option<String>,
    caption: Option<String>,
    quoted_message_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AudioBody {
    chat_id: String,
    data: String,
    filename: Option<String>,
    quoted_message_id: Option<String>,
    /// As a voice note; OGG with Opus only.
    ptt: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LocationBody {
    chat_id: String,
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
    quoted_message_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactBody {
    chat_id: String,
    /// The people to send, as ids.
    contacts: Vec<String>,
    quoted_message_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PollBody {
    chat_id: String,
    question: String,
    options: Vec<String>,
    /// How many options one person may choose; 0 for any number.
    selectable_count: Option<u32>,
    quoted_message_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct EditBody {
    content: String,
}

#[derive(Deserialize, ToSchema)]
struct ReactionBody {
    emoji: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SentView {
    message_id: String,
    chat_id: String,
    /// Seconds since 1970.
    timestamp: i64,
    ack: i8,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mimetype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
}

impl SentView {
    fn of(sent: Sent) -> Self {
        Self {
            chat_id: sent.id.chat.to_string(),
            message_id: sent.id.to_string(),
            timestamp: sent.timestamp.as_second(),
            ack: sent.ack.level(),
            content: None,
            filename: None,
            mimetype: None,
            size: None,
            caption: None,
        }
    }
}

async fn text(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<TextBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let chat = target(&body.chat_id)?;
    check_text("content", &body.content)?;
    let send = SendRequest {
        key: message_key(&request),
        chat,
        content: Content::Text { body: body.content.clone() },
        quoted: body.quoted_message_id,
        mentions: jids(&body.mentions.unwrap_or_default())?,
        link_preview: body.link_preview.unwrap_or(true),
    };
    let sent = services.messaging.send(&session, send).await?;
    Ok(HttpResponse::Ok()
        .json(data(SentView { content: Some(body.content), ..SentView::of(sent) })))
}

async fn to_number(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<NumberBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let digits: String = body.to.chars().filter(|ch| !" +-().".contains(*ch)).collect();
    let chat =
        if body.to.contains('@') { target(&body.to)? } else { target(&format!("{digits}@c.us"))? };
    check_text("message", &body.message)?;
    let content = Content::Text { body: body.message.clone() };
    let sent = send(&services, (&request, &session), chat, content, None).await?;
    Ok(HttpResponse::Ok()
        .json(data(SentView { content: Some(body.message), ..SentView::of(sent) })))
}

async fn image(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MediaBody>,
) -> Result<HttpResponse, ApiError> {
    send_media(&services, &request, body, Accepts::Image).await
}

async fn file(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MediaBody>,
) -> Result<HttpResponse, ApiError> {
    send_media(&services, &request, body, Accepts::Anything).await
}

async fn audio(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<AudioBody>,
) -> Result<HttpResponse, ApiError> {
    let accepts = if body.ptt == Some(true) { Accepts::Voice } else { Accepts::Audio };
    let AudioBody { chat_id, data, filename, quoted_message_id, ptt: _ } = body;
    let body = MediaBody { chat_id, data, filename, caption: None, quoted_message_id };
    send_media(&services, &request, body, accepts).await
}

async fn send_media(
    services: &Services,
    request: &HttpRequest,
    body: MediaBody,
    accepts: Accepts,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(request)?;
    services.supervisor.get(&session)?;
    let chat = target(&body.chat_id)?;
    let upload = media::take(services, &body.data, body.filename, body.caption, accepts).await?;
    let content = Content::Media(upload.media.clone());
    let sent = send(services, (request, &session), chat, content, body.quoted_message_id).await?;
    let file = &upload.media;
    let view = SentView {
        filename: Some(file.filename.clone()),
        mimetype: Some(file.mime.clone()),
        size: Some(file.size),
        caption: file.caption.clone(),
        ..SentView::of(sent)
    };
    Ok(HttpResponse::Ok().json(data(view)))
}

async fn location(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<LocationBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let chat = target(&body.chat_id)?;
    if !(-90.0..=90.0).contains(&body.latitude) {
        return Err(Error::invalid_field("latitude", "must be from -90 to 90").into());
    }
    if !(-180.0..=180.0).contains(&body.longitude) {
        return Err(Error::invalid_field("longitude", "must be from -180 to 180").into());
    }
    let LocationBody { latitude, longitude, name, address, quoted_message_id, .. } = body;
    let content = Content::Location { latitude, longitude, name, address };
    let sent = send(&services, (&request, &session), chat, content, quoted_message_id).await?;
    Ok(HttpResponse::Ok().json(data(SentView::of(sent))))
}

async fn contact(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ContactBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let chat = target(&body.chat_id)?;
    let people = jids(&body.contacts)?;
    if people.is_empty() || MOST_CARDS < people.len() {
        return Err(Error::invalid_field("contacts", "must name 1 to 50 people").into());
    }
    let contacts = people.into_iter().map(|id| ContactCard { id, name: None }).collect();
    let content = Content::ContactCards { contacts };
    let sent = send(&services, (&request, &session), chat, content, body.quoted_message_id).await?;
    Ok(HttpResponse::Ok().json(data(SentView::of(sent))))
}

async fn poll(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<PollBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let chat = target(&body.chat_id)?;
    let is_short = |text: &String, most| !text.trim().is_empty() && text.chars().count() <= most;
    if !is_short(&body.question, 255) {
        return Err(Error::invalid_field("question", "must have 1 to 255 characters").into());
    }
    if !(2..=12).contains(&body.options.len())
        || !body.options.iter().all(|option| is_short(option, 100))
    {
        return Err(Error::invalid_field(
            "options",
            "must be 2 to 12 texts of 1 to 100 characters",
        )
        .into());
    }
    let selectable = body.selectable_count.unwrap_or(1);
    let content = Content::Poll { question: body.question, options: body.options, selectable };
    let sent = send(&services, (&request, &session), chat, content, body.quoted_message_id).await?;
    Ok(HttpResponse::Ok().json(data(SentView::of(sent))))
}

async fn edit(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<EditBody>,
) -> Result<HttpResponse, ApiError> {
    check_text("content", &body.content)?;
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.edit(&session, &id, body.content).await?;
    Ok(HttpResponse::Ok().json(message("Message edited")))
}

async fn revoke(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let for_everyone = match Query::of(&request).text("for") {
        None | Some("everyone") => true,
        Some("me") => false,
        Some(_) => return Err(Error::invalid_field("for", "must be everyone or me").into()),
    };
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.revoke(&session, &id, for_everyone).await?;
    Ok(HttpResponse::Ok().json(message("Message deleted")))
}

async fn react(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ReactionBody>,
) -> Result<HttpResponse, ApiError> {
    let is_short = !body.emoji.trim().is_empty() && body.emoji.chars().count() <= 16;
    if !is_short || body.emoji.chars().any(|ch| ch.is_ascii_alphabetic() || ch.is_control()) {
        return Err(Error::invalid_field("emoji", "must be one emoji").into());
    }
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.react(&session, &id, body.emoji).await?;
    Ok(HttpResponse::Ok().json(message("Reaction sent")))
}

async fn unreact(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.react(&session, &id, String::new()).await?;
    Ok(HttpResponse::Ok().json(message("Reaction removed")))
}

async fn download(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    let stored = services.messaging.media(&session, &id).await?;
    let file = tokio::fs::File::open(&stored.path).await;
    let file =
        file.map_err(|error| Error::internal(format!("the file cannot be read: {error}")))?;
    let name = stored.filename.unwrap_or_else(|| id.key.to_string());
    let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
    Ok(HttpResponse::Ok()
        .content_type(stored.mime)
        .insert_header(("content-disposition", format!("attachment; filename*=UTF-8''{encoded}")))
        // What a stranger sent is never run as a page of ours.
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("content-security-policy", "sandbox"))
        .streaming(tokio_util::io::ReaderStream::new(file)))
}

async fn send(
    services: &Services,
    (request, session): (&HttpRequest, &SessionId),
    chat: Jid,
    content: Content,
    quoted: Option<String>,
) -> Result<Sent, Error> {
    let key = message_key(request);
    let request =
        SendRequest { key, chat, content, quoted, mentions: Vec::new(), link_preview: false };
    services.messaging.send(session, request).await
}

/// An address that can be written to.
fn target(text: &str) -> Result<Jid, Error> {
    let chat = jid(text)?;
    let is_list = chat.kind() == JidKind::Broadcast && chat.as_str() != "status@broadcast";
    if is_list {
        let error = Error::invalid(format!("'{chat}' is a broadcast list")).about(Subject::ChatId);
        return Err(error.detail("chatId", json!(chat)));
    }
    Ok(chat)
}

fn check_text(field: &str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_field(field, "must not be empty"));
    }
    if LONGEST_TEXT < text.chars().count() {
        return Err(Error::invalid_field(field, "must have at most 65,536 characters"));
    }
    Ok(())
}

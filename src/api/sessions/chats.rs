//! Chats and the messages in them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, Query, path_jid, session_id},
        endpoint::{
            Endpoint,
            ParameterKind::{Flag, Number, Text},
            Repeat, Scope,
        },
        error::ApiError,
        sessions::{data, identity::IdentityView, message, message_view::MessageView},
    },
    domain::{Chat, Identities, address::digits_of, event_people::people_in_message},
    services::Services,
};

const TAG: &str = "Chats";
const MOST: usize = 1_000;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/chats", list)
            .about(TAG, "List the chats, newest first")
            .query(Number, "limit", "How many, up to 1,000 (default 1,000)")
            .query(Number, "offset", "How many to leave out first")
            .query(Flag, "unread", "Only chats with unread messages")
            .query(Text, "search", "Only chats whose name or id holds this")
            .query(Flag, "cached", "What was known last, when the session is not ready")
            .answers_list::<ChatView>(),
        Endpoint::get("/api/v1/sessions/{sessionId}/chats/{chatId}/messages", messages)
            .about(TAG, "The newest messages of a chat, oldest first")
            .query(Number, "limit", "How many, up to 500 (default 50)")
            .query(Text, "before", "Only messages before this one")
            .answers_list::<MessageView>(),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/mark-read", mark_read)
            .about(TAG, "Mark a chat as read")
            .needs(Scope::Send)
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/archive", archive)
            .about(TAG, "Archive a chat")
            .needs(Scope::Send)
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/unarchive", unarchive)
            .about(TAG, "Take a chat out of the archive")
            .needs(Scope::Send)
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/typing", typing)
            .about(TAG, "Show or stop \"typing…\"")
            .needs(Scope::Send)
            .repeats(Repeat::Repeatable)
            .takes::<TypingBody>(),
    ]
}

#[derive(Deserialize, ToSchema)]
struct TypingBody {
    /// Default true.
    typing: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChatView {
    id: String,
    /// None for a group.
    identity: Option<IdentityView>,
    name: String,
    is_group: bool,
    /// Stories, or a channel: nothing can be sent there.
    is_status: bool,
    is_channel: bool,
    unread_count: u32,
    last_message: Option<LastMessageView>,
    archived: bool,
    pinned: bool,
    timestamp: i64,
    mute_expiration: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastMessageView {
    body: String,
    timestamp: i64,
    from_me: bool,
}

impl ChatView {
    fn of(chat: Chat, known: &Identities) -> Self {
        Self {
            identity: IdentityView::of(&chat.id, known),
            is_group: chat.id.is_group(),
            is_status: chat.id.is_status(),
            is_channel: chat.id.is_channel(),
            id: chat.id.to_string(),
            name: chat.name,
            unread_count: chat.unread,
            last_message: chat.last_message.map(|last| LastMessageView {
                body: last.preview,
                timestamp: last.timestamp.as_second(),
                from_me: last.from_me,
            }),
            archived: chat.archived,
            pinned: chat.pinned,
            timestamp: chat.last_activity.as_second(),
            mute_expiration: chat.muted_until.map_or(0, |until| until.as_second()),
        }
    }
}

async fn list(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    let query = Query::of(&request);
    let limit = query.number("limit", MOST, 1, MOST)?;
    let offset = query.number("offset", 0, 0, usize::MAX / 2)?;
    let (cached, unread) = (query.flag("cached", false)?, query.flag("unread", false)?);
    let search = query.text("search").map(str::to_lowercase);
    let digits = search.as_deref().and_then(digits_of);
    let chats = if unread || search.is_some() {
        let matches = |chat: &Chat| {
            let found = |search: &String| {
                chat.name.to_lowercase().contains(search)
                    || chat.id.as_str().contains(digits.as_ref().unwrap_or(search))
            };
            (!unread || 0 < chat.unread) && search.as_ref().is_none_or(found)
        };
        let all = services.chats.page(&session, cached, 0, usize::MAX / 2).await?;
        all.into_iter().filter(matches).skip(offset).take(limit).collect()
    } else {
        services.chats.page(&session, cached, offset, limit).await?
    };
    let people = chats.iter().map(|chat| &chat.id);
    let known = services.directory.identities(&session, people).await?;
    let views: Vec<ChatView> = chats.into_iter().map(|chat| ChatView::of(chat, &known)).collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn messages(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, query) = (session_id(&request)?, Query::of(&request));
    services.supervisor.get(&session)?;
    let chat = path_jid(&request, "chatId")?;
    let limit = query.number("limit", 50, 1, 500)?;
    let messages = services.messages.page(&session, &chat, query.text("before"), limit).await?;
    let me = services.supervisor.get(&session)?.status().me.map(|me| me.id);
    let people = messages.iter().flat_map(people_in_message).chain(&me);
    let known = services.directory.identities(&session, people).await?;
    let view = |message| MessageView::of(message, &known, me.as_ref());
    let views: Vec<MessageView<'_>> = messages.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn mark_read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    services.chats.mark_read(&session_id(&request)?, &path_jid(&request, "chatId")?).await?;
    Ok(HttpResponse::Ok().json(message("Chat marked as read")))
}

async fn archive(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    services.chats.archive(&session_id(&request)?, &path_jid(&request, "chatId")?, true).await?;
    Ok(HttpResponse::Ok().json(message("Chat archived")))
}

async fn unarchive(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    services.chats.archive(&session_id(&request)?, &path_jid(&request, "chatId")?, false).await?;
    Ok(HttpResponse::Ok().json(message("Chat taken out of the archive")))
}

async fn typing(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<TypingBody>,
) -> Result<HttpResponse, ApiError> {
    let typing = body.typing.unwrap_or(true);
    services
        .chats
        .set_typing(&session_id(&request)?, &path_jid(&request, "chatId")?, typing)
        .await?;
    Ok(HttpResponse::Ok().json(message(if typing { "Typing shown" } else { "Typing stopped" })))
}

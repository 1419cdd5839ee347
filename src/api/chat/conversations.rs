//! Conversations: listed, read, archived, tagged, deleted, and with automation paused.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        auth,
        body::{Body, Query},
        chat::{
            access, data,
            paging::PageOf,
            render, told,
            wire::{
                ConversationPage, ConversationView, PlainConversation, PlainConversationPage,
                TagLabel, time,
            },
        },
        endpoint::{
            Endpoint,
            ParameterKind::{Flag, Number, OneOf, Text},
            Repeat, Scope,
        },
        error::ApiError,
    },
    domain::{Error, conversation::Tag},
    messaging::{Conversation, ConversationFilter},
    services::Services,
};

const TAG: &str = "Chat";
/// The forms that can be asked for beside the standard one.
pub const FORMS: [&str; 1] = ["chat"];
const LONGEST_SEARCH: usize = 100;
const LONGEST_REASON: usize = 500;
const MOST_TAGS: usize = 50;

pub fn endpoints() -> Vec<Endpoint> {
    let listed = |endpoint: Endpoint, summary| {
        endpoint
            .about(TAG, summary)
            .needs(Scope::Conversations)
            .query(Text, "instance_id", "Of one instance: its UUID, number or name")
            .query(
                Text,
                "search",
                "Part of the name, in any case and without marks, or of the number",
            )
            .query(Flag, "unread", "Only those with something unread")
            .query(Text, "tag", "Only those with this tag: its id or name")
            .query(Flag, "is_group", "Only groups, or only people")
            .query(Number, "per_page", "1 to 100 (default 20)")
            .query(Number, "page", "From 1")
    };
    let archived = |endpoint: Endpoint| {
        endpoint.query(Flag, "archived", "Those in the archive instead (default false)")
    };
    let kept = |endpoint: Endpoint, summary| {
        // A second time comes to the same.
        let endpoint = endpoint.about(TAG, summary).needs(Scope::Conversations);
        endpoint.repeats(Repeat::Repeatable)
    };
    let read_path = "/api/v1/chat/conversations/{uuid}/mark-read";
    let archive_path = "/api/v1/chat/conversations/{uuid}/archive";
    let unarchive_path = "/api/v1/chat/conversations/{uuid}/unarchive";
    vec![
        archived(listed(
            Endpoint::get("/api/v1/chat/conversations", list_chat),
            "Conversations, newest activity first",
        ))
        .answers::<ConversationPage>(200),
        kept(Endpoint::post(read_path, mark_read), "Mark a conversation as read")
            .answers::<ReadView>(200),
        kept(Endpoint::post(archive_path, archive), "Put a conversation into the archive")
            .answers::<ArchivedView>(200),
        kept(Endpoint::post(unarchive_path, unarchive), "Take a conversation out of the archive")
            .answers::<ArchivedView>(200),
        kept(
            Endpoint::post("/api/v1/chat/conversations/{uuid}/pause-automation", pause),
            "Keep automation from answering in a conversation",
        )
        .takes::<PauseBody>()
        .answers::<PauseView>(200),
        kept(
            Endpoint::post("/api/v1/chat/conversations/{uuid}/resume-automation", resume),
            "Let automation answer again",
        )
        .answers::<PauseView>(200),
        archived(listed(
            Endpoint::get("/api/v1/conversations", list),
            "Conversations in the standard form, or as the chat form with format=chat",
        ))
        .query(OneOf(&FORMS), "format", "chat for the form of /chat/conversations")
        .answers::<PlainConversationPage>(200),
        listed(
            Endpoint::get("/api/v1/conversations/archived", list_archived),
            "Conversations in the archive",
        )
        .query(OneOf(&FORMS), "format", "chat for the form of /chat/conversations")
        .answers::<PlainConversationPage>(200),
        Endpoint::get("/api/v1/conversations/{uuid}", read)
            .about(TAG, "One conversation")
            .needs(Scope::Conversations)
            .query(OneOf(&FORMS), "format", "chat for the form of /chat/conversations")
            .answers::<PlainConversation>(200),
        kept(
            Endpoint::delete("/api/v1/conversations/{uuid}", delete),
            "Delete a conversation and its messages here; the account keeps them",
        ),
        kept(Endpoint::post("/api/v1/conversations/{uuid}/mark-read", mark_read), "Mark as read")
            .answers::<ReadView>(200),
        kept(Endpoint::post("/api/v1/conversations/{uuid}/archive", archive), "Archive")
            .answers::<ArchivedView>(200),
        kept(
            Endpoint::post("/api/v1/conversations/{uuid}/unarchive", unarchive),
            "Take out of the archive",
        )
        .answers::<ArchivedView>(200),
        kept(
            Endpoint::put("/api/v1/conversations/{uuid}/tags", set_tags),
            "Put exactly these tags on a conversation",
        )
        .takes::<TagsBody>()
        .answers::<TaggedView>(200),
    ]
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "id": "550e8400-e29b-41d4-a716-446655440045", "unread_count": 0 }))]
struct ReadView {
    id: String,
    unread_count: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "id": "550e8400-e29b-41d4-a716-446655440045", "is_archived": true }))]
struct ArchivedView {
    id: String,
    is_archived: bool,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "A person took over" }))]
struct PauseBody {
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PauseView {
    conversation_id: String,
    automation_paused: bool,
    paused_at: Option<String>,
    /// The id of the API key that asked for it.
    paused_by: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "tag_ids": ["550e8400-e29b-41d4-a716-446655440001"] }))]
struct TagsBody {
    #[schema(max_items = 50, format = "uuid")]
    tag_ids: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct TaggedView {
    id: String,
    tags: Vec<TagLabel>,
}

async fn list_chat(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let archived = Query::of(&request).flag("archived", false)?;
    listing(&services, &request, archived, true).await
}

async fn list(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(&request);
    listing(&services, &request, query.flag("archived", false)?, is_chat(&query)).await
}

async fn list_archived(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let is_chat = is_chat(&Query::of(&request));
    listing(&services, &request, true, is_chat).await
}

async fn listing(
    services: &Services,
    request: &HttpRequest,
    archived: bool,
    is_chat: bool,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(request);
    let page = PageOf::asked(&query)?;
    let filter = filter(services, request, &query, archived).await?;
    let found = services.conversations.list(&filter, page.offset(), page.per_page).await?;
    let (found, total) = found;
    let numbers = page.numbers(found.len(), total, request.path(), request.query_string());
    if is_chat {
        let tags = render::tags(services).await?;
        let views = found.iter().map(|of| render::conversation(services, &tags, of));
        let data = views.collect::<Result<Vec<ConversationView>, Error>>()?;
        return Ok(answered(ConversationPage { data, numbers }));
    }
    let views = found.iter().map(|of| render::plain_conversation(services, of));
    let data = views.collect::<Result<Vec<PlainConversation>, Error>>()?;
    Ok(answered(PlainConversationPage { data, numbers }))
}

async fn filter(
    services: &Services,
    request: &HttpRequest,
    query: &Query,
    archived: bool,
) -> Result<ConversationFilter, ApiError> {
    let search = query.text("search").map(str::trim).filter(|search| !search.is_empty());
    if search.is_some_and(|search| LONGEST_SEARCH < search.chars().count()) {
        let message = "must have at most 100 characters";
        return Err(Error::invalid_field("search", message).into());
    }
    let is_group = match query.text("is_group") {
        Some(_) => Some(query.flag("is_group", false)?),
        None => None,
    };
    let tag = match query.text("tag") {
        Some(named) => Some(tag_named(services, named).await?),
        None => None,
    };
    Ok(ConversationFilter {
        sessions: access::sessions(services, request, query.text("instance_id"))?,
        archived,
        is_group,
        unread: query.flag("unread", false)?,
        tag,
        search: search.map(str::to_owned),
    })
}

/// A tag by id or name; one that is not there is on no conversation.
async fn tag_named(services: &Services, named: &str) -> Result<Uuid, Error> {
    let is_it = |tag: &&Tag| {
        tag.id.to_string().eq_ignore_ascii_case(named)
            || tag.name.to_lowercase() == named.to_lowercase()
    };
    let tags = services.tags.list().await?;
    Ok(tags.iter().find(is_it).map_or(Uuid::nil(), |tag| tag.id))
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let is_chat = is_chat(&Query::of(&request));
    let found = access::conversation(&services, &request).await?;
    if is_chat {
        let tags = render::tags(&services).await?;
        return Ok(answered(render::conversation(&services, &tags, &found)?));
    }
    Ok(answered(render::plain_conversation(&services, &found)?))
}

async fn mark_read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let found = access::conversation(&services, &request).await?;
    services.conversations.mark_read(&found.record).await?;
    Ok(answered(ReadView { id: found.record.uuid.to_string(), unread_count: 0 }))
}

async fn archive(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    set_archived(&services, &request, true).await
}

async fn unarchive(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    set_archived(&services, &request, false).await
}

async fn set_archived(
    services: &Services,
    request: &HttpRequest,
    is_archived: bool,
) -> Result<HttpResponse, ApiError> {
    let Conversation { record, .. } = access::conversation(services, request).await?;
    services.chats.archive(&record.session, &record.chat, is_archived).await?;
    Ok(answered(ArchivedView { id: record.uuid.to_string(), is_archived }))
}

async fn delete(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let found = access::conversation(&services, &request).await?;
    services.conversations.delete(&found.record).await?;
    let id = found.record.uuid.to_string();
    Ok(HttpResponse::Ok().json(told("Conversation deleted", json!({ "id": id }))))
}

async fn pause(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<PauseBody>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.reason.filter(|reason| !reason.trim().is_empty());
    if reason.as_ref().is_some_and(|reason| LONGEST_REASON < reason.chars().count()) {
        let message = "must have at most 500 characters";
        return Err(Error::invalid_field("reason", message).into());
    }
    let found = access::conversation(&services, &request).await?;
    let by = auth::principal(&request).key;
    let pause = services.conversations.pause_automation(&found.record, by, reason).await?;
    Ok(answered(PauseView {
        conversation_id: found.record.uuid.to_string(),
        automation_paused: true,
        paused_at: Some(time(pause.at)),
        paused_by: pause.by.map(|by| by.to_string()),
        reason: pause.reason,
    }))
}

async fn resume(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let found = access::conversation(&services, &request).await?;
    services.conversations.resume_automation(&found.record).await?;
    Ok(answered(PauseView {
        conversation_id: found.record.uuid.to_string(),
        automation_paused: false,
        paused_at: None,
        paused_by: None,
        reason: None,
    }))
}

async fn set_tags(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<TagsBody>,
) -> Result<HttpResponse, ApiError> {
    if MOST_TAGS < body.tag_ids.len() {
        return Err(Error::invalid_field("tag_ids", "must be at most 50").into());
    }
    let ids = Error::all(body.tag_ids.iter().map(|text| tag_id(text)))?;
    let found = access::conversation(&services, &request).await?;
    let session = auth::principal(&request).session.clone();
    for (id, text) in ids.iter().zip(&body.tag_ids) {
        let conversations = services.tags.count(*id, session.as_ref()).await?;
        if !access::sees_tag(&request, conversations) {
            return Err(no_tag(text).into());
        }
    }
    services.tags.set(&found.record, ids.clone()).await?;
    let all = services.tags.list().await?;
    let tags = all.iter().filter(|tag| ids.contains(&tag.id)).map(TagLabel::of).collect();
    Ok(answered(TaggedView { id: found.record.uuid.to_string(), tags }))
}

fn no_tag(text: &str) -> Error {
    let shown: String = text.chars().take(100).collect();
    Error::invalid_field("tag_ids", format!("name no tag with {shown}"))
}

/// The id of a tag.
pub fn tag_id(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| no_tag(text))
}

/// Whether the chat form is asked for. Another is refused before.
pub fn is_chat(query: &Query) -> bool {
    query.text("format").is_some()
}

fn answered(view: impl Serialize) -> HttpResponse {
    let body: Value = data(view);
    HttpResponse::Ok().json(body)
}

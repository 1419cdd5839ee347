//! Conversations: listed, read, archived, tagged, deleted, and with automation paused.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        chat::{
            access::{self, ConversationId},
            either_form::{EitherConversation, EitherConversationPage},
            paging::{PageNumbers, PageQuery},
            render,
            texts::{no_tag, tag_id},
            wire::{
                ConversationPage, ConversationView, PlainConversation, PlainConversationPage,
                TagLabel, time,
            },
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Body, Data, OwnSessions, Path, Query, Repeat},
    },
    domain::{Error, conversation::Tag},
    messaging::{Conversation, ConversationFilter},
    services::Services,
};

const TAG: &str = "Chat";
const MOST_TAGS: usize = 50;

type Call = kit::Call<kit::Conversations, OwnSessions>;

pub fn endpoints() -> Vec<Endpoint> {
    // A second time comes to the same.
    let kept = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable);
    vec![
        Endpoint::get("/api/v1/chat/conversations", list_chat)
            .named("listChatConversations")
            .about(TAG, "Conversations, newest activity first")
            .details("Pages have `per_page` conversations each."),
        kept(Endpoint::post("/api/v1/chat/conversations/{uuid}/mark-read", mark_read))
            .named("markChatConversationRead")
            .about(TAG, "Mark a conversation as read")
            .details("The sender of the messages sees that they were read."),
        kept(Endpoint::post("/api/v1/chat/conversations/{uuid}/archive", archive))
            .named("archiveChatConversation")
            .about(TAG, "Put a conversation into the archive"),
        kept(Endpoint::post("/api/v1/chat/conversations/{uuid}/unarchive", unarchive))
            .named("unarchiveChatConversation")
            .about(TAG, "Take a conversation out of the archive"),
        kept(Endpoint::post("/api/v1/chat/conversations/{uuid}/pause-automation", pause))
            .named("pauseAutomation")
            .about(TAG, "Keep automation from answering in a conversation")
            .details(
                "The gateway stores the pause; bots read `automation_paused` and do not \
                 answer.",
            ),
        kept(Endpoint::post("/api/v1/chat/conversations/{uuid}/resume-automation", resume))
            .named("resumeAutomation")
            .about(TAG, "Let automation answer again"),
        Endpoint::get("/api/v1/conversations", list)
            .named("listConversations")
            .about(TAG, "Conversations in the standard form, or as the chat form with format=chat")
            .details("`format=chat` answers in the form of `/api/v1/chat/conversations`."),
        Endpoint::get("/api/v1/conversations/archived", list_archived)
            .named("listArchivedConversations")
            .about(TAG, "Conversations in the archive"),
        Endpoint::get("/api/v1/conversations/{uuid}", read)
            .named("getConversation")
            .about(TAG, "One conversation"),
        kept(Endpoint::delete("/api/v1/conversations/{uuid}", delete))
            .named("deleteConversation")
            .about(TAG, "Delete a conversation and its messages here; the account keeps them")
            .details("Nothing is deleted on WhatsApp. A new message brings the conversation back."),
        kept(Endpoint::post("/api/v1/conversations/{uuid}/mark-read", mark_read))
            .named("markConversationRead")
            .about(TAG, "Mark as read"),
        kept(Endpoint::post("/api/v1/conversations/{uuid}/archive", archive))
            .named("archiveConversation")
            .about(TAG, "Archive"),
        kept(Endpoint::post("/api/v1/conversations/{uuid}/unarchive", unarchive))
            .named("unarchiveConversation")
            .about(TAG, "Take out of the archive"),
        kept(Endpoint::put("/api/v1/conversations/{uuid}/tags", set_tags))
            .named("setConversationTags")
            .about(TAG, "Put exactly these tags on a conversation")
            .details("An empty list takes all tags away."),
    ]
}

/// The form that can be asked for beside the standard one.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Chat,
}

/// Which conversations a list holds.
#[derive(Deserialize, ToSchema)]
struct ConversationsQuery {
    /// Of one instance: its UUID, number or name.
    instance_id: Option<String>,
    /// Part of the name, in any case and without marks, or of the number.
    #[schema(max_length = 100)]
    search: Option<String>,
    /// Only those with something unread.
    #[serde(default)]
    unread: bool,
    /// Only those with this tag: its id or name.
    tag: Option<String>,
    /// Only groups, or only people.
    is_group: Option<bool>,
    #[serde(flatten)]
    page: PageQuery,
}

#[derive(Deserialize, ToSchema)]
struct ChatListQuery {
    #[serde(flatten)]
    of: ConversationsQuery,
    /// Those in the archive instead.
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize, ToSchema)]
struct ListQuery {
    #[serde(flatten)]
    of: ConversationsQuery,
    /// Those in the archive instead.
    #[serde(default)]
    archived: bool,
    /// `chat` for the form of /chat/conversations.
    format: Option<Form>,
}

#[derive(Deserialize, ToSchema)]
struct ArchiveQuery {
    #[serde(flatten)]
    of: ConversationsQuery,
    /// `chat` for the form of /chat/conversations.
    format: Option<Form>,
}

#[derive(Deserialize, ToSchema)]
struct FormQuery {
    /// `chat` for the form of /chat/conversations.
    format: Option<Form>,
}

#[derive(Serialize, ToSchema)]
struct DeletedConversation {
    /// UUID of the conversation.
    id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "id": "550e8400-e29b-41d4-a716-446655440045", "unread_count": 0 }))]
struct ReadView {
    /// UUID of the conversation.
    id: String,
    unread_count: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "id": "550e8400-e29b-41d4-a716-446655440045", "is_archived": true }))]
struct ArchivedView {
    /// UUID of the conversation.
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
    /// UUID of the conversation.
    conversation_id: String,
    /// Whether automation must not answer.
    automation_paused: bool,
    /// When it was paused, RFC 3339; null while automation answers.
    paused_at: Option<String>,
    /// The id of the API key that asked for it.
    #[schema(example = json!(null))]
    paused_by: Option<String>,
    /// The reason that was given with the pause; null without one.
    #[schema(example = "A person answers")]
    reason: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "tag_ids": [] }))]
struct TagsBody {
    /// UUIDs of the tags, in place of the former ones; none takes all away.
    #[schema(max_items = 50, format = "uuid")]
    tag_ids: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct TaggedView {
    /// UUID of the conversation.
    id: String,
    tags: Vec<TagLabel>,
}

async fn list_chat(
    call: Call,
    Query(query): Query<ChatListQuery>,
) -> Result<Data<ConversationPage>, ApiError> {
    let (found, numbers) = found(&call, &query.of, query.archived).await?;
    let data = in_chat_form(&call, &found).await?;
    Ok(Data::of(ConversationPage { data, numbers }))
}

async fn list(
    call: Call,
    Query(query): Query<ListQuery>,
) -> Result<Data<EitherConversationPage>, ApiError> {
    listing(&call, &query.of, query.archived, query.format).await
}

async fn list_archived(
    call: Call,
    Query(query): Query<ArchiveQuery>,
) -> Result<Data<EitherConversationPage>, ApiError> {
    listing(&call, &query.of, true, query.format).await
}

async fn listing(
    call: &Call,
    query: &ConversationsQuery,
    archived: bool,
    format: Option<Form>,
) -> Result<Data<EitherConversationPage>, ApiError> {
    let (found, numbers) = found(call, query, archived).await?;
    if format == Some(Form::Chat) {
        let data = in_chat_form(call, &found).await?;
        return Ok(Data::of(EitherConversationPage::from(ConversationPage { data, numbers })));
    }
    let views = found.iter().map(|of| render::plain_conversation(call, of));
    let data = views.collect::<Result<Vec<PlainConversation>, Error>>()?;
    Ok(Data::of(EitherConversationPage::from(PlainConversationPage { data, numbers })))
}

/// The conversations of the page, and the numbers around it.
async fn found(
    call: &Call,
    query: &ConversationsQuery,
    archived: bool,
) -> Result<(Vec<Conversation>, PageNumbers), ApiError> {
    let page = query.page.page();
    let filter = filter(call, query, archived).await?;
    let (found, total) = call.conversations.list(&filter, page.offset(), page.per_page).await?;
    let request = call.request();
    let numbers = page.numbers(found.len(), total, request.path(), request.query_string());
    Ok((found, numbers))
}

async fn in_chat_form(call: &Call, found: &[Conversation]) -> Result<Vec<ConversationView>, Error> {
    let tags = render::tags(call).await?;
    found.iter().map(|of| render::conversation(call, &tags, of)).collect()
}

async fn filter(
    call: &Call,
    query: &ConversationsQuery,
    archived: bool,
) -> Result<ConversationFilter, ApiError> {
    let search = query.search.as_deref().map(str::trim).filter(|search| !search.is_empty());
    let tag = match &query.tag {
        Some(named) => Some(tag_named(call, named).await?),
        None => None,
    };
    Ok(ConversationFilter {
        sessions: access::sessions(call, call.request(), query.instance_id.as_deref())?,
        archived,
        is_group: query.is_group,
        unread: query.unread,
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

async fn conversation(call: &Call, id: &str) -> Result<Conversation, Error> {
    access::conversation(call, call.request(), id).await
}

async fn read(
    call: Call,
    Path(id): Path<ConversationId>,
    Query(query): Query<FormQuery>,
) -> Result<Data<EitherConversation>, ApiError> {
    let found = conversation(&call, &id).await?;
    if query.format == Some(Form::Chat) {
        let tags = render::tags(&call).await?;
        return Ok(Data::of(EitherConversation::from(render::conversation(&call, &tags, &found)?)));
    }
    Ok(Data::of(EitherConversation::from(render::plain_conversation(&call, &found)?)))
}

async fn mark_read(call: Call, Path(id): Path<ConversationId>) -> Result<Data<ReadView>, ApiError> {
    let found = conversation(&call, &id).await?;
    call.inbox_actions.mark_unread((&found.record.session, &found.record.chat), false).await?;
    call.conversations.mark_read(&found.record).await?;
    Ok(Data::of(ReadView { id: found.record.uuid.to_string(), unread_count: 0 }))
}

async fn archive(
    call: Call,
    Path(id): Path<ConversationId>,
) -> Result<Data<ArchivedView>, ApiError> {
    set_archived(&call, &id, true).await
}

async fn unarchive(
    call: Call,
    Path(id): Path<ConversationId>,
) -> Result<Data<ArchivedView>, ApiError> {
    set_archived(&call, &id, false).await
}

async fn set_archived(
    call: &Call,
    id: &str,
    is_archived: bool,
) -> Result<Data<ArchivedView>, ApiError> {
    let Conversation { record, .. } = conversation(call, id).await?;
    call.chats.archive(&record.session, &record.chat, is_archived).await?;
    Ok(Data::of(ArchivedView { id: record.uuid.to_string(), is_archived }))
}

async fn delete(
    call: Call,
    Path(id): Path<ConversationId>,
) -> Result<Data<DeletedConversation>, ApiError> {
    let found = conversation(&call, &id).await?;
    call.delete_conversation(&found.record).await?;
    let gone = DeletedConversation { id: found.record.uuid.to_string() };
    Ok(Data::of(gone).saying("Conversation deleted"))
}

async fn pause(
    call: Call,
    Path(id): Path<ConversationId>,
    Body(body): Body<PauseBody>,
) -> Result<Data<PauseView>, ApiError> {
    let reason = body.reason.filter(|reason| !reason.trim().is_empty());
    let found = conversation(&call, &id).await?;
    let by = call.principal().id();
    let pause = call.conversations.pause_automation(&found.record, by, reason).await?;
    Ok(Data::of(PauseView {
        conversation_id: found.record.uuid.to_string(),
        automation_paused: true,
        paused_at: Some(time(pause.at)),
        paused_by: pause.by.map(|by| by.to_string()),
        reason: pause.reason,
    }))
}

async fn resume(call: Call, Path(id): Path<ConversationId>) -> Result<Data<PauseView>, ApiError> {
    let found = conversation(&call, &id).await?;
    call.conversations.resume_automation(&found.record).await?;
    Ok(Data::of(PauseView {
        conversation_id: found.record.uuid.to_string(),
        automation_paused: false,
        paused_at: None,
        paused_by: None,
        reason: None,
    }))
}

async fn set_tags(
    call: Call,
    Path(id): Path<ConversationId>,
    Body(body): Body<TagsBody>,
) -> Result<Data<TaggedView>, ApiError> {
    if MOST_TAGS < body.tag_ids.len() {
        return Err(Error::invalid_field("tag_ids", "must be at most 50").into());
    }
    let ids = Error::all(body.tag_ids.iter().map(|text| tag_id(text)))?;
    let found = conversation(&call, &id).await?;
    let session = call.own_session();
    for (id, text) in ids.iter().zip(&body.tag_ids) {
        let conversations = call.tags.count(*id, session.as_ref()).await?;
        if !access::sees_tag(call.request(), conversations) {
            return Err(no_tag(text).into());
        }
    }
    call.tags.set(&found.record, ids.clone()).await?;
    let all = call.tags.list().await?;
    let tags = all.iter().filter(|tag| ids.contains(&tag.id)).map(TagLabel::of).collect();
    Ok(Data::of(TaggedView { id: found.record.uuid.to_string(), tags }))
}

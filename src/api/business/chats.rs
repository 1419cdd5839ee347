//! Conversations of the business API: listed, read, assigned, resolved, starred, archived, deleted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            agents,
            channels::{self, Channel},
            chat_view::{ChatView, Known},
            contact_view::given,
            message_view::{self, MessageView},
            sessions,
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            self, Body, Data, Limit, OwnSessions, Paged, Paging, Path, Query, Repeat, path_value,
        },
    },
    domain::{
        Error, ErrorCode, Timestamp,
        conversation::{ConversationRecord, Window},
    },
    inbox::{Agent, Folder, InboxChange, InboxFilter, InboxState, Status},
    messaging::{Conversation, unknown_conversation},
    services::Services,
};

const TAG: &str = "Business conversations";
/// Entries up to which pages go by number.
const FARTHEST: usize = 10_000;
/// The color of a tag that is named for the first time.
const TAG_COLOR: &str = "#64748b";

pub type Call = kit::Call<kit::Conversations, OwnSessions>;

pub fn endpoints() -> Vec<Endpoint> {
    // A second time comes to the same.
    let kept = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable);
    vec![
        Endpoint::get("/api/whatsapp-api/chats", list)
            .named("listBusinessChats")
            .about(TAG, "Conversations with people, newest activity first")
            .details(
                "Filters can be combined. The total is exact. Beyond 10,000 entries, go on with `before`.",
            ),
        Endpoint::get("/api/whatsapp-api/chats/{id}", read)
            .named("getBusinessChat")
            .about(TAG, "One conversation with its newest messages"),
        kept(Endpoint::patch("/api/whatsapp-api/chats/{id}", patch))
            .named("patchBusinessChat")
            .about(TAG, "Change status, assignee, star, archive, read state, snooze or tags")
            .may_fail(&[ErrorCode::Conflict]),
        kept(Endpoint::delete("/api/whatsapp-api/chats/{id}", delete))
            .named("deleteBusinessChat")
            .about(TAG, "Delete a conversation and its messages here; the account keeps them"),
        kept(Endpoint::post("/api/whatsapp-api/chats/{id}/assign", assign))
            .named("assignBusinessChat")
            .about(TAG, "Give a conversation to somebody, or to nobody")
            .details("`me` is the person who calls, also by a key of theirs; a key of nobody is meant itself."),
        kept(Endpoint::post("/api/whatsapp-api/chats/{id}/resolve", resolve))
            .named("resolveBusinessChat")
            .about(TAG, "Close a conversation; the contact's next message reopens it")
            .details("The contact may be asked for a rating first; an answer to that leaves it resolved."),
        kept(Endpoint::post("/api/whatsapp-api/chats/{id}/reopen", reopen))
            .named("reopenBusinessChat")
            .about(TAG, "Reopen a conversation that was resolved"),
        kept(Endpoint::put("/api/whatsapp-api/chats/{id}/channel", set_channel))
            .named("setBusinessChatChannel")
            .about(TAG, "Choose what the next messages go by")
            .details("`sms` needs SMS to be set up, and a contact with a telephone number."),
    ]
}

path_value! {
    /// A conversation, by its UUID.
    pub enum ChatId = "id" as String;
    about: "The UUID of the conversation", example: "550e8400-e29b-41d4-a716-446655440045",
    read: |text| Ok(text.to_owned())
}

/// Which conversations a list holds.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatsQuery {
    /// OPEN, ASSIGNED, RESOLVED, BOT_ACTIVE or AI_ACTIVE, in any case; several with commas.
    #[schema(max_length = 200)]
    status: Option<String>,
    /// The id of an assignee, `me`, or `unassigned`.
    #[schema(max_length = 36)]
    assigned_to: Option<String>,
    /// `whatsapp`, `sms` or `slack`.
    #[schema(max_length = 20)]
    channel: Option<String>,
    /// Part of the name, in any case and without marks, or of the number.
    #[schema(max_length = 100)]
    search: Option<String>,
    /// Only those with a star, or only the others.
    starred: Option<bool>,
    /// Those in the archive instead.
    #[serde(default)]
    archived: bool,
    /// Those that are snoozed instead.
    #[serde(default)]
    snoozed: bool,
    /// Only those with unread messages or marked as unread, or only the others.
    unread: Option<bool>,
    /// The name of a tag of the conversation.
    #[schema(max_length = 50)]
    tag: Option<String>,
    /// Only conversations behind this one: its id.
    #[schema(max_length = 36)]
    before: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize, ToSchema)]
pub struct MessagesQuery {
    /// How many messages.
    #[serde(default)]
    limit: Limit<50, 200>,
    /// Messages before this one: its id of either kind, or its number.
    #[schema(max_length = 200)]
    before: Option<String>,
}

/// A conversation with a page of its messages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessChatWithMessages)]
pub struct ChatWithMessages {
    /// The conversation.
    chat: ChatView,
    /// Oldest first.
    messages: Vec<MessageView>,
    has_more: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessChatPatch, example = json!({ "status": "RESOLVED", "starred": true }))]
pub struct ChatPatch {
    /// OPEN, ASSIGNED with an `assignedTo`, or RESOLVED.
    #[schema(max_length = 20, example = "RESOLVED")]
    status: Option<String>,
    /// The id of an assignee, `me`, or null for nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100, example = "me")]
    assigned_to: Option<Option<String>>,
    /// Whether it has a star.
    starred: Option<bool>,
    /// Whether it is in the archive.
    archived: Option<bool>,
    /// True marks the conversation as read, false as unread, which the contact does not see.
    read: Option<bool>,
    /// When a conversation that is snoozed comes back into the lists, within a year; null for at once. A message of the
    /// contact brings it back before.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = DateTime, value_type = Option<String>, max_length = 40)]
    snoozed_until: Option<Option<String>>,
    /// Names of tags; exactly these. New ones are made.
    #[schema(max_items = 50, max_length = 50)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessAssignment, example = json!({ "userId": "me" }))]
struct Assignment {
    /// The id of an assignee, `me`, or null for nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100, example = "me")]
    user_id: Option<Option<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessResolution, example = json!({ "sendCsat": true }))]
pub struct Resolution {
    /// Whether the contact is asked for a rating; as the settings say, unless it is given.
    send_csat: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = BusinessChannelChoice, example = json!({ "channel": "whatsapp" }))]
struct ChannelChoice {
    /// `whatsapp` or `sms`.
    #[schema(max_length = 20, example = "whatsapp")]
    channel: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessDeletedChat)]
struct Deleted {
    /// UUID of the conversation that was deleted.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    id: String,
    /// Always true.
    #[schema(example = true)]
    deleted: bool,
}

/// A conversation that a caller may touch, as the inbox and as messaging have it.
pub struct Found {
    pub state: InboxState,
    pub conversation: Conversation,
}

pub async fn find<S>(call: &kit::Call<S, OwnSessions>, id: &str) -> Result<Found, Error> {
    let conversation = call.conversations.get(id).await?;
    let record = &conversation.record;
    check(call, id, record)?;
    let state = call.inbox.get(&record.session, &record.chat).await?;
    let state = state.ok_or_else(|| unknown_conversation(id))?;
    Ok(Found { state, conversation })
}

/// The last entry of a page. It may have been deleted since: the list goes on behind it all the same.
async fn last(call: &Call, id: &str) -> Result<InboxState, Error> {
    let record = call.conversations.record(id).await?;
    check(call, id, &record)?;
    let last = call.inbox.last(&record.session, &record.chat).await?;
    last.ok_or_else(|| unknown_conversation(id))
}

/// Web chats are of the workspace API alone, and a key for one session knows its conversations.
fn check<S>(
    call: &kit::Call<S, OwnSessions>,
    id: &str,
    record: &ConversationRecord,
) -> Result<(), Error> {
    let own = call.own_session();
    match record.session.is_web() || own.is_some_and(|own| own != record.session) {
        true => Err(unknown_conversation(id)),
        false => Ok(()),
    }
}

async fn view(services: &Services, found: &Found) -> Result<ChatView, Error> {
    let known = Known::about(services, &found.state).await?;
    Ok(known.view(services, &found.state, &found.conversation))
}

pub async fn list(
    call: Call,
    Query(query): Query<ChatsQuery>,
) -> Result<Paged<ChatView>, ApiError> {
    let place = place(query.paging)?;
    let (filter, is_nothing) = filter(&call, &query).await?;
    let before = match &query.before {
        Some(id) => Some(last(&call, id).await?),
        None => None,
    };
    if is_nothing {
        return Ok(Paged::of(&[], query.paging, 0));
    }
    let found = call.inbox.page(&filter, before.as_ref(), place).await?;
    let (known, conversations) = Known::read(&call, &found.items).await?;
    let both = found.items.iter().zip(conversations);
    let chats: Vec<ChatView> =
        both.filter_map(|(state, of)| Some(known.view(&call, state, &of?))).collect();
    Ok(Paged::of(&chats, query.paging, found.total))
}

/// Where a page begins, and how many entries it has. Far behind, a list goes on with `before`.
pub fn place(paging: Paging) -> Result<(usize, usize), Error> {
    let (skipped, limit) = (paging.skipped(), paging.limit());
    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
    if FARTHEST < skipped.saturating_add(limit) {
        let message = "reaches beyond 10,000 entries; go on with 'before' instead";
        return Err(Error::invalid_field("page", message));
    }
    Ok((skipped, limit))
}

/// The filter of a query, and whether it can fit nothing.
async fn filter(call: &Call, query: &ChatsQuery) -> Result<(InboxFilter, bool), Error> {
    let statuses = query.status.as_deref().map_or(Ok(Vec::new()), statuses);
    let channel = query.channel.as_deref().map(Channel::read).transpose();
    let (statuses, channel) = Error::both(statuses, channel)?;
    let folder = match (query.archived, query.snoozed) {
        (true, true) => {
            let fault = "cannot be given together with archived";
            return Err(Error::invalid_field("snoozed", fault));
        }
        (true, false) => Folder::Archive,
        (false, true) => Folder::Snoozed,
        (false, false) => Folder::Inbox,
    };
    let mut sessions = sessions::ids(call);
    sessions.retain(|session| channel.is_none_or(|channel| channel == Channel::of(session)));
    let is_nowhere = sessions.is_empty();
    let assignee = match query.assigned_to.as_deref() {
        None => None,
        Some("unassigned") => Some(None),
        Some(text) => Some(Some(agents::read(call, "assignedTo", text).await?)),
    };
    let tag = match &query.tag {
        None => None,
        Some(name) => Some(tag_named(call, name).await?),
    };
    let filter = InboxFilter {
        sessions,
        statuses,
        assignee,
        starred: query.starred,
        folder,
        unread: query.unread,
        tags: tag.flatten().into_iter().collect(),
        search: query.search.clone(),
        ..InboxFilter::default()
    };
    Ok((filter, is_nowhere || tag == Some(None)))
}

fn statuses(text: &str) -> Result<Vec<Status>, Error> {
    let names = text.split(',').filter(|name| !name.trim().is_empty());
    let read = |name: &str| {
        let known = Status::ALL.map(Status::as_str).join(", ");
        let fault = || Error::invalid_field("status", format!("must be among {known}"));
        Status::read(name).ok_or_else(fault)
    };
    names.map(read).collect()
}

async fn tag_named(services: &Services, name: &str) -> Result<Option<uuid::Uuid>, Error> {
    let name = name.trim().to_lowercase();
    let tags = services.tags.list().await?;
    Ok(tags.into_iter().find(|tag| tag.name.to_lowercase() == name).map(|tag| tag.id))
}

pub async fn read(
    call: Call,
    Path(id): Path<ChatId>,
    Query(query): Query<MessagesQuery>,
) -> Result<Data<ChatWithMessages>, ApiError> {
    let found = find(&call, &id).await?;
    let record = &found.conversation.record;
    let window = match &query.before {
        Some(text) => {
            let sessions = std::slice::from_ref(&record.session);
            Window::Before(message_view::number_of(&call, sessions, text).await?)
        }
        None => Window::Newest,
    };
    let page = call.message_history.shown_page(record, window, query.limit.get()).await?;
    let messages =
        message_view::views(&call, &record.session, &page.messages, found.state.contact).await?;
    let chat = view(&call, &found).await?;
    Ok(Data::of(ChatWithMessages { chat, messages, has_more: page.has_more }))
}

pub async fn patch(
    call: Call,
    Path(id): Path<ChatId>,
    Body(body): Body<ChatPatch>,
) -> Result<Data<ChatView>, ApiError> {
    let status = match body.status.as_deref() {
        Some(text) => match statuses(text)?.as_slice() {
            [status] => Some(*status),
            _ => return Err(Error::invalid_field("status", "must be one status").into()),
        },
        None => None,
    };
    let found = find(&call, &id).await?;
    let by = agents::caller(&call);
    let (chat, record) = ((&found.state.session, &found.state.chat), &found.conversation.record);
    let assignee = match body.assigned_to {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => Some(Some(agents::read(&call, "assignedTo", &text).await?)),
    };
    let snoozed_until = match body.snoozed_until {
        Some(text) => Some(moment(text.as_deref())?),
        None => None,
    };
    let change = InboxChange { assignee, status, starred: body.starred, snoozed_until };
    // Whatever is refused is refused before anything is changed, and what an engine does comes first: it may fail.
    call.inbox_actions.check(&found.state, change, by)?;
    if let Some(names) = &body.tags {
        call.tags.check_names(names).await?;
    }
    if let Some(archived) = body.archived {
        archive(&call, &found, archived).await?;
    }
    if change != InboxChange::default() {
        call.inbox_actions.apply(chat, change, by).await?;
    }
    if let Some(names) = &body.tags {
        call.tags.set_named(record, names, TAG_COLOR).await?;
    }
    if let Some(is_read) = body.read {
        set_read(&call, &found, is_read).await?;
    }
    again(&call, &id).await
}

/// Marks a conversation as read or as unread.
pub async fn set_read(services: &Services, found: &Found, is_read: bool) -> Result<(), Error> {
    services.inbox_actions.mark_unread((&found.state.session, &found.state.chat), !is_read).await?;
    if is_read {
        services.conversations.mark_read(&found.conversation.record).await?;
    }
    Ok(())
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let fault = "must be a time such as 2026-03-24T10:31:00Z";
    let read = |text: &str| text.trim().parse::<Timestamp>();
    text.map(read).transpose().map_err(|_| Error::invalid_field("snoozedUntil", fault))
}

pub async fn archive(call: &Call, found: &Found, archived: bool) -> Result<(), Error> {
    let record = &found.conversation.record;
    call.chats.archive(&record.session, &record.chat, archived).await
}

/// The conversation as it is after a change, which lists show by then, too.
async fn again(call: &Call, id: &str) -> Result<Data<ChatView>, ApiError> {
    call.inbox.caught_up().await?;
    let found = find(call, id).await?;
    Ok(Data::of(view(call, &found).await?))
}

async fn assign(
    call: Call,
    Path(id): Path<ChatId>,
    Body(body): Body<Assignment>,
) -> Result<Data<ChatView>, ApiError> {
    let wanted = body.user_id;
    let wanted = wanted.ok_or_else(|| Error::invalid_field("userId", "is required, or null"))?;
    let found = find(&call, &id).await?;
    let assignee: Option<Agent> = match wanted {
        Some(text) => Some(agents::read(&call, "userId", &text).await?),
        None => None,
    };
    let chat = (&found.state.session, &found.state.chat);
    call.inbox_actions.assign(chat, assignee, agents::caller(&call)).await?;
    again(&call, &id).await
}

pub async fn resolve(
    call: Call,
    Path(id): Path<ChatId>,
    Body(body): Body<Resolution>,
) -> Result<Data<ChatView>, ApiError> {
    let found = find(&call, &id).await?;
    let chat = (&found.state.session, &found.state.chat);
    call.inbox_actions.resolve(chat, agents::caller(&call), body.send_csat).await?;
    again(&call, &id).await
}

async fn reopen(call: Call, Path(id): Path<ChatId>) -> Result<Data<ChatView>, ApiError> {
    let found = find(&call, &id).await?;
    call.inbox_actions
        .reopen((&found.state.session, &found.state.chat), agents::caller(&call))
        .await?;
    again(&call, &id).await
}

async fn set_channel(
    call: Call,
    Path(id): Path<ChatId>,
    Body(body): Body<ChannelChoice>,
) -> Result<Data<ChatView>, ApiError> {
    let channel = Channel::read(&body.channel)?;
    let found = find(&call, &id).await?;
    match channel {
        Channel::WhatsApp => (),
        Channel::Sms => {
            call.sms.session()?;
            channels::number_of(&call, &found.state).await?;
        }
        Channel::Slack => return Err(Error::invalid("Slack is not enabled").into()),
    }
    let place = (&found.state.session, &found.state.chat);
    call.inbox_actions.send_by_sms(place, channel == Channel::Sms).await?;
    again(&call, &id).await
}

async fn delete(call: Call, Path(id): Path<ChatId>) -> Result<Data<Deleted>, ApiError> {
    let found = find(&call, &id).await?;
    call.delete_conversation(&found.conversation.record).await?;
    Ok(Data::of(Deleted { id: found.state.conversation.to_string(), deleted: true }))
}

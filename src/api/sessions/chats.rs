//! Chats and the messages in them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, ChatId, InSession, Limit, Listed, Message, Path, Query, Read, Repeat, Send,
        },
        sessions::{identity::IdentityView, message_view::MessageView},
    },
    domain::{
        Chat, Identities,
        address::{Sought, sought},
        event_people::people_in_message,
    },
};

const TAG: &str = "Chats";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/chats", list)
            .named("listChats")
            .about(TAG, "List the chats, newest first")
            .details("With `cached=true` the gateway answers from its own record, also while the session is away."),
        Endpoint::get("/api/v1/sessions/{sessionId}/chats/{chatId}/messages", messages)
            .named("listChatMessages")
            .about(TAG, "The newest messages of a chat, oldest first"),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/mark-read", mark_read)
            .named("markChatRead")
            .about(TAG, "Mark a chat as read")
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/archive", archive)
            .named("archiveChat")
            .about(TAG, "Archive a chat")
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/unarchive", unarchive)
            .named("unarchiveChat")
            .about(TAG, "Take a chat out of the archive")
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/sessions/{sessionId}/chats/{chatId}/typing", typing)
            .named("setTyping")
            .about(TAG, "Show or stop \"typing…\"")
            .details(
                "WhatsApp ends it by itself after a while. Stopping it early needs `typing: \
                 false`.",
            )
            .repeats(Repeat::Repeatable),
    ]
}

#[derive(Deserialize, ToSchema)]
struct ChatsQuery {
    #[serde(default)]
    limit: Limit<1_000, 1_000>,
    /// How many to leave out first.
    #[serde(default)]
    #[schema(minimum = 0, default = 0)]
    offset: usize,
    /// Only chats with unread messages.
    #[serde(default)]
    unread: bool,
    /// Only chats whose name or id holds this.
    search: Option<String>,
    /// What was known last, when the session is not ready.
    #[serde(default)]
    cached: bool,
}

#[derive(Deserialize, ToSchema)]
struct ChatMessagesQuery {
    #[serde(default)]
    limit: Limit<50, 500>,
    /// Only messages before this one: its full id, or the part after the chat.
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "typing": true }))]
struct TypingBody {
    /// Default true.
    typing: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChatView {
    /// Id of the chat, with its suffix.
    #[schema(example = "15550000001@c.us")]
    id: String,
    /// None for a group.
    identity: Option<IdentityView>,
    /// Name of the chat, as the phone shows it.
    #[schema(example = "Ada")]
    name: String,
    is_group: bool,
    /// Stories, or a channel: nothing can be sent there.
    is_status: bool,
    /// A channel (`…@newsletter`).
    is_channel: bool,
    unread_count: u32,
    /// The newest message; null in an empty chat.
    last_message: Option<LastMessageView>,
    archived: bool,
    pinned: bool,
    /// When something last happened in it, in seconds since 1970.
    #[schema(example = 1774348260)]
    timestamp: i64,
    /// Until when it is muted, in seconds since 1970; 0 when it is not.
    #[schema(example = 0)]
    mute_expiration: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastMessageView {
    /// Its text, or a word for what it carries.
    #[schema(example = "Hello")]
    body: String,
    /// When it was sent, in seconds since 1970.
    #[schema(example = 1774348260)]
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
            id: chat.id.into(),
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
    call: Call<Read, InSession>,
    Query(query): Query<ChatsQuery>,
) -> Result<Listed<ChatView>, ApiError> {
    let (session, limit) = (call.session_id()?, query.limit.get());
    let ChatsQuery { cached, unread, search, .. } = query;
    let offset = query.offset.min(usize::MAX / 2);
    let search = search.map(|search| search.to_lowercase());
    let sought = search.as_deref().and_then(sought);
    let canonical = match &sought {
        Some(Sought::Id(id)) => Some(call.chats.canonical_id(&session, id).await?),
        _ => None,
    };
    let chats = if unread || search.is_some() {
        let matches = |chat: &Chat| {
            let found = |search: &String| {
                let has_address = match &sought {
                    Some(Sought::Digits(digits)) => chat.id.as_str().contains(digits),
                    Some(Sought::Id(id)) => chat.id == *id || canonical.as_ref() == Some(&chat.id),
                    None => chat.id.as_str().contains(search),
                };
                has_address || chat.name.to_lowercase().contains(search)
            };
            (!unread || 0 < chat.unread) && search.as_ref().is_none_or(found)
        };
        let all = call.chats.page(&session, cached, 0, usize::MAX / 2).await?;
        all.into_iter().filter(matches).skip(offset).take(limit).collect()
    } else {
        call.chats.page(&session, cached, offset, limit).await?
    };
    let people = chats.iter().map(|chat| &chat.id);
    let known = call.directory.identities(&session, people).await?;
    Ok(chats.into_iter().map(|chat| ChatView::of(chat, &known)).collect())
}

async fn messages(
    call: Call<Read, InSession>,
    Path(chat): Path<ChatId>,
    Query(query): Query<ChatMessagesQuery>,
) -> Result<Listed<MessageView<'static>>, ApiError> {
    let session = call.session()?;
    let (before, limit) = (query.before.as_deref(), query.limit.get());
    let messages = call.messages.page(session.id(), &chat, before, limit).await?;
    let me = session.status().me.map(|me| me.id);
    let people = messages.iter().flat_map(people_in_message).chain(&me);
    let known = call.directory.identities(session.id(), people).await?;
    let view = |message| MessageView::of(message, &known, me.as_ref());
    Ok(Listed::borrowed(&messages.iter().map(view).collect::<Vec<_>>()))
}

async fn mark_read(
    call: Call<Send, InSession>,
    Path(chat): Path<ChatId>,
) -> Result<Message, ApiError> {
    let session = call.session_id()?;
    call.chats.mark_read(&session, &chat).await?;
    let chat = call.chats.canonical_id(&session, &chat).await?;
    call.inbox_actions.mark_unread((&session, &chat), false).await?;
    Ok(Message::of("Chat marked as read"))
}

async fn archive(
    call: Call<Send, InSession>,
    Path(chat): Path<ChatId>,
) -> Result<Message, ApiError> {
    call.chats.archive(&call.session_id()?, &chat, true).await?;
    Ok(Message::of("Chat archived"))
}

async fn unarchive(
    call: Call<Send, InSession>,
    Path(chat): Path<ChatId>,
) -> Result<Message, ApiError> {
    call.chats.archive(&call.session_id()?, &chat, false).await?;
    Ok(Message::of("Chat taken out of the archive"))
}

async fn typing(
    call: Call<Send, InSession>,
    Path(chat): Path<ChatId>,
    Body(body): Body<TypingBody>,
) -> Result<Message, ApiError> {
    let typing = body.typing.unwrap_or(true);
    call.chats.set_typing(&call.session_id()?, &chat, typing).await?;
    Ok(Message::of(if typing { "Typing shown" } else { "Typing stopped" }))
}

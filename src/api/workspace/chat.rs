//! Chat with bots: messages, history, conversations, feedback.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Bucket, Call, Conversations, Data, Limit, Message, Path, Query, Repeat, choice,
            required_choice,
        },
        workspace::{
            bot_access,
            bots::{self, BotId},
            pages::PageView,
            session_view::{
                self, MessageView, SessionView, SourceView, status_name, status_schema,
            },
            sessions::{self, ChatSessionId, SessionsQuery},
        },
    },
    bots::Bot,
    domain::{Error, ErrorCode, Jid, MessageId, Subject, conversation::Window},
    inbox::InboxState,
    messaging::FoundMessage,
    services::Services,
    web_chat::{Feedback, FeedbackVerdict, Replied, Saying, Visitor, WebChats},
};

pub const TAG: &str = "Bot chat";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/chat", chat)
            .named("chatWithBot")
            .about(TAG, "Say something to a bot, and get its answer")
            .details(
                "Without `session_id` a conversation begins. Where a person works on it, the message is there for them \
                 and `response` is null. A draft is answered to those who work with the bot. Where a language model words the \
                 answers, messages that follow each other closely get one answer, and `degraded` says that the model \
                 failed.",
            )
            .limited(Bucket::Assistant)
            // The visitor's message is named after the key: said again, it is the same.
            .repeats(Repeat::Repeatable)
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::get("/api/v1/chat/history/{id}", history)
            .named("getChatHistory")
            .about(TAG, "A conversation with a page of its messages, oldest first")
            .details("Behind the newest stand those that wait in the outbox, beside `limit`."),
        Endpoint::get("/api/v1/chat/sessions/{id}", list)
            .named("listChatSessions")
            .about(TAG, "Conversations with a bot, newest activity first")
            .details("The total is exact."),
        Endpoint::delete("/api/v1/chat/sessions/{id}", remove)
            .named("deleteChatSession")
            .about(TAG, "Delete a conversation and its messages")
            .details("This needs an ADMIN or the owner of the bot; where the bot is gone, an ADMIN."),
        Endpoint::post("/api/v1/chat/feedback", feedback)
            .named("giveChatFeedback")
            .about(TAG, "Say what a visitor thinks of an answer, or of the conversation")
            .details("Given again, it replaces what was said before.")
            .repeats(Repeat::Repeatable)
            .may_fail(&[ErrorCode::NotFound]),
    ]
}

/// A message to a bot.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceChat, example = json!({
    "bot_id": "550e8400-e29b-41d4-a716-446655440060", "message": "Hello!",
}))]
pub struct ChatBody {
    /// UUID of the bot.
    #[schema(max_length = 64, example = "550e8400-e29b-41d4-a716-446655440060")]
    bot_id: String,
    /// What is said.
    #[schema(min_length = 1, max_length = 4000, example = "Hello!")]
    pub message: String,
    /// UUID of the conversation that goes on; a new one begins without it.
    #[schema(max_length = 64, example = json!(null))]
    session_id: Option<String>,
    /// Who says it.
    visitor: Option<VisitorBody>,
    /// The tag of the language that it is in.
    #[schema(max_length = 20, example = "en")]
    language: Option<String>,
}

/// Who writes to a bot. What is not given stays as it was.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceVisitorBody)]
pub struct VisitorBody {
    /// Your own id of them.
    #[schema(max_length = 254)]
    id: Option<String>,
    /// Their name.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Their e-mail address.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Their telephone number.
    #[schema(max_length = 32)]
    phone: Option<String>,
    /// Whatever else you know of them, at most 20 texts.
    metadata: Option<BTreeMap<String, String>>,
}

impl VisitorBody {
    /// Who writes, in a language that is told beside it.
    pub fn visitor(body: Option<Self>, language: Option<String>) -> Visitor {
        let mut visitor = Visitor::default();
        if let Some(Self { id, name, email, phone, metadata }) = body {
            visitor = Visitor {
                id,
                name,
                email,
                phone,
                metadata: metadata.unwrap_or_default(),
                until: None,
            };
        }
        if let Some(language) = language {
            visitor.metadata.insert("language".to_owned(), language);
        }
        visitor
    }
}

/// What a bot answered.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = WorkspaceChatAnswer)]
pub struct ChatView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    pub session_id: String,
    /// UUID of the bot.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440060")]
    bot_id: String,
    /// UUID of the answer; of the message itself where there is none.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440062")]
    message_id: String,
    /// The answer; null where a person answers.
    #[schema(example = "Hi! How can I help?")]
    pub response: Option<String>,
    /// The same.
    #[schema(example = "Hi! How can I help?")]
    reply: Option<String>,
    /// What the answer comes from.
    pub sources: Vec<SourceView>,
    #[schema(schema_with = intent_schema)]
    intent: Option<&'static str>,
    /// The language model of the bot failed: this is what the bot knows without it, or says then.
    #[schema(example = false)]
    degraded: bool,
    /// The answer ends early.
    #[schema(example = false)]
    truncated: bool,
    /// Whether the bot asked for a person, and none has come yet.
    handoff_requested: bool,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// When it was answered, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
}

fn intent_schema() -> Schema {
    choice(
        "What the answer is; null where there is none.",
        &["greeting", "thanks", "goodbye", "faq", "found", "generated", "fallback", "handoff"],
    )
}

/// A message that may be said.
pub struct Admitted {
    pub bot: Bot,
    /// None where a conversation begins.
    pub chat: Option<Jid>,
    pub visitor: Visitor,
}

/// Checks a message to a bot.
pub async fn admit(call: &Call<Conversations>, body: &mut ChatBody) -> Result<Admitted, Error> {
    WebChats::check(&body.message)?;
    let unknown = || Error::not_found(Subject::Bot, "there is no such bot");
    let bot = body.bot_id.trim().parse::<Uuid>().map_err(|_| unknown())?;
    let bot = bot_access::worked(call, bot).await?;
    let id = body.session_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let chat = match id {
        Some(id) => {
            let unknown = || Error::not_found(Subject::Chat, "there is no such session");
            let found = sessions::worked(call, id.parse().map_err(|_| unknown())?).await?;
            if found.state.session.web_bot() != Some(bot.id) {
                let fault = "is not a web chat of this bot";
                return Err(Error::invalid_field("session_id", fault));
            }
            Some(found.state.chat)
        }
        None => None,
    };
    let visitor = VisitorBody::visitor(body.visitor.take(), body.language.take());
    Ok(Admitted { bot, chat, visitor })
}

/// The answer to a message.
pub fn answer(services: &Services, bot: Uuid, message: Uuid, replied: &Replied) -> ChatView {
    let (state, turn) = (&replied.state, replied.turn.as_ref());
    let response = turn.map(|turn| turn.text.clone());
    let intent = turn.map(|turn| turn.kind.map_or("handoff", |kind| kind.as_str()));
    let sources = turn.iter().flat_map(|turn| &turn.sources).map(SourceView::from);
    ChatView {
        session_id: state.conversation.to_string(),
        bot_id: bot.to_string(),
        message_id: replied.message().unwrap_or(message).to_string(),
        reply: response.clone(),
        response,
        sources: sources.collect(),
        intent,
        degraded: turn.is_some_and(|turn| turn.is_degraded),
        truncated: turn.is_some_and(|turn| turn.is_truncated),
        handoff_requested: state.run.handoff.is_some(),
        status: status_name(state.status),
        created_at: time(services.clock.now()),
    }
}

async fn chat(
    call: Call<Conversations>,
    Body(mut body): Body<ChatBody>,
) -> Result<Data<ChatView>, ApiError> {
    let Admitted { bot, chat, visitor } = admit(&call, &mut body).await?;
    let saying = Saying { bot: bot.id, chat, visitor, key: call.message_key() };
    let said = call.web_chats.say(&body.message, saying).await?;
    let replied = call.web_chats.reply(&said).await?;
    Ok(Data::of(answer(&call, bot.id, said.message, &replied)))
}

#[derive(Deserialize, ToSchema)]
struct HistoryQuery {
    /// How many messages.
    #[serde(default)]
    limit: Limit<50, 200>,
    /// Only messages before this one, by its UUID.
    #[schema(max_length = 64)]
    before: Option<String>,
}

/// A conversation with a page of its messages.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceChatHistory)]
struct HistoryView {
    /// The conversation.
    session: SessionView,
    /// Oldest first.
    messages: Vec<MessageView>,
    /// Whether there are older ones.
    has_more: bool,
}

async fn history(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Data<HistoryView>, ApiError> {
    let found = sessions::find(&call, id).await?;
    let window = match query.before.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => Window::Before(number_of(&call, &found.state, id).await?),
        None => Window::Newest,
    };
    let (record, limit) = (&found.conversation.record, query.limit.get());
    let page = call.message_history.shown_page(record, window, limit).await?;
    let messages = session_view::messages(&call, &found.state, &page.messages).await?;
    let session = session_view::view(&call, &found.state).await?;
    Ok(Data::of(HistoryView { session, messages, has_more: page.has_more }))
}

/// The number before which a page lies. What waits in the outbox comes behind all that have a number.
async fn number_of(services: &Services, state: &InboxState, id: &str) -> Result<u64, Error> {
    match services.messages.get(id).await? {
        FoundMessage::Unsent(entry)
            if entry.session == state.session && *entry.chat() == state.chat =>
        {
            Ok(u64::MAX)
        }
        FoundMessage::Unsent(_) | FoundMessage::Stored(..) => {
            Ok(message_of(services, state, id).await?.0)
        }
    }
}

/// A message of a conversation by its UUID: its number and its id.
pub async fn message_of(
    services: &Services,
    state: &InboxState,
    id: &str,
) -> Result<(u64, MessageId), Error> {
    let unknown = || Error::not_found(Subject::Message, "there is no such message");
    id.parse::<Uuid>().map_err(|_| unknown())?;
    match services.messages.get(id).await? {
        FoundMessage::Stored(session, stored)
            if session == state.session && *stored.message.chat() == state.chat =>
        {
            Ok((stored.number, stored.message.id))
        }
        FoundMessage::Stored(..) | FoundMessage::Unsent(_) => Err(unknown()),
    }
}

/// Conversations with a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceChatSessions)]
struct SessionsView {
    /// Newest activity first.
    sessions: Vec<SessionView>,
    #[serde(flatten)]
    page: PageView,
}

async fn list(
    call: Call<Conversations>,
    Path(id): Path<BotId>,
    Query(query): Query<SessionsQuery>,
) -> Result<Data<SessionsView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let (filter, place) = (query.filter(&call, &bot).await?, query.pages.near_place()?);
    let found = call.inbox.page(&filter, None, place).await?;
    let sessions = session_view::views(&call, &found.items).await?;
    let page = query.pages.view(found.total);
    Ok(Data::of(SessionsView { sessions, page }))
}

/// A conversation that was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceDeletedSession)]
struct DeletedView {
    /// A sentence for a person.
    #[schema(example = "Session deleted")]
    message: &'static str,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    id: String,
}

async fn remove(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
) -> Result<Data<DeletedView>, ApiError> {
    let found = sessions::find(&call, id).await?;
    bots::check_owner(&call.principal(), found.bot.as_ref())?;
    call.delete_conversation(&found.conversation.record).await?;
    if let (None, Some(bot)) = (&found.bot, found.state.session.web_bot()) {
        call.remove_empty_channel(bot).await?;
    }
    Ok(Data::of(DeletedView { message: "Session deleted", id: id.to_string() }))
}

/// What a visitor thinks.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceFeedbackBody, example = json!({
    "session_id": "550e8400-e29b-41d4-a716-446655440061", "type": "csat", "rating": 5,
}))]
struct FeedbackBody {
    /// UUID of the conversation.
    #[schema(max_length = 64)]
    session_id: String,
    #[serde(flatten)]
    opinion: Opinion,
}

/// What somebody thinks of an answer, or of a conversation.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceOpinion)]
pub struct Opinion {
    /// UUID of the answer, for a thumb.
    #[schema(max_length = 64)]
    message_id: Option<String>,
    #[schema(schema_with = feedback_schema)]
    r#type: FeedbackType,
    /// From 1 to 5, for csat.
    #[schema(minimum = 1, maximum = 5)]
    rating: Option<u8>,
    /// In their own words.
    #[schema(max_length = 1000, example = "Quick and kind.")]
    comment: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FeedbackType {
    ThumbsUp,
    ThumbsDown,
    Csat,
}

fn feedback_schema() -> Schema {
    required_choice(
        "A thumb for an answer, or a rating of the conversation.",
        &["thumbs_up", "thumbs_down", "csat"],
    )
}

async fn feedback(
    call: Call<Conversations>,
    Body(body): Body<FeedbackBody>,
) -> Result<Message, ApiError> {
    let FeedbackBody { session_id, opinion } = body;
    let unknown = || Error::not_found(Subject::Chat, "there is no such session");
    let found = sessions::worked(&call, session_id.trim().parse().map_err(|_| unknown())?).await?;
    opinion.give(&call, &found.state).await?;
    Ok(Message::of("Thank you for the feedback"))
}

impl Opinion {
    /// Stores it with its conversation.
    pub async fn give(self, services: &Services, state: &InboxState) -> Result<(), Error> {
        let Self { message_id, r#type, rating, comment } = self;
        let comment =
            comment.map(|comment| comment.trim().to_owned()).filter(|text| !text.is_empty());
        let (message, verdict) = match r#type {
            FeedbackType::Csat => {
                let missing = || Error::invalid_field("rating", "is required for csat");
                (None, FeedbackVerdict::Rating(rating.ok_or_else(missing)?))
            }
            FeedbackType::ThumbsUp | FeedbackType::ThumbsDown => {
                let missing = || Error::invalid_field("message_id", "is required for a thumb");
                let id = message_id.ok_or_else(missing)?;
                let (_, message) = message_of(services, state, id.trim()).await?;
                if !message.from_me {
                    let fault = "is a message of the visitor";
                    return Err(Error::invalid_field("message_id", fault));
                }
                let is_up = r#type == FeedbackType::ThumbsUp;
                (Some(message), if is_up { FeedbackVerdict::Up } else { FeedbackVerdict::Down })
            }
        };
        let feedback = Feedback { verdict, comment, at: services.clock.now() };
        services.web_chats.give_feedback(state, message.as_ref(), feedback).await
    }
}

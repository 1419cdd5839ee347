//! Conversations with bots, and their messages, as the workspace API shows them.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        chat::{file_url, time},
        kit::{choice, required_choice},
    },
    domain::{
        Error, MessageKind, SessionId, Timestamp,
        conversation::{StoredMessage, message_uuid},
    },
    inbox::{Agent, AuthorKind, InboxState, SentNote, Status},
    knowledge::Hit,
    messaging::{Conversation, ConversationName, MessageStatus, unknown_conversation},
    services::Services,
    web_chat::{Feedback, FeedbackVerdict, Visitor},
};

/// A conversation with a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceChatSession)]
pub struct SessionView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    pub id: String,
    /// UUID of the bot; null for one that is gone.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    bot_id: Option<String>,
    #[schema(schema_with = channel_schema)]
    channel: &'static str,
    #[schema(schema_with = status_schema)]
    pub status: &'static str,
    /// The person at the other side.
    pub visitor: VisitorView,
    /// Who works on it; null for nobody.
    pub assigned_to: Option<AgentView>,
    /// Names of its tags.
    #[schema(example = json!(["vip"]))]
    tags: Vec<String>,
    /// Messages of both sides that the inbox has seen.
    #[schema(example = 2)]
    message_count: u64,
    /// Messages that nobody has read.
    #[schema(example = 0)]
    unread_count: u32,
    /// Whether it has unread messages, or was marked as unread.
    unread: bool,
    /// Whether somebody marked it with a star.
    starred: bool,
    /// Until when it is snoozed, RFC 3339; null where it is not.
    #[schema(format = DateTime)]
    snoozed_until: Option<String>,
    /// Words of the newest message; null without one.
    #[schema(example = "Hello!")]
    last_message: Option<String>,
    /// When something last happened in it, RFC 3339.
    #[schema(format = DateTime)]
    last_message_at: String,
    /// Whether its bot asked for a person, and none has come yet.
    pub handoff_requested: bool,
    /// Why it did; null where it did not.
    #[schema(schema_with = reason_schema)]
    handoff_reason: Option<&'static str>,
    /// What the visitor rated it, from 1 to 5; null without a rating.
    #[schema(example = json!(null))]
    pub rating: Option<u8>,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(format = DateTime)]
    updated_at: String,
    /// When it was resolved, RFC 3339; null while it is not.
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
}

/// The person at the other side of a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceVisitor)]
pub struct VisitorView {
    /// The caller's own id of a visitor of the web; null without one.
    #[schema(example = json!(null))]
    id: Option<String>,
    /// Null where it is not known.
    #[schema(example = "Ada")]
    name: Option<String>,
    /// Null where it is not known.
    #[schema(example = json!(null))]
    email: Option<String>,
    /// Null where it is not known.
    #[schema(example = json!(null))]
    phone: Option<String>,
    /// UUID of the contact; null for somebody who is none.
    #[schema(example = json!(null))]
    contact_id: Option<String>,
}

/// Somebody of the team.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAgent)]
pub struct AgentView {
    /// UUID of the person or the API key.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    pub id: String,
    /// Name of the person or the key; null for one that is gone.
    #[schema(example = "Grace Hopper")]
    pub name: Option<String>,
}

/// A message of a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceChatMessage)]
pub struct MessageView {
    /// UUID of the message.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440062")]
    pub id: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    #[schema(schema_with = role_schema)]
    pub role: &'static str,
    /// Its text; empty for one without.
    #[schema(example = "Hello!")]
    pub content: String,
    #[schema(schema_with = kind_schema)]
    pub r#type: &'static str,
    /// Link to its file; null without one.
    #[schema(example = json!(null))]
    pub media_url: Option<String>,
    /// What the answer of a bot comes from.
    pub sources: Vec<SourceView>,
    /// Whether it is the beginning of an answer alone, whose reader left.
    #[schema(example = false)]
    truncated: bool,
    #[schema(schema_with = feedback_schema)]
    pub feedback: Option<&'static str>,
    #[schema(schema_with = delivery_schema)]
    status: &'static str,
    /// Why it failed; null for any other message, and where that is not known any more.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// Who of the team sent it; null for any other message.
    pub agent: Option<AgentView>,
    /// When it was sent, RFC 3339.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A document that an answer comes from.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = WorkspaceSource)]
pub struct SourceView {
    /// UUID of the document.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    document_id: String,
    /// Title of the document.
    #[schema(example = "Returns")]
    title: String,
    /// How well it fits, from 0 to 1.
    #[schema(example = 0.83)]
    score: f64,
    /// The part that fits.
    #[schema(example = "You can return goods within 30 days.")]
    excerpt: String,
}

/// Names of statuses.
pub const STATUSES: [&str; 4] = ["bot", "open", "assigned", "resolved"];

pub fn status_schema() -> Schema {
    required_choice("Who answers: its bot, nobody yet, somebody; or it is resolved.", &STATUSES)
}

fn channel_schema() -> Schema {
    required_choice("What its messages go by.", &CHANNELS)
}

/// Names of channels.
pub const CHANNELS: [&str; 3] = ["web", "whatsapp", "sms"];

pub fn reason_schema() -> Schema {
    choice(
        "Why its bot asked for a person; null where it did not.",
        &["keyword", "max_turns", "fallbacks", "automation", "visitor", "model"],
    )
}

pub fn role_schema() -> Schema {
    required_choice(
        "The visitor, the bot, somebody of the team, or the gateway itself.",
        &["user", "assistant", "agent", "system"],
    )
}

pub fn kind_schema() -> Schema {
    required_choice(
        "What it is.",
        &[
            "text",
            "image",
            "video",
            "audio",
            "document",
            "sticker",
            "location",
            "contact",
            "poll",
            "interactive",
            "deleted",
            "unknown",
        ],
    )
}

fn delivery_schema() -> Schema {
    required_choice(
        "How far it has come. A pending message waits in the outbox; one of the visitor is delivered, or read by the team.",
        &MessageStatus::ALL.map(MessageStatus::as_str),
    )
}

pub fn feedback_schema() -> Schema {
    choice("What the visitor thinks of it; null without a word.", &["up", "down"])
}

pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Assigned => "assigned",
        Status::Resolved => "resolved",
        Status::BotActive | Status::AiActive => "bot",
    }
}

pub fn channel_name(session: &SessionId) -> &'static str {
    if session.is_web() {
        "web"
    } else if session.is_sms() {
        "sms"
    } else {
        "whatsapp"
    }
}

impl From<&Hit> for SourceView {
    fn from(source: &Hit) -> Self {
        Self {
            document_id: source.document.to_string(),
            title: source.title.clone(),
            score: source.score,
            excerpt: source.excerpt.clone(),
        }
    }
}

/// A conversation, none where it was deleted, with who visits.
type Row<'a> = ((&'a InboxState, Option<Conversation>), Visitor);

/// Views of conversations, in their order; those that were deleted meanwhile are left out.
pub async fn views(services: &Services, states: &[InboxState]) -> Result<Vec<SessionView>, Error> {
    let chats: Vec<_> = states.iter().map(|state| (&state.session, &state.chat)).collect();
    let conversations = services.conversations.of_many(&chats).await?;
    let visitors = services.web_chats.visitors(&chats).await?;
    let ratings = services.web_chats.ratings(states).await?;
    let tags = services.tags.list().await?;
    let tags: HashMap<Uuid, String> = tags.into_iter().map(|tag| (tag.id, tag.name)).collect();
    let bots = services.bots.all().await?;
    let agents = agents(services, states).await?;
    let rows = states.iter().zip(conversations).zip(visitors).zip(ratings);
    let view = |(((state, conversation), visitor), rating): (Row<'_>, Option<u8>)| {
        let of = conversation?;
        let bot = state.bot.filter(|id| bots.iter().any(|bot| bot.id == *id));
        let own_tags = of.record.inbox.tags.iter().filter_map(|tag| tags.get(tag).cloned());
        let rating = rating.or_else(|| state.survey.as_ref().and_then(|survey| survey.rating));
        let last = of.last.as_ref();
        Some(SessionView {
            id: state.conversation.to_string(),
            bot_id: bot.map(|id| id.to_string()),
            channel: channel_name(&state.session),
            status: status_name(state.status),
            assigned_to: state.assignee.map(|agent| AgentView {
                id: agent.id().to_string(),
                name: agents.get(&agent).cloned(),
            }),
            tags: own_tags.collect(),
            message_count: state.messages,
            unread_count: of.chat.unread,
            unread: state.is_unread(),
            starred: state.starred,
            snoozed_until: state.snoozed_until.map(time),
            last_message: last.map(|last| match last.is_deleted() {
                true => String::new(),
                false => last.message.preview(),
            }),
            last_message_at: time(of.chat.last_activity),
            handoff_requested: state.run.handoff.is_some(),
            handoff_reason: state.run.handoff.map(|handoff| handoff.reason.as_str()),
            rating,
            created_at: time(of.record.created_at),
            updated_at: time(of.chat.last_activity.max(of.record.changed_at)),
            resolved_at: state.resolved_at.map(time),
            visitor: visitor_view(state, &of, visitor),
        })
    };
    Ok(rows.filter_map(view).collect())
}

fn visitor_view(state: &InboxState, of: &Conversation, visitor: Visitor) -> VisitorView {
    if state.session.is_web() {
        let Visitor { id, name, email, phone, .. } = visitor;
        return VisitorView { id, name, email, phone, contact_id: None };
    }
    let name = match of.name() {
        ConversationName::Name(name) => Some(name.to_owned()),
        ConversationName::Number(_) => None,
    };
    let is_number = of.with.as_str().ends_with("@c.us");
    VisitorView {
        id: None,
        name,
        email: None,
        phone: is_number.then(|| format!("+{}", of.with.user())),
        contact_id: state.contact.map(|id| id.to_string()),
    }
}

/// Names of assignees.
async fn agents(
    services: &Services,
    states: &[InboxState],
) -> Result<HashMap<Agent, String>, Error> {
    if states.iter().all(|state| state.assignee.is_none()) {
        return Ok(HashMap::new());
    }
    let keys = services.api_keys.list().await?.into_iter();
    let users = services.accounts.users().await?.into_iter();
    let keys = keys.map(|key| (Agent::Key(key.id), key.name));
    Ok(keys.chain(users.map(|user| (Agent::User(user.id), user.name))).collect())
}

pub async fn view(services: &Services, state: &InboxState) -> Result<SessionView, Error> {
    let views = views(services, std::slice::from_ref(state)).await?;
    let gone = || unknown_conversation(&state.conversation.to_string());
    views.into_iter().next().ok_or_else(gone)
}

/// Views of messages of one conversation, in their order.
pub async fn messages(
    services: &Services,
    state: &InboxState,
    stored: &[StoredMessage],
) -> Result<Vec<MessageView>, Error> {
    let all = stored.iter().map(|stored| (&state.session, &stored.message));
    let notes = services.inbox.notes(all).await?;
    let feedback = services.web_chats.feedback_on(state, stored).await?;
    let mut views = Vec::with_capacity(stored.len());
    for ((stored, note), feedback) in stored.iter().zip(notes).zip(feedback) {
        let error = services.message_history.reason(&state.session, stored).await?;
        let view = message(services, state, stored, (note.as_ref(), feedback.as_ref()));
        views.push(MessageView { error, ..view });
    }
    Ok(views)
}

fn message(
    services: &Services,
    state: &InboxState,
    stored: &StoredMessage,
    (note, feedback): (Option<&SentNote>, Option<&Feedback>),
) -> MessageView {
    let (message, is_deleted) = (&stored.message, stored.is_deleted());
    let uuid = message_uuid(&state.session, &message.id);
    let author = note.map(|note| &note.author);
    let role = match author.map(|author| author.kind) {
        _ if !message.from_me() => "user",
        Some(AuthorKind::Bot | AuthorKind::Flow) => "assistant",
        Some(AuthorKind::System | AuthorKind::Broadcast | AuthorKind::Automation) => "system",
        Some(AuthorKind::Api | AuthorKind::User) | None => "agent",
    };
    let agent = author.filter(|author| author.is_a_person()).and_then(|author| {
        Some(AgentView { id: author.id?.to_string(), name: author.name.clone() })
    });
    let has_file = message.media.is_some() && !is_deleted;
    MessageView {
        id: uuid.to_string(),
        session_id: state.conversation.to_string(),
        role,
        content: if is_deleted { String::new() } else { message.body.clone() },
        r#type: if is_deleted { "deleted" } else { kind(message.kind) },
        media_url: has_file.then(|| file_url(services, &state.session, uuid)),
        sources: note.iter().flat_map(|note| &note.sources).map(SourceView::from).collect(),
        truncated: note.is_some_and(|note| note.is_truncated),
        feedback: feedback.and_then(|feedback| match feedback.verdict {
            FeedbackVerdict::Up => Some("up"),
            FeedbackVerdict::Down => Some("down"),
            FeedbackVerdict::Rating(_) => None,
        }),
        status: MessageStatus::of(message).as_str(),
        error: None,
        agent,
        created_at: time(message.timestamp),
    }
}

fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::Image => "image",
        MessageKind::Video => "video",
        MessageKind::Audio | MessageKind::Voice => "audio",
        MessageKind::Document => "document",
        MessageKind::Sticker => "sticker",
        MessageKind::Location => "location",
        MessageKind::ContactCard => "contact",
        MessageKind::Poll => "poll",
        MessageKind::MenuReply => "interactive",
        MessageKind::Revoked => "deleted",
        MessageKind::GroupNotice | MessageKind::Unknown => "unknown",
    }
}

/// What is known of a message that has just been sent.
pub struct SentView {
    pub id: Uuid,
    pub r#type: &'static str,
    pub text: String,
    pub status: MessageStatus,
    pub agent: Option<(Uuid, Option<String>)>,
    pub at: Timestamp,
}

/// A message that somebody of the team has just sent.
pub fn sent(services: &Services, state: &InboxState, sent: SentView) -> MessageView {
    let SentView { id, r#type, text: content, status, agent, at } = sent;
    let has_file = r#type != "text";
    MessageView {
        id: id.to_string(),
        session_id: state.conversation.to_string(),
        role: "agent",
        content,
        r#type,
        media_url: has_file.then(|| file_url(services, &state.session, id)),
        sources: Vec::new(),
        truncated: false,
        feedback: None,
        status: status.as_str(),
        error: None,
        agent: agent.map(|(id, name)| AgentView { id: id.to_string(), name }),
        created_at: time(at),
    }
}

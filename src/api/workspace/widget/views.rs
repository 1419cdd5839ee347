//! What a visitor sees of the own conversation: no more than what was said, and who answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::workspace::session_view::{
        self, MessageView, SessionView, SourceView, feedback_schema, kind_schema, role_schema,
        status_schema,
    },
    domain::{
        Error,
        conversation::{ConversationRecord, StoredMessage},
    },
    inbox::InboxState,
    services::Services,
    widget::Visit,
};

/// The tag of the endpoints.
pub const TAG: &str = "Chat widget";

/// The conversation of a visitor.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = WidgetSession)]
pub struct VisitorSessionView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    id: String,
    #[schema(schema_with = status_schema)]
    pub status: &'static str,
    /// Name of the person who works on it; null for nobody.
    #[schema(example = json!(null))]
    agent: Option<String>,
    /// Whether a person was asked for, and none has come yet.
    handoff_requested: bool,
    /// What the visitor rated it, from 1 to 5; null without a rating.
    #[schema(example = json!(null))]
    rating: Option<u8>,
}

impl VisitorSessionView {
    /// Before the first message.
    pub fn new(visit: &Visit) -> Self {
        Self {
            id: visit.conversation().to_string(),
            status: "bot",
            agent: None,
            handoff_requested: false,
            rating: None,
        }
    }

    pub async fn of(services: &Services, state: &InboxState) -> Result<Self, Error> {
        let SessionView { id, status, assigned_to, handoff_requested, rating, .. } =
            session_view::view(services, state).await?;
        let agent = assigned_to.and_then(|agent| agent.name);
        Ok(Self { id, status, agent, handoff_requested, rating })
    }
}

/// A message of a visitor's conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetMessage)]
pub struct VisitorMessageView {
    /// UUID of the message.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440062")]
    id: String,
    /// Its number, which rises within the conversation: the id of its event.
    #[schema(example = 1_000_000_001)]
    pub number: u64,
    /// The name that the visitor's page gave it; null for any other message.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    client_message_id: Option<String>,
    #[schema(schema_with = role_schema)]
    role: &'static str,
    /// Its text; empty for one without.
    #[schema(example = "Hello!")]
    content: String,
    #[schema(schema_with = kind_schema)]
    r#type: &'static str,
    /// Link to its file; null without one.
    #[schema(example = json!(null))]
    media_url: Option<String>,
    /// What the answer of a bot comes from.
    sources: Vec<SourceView>,
    #[schema(schema_with = feedback_schema)]
    feedback: Option<&'static str>,
    /// Name of the person who wrote it; null for any other message.
    #[schema(example = json!(null))]
    agent: Option<String>,
    /// When it was sent, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Views of messages of one conversation, in their order.
pub async fn messages(
    services: &Services,
    state: &InboxState,
    stored: &[StoredMessage],
) -> Result<Vec<VisitorMessageView>, Error> {
    let views = session_view::messages(services, state, stored).await?;
    Ok(stored.iter().zip(views).map(|(stored, view)| message(stored, view)).collect())
}

fn message(stored: &StoredMessage, view: MessageView) -> VisitorMessageView {
    let key = stored.message.id.key.parse::<uuid::Uuid>().ok();
    VisitorMessageView {
        id: view.id,
        number: stored.number,
        client_message_id: key.filter(|_| !stored.message.from_me()).map(|key| key.to_string()),
        role: view.role,
        content: view.content,
        r#type: view.r#type,
        media_url: view.media_url,
        sources: view.sources,
        feedback: view.feedback,
        agent: view.agent.and_then(|agent| agent.name),
        created_at: view.created_at,
    }
}

/// The conversation of a visit with its state; none before the first message, and of one that was deleted.
pub async fn find(
    services: &Services,
    visit: &Visit,
) -> Result<Option<(ConversationRecord, InboxState)>, Error> {
    let (session, chat) = (visit.session(), visit.chat());
    let Some(state) = services.inbox.get(&session, &chat).await? else { return Ok(None) };
    let found = services.conversations.of_many(&[(&session, &chat)]).await?;
    let record = found.into_iter().flatten().next().map(|conversation| conversation.record);
    Ok(record.zip(Some(state)))
}

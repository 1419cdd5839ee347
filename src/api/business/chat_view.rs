//! Conversations as the business API shows them.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::{agents, channels::Channel, message_view},
        chat::time,
        kit::Plural,
    },
    config::WindowMode,
    contacts::{Contact, Medium},
    domain::{
        Error, Jid, JidKind, SessionId, Timestamp,
        conversation::{StoredMessage, message_uuid},
    },
    inbox::{Agent, InboxState, Survey},
    messaging::{Conversation, ConversationName},
    services::Services,
};

/// A conversation with one person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessChat)]
pub struct ChatView {
    /// UUID of the conversation, the same as in the Chat API.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    pub id: String,
    /// OPEN, ASSIGNED, RESOLVED, BOT_ACTIVE or AI_ACTIVE.
    #[schema(example = "OPEN")]
    status: &'static str,
    /// What its messages go by.
    #[schema(example = "whatsapp")]
    channel: &'static str,
    /// What the next message goes by.
    #[schema(example = "whatsapp")]
    selected_channel: &'static str,
    /// Name of the session.
    #[schema(example = "shop")]
    session_id: String,
    /// The person. Somebody who is no contact, such as one that was deleted, has no id and only what WhatsApp knows.
    contact: ChatContactView,
    /// Who works on it; null for nobody.
    assigned_to: Option<AgentView>,
    /// Id of the bot that answers; null without one.
    #[schema(example = json!(null))]
    bot_id: Option<String>,
    unread_count: u32,
    /// Whether it has unread messages, or was marked as unread.
    unread: bool,
    /// Whether somebody marked it with a star.
    starred: bool,
    /// Until when it is snoozed, RFC 3339; null where it is not.
    #[schema(format = DateTime)]
    snoozed_until: Option<String>,
    archived: bool,
    /// Names of the conversation's tags.
    tags: Vec<String>,
    /// The newest message; null without one.
    last_message: Option<LastMessageView>,
    #[schema(format = DateTime)]
    last_activity_at: String,
    /// The hours after the contact's last message.
    window: WindowView,
    /// The last survey after it was resolved; null without one.
    csat: Option<CsatView>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was resolved, RFC 3339; null while it is not.
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
}

/// What the contact answered to a survey.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessChatCsat)]
struct CsatView {
    /// From 1 to 5; null before the contact rated.
    #[schema(example = 5)]
    rating: Option<u8>,
    /// Null without one.
    #[schema(example = "Quick and kind")]
    comment: Option<String>,
    /// When the contact was asked, RFC 3339.
    #[schema(format = DateTime)]
    sent_at: String,
    /// When the contact rated, RFC 3339; null before.
    #[schema(format = DateTime)]
    rated_at: Option<String>,
}

impl CsatView {
    fn of(survey: &Survey) -> Self {
        Self {
            rating: survey.rating,
            comment: survey.comment.clone(),
            sent_at: time(survey.sent_at),
            rated_at: survey.rated_at.map(time),
        }
    }
}

/// The person at the other side.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessChatContact)]
pub struct ChatContactView {
    /// Id of the contact; null for somebody who is no contact, such as one that was deleted.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: Option<String>,
    /// E.164; null for somebody who is known by a hidden WhatsApp id alone.
    #[schema(example = "+15550000001")]
    phone: Option<String>,
    /// Name of the contact, or on WhatsApp of somebody who is none; null without one.
    #[schema(example = "Ada")]
    name: Option<String>,
    /// Tags of the contact.
    tags: Vec<String>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: bool,
}

/// Who a conversation is assigned to.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessAgent)]
pub struct AgentView {
    /// Id of the person or of the API key.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the person or the key; null for one that is gone.
    #[schema(example = "Support desk")]
    name: Option<String>,
}

/// The newest message of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessLastMessage)]
struct LastMessageView {
    /// UUID of the message.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440045")]
    id: String,
    /// The words of the message, or what it is; empty for one that was deleted.
    #[schema(example = "Hello")]
    text: String,
    /// As in a message.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: &'static str,
    /// INBOUND or OUTBOUND.
    #[schema(example = "INBOUND")]
    direction: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
}

/// The hours after the contact's last message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessWindow)]
struct WindowView {
    /// Whether messages other than templates are refused outside of it.
    enforced: bool,
    /// Whether any message may be sent now.
    open: bool,
    /// When it closes or closed, RFC 3339; null before the first message of the contact.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Seconds until it closes; 0 once it is closed.
    seconds_remaining: u64,
    /// Whether it closes soon, as `business.window_warning_minutes` says.
    approaching_expiry: bool,
}

impl Plural for ChatView {
    const PLURAL: &'static str = "chats";
}

/// What views of several conversations need.
pub struct Known {
    contacts: HashMap<Uuid, Contact>,
    tags: HashMap<Uuid, String>,
    agents: HashMap<Agent, String>,
    now: Timestamp,
}

impl Known {
    /// Reads conversations and what their views need. None for a conversation that was deleted.
    pub async fn read(
        services: &Services,
        states: &[InboxState],
    ) -> Result<(Self, Vec<Option<Conversation>>), Error> {
        let contacts = contacts_of(services, states).await?;
        let is_stranger = |state: &&InboxState| {
            state.contact.is_none_or(|contact| !contacts.contains_key(&contact))
        };
        let strangers: HashSet<_> = states.iter().filter(is_stranger).map(chat_of).collect();
        let chats: Vec<_> = states.iter().map(chat_of).collect();
        let is_named = |chat: (&SessionId, &Jid)| strangers.contains(&chat);
        let found = services.conversations.of_many_naming(&chats, is_named).await?;
        let has_tags =
            found.iter().flatten().any(|conversation| !conversation.record.inbox.tags.is_empty());
        Ok((Self::with(services, states, contacts, has_tags).await?, found))
    }

    /// What the view of one conversation needs.
    pub async fn about(services: &Services, state: &InboxState) -> Result<Self, Error> {
        let states = std::slice::from_ref(state);
        Self::with(services, states, contacts_of(services, states).await?, true).await
    }

    async fn with(
        services: &Services,
        states: &[InboxState],
        contacts: HashMap<Uuid, Contact>,
        has_tags: bool,
    ) -> Result<Self, Error> {
        let tags = if has_tags { services.tags.list().await? } else { Vec::new() };
        let is_assigned = states.iter().any(|state| state.assignee.is_some());
        let (keys, users) = match is_assigned {
            true => (services.api_keys.list().await?, services.accounts.users().await?),
            false => (Vec::new(), Vec::new()),
        };
        let keys = keys.into_iter().map(|key| (Agent::Key(key.id), key.name));
        let users = users.into_iter().map(|user| (Agent::User(user.id), user.name));
        Ok(Self {
            contacts,
            tags: tags.into_iter().map(|tag| (tag.id, tag.name)).collect(),
            agents: keys.chain(users).collect(),
            now: services.clock.now(),
        })
    }

    pub fn view(&self, services: &Services, state: &InboxState, of: &Conversation) -> ChatView {
        let contact = state.contact.and_then(|id| self.contacts.get(&id));
        let tags = of.record.inbox.tags.iter().filter_map(|tag| self.tags.get(tag).cloned());
        ChatView {
            id: state.conversation.to_string(),
            status: state.status.as_str(),
            channel: Channel::of(&state.session).as_str(),
            selected_channel: Channel::selected(state).as_str(),
            session_id: state.session.to_string(),
            contact: contact.map_or_else(|| stranger_view(of), contact_view),
            assigned_to: state.assignee.map(|agent| AgentView {
                id: agent.id().to_string(),
                name: self.agents.get(&agent).cloned(),
            }),
            bot_id: state.bot.map(|bot| bot.to_string()),
            unread_count: of.chat.unread,
            unread: state.is_unread(),
            starred: state.starred,
            snoozed_until: state.snoozed_until.map(time),
            archived: of.chat.archived,
            tags: tags.collect(),
            last_message: of.last.as_ref().map(|last| last_view(state, last)),
            last_activity_at: time(of.chat.last_activity),
            window: self.window(services, state),
            csat: state.survey.as_ref().map(CsatView::of),
            created_at: time(of.record.created_at),
            resolved_at: state.resolved_at.map(time),
        }
    }

    fn window(&self, services: &Services, state: &InboxState) -> WindowView {
        let (window, settings) = (services.inbox.window(Some(state)), services.inbox.settings());
        let warning = settings.window_warning.unwrap_or_default();
        WindowView {
            enforced: services.settings.now().business.window == WindowMode::Enforce,
            open: window.is_open(self.now),
            expires_at: window.expires_at().map(time),
            seconds_remaining: window.remaining(self.now).as_secs(),
            approaching_expiry: window.is_expiring(self.now, warning),
        }
    }
}

/// One conversation; none for one that was deleted.
pub async fn of(services: &Services, state: &InboxState) -> Result<Option<ChatView>, Error> {
    let (known, found) = Known::read(services, std::slice::from_ref(state)).await?;
    let found = found.into_iter().next().flatten();
    Ok(found.map(|found| known.view(services, state, &found)))
}

fn chat_of(state: &InboxState) -> (&SessionId, &Jid) {
    (&state.session, &state.chat)
}

async fn contacts_of(
    services: &Services,
    states: &[InboxState],
) -> Result<HashMap<Uuid, Contact>, Error> {
    let ids: Vec<Uuid> = states.iter().filter_map(|state| state.contact).collect();
    let contacts = services.contacts.get_many(&ids).await?;
    Ok(ids.into_iter().zip(contacts).filter_map(|(id, one)| Some((id, one?))).collect())
}

/// The person of a chat in short: the contact, or what WhatsApp knows of somebody who is none.
pub async fn contact(
    services: &Services,
    chat: (&SessionId, &Jid),
    id: Option<Uuid>,
) -> Result<ChatContactView, Error> {
    let ids: Vec<Uuid> = id.into_iter().collect();
    let contact = services.contacts.get_many(&ids).await?.into_iter().flatten().next();
    if let Some(contact) = contact {
        return Ok(contact_view(&contact));
    }
    match services.conversations.of_many(&[chat]).await?.into_iter().next().flatten() {
        Some(conversation) => Ok(stranger_view(&conversation)),
        None => Ok(person_view(&services.chats.number_of(chat.0, chat.1).await?, None)),
    }
}

/// Who did something; none for nobody.
pub async fn agent(services: &Services, agent: Option<Agent>) -> Result<Option<AgentView>, Error> {
    let Some(agent) = agent else { return Ok(None) };
    let name = agents::name(services, agent).await?;
    Ok(Some(AgentView { id: agent.id().to_string(), name }))
}

fn contact_view(contact: &Contact) -> ChatContactView {
    ChatContactView {
        id: Some(contact.id.to_string()),
        phone: contact.phone.as_ref().map(|digits| format!("+{digits}")),
        name: contact.name.clone(),
        tags: contact.tags.clone(),
        opted_in: contact.consent(Medium::WhatsApp).opted_in,
    }
}

fn stranger_view(conversation: &Conversation) -> ChatContactView {
    let name = match conversation.name() {
        ConversationName::Name(name) => Some(name.to_owned()),
        ConversationName::Number(_) => None,
    };
    person_view(&conversation.with, name)
}

/// Somebody who is no contact.
fn person_view(person: &Jid, name: Option<String>) -> ChatContactView {
    let phone = (person.kind() == JidKind::Person).then(|| format!("+{}", person.user()));
    ChatContactView { id: None, phone, name, tags: Vec::new(), opted_in: false }
}

fn last_view(state: &InboxState, last: &StoredMessage) -> LastMessageView {
    let message = &last.message;
    let id = message_uuid(&state.session, &message.id);
    LastMessageView {
        id: id.to_string(),
        text: if last.is_deleted() { String::new() } else { message.preview() },
        kind: message_view::kind(message),
        direction: message_view::direction(message),
        created_at: time(message.timestamp),
    }
}

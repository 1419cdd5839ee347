//! News: what an event of the log means to people, and to whom.
//!
//! | event | kind | to |
//! |---|---|---|
//! | `mention` | mention | who is named |
//! | `conversation.assigned` | session_assigned | the new assignee, unless they took it themselves |
//! | a message of a contact | new_message | the assignee; without one, people who are online and see it |
//! | `csat.received` | feedback_received | the assignee; without one, administrators |
//! | `handoff.requested` | handoff_requested | the assignee; without one, people who are online and see it |
//! | `conversation.window_expiring` | window_expiring | the assignee; without one, people who are online and see it |
//! | `broadcast.completed` | broadcast_completed | who made it; where that is no person, administrators |
//! | a session lost its line | session_disconnected | administrators |
//! | `team.member_added` | team_invite | the new member |
//! | `ticket.created` | ticket_created | the assignee; without one, people who are online and see the bot |
//! | `task.created`, or another assignee | task_created | the assignee, unless they made it themselves |
//! | `task.due`, `ticket.due` | task_due | the assignee; without one, who made it |

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    accounts::{Role, User, users_in},
    campaigns::{Broadcast, CampaignEvent},
    contacts::Contact,
    domain::{Body, Event, EventBody, Jid, JidKind, LogEvent, event::DisconnectReason},
    inbox::{About, Agent, AuthorKind, InboxEvent, InboxState, Status},
    notes::NoteEvent,
    notifications::kind::Kind,
    presence::Presence,
    store::{Store, StoreError},
    teams::{TeamEvent, workers_of},
    work_items::{ItemKind, WorkItem, WorkItemEvent},
};

/// Characters of a text that is shown of what somebody wrote.
const LONGEST_TEXT: usize = 300;

/// What people should know of.
#[derive(Debug)]
pub struct News {
    pub kind: Kind,
    pub title: String,
    pub body: String,
    pub data: Value,
    /// Their accounts are enabled.
    pub to: Vec<User>,
    /// What people are notified of once in a while at most.
    pub rarely: Option<Uuid>,
    /// What the notifications are named after: what carries the same name replaces the former.
    pub named: Uuid,
}

/// Whether an event may be news.
pub fn may_be_news(event: &Event) -> bool {
    match &event.body {
        Body::WhatsApp(EventBody::Message { message }) => {
            matches!(message.chat().kind(), JidKind::Person | JidKind::Lid) && !message.from_me()
        }
        Body::WhatsApp(EventBody::Disconnected { reason, .. }) => is_loss(*reason),
        Body::WhatsApp(_) => false,
        Body::Module(event) => {
            let families = [
                NoteEvent::FAMILY,
                InboxEvent::FAMILY,
                CampaignEvent::FAMILY,
                TeamEvent::FAMILY,
                WorkItemEvent::FAMILY,
            ];
            families.contains(&event.family.as_str())
        }
    }
}

/// Whether somebody should look after it.
fn is_loss(reason: DisconnectReason) -> bool {
    match reason {
        DisconnectReason::LoggedOut
        | DisconnectReason::ConnectionLost
        | DisconnectReason::AuthTimeout
        | DisconnectReason::Crashed => true,
        DisconnectReason::QrTimeout
        | DisconnectReason::SessionRemoved
        | DisconnectReason::Restart
        | DisconnectReason::Shutdown => false,
    }
}

/// What finds out whom an event concerns.
pub struct Reader<'r> {
    pub store: &'r Store,
    pub presence: &'r Presence,
}

impl Reader<'_> {
    /// The news of an event; none where nobody should know of it.
    pub async fn read(&self, event: &Event) -> Result<Option<News>, StoreError> {
        let news = match &event.body {
            Body::WhatsApp(EventBody::Message { message }) => {
                self.message(event, message.chat(), &message.preview()).await?
            }
            Body::WhatsApp(EventBody::Disconnected { reason, will_reconnect }) => {
                self.disconnected(event, (*reason, *will_reconnect)).await?
            }
            Body::WhatsApp(_) => None,
            Body::Module(_) => self.module(event).await?,
        };
        Ok(news.filter(|news| !news.to.is_empty()))
    }

    async fn module(&self, event: &Event) -> Result<Option<News>, StoreError> {
        if let Some(event_of_note) = event.body.read::<NoteEvent>() {
            return self.mention(event, event_of_note).await.map(Some);
        }
        if let Some(CampaignEvent::BroadcastCompleted { broadcast, name, stats }) =
            event.body.read()
        {
            let made = self.store.get(&Broadcast::at(broadcast)).await?;
            let by = made.map(|made| made.by).filter(|by| by.kind == AuthorKind::User);
            let to = self.person_or_admins(by.and_then(|by| by.id)).await?;
            let body =
                format!("{} sent, {} failed, {} skipped", stats.sent, stats.failed, stats.skipped);
            return Ok(Some(News {
                kind: Kind::BroadcastCompleted,
                title: format!("The broadcast {name} is complete"),
                body,
                data: json!({ "broadcast_id": broadcast }),
                to,
                rarely: None,
                named: event.id,
            }));
        }
        if let Some(TeamEvent::MemberAdded { team, name, user, by }) = event.body.read() {
            let to = if by == Some(user) { Vec::new() } else { self.person(user).await? };
            return Ok(Some(News {
                kind: Kind::TeamInvite,
                title: format!("You are in the team {name}"),
                body: String::new(),
                data: json!({ "team_id": team }),
                to,
                rarely: None,
                named: event.id,
            }));
        }
        if let Some(of_item) = event.body.read() {
            return self.work_item(event, of_item).await;
        }
        match event.body.read::<InboxEvent>() {
            Some(of_inbox) => self.inbox(event, of_inbox).await,
            None => Ok(None),
        }
    }

    async fn inbox(&self, event: &Event, of_inbox: InboxEvent) -> Result<Option<News>, StoreError> {
        let about = of_inbox.about().clone();
        let who = self.name_of(&about).await?;
        let data = json!({ "session_id": about.conversation });
        let (kind, title, body, named, to) = match of_inbox {
            InboxEvent::Assigned { assignee: Some(Agent::User(user)), by, .. } => {
                let is_own = by == Some(Agent::User(user));
                let to = if is_own { Vec::new() } else { self.person(user).await? };
                let title = format!("The conversation with {who} is assigned to you");
                (Kind::SessionAssigned, title, String::new(), event.id, to)
            }
            InboxEvent::Rated { survey, rating, comment, .. } => {
                let state = self.state(event, &about.chat).await?;
                let assignee = state.and_then(|state| state.assignee);
                let to = self.person_or_admins(user_of(assignee)).await?;
                let title = format!("{who} rated the service {rating} of 5");
                (Kind::FeedbackReceived, title, comment.unwrap_or_default(), survey, to)
            }
            InboxEvent::HandoffRequested { reason, .. } => {
                let state = self.state(event, &about.chat).await?;
                let to = match state {
                    Some(state) => self.who_works_on(&state).await?,
                    None => Vec::new(),
                };
                let title = format!("{who} waits for a person");
                (Kind::HandoffRequested, title, reason.as_str().to_owned(), event.id, to)
            }
            InboxEvent::WindowExpiring { expires_at, .. } => {
                let state = self.state(event, &about.chat).await?;
                let to = match state {
                    Some(state) => self.who_works_on(&state).await?,
                    None => Vec::new(),
                };
                let title = format!("The messaging window of {who} closes soon");
                (Kind::WindowExpiring, title, expires_at.to_string(), event.id, to)
            }
            _ => return Ok(None),
        };
        Ok(Some(News { kind, title, body: shortened(&body), data, to, rarely: None, named }))
    }

    async fn work_item(
        &self,
        event: &Event,
        of_item: WorkItemEvent,
    ) -> Result<Option<News>, StoreError> {
        let (kind, by, item) = match of_item {
            WorkItemEvent::Created { item, by } => {
                let kind = match item.kind {
                    ItemKind::Ticket => Kind::TicketCreated,
                    ItemKind::Task => Kind::TaskCreated,
                };
                (kind, by, item)
            }
            WorkItemEvent::Changed { item, changes, by }
                if item.kind == ItemKind::Task && changes.iter().any(|name| name == "assignee") =>
            {
                (Kind::TaskCreated, by, item)
            }
            WorkItemEvent::Due { item } => (Kind::TaskDue, None, item),
            WorkItemEvent::Changed { .. } | WorkItemEvent::Deleted { .. } => return Ok(None),
        };
        let mut to = match (item.assignee, kind) {
            (Some(assignee), _) => self.person(assignee).await?,
            (None, Kind::TaskDue) => match user_of(item.created_by) {
                Some(maker) => self.person(maker).await?,
                None => Vec::new(),
            },
            (None, Kind::TicketCreated) => self.online(item.bot).await?,
            (None, _) => Vec::new(),
        };
        to.retain(|user| by != Some(Agent::User(user.id)));
        let title = match kind {
            Kind::TicketCreated => {
                format!("Ticket {}: {}", item.number.unwrap_or_default(), item.title)
            }
            Kind::TaskDue => format!("Due: {}", item.title),
            _ => format!("Task for you: {}", item.title),
        };
        let WorkItem { id, conversation, description, .. } = *item;
        let data = match item.kind {
            ItemKind::Ticket => json!({ "ticket_id": id, "session_id": conversation }),
            ItemKind::Task => json!({ "task_id": id, "session_id": conversation }),
        };
        let body = shortened(&description.unwrap_or_default());
        let title = shortened(&title);
        Ok(Some(News { kind, title, body, data, to, rarely: None, named: event.id }))
    }

    async fn mention(&self, event: &Event, of_note: NoteEvent) -> Result<News, StoreError> {
        let NoteEvent::Mention { note, conversation, content, mentioned, author, .. } = of_note;
        let users = users_in(self.store).await?;
        let by = users.iter().find(|user| user_of(author) == Some(user.id));
        let by = by.map_or("Somebody", |user| user.name.as_str());
        Ok(News {
            kind: Kind::Mention,
            title: format!("{by} mentioned you in a note"),
            body: shortened(&content),
            data: json!({ "session_id": conversation, "note_id": note }),
            to: self.person(mentioned).await?,
            rarely: None,
            named: event.id,
        })
    }

    async fn message(
        &self,
        event: &Event,
        chat: &Jid,
        text: &str,
    ) -> Result<Option<News>, StoreError> {
        let Some(state) = self.state(event, chat).await? else { return Ok(None) };
        // A machine answers, or a survey was.
        if state.status.is_automatic() || state.status == Status::Resolved {
            return Ok(None);
        }
        let who = self.name_of(&state.about()).await?;
        Ok(Some(News {
            kind: Kind::NewMessage,
            title: format!("New message from {who}"),
            body: shortened(text),
            data: json!({ "session_id": state.conversation }),
            to: self.who_works_on(&state).await?,
            rarely: Some(state.conversation),
            named: event.id,
        }))
    }

    async fn disconnected(
        &self,
        event: &Event,
        (reason, will_reconnect): (DisconnectReason, bool),
    ) -> Result<Option<News>, StoreError> {
        let Some(session) = event.session() else { return Ok(None) };
        let body = match (reason, will_reconnect) {
            (DisconnectReason::LoggedOut, _) => "The phone removed the device. Link it again",
            (_, true) => "The gateway connects it again",
            (_, false) => "It does not come back by itself",
        };
        Ok(Some(News {
            kind: Kind::SessionDisconnected,
            title: format!("The session {session} is disconnected"),
            body: body.to_owned(),
            data: json!({ "session": session }),
            to: self.person_or_admins(None).await?,
            rarely: Some(event.channel_uuid()),
            named: event.id,
        }))
    }

    async fn state(&self, event: &Event, chat: &Jid) -> Result<Option<InboxState>, StoreError> {
        let Some(session) = event.session() else { return Ok(None) };
        let found = self.store.get(&InboxState::at(session, chat)).await?;
        Ok(found.filter(|state| !state.listed.hidden))
    }

    /// The assignee; without one, people who are online and see the conversation.
    async fn who_works_on(&self, state: &InboxState) -> Result<Vec<User>, StoreError> {
        if let Some(assignee) = state.assignee {
            return match user_of(Some(assignee)) {
                Some(user) => self.person(user).await,
                None => Ok(Vec::new()),
            };
        }
        self.online(state.bot).await
    }

    /// People who are online and work on the conversations of a bot.
    async fn online(&self, bot: Option<Uuid>) -> Result<Vec<User>, StoreError> {
        let mut people = workers_of(self.store, bot).await?;
        people.retain(|user| self.presence.is_online(user.id));
        Ok(people)
    }

    async fn person(&self, id: Uuid) -> Result<Vec<User>, StoreError> {
        let found = self.store.get(&User::at(id)).await?;
        Ok(found.into_iter().filter(|user| !user.is_disabled).collect())
    }

    async fn person_or_admins(&self, id: Option<Uuid>) -> Result<Vec<User>, StoreError> {
        if let Some(id) = id {
            return self.person(id).await;
        }
        let mut people = users_in(self.store).await?;
        people.retain(|user| !user.is_disabled && Role::Admin <= user.role);
        Ok(people)
    }

    /// What people call the contact of a conversation.
    async fn name_of(&self, about: &About) -> Result<String, StoreError> {
        let contact = match about.contact {
            Some(id) => self.store.get(&Contact::at(id)).await?,
            None => None,
        };
        let named = contact.and_then(|contact| {
            contact.name.or_else(|| contact.phone.map(|digits| format!("+{digits}")))
        });
        Ok(named.unwrap_or_else(|| match about.chat.kind() {
            JidKind::Person => format!("+{}", about.chat.user()),
            _ => "a contact".to_owned(),
        }))
    }
}

fn user_of(agent: Option<Agent>) -> Option<Uuid> {
    match agent {
        Some(Agent::User(id)) => Some(id),
        Some(Agent::Key(_)) | None => None,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

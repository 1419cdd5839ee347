//! Tickets and tasks as the workspace API shows them.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::User,
    api::{
        kit::{choice, required_choice},
        sessions::wire::seconds,
    },
    domain::{Error, Timestamp},
    services::Services,
    work_items::{Priority, WorkItem},
};

pub const TICKET_STATUSES: [&str; 4] = ["open", "pending", "resolved", "closed"];
pub const TASK_STATUSES: [&str; 2] = ["open", "done"];

/// A ticket.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTicket)]
pub struct TicketView {
    /// UUID of the ticket.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    pub id: String,
    /// Its number, from 1.
    #[schema(example = 1)]
    pub number: u64,
    /// UUID of the bot.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440060")]
    pub bot_id: Option<String>,
    /// UUID of the conversation that it is about; null without one. A visitor's may not have begun yet.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    pub session_id: Option<String>,
    /// UUID of the contact that it is about; null without one.
    #[schema(example = json!(null))]
    pub contact_id: Option<String>,
    /// What it is about.
    #[schema(example = "The cup arrived broken")]
    pub subject: String,
    /// Null without one.
    #[schema(example = "Order 4711, photo in the conversation")]
    pub description: Option<String>,
    #[schema(schema_with = ticket_status_schema)]
    pub status: &'static str,
    #[schema(schema_with = priority_schema)]
    pub priority: &'static str,
    /// Who works on it; null for nobody.
    pub assignee: Option<AssigneeView>,
    /// Who asked for it, in any words; null where that is not known.
    #[schema(example = "John Doe")]
    pub requester: Option<String>,
    /// When it is due, RFC 3339; null without a time.
    #[schema(example = "2026-03-25T10:31:00Z")]
    pub due_at: Option<String>,
    /// UUID of the person or of the API key that made it; null for a rule, a visitor, and where that is not known.
    #[schema(example = json!(null))]
    pub created_by: Option<String>,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    pub created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    pub updated_at: String,
    /// When it was resolved or closed, RFC 3339; null while it is not.
    #[schema(example = json!(null))]
    pub closed_at: Option<String>,
}

/// A task.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTask)]
pub struct TaskView {
    /// UUID of the task.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    pub id: String,
    /// What is to be done.
    #[schema(example = "Call John back")]
    pub title: String,
    /// Null without one.
    #[schema(example = json!(null))]
    pub description: Option<String>,
    #[schema(schema_with = task_status_schema)]
    pub status: &'static str,
    #[schema(schema_with = priority_schema)]
    pub priority: &'static str,
    /// Whose task it is; null for nobody.
    pub assignee: Option<AssigneeView>,
    /// UUID of the bot of the conversation; null without one.
    #[schema(example = json!(null))]
    pub bot_id: Option<String>,
    /// UUID of the conversation that it is about; null without one.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    pub session_id: Option<String>,
    /// UUID of the contact that it is about; null without one.
    #[schema(example = json!(null))]
    pub contact_id: Option<String>,
    /// When it is due, RFC 3339; null without a time.
    #[schema(example = "2026-03-25T10:31:00Z")]
    pub due_at: Option<String>,
    /// UUID of the person or of the API key that made it; null for a rule and where that is not known.
    #[schema(example = json!(null))]
    pub created_by: Option<String>,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    pub created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    pub updated_at: String,
    /// When it was done, RFC 3339; null while it is not.
    #[schema(example = json!(null))]
    pub done_at: Option<String>,
}

/// Whose a ticket or a task is.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAssignee)]
pub struct AssigneeView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    pub id: String,
    /// Name of the person; null for somebody who is gone.
    #[schema(example = "Ada Lovelace")]
    pub name: Option<String>,
}

pub fn ticket_status_schema() -> Schema {
    required_choice("How far it has come.", &TICKET_STATUSES)
}

pub fn task_status_schema() -> Schema {
    required_choice("Whether it is done.", &TASK_STATUSES)
}

pub fn priority_schema() -> Schema {
    required_choice("How soon somebody should look at it.", Priority::WORDS)
}

pub fn ticket_status_choice() -> Schema {
    choice("How far it has come.", &TICKET_STATUSES)
}

pub fn task_status_choice() -> Schema {
    choice("Whether it is done.", &TASK_STATUSES)
}

pub fn priority_choice() -> Schema {
    choice("How soon somebody should look at it (default normal).", Priority::WORDS)
}

fn assignee(id: Option<Uuid>, people: &[User]) -> Option<AssigneeView> {
    let id = id?;
    let name = people.iter().find(|user| user.id == id).map(|user| user.name.clone());
    Some(AssigneeView { id: id.to_string(), name })
}

fn text(id: Option<Uuid>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(seconds)
}

impl TicketView {
    fn of(item: WorkItem, people: &[User]) -> Self {
        Self {
            id: item.id.to_string(),
            number: item.number.unwrap_or_default(),
            bot_id: text(item.bot),
            session_id: text(item.conversation),
            contact_id: text(item.contact),
            subject: item.title,
            description: item.description,
            status: item.status.as_str(),
            priority: item.priority.as_str(),
            assignee: assignee(item.assignee, people),
            requester: item.requester,
            due_at: moment(item.due_at),
            created_by: text(item.created_by.map(|agent| agent.id())),
            created_at: seconds(item.created_at),
            updated_at: seconds(item.updated_at),
            closed_at: moment(item.closed_at),
        }
    }
}

impl TaskView {
    fn of(item: WorkItem, people: &[User]) -> Self {
        Self {
            id: item.id.to_string(),
            title: item.title,
            description: item.description,
            status: item.status.as_str(),
            priority: item.priority.as_str(),
            assignee: assignee(item.assignee, people),
            bot_id: text(item.bot),
            session_id: text(item.conversation),
            contact_id: text(item.contact),
            due_at: moment(item.due_at),
            created_by: text(item.created_by.map(|agent| agent.id())),
            created_at: seconds(item.created_at),
            updated_at: seconds(item.updated_at),
            done_at: moment(item.closed_at),
        }
    }
}

pub async fn tickets(services: &Services, items: Vec<WorkItem>) -> Result<Vec<TicketView>, Error> {
    let people = services.accounts.users().await?;
    Ok(items.into_iter().map(|item| TicketView::of(item, &people)).collect())
}

pub async fn ticket(services: &Services, item: WorkItem) -> Result<TicketView, Error> {
    Ok(TicketView::of(item, &services.accounts.users().await?))
}

pub async fn tasks(services: &Services, items: Vec<WorkItem>) -> Result<Vec<TaskView>, Error> {
    let people = services.accounts.users().await?;
    Ok(items.into_iter().map(|item| TaskView::of(item, &people)).collect())
}

pub async fn task(services: &Services, item: WorkItem) -> Result<TaskView, Error> {
    Ok(TaskView::of(item, &services.accounts.users().await?))
}

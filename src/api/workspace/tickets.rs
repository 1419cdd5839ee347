//! Tickets of a bot: what somebody asked for and people have to see to.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Conversations, Created, Data, Path, Query, Repeat, choice, path::uuid,
            path_value,
        },
        workspace::{
            bot_access,
            fields::given,
            inbox::caller,
            pages::{PageQuery, PageView},
            sessions,
            work_item_view::{
                self, TICKET_STATUSES, TicketView, priority_choice, ticket_status_choice,
            },
        },
    },
    bots::Bot,
    domain::{Error, ErrorCode, Subject, Timestamp},
    services::Services,
    teams::Access,
    work_items::{
        ItemChange, ItemDraft, ItemFilter, ItemKind, ItemList, ItemStatus, Priority, WorkItem,
    },
};

pub const TAG: &str = "Tickets and tasks";
const ALL: &str = "/api/v1/tickets";
const ONE: &str = "/api/v1/tickets/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ONE, list)
            .named("listTickets")
            .about(TAG, "Tickets of a bot, newest first")
            .details("Filters can be combined. The total counts the newest 10,000."),
        Endpoint::post(ALL, create)
            .named("createTicket")
            .about(TAG, "Open a ticket")
            .details("Whom it is assigned to must see the bot. A webhook of the bot gets `ticket_created`.")
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::put(ONE, change)
            .named("updateTicket")
            .about(TAG, "Change a ticket")
            .details("What is not given stays as it is; null removes a text, a time or the assignee.")
            .repeats(Repeat::Repeatable),
    ]
}

path_value! {
    /// The bot whose tickets are listed.
    enum BotOfTickets = "id" as Uuid;
    about: "The UUID of the bot", example: "550e8400-e29b-41d4-a716-446655440060",
    read: |text| uuid(text, Subject::Bot)
}

path_value! {
    /// A ticket, by its UUID.
    enum TicketId = "id" as Uuid;
    about: "The UUID of the ticket", example: "550e8400-e29b-41d4-a716-446655440070",
    read: |text| uuid(text, Subject::Ticket)
}

#[derive(Deserialize, ToSchema)]
struct TicketsQuery {
    #[schema(schema_with = status_filter)]
    status: Option<String>,
    #[schema(schema_with = priority_filter)]
    priority: Option<String>,
    /// The UUID of an assignee, `me`, or `unassigned`.
    #[schema(max_length = 64)]
    assigned_to: Option<String>,
    /// Only those about this conversation, by its UUID.
    #[schema(max_length = 36)]
    session_id: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

fn status_filter() -> Schema {
    choice("Only those of this status.", &TICKET_STATUSES)
}

pub fn priority_filter() -> Schema {
    choice("Only those of this priority.", Priority::WORDS)
}

/// A page of tickets.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTickets)]
struct TicketsView {
    /// Newest first.
    tickets: Vec<TicketView>,
    #[serde(flatten)]
    page: PageView,
}

async fn list(
    call: Call<Conversations>,
    Path(id): Path<BotOfTickets>,
    Query(query): Query<TicketsQuery>,
) -> Result<Data<TicketsView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let place = query.page.near_place()?;
    let assignee = match query.assigned_to.as_deref().map(str::trim) {
        None | Some("") => None,
        Some("unassigned") => Some(None),
        Some("me") => Some(Some(me(&call)?)),
        Some(id) => Some(Some(id_in("assigned_to", id)?)),
    };
    let conversation = query.session_id.as_deref().map(|id| id_in("session_id", id)).transpose()?;
    let filter = ItemFilter {
        status: status(query.status.as_deref(), ItemKind::Ticket)?,
        priority: priority(query.priority.as_deref())?,
        assignee,
        conversation,
    };
    let which = (ItemKind::Ticket, ItemList::OfBot(bot.id));
    let found = call.work_items.list(which, filter, |_| true, place).await?;
    let page = query.page.view(found.total);
    let tickets = work_item_view::tickets(&call, found.items).await?;
    Ok(Data::of(TicketsView { tickets, page }))
}

/// The person who calls.
pub fn me<S, R>(call: &Call<S, R>) -> Result<Uuid, Error> {
    let nobody = || Error::new(ErrorCode::Forbidden, "'me' needs a person, or a key of theirs");
    call.principal().person().ok_or_else(nobody)
}

pub fn id_in(field: &str, text: &str) -> Result<Uuid, Error> {
    text.trim().parse().map_err(|_| Error::invalid_field(field, "must be a UUID"))
}

/// A status by its name, of those that this kind may have.
pub fn status(name: Option<&str>, kind: ItemKind) -> Result<Option<ItemStatus>, Error> {
    let Some(name) = name else { return Ok(None) };
    let found = ItemStatus::of(name.trim()).filter(|status| status.is_of(kind));
    let fault = || {
        let words = match kind {
            ItemKind::Ticket => "must be open, pending, resolved or closed",
            ItemKind::Task => "must be open or done",
        };
        Error::invalid_field("status", words)
    };
    found.map(Some).ok_or_else(fault)
}

pub fn priority(name: Option<&str>) -> Result<Option<Priority>, Error> {
    let fault = || Error::invalid_field("priority", "must be low, normal, high or urgent");
    name.map(|name| Priority::of(name.trim()).ok_or_else(fault)).transpose()
}

pub fn due(text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let fault = || Error::invalid_field("due_at", "must be a time such as 2026-03-24T10:31:00Z");
    text.map(|text| text.trim().parse().map_err(|_| fault())).transpose()
}

/// Somebody who can get a ticket or a task: a person who works on conversations and sees the bot.
pub async fn assignee<S, R>(
    call: &Call<S, R>,
    bot: Option<Uuid>,
    text: &str,
) -> Result<Uuid, Error> {
    let services: &Services = call;
    let id = match text.trim() {
        "me" => me(call)?,
        text => id_in("assignee_id", text)?,
    };
    let people = match bot {
        Some(bot) => bot_access::workers(services, Some(bot)).await?,
        None => services.teams.workers_of(None).await?,
    };
    match people.iter().any(|user| user.id == id) {
        true => Ok(id),
        false => {
            Err(Error::invalid_field("assignee_id", "must be a person of the team who sees it"))
        }
    }
}

/// What a ticket or a task is about.
pub struct About {
    pub bot: Option<Bot>,
    pub conversation: Option<Uuid>,
    pub contact: Option<Uuid>,
}

impl About {
    /// Refuses a conversation that is of another bot.
    fn of_bot(self, bot: Uuid) -> Result<Self, Error> {
        if self.conversation.is_some() && self.bot.as_ref().map(|bot| bot.id) != Some(bot) {
            return Err(Error::invalid_field("session_id", "must be a conversation of the bot"));
        }
        Ok(self)
    }
}

/// The conversation of these, with which the caller may do so much.
pub async fn about<S, R>(
    call: &Call<S, R>,
    session: Option<&str>,
    least: Access,
) -> Result<About, Error> {
    let Some(text) = session else {
        return Ok(About { bot: None, conversation: None, contact: None });
    };
    let id = id_in("session_id", text)?;
    let found = match least {
        Access::Read => sessions::find(call, id).await?,
        Access::Work | Access::Manage => sessions::worked(call, id).await?,
    };
    let (conversation, contact) = (Some(found.state.conversation), found.state.contact);
    Ok(About { bot: found.bot, conversation, contact })
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTicketDraft, example = json!({
    "bot_id": "550e8400-e29b-41d4-a716-446655440060",
    "session_id": "550e8400-e29b-41d4-a716-446655440061",
    "subject": "The cup arrived broken", "priority": "high",
}))]
struct Draft {
    /// UUID of the bot.
    #[schema(min_length = 1, max_length = 36)]
    bot_id: String,
    /// UUID of a conversation of the bot that it is about.
    #[schema(max_length = 36)]
    session_id: Option<String>,
    /// What it is about.
    #[schema(min_length = 1, max_length = 200)]
    subject: String,
    /// More of it.
    #[schema(max_length = 5000)]
    description: Option<String>,
    #[schema(schema_with = priority_choice)]
    priority: Option<String>,
    /// Who asked for it, in any words.
    #[schema(max_length = 200, example = "John Doe")]
    requester: Option<String>,
    /// UUID of the person who works on it, or `me`.
    #[schema(max_length = 36, example = "me")]
    assignee_id: Option<String>,
    /// When it is due.
    #[schema(format = DateTime, max_length = 40)]
    due_at: Option<String>,
}

async fn create(
    call: Call<Conversations>,
    Body(body): Body<Draft>,
) -> Result<Created<TicketView>, ApiError> {
    let bot = bot_access::worked(&call, uuid(&body.bot_id, Subject::Bot)?).await?;
    let of = about(&call, body.session_id.as_deref(), Access::Work).await?.of_bot(bot.id)?;
    let assignee = match &body.assignee_id {
        Some(text) => Some(assignee(&call, Some(bot.id), text).await?),
        None => None,
    };
    let draft = ItemDraft {
        bot: Some(bot.id),
        conversation: of.conversation,
        contact: of.contact,
        description: body.description,
        priority: priority(body.priority.as_deref())?,
        assignee,
        due_at: due(body.due_at.as_deref())?,
        requester: body.requester,
        by: caller(&call).ok(),
        ..ItemDraft::titled(ItemKind::Ticket, body.subject)
    };
    let made = call.work_items.create(draft).await?;
    Ok(Created::of(work_item_view::ticket(&call, made).await?))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTicketChange, example = json!({ "status": "pending", "assignee_id": "me" }))]
struct Change {
    /// What it is about.
    #[schema(min_length = 1, max_length = 200, example = "The cup arrived broken")]
    subject: Option<String>,
    /// More of it; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 5000, value_type = Option<String>, example = "A photo is in the conversation.")]
    description: Option<Option<String>>,
    #[schema(schema_with = ticket_status_choice)]
    status: Option<String>,
    #[schema(schema_with = priority_choice)]
    priority: Option<String>,
    /// Who asked for it; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 200, value_type = Option<String>, example = "John Doe")]
    requester: Option<Option<String>>,
    /// UUID of the person who works on it, `me`, or null for nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 36, value_type = Option<String>, example = "me")]
    assignee_id: Option<Option<String>>,
    /// When it is due; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = DateTime, max_length = 40, value_type = Option<String>)]
    due_at: Option<Option<String>>,
}

async fn change(
    call: Call<Conversations>,
    Path(id): Path<TicketId>,
    Body(body): Body<Change>,
) -> Result<Data<TicketView>, ApiError> {
    let ticket = worked(&call, id).await?;
    let change = ItemChange {
        title: body.subject,
        description: body.description,
        status: status(body.status.as_deref(), ItemKind::Ticket)?,
        priority: priority(body.priority.as_deref())?,
        assignee: match body.assignee_id {
            Some(Some(text)) => Some(Some(assignee(&call, ticket.bot, &text).await?)),
            Some(None) => Some(None),
            None => None,
        },
        due_at: body.due_at.map(|text| due(text.as_deref())).transpose()?,
        requester: body.requester,
    };
    let by = caller(&call).ok();
    let changed = call.work_items.change((ItemKind::Ticket, id), change, by).await?;
    Ok(Data::of(work_item_view::ticket(&call, changed).await?))
}

/// A ticket of a bot that the caller works with; to who does not see the bot it does not exist.
async fn worked(call: &Call<Conversations>, id: Uuid) -> Result<WorkItem, Error> {
    let ticket = call.work_items.get(ItemKind::Ticket, id).await?;
    let unknown = || Error::not_found(Subject::Ticket, format!("there is no ticket {id}"));
    let bot = ticket.bot.ok_or_else(unknown)?;
    bot_access::worked(call, bot).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(),
        _ => error,
    })?;
    Ok(ticket)
}

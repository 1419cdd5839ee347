//! Tickets of a visitor: opened where nobody can answer now, and looked at until they are done.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Bucket, Call, Created, Data, Public, Repeat},
        workspace::{
            widget::{
                caller::{Looks, Talks, Visitor},
                views::{self, TAG},
            },
            work_item_view::ticket_status_schema,
        },
    },
    contacts::checked_email,
    domain::{Error, ErrorCode},
    services::Services,
    web_chat,
    work_items::{ItemDraft, ItemKind, LONGEST_REQUESTER, WorkItem},
};

/// Tickets with a name that the page chose are named after it under this one (RFC 9562, version 5).
const NAMES: Uuid = Uuid::from_u128(0x3b61_0d5e_55f1_4c0a_9a4e_7d0a_c2f9_81b6);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/widget/{token}/tickets", open)
            .named("openWidgetTicket")
            .about(TAG, "Open a ticket as a visitor")
            .details(
                "A visitor has at most 5 tickets that are not resolved or closed. Sent again with the same \
                 `client_ticket_id`, it is the same ticket. A webhook of the bot gets `ticket_created`.",
            )
            .limited(Bucket::Assistant)
            .repeats(Repeat::Unkeyed)
            .may_fail(&[ErrorCode::Conflict]),
        Endpoint::get("/api/v1/widget/{token}/tickets", list)
            .named("listWidgetTickets")
            .about(TAG, "The tickets that the visitor opened, newest first"),
    ]
}

/// A ticket of a visitor.
#[derive(Deserialize, ToSchema)]
#[schema(as = WidgetTicketBody, example = json!({
    "subject": "The cup arrived broken", "email": "john@example.com",
}))]
struct TicketBody {
    /// UUID of the conversation; that of the token where it is not given.
    #[schema(max_length = 64)]
    session_id: Option<String>,
    /// What it is about.
    #[schema(min_length = 1, max_length = 200, example = "The cup arrived broken")]
    subject: String,
    /// More of it.
    #[schema(max_length = 5000, example = "Order 4711")]
    description: Option<String>,
    /// Where the visitor can be answered.
    #[schema(max_length = 200, example = "john@example.com")]
    email: Option<String>,
    /// A UUID that the page chooses for the ticket, so that it can send it again.
    #[schema(max_length = 64, example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7b")]
    client_ticket_id: Option<String>,
}

/// What a visitor sees of a ticket.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetTicket)]
struct VisitorTicketView {
    /// UUID of the ticket.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Its number, from 1.
    #[schema(example = 1)]
    number: u64,
    /// What it is about.
    #[schema(example = "The cup arrived broken")]
    subject: String,
    #[schema(schema_with = ticket_status_schema)]
    status: &'static str,
    /// When it was opened, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<WorkItem> for VisitorTicketView {
    fn from(item: WorkItem) -> Self {
        Self {
            id: item.id.to_string(),
            number: item.number.unwrap_or_default(),
            subject: item.title,
            status: item.status.as_str(),
            created_at: time(item.created_at),
            updated_at: time(item.updated_at),
        }
    }
}

impl TicketBody {
    /// The id of the ticket, and the e-mail address of the visitor.
    fn checked(&self, conversation: Uuid) -> Result<(Uuid, Option<String>), Error> {
        let email = self.email.as_deref().map(checked_email).transpose();
        let (id, email) = Error::both(self.id(conversation), email)?;
        Ok((id, email.flatten()))
    }

    /// The id of the ticket. The name that the page chose is one among those of this visitor.
    fn id(&self, conversation: Uuid) -> Result<Uuid, Error> {
        let name = self.client_ticket_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let Some(name) = name else { return Ok(Uuid::now_v7()) };
        let fault = |_| Error::invalid_field("client_ticket_id", "must be a UUID");
        let name: Uuid = name.parse().map_err(fault)?;
        Ok(Uuid::new_v5(&NAMES, format!("{conversation} {name}").as_bytes()))
    }
}

async fn open(
    call: Call<Public>,
    caller: Visitor<Talks>,
    Body(body): Body<TicketBody>,
) -> Result<Created<VisitorTicketView>, ApiError> {
    caller.check_session(body.session_id.as_deref())?;
    let conversation = caller.visit.conversation();
    let (id, email) = body.checked(conversation)?;
    let known = views::find(&call, &caller.visit).await?;
    let draft = ItemDraft {
        bot: Some(caller.bot.id),
        conversation: Some(conversation),
        contact: known.and_then(|(_, state)| state.contact),
        description: body.description,
        requester: requester(&call, &caller, email).await?,
        is_of_visitor: true,
        ..ItemDraft::titled(ItemKind::Ticket, body.subject)
    };
    Ok(Created::of(call.work_items.open_for_visitor(draft, id).await?.into()))
}

/// Who asks, as the visitor says: name and e-mail address, as far as they are known and fit.
async fn requester(
    services: &Services,
    caller: &Visitor<Talks>,
    email: Option<String>,
) -> Result<Option<String>, Error> {
    let (session, chat) = (caller.visit.session(), caller.visit.chat());
    let web_chat::Visitor { name, email: known, .. } =
        services.web_chats.visitor(&session, &chat).await?;
    let words = match (name, email.or(known)) {
        (Some(name), Some(email)) => {
            let both = format!("{name} <{email}>");
            if both.chars().nth(LONGEST_REQUESTER).is_some() { email } else { both }
        }
        (name, email) => match email.or(name) {
            Some(words) => words,
            None => return Ok(None),
        },
    };
    Ok(Some(words.chars().take(LONGEST_REQUESTER).collect()))
}

/// The tickets of a visitor.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetTickets)]
struct VisitorTicketsView {
    /// Newest first, 50 at most.
    tickets: Vec<VisitorTicketView>,
    /// How many there are.
    #[schema(example = 1)]
    total: usize,
}

/// Tickets that are shown.
const MOST_SHOWN: usize = 50;

async fn list(
    call: Call<Public>,
    caller: Visitor<Looks>,
) -> Result<Data<VisitorTicketsView>, ApiError> {
    let found = call.work_items.of_visitor(caller.visit.conversation()).await?;
    let total = found.len();
    let tickets = found.into_iter().take(MOST_SHOWN).map(VisitorTicketView::from).collect();
    Ok(Data::of(VisitorTicketsView { tickets, total }))
}

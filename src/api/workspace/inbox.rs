//! Inbox of a bot: its conversations, who works on them, their status and tags, and what people write in them.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::User,
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Conversations, Data, Path, Query, Repeat, choice, required_choice},
        workspace::{
            bot_access,
            bots::BotId,
            fields::{self, given},
            pages::PageView,
            people_names::all_sessions,
            session_view::{self, STATUSES, SessionView},
            sessions::{self, ChatSessionId, SessionsQuery},
        },
    },
    bots::Bot,
    domain::{Error, ErrorCode},
    inbox::{
        Agent, Folder, InboxChange, InboxFilter, InboxOrder, InboxState, Status, ViewAssignee,
        ViewFilters,
    },
    services::Services,
};

pub const TAG: &str = "Inbox";
const MOST_TAGS: usize = 20;
/// The color of a tag that is named for the first time.
const TAG_COLOR: &str = "#64748b";
/// Conversations that are assigned at a time.
const MOST_ASSIGNED: usize = 100;

pub fn endpoints() -> Vec<Endpoint> {
    // A second time comes to the same.
    let kept = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable);
    vec![
        Endpoint::get("/api/v1/inbox/conversations/{id}", list)
            .named("listInboxConversations")
            .about(TAG, "Conversations with a bot, by what is to be done")
            .details("Filters can be combined. The total is exact."),
        kept(Endpoint::put("/api/v1/inbox/sessions/{id}/assign", assign))
            .named("assignInboxSession")
            .about(TAG, "Give a conversation to somebody, or to nobody")
            .details("The bot is silent from then on. Who is given it must see the bot."),
        Endpoint::post("/api/v1/inbox/auto-assign/{id}", auto_assign)
            .named("autoAssignInbox")
            .about(TAG, "Give open conversations to people in turn, who has waited longest first")
            .details("People who are online, see the bot and have room (`agentCapacity` of the settings) take turns in the order of their ids; \
                 the turn is kept."),
        kept(Endpoint::put("/api/v1/inbox/sessions/{id}/status", set_status))
            .named("setInboxSessionStatus")
            .about(TAG, "Change the status of a conversation")
            .details(
                "`bot` gives it back to its bot, `assigned` to its assignee or to you. `closed` stands for `resolved`, and \
                 `pending` for `open`.",
            ),
        kept(Endpoint::put("/api/v1/inbox/sessions/{id}/tags", set_tags))
            .named("setInboxSessionTags")
            .about(TAG, "Replace the tags of a conversation; new ones are made"),
    ]
}

#[derive(Deserialize, ToSchema)]
struct InboxQuery {
    /// The UUID of an assignee, `me`, or `unassigned`.
    #[schema(max_length = 64)]
    assigned_to: Option<String>,
    /// Name of a tag of the conversation.
    #[schema(max_length = 50)]
    tag: Option<String>,
    /// Only those with unread messages or marked as unread, or only the others.
    unread: Option<bool>,
    /// Only those with a star, or only the others.
    starred: Option<bool>,
    /// Those that are snoozed instead.
    snoozed: Option<bool>,
    /// Only those whose bot asked for a person.
    handoff: Option<bool>,
    #[schema(schema_with = sort_choice)]
    sort: Option<Sort>,
    /// Id of a saved view; what else is given goes before its filters.
    #[schema(max_length = 36, example = json!(null))]
    view_id: Option<String>,
    #[serde(flatten)]
    sessions: SessionsQuery,
}

impl InboxQuery {
    /// What is asked for goes before the filters of a saved view. None where nothing can be found: no conversation has a
    /// tag that there is not.
    async fn filter(
        &self,
        call: &Call<Conversations>,
        bot: &Bot,
        (view, sessions): (&ViewFilters, &SessionsQuery),
    ) -> Result<Option<InboxFilter>, ApiError> {
        let names = match self.tag.as_ref().filter(|tag| !tag.trim().is_empty()) {
            Some(name) => std::slice::from_ref(name),
            None => view.tags.as_slice(),
        };
        let assignee = self.assignee(call, view).await?;
        let mut tags = Vec::with_capacity(names.len());
        for name in names {
            tags.extend(tag_named(call, name).await?);
        }
        if tags.len() < names.len() {
            return Ok(None);
        }
        Ok(Some(InboxFilter {
            assignee,
            unread: self.unread.or(view.unread),
            starred: self.starred.or(view.starred),
            folder: match self.snoozed.or(view.snoozed) {
                Some(true) => Folder::Snoozed,
                Some(false) | None => Folder::Inbox,
            },
            handoff: self.handoff.or(view.handoff) == Some(true),
            tags,
            order: match self.sort.unwrap_or(Sort::Recent) {
                Sort::Recent => InboxOrder::Recent,
                Sort::Oldest => InboxOrder::Oldest,
                Sort::Waiting => InboxOrder::Waiting,
            },
            ..sessions.filter(call, bot).await?
        }))
    }

    async fn assignee(
        &self,
        call: &Call<Conversations>,
        view: &ViewFilters,
    ) -> Result<Option<Option<Agent>>, ApiError> {
        Ok(match self.assigned_to.as_deref().map(str::trim) {
            None | Some("") => match view.assignee {
                None => None,
                Some(ViewAssignee::Nobody) => Some(None),
                Some(ViewAssignee::Me) => Some(Some(caller(call)?)),
                Some(ViewAssignee::Agent(id)) => {
                    Some(Some(known_agent(call, &id.to_string()).await?))
                }
            },
            Some("unassigned") => Some(None),
            Some("me") => Some(Some(caller(call)?)),
            Some(id) => Some(Some(known_agent(call, id).await?)),
        })
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Recent,
    Oldest,
    Waiting,
}

fn sort_choice() -> Schema {
    choice(
        "Newest activity first (default), oldest first, or who has waited longest for a first response.",
        &["recent", "oldest", "waiting"],
    )
}

/// Conversations of an inbox.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInbox)]
struct InboxView {
    /// In the order that was asked for.
    conversations: Vec<SessionView>,
    #[serde(flatten)]
    page: PageView,
}

async fn list(
    call: Call<Conversations>,
    Path(id): Path<BotId>,
    Query(query): Query<InboxQuery>,
) -> Result<Data<InboxView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let view = match query.view_id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(view) => call.views.filters(view, call.principal().person()).await?,
        None => ViewFilters::default(),
    };
    let sessions = query.sessions.clone().under(&view);
    let (place, pages) = (sessions.pages.near_place()?, sessions.pages);
    let filter = query.filter(&call, &bot, (&view, &sessions)).await?;
    let (items, total) = match filter {
        Some(filter) => {
            let found = call.inbox.page(&filter, None, place).await?;
            (found.items, found.total)
        }
        None => (Vec::new(), 0),
    };
    let conversations = session_view::views(&call, &items).await?;
    let page = pages.view(total);
    Ok(Data::of(InboxView { conversations, page }))
}

/// Who makes a request, as somebody who works on conversations.
pub fn caller<S, R>(call: &Call<S, R>) -> Result<Agent, Error> {
    let nobody = || Error::new(ErrorCode::Forbidden, "This needs a person or an API key");
    Agent::of(&call.principal()).ok_or_else(nobody)
}

/// Somebody who may be an assignee, by their UUID.
async fn known_agent(services: &Services, id: &str) -> Result<Agent, Error> {
    let fault = || Error::invalid_field("assigned_to", "must be a UUID, me or unassigned");
    let id: Uuid = id.parse().map_err(|_| fault())?;
    let is_key = services.api_keys.list().await?.iter().any(|key| key.id == id);
    Ok(if is_key { Agent::Key(id) } else { Agent::User(id) })
}

async fn tag_named(services: &Services, name: &str) -> Result<Option<Uuid>, Error> {
    let name = name.trim().to_lowercase();
    let tags = services.tags.list().await?;
    Ok(tags.into_iter().find(|tag| tag.name.to_lowercase() == name).map(|tag| tag.id))
}

/// The conversation as it is after a change, which lists show by then, too.
pub async fn again(call: &Call<Conversations>, id: Uuid) -> Result<Data<SessionView>, ApiError> {
    call.inbox.caught_up().await?;
    let found = sessions::find(call, id).await?;
    Ok(Data::of(session_view::view(call, &found.state).await?))
}

/// Who gets a conversation.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceAssignment, example = json!({ "agent_id": "me" }))]
struct AssignmentBody {
    /// The UUID of a person, `me`, or null for nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 64, example = "me")]
    agent_id: Option<Option<String>>,
    /// The same.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 64, example = "me")]
    user_id: Option<Option<String>>,
}

async fn assign(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<AssignmentBody>,
) -> Result<Data<SessionView>, ApiError> {
    let missing = || Error::invalid_field("agent_id", "is required, or null");
    let wanted = fields::same(("agent_id", body.agent_id), ("user_id", body.user_id))?;
    let wanted = wanted.ok_or_else(missing)?;
    let found = sessions::worked(&call, id).await?;
    let by = caller(&call).ok();
    match wanted.as_deref().map(str::trim) {
        None => call.inbox_actions.apply(found.place(), InboxChange::to(Status::Open), by).await?,
        Some("me") => call.inbox_actions.assign(found.place(), Some(caller(&call)?), by).await?,
        Some(text) => {
            let agent = assignee(&call, found.bot.as_ref(), text).await?;
            call.inbox_actions.assign(found.place(), Some(agent), by).await?
        }
    };
    again(&call, id).await
}

async fn assignee(services: &Services, bot: Option<&Bot>, text: &str) -> Result<Agent, Error> {
    let fault = || Error::invalid_field("agent_id", "must be a person who sees the bot");
    let id: Uuid = text.parse().map_err(|_| fault())?;
    let people = bot_access::workers(services, bot.map(|bot| bot.id)).await?;
    match people.iter().any(|user| user.id == id) {
        true => Ok(Agent::User(id)),
        false => Err(fault()),
    }
}

/// Which conversations are assigned.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceAutoAssignmentBody, example = json!({ "limit": 10 }))]
struct AutoAssignmentBody {
    /// UUIDs of conversations; all that are open when it is not given.
    #[schema(max_items = 100, max_length = 64)]
    session_ids: Option<Vec<String>>,
    /// How many, at most 100 (default 100).
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// What was assigned.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutoAssigned)]
struct AutoAssignedView {
    /// In the order in which it was.
    assigned: Vec<AssignedView>,
    /// Open conversations of the bot that nobody has.
    #[schema(example = 0)]
    unassigned: u64,
}

/// A conversation that somebody got.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAssigned)]
struct AssignedView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    agent_id: String,
}

impl AssignedView {
    fn of(state: &InboxState, agent: Uuid) -> Self {
        Self { session_id: state.conversation.to_string(), agent_id: agent.to_string() }
    }
}

/// The open conversations of a bot that nobody has, who waits longest first.
fn open_of(services: &Services, bot: &Bot) -> Result<InboxFilter, Error> {
    Ok(InboxFilter {
        sessions: sessions::sessions(services, bot.id, None)?,
        statuses: vec![Status::Open],
        assignee: Some(None),
        bot: Some(bot.id),
        order: InboxOrder::Waiting,
        ..InboxFilter::default()
    })
}

/// Who is online, sees a bot and has room for another conversation, in the order of their ids.
async fn with_room(call: &Call<Conversations>, bot: &Bot) -> Result<Vec<Uuid>, ApiError> {
    let loads = call.assignments.loads(&all_sessions(call)).await?;
    let capacity = u64::from(call.settings.now().business.agent_capacity);
    let has_room = |user: &User| {
        let load = loads.get(&Agent::User(user.id)).copied().unwrap_or(0);
        call.presence.is_online(user.id) && load < capacity
    };
    let people = bot_access::workers(call, Some(bot.id)).await?;
    let mut agents: Vec<Uuid> =
        people.iter().filter(|user| has_room(user)).map(|user| user.id).collect();
    agents.sort_unstable();
    Ok(agents)
}

async fn auto_assign(
    call: Call<Conversations>,
    Path(id): Path<BotId>,
    Body(body): Body<AutoAssignmentBody>,
) -> Result<Data<AutoAssignedView>, ApiError> {
    let bot = bot_access::worked(&call, id).await?;
    let wanted = body.session_ids.map(|ids| read_ids(&ids)).transpose()?;
    let limit = body.limit.unwrap_or(MOST_ASSIGNED).min(MOST_ASSIGNED);
    let agents = with_room(&call, &bot).await?;
    let open = open_of(&call, &bot)?;
    let by = caller(&call).ok();
    let mut assigned = Vec::new();
    let mut waiting = match &wanted {
        Some(ids) => named(&call, &bot, ids).await?,
        None => call.inbox.page(&open, None, (0, limit)).await?.items,
    };
    waiting.truncate(limit);
    for state in &waiting {
        let place = (&state.session, &state.chat);
        let agent = call.assignments.assign_in_turn(place, (bot.id, &agents), by).await?;
        assigned.extend(agent.map(|agent| AssignedView::of(state, agent)));
    }
    let unassigned = call.inbox.page(&open, None, (0, 0)).await?.total;
    Ok(Data::of(AutoAssignedView { assigned, unassigned }))
}

/// These conversations of a bot, who has waited longest first. Those that are not there are left out.
async fn named(
    call: &Call<Conversations>,
    bot: &Bot,
    ids: &[Uuid],
) -> Result<Vec<InboxState>, Error> {
    let mut states = Vec::new();
    for id in ids {
        match sessions::find(call, *id).await {
            Ok(found) if found.state.bot == Some(bot.id) => states.push(found.state),
            Ok(_) | Err(Error { code: ErrorCode::NotFound, .. }) => (),
            Err(error) => return Err(error),
        }
    }
    states.sort_by_key(|state| {
        let since = state.waiting_since();
        (since.is_none(), since)
    });
    Ok(states)
}

fn read_ids(ids: &[String]) -> Result<Vec<Uuid>, Error> {
    let fault = || Error::invalid_field("session_ids", "must be UUIDs of conversations");
    ids.iter().map(|id| id.trim().parse().map_err(|_| fault())).collect()
}

/// Another status of a conversation.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceStatusChange, example = json!({ "status": "open" }))]
struct StatusBody {
    #[schema(schema_with = new_status_schema)]
    status: String,
}

fn new_status_schema() -> Schema {
    let names: Vec<&str> = STATUSES.into_iter().chain(["closed", "pending"]).collect();
    required_choice("The status that it gets.", &names)
}

async fn set_status(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<StatusBody>,
) -> Result<Data<SessionView>, ApiError> {
    let status = sessions::status(&body.status)?;
    let status = *status.first().ok_or_else(|| Error::internal("a status has no name"))?;
    let found = sessions::worked(&call, id).await?;
    let by = caller(&call).ok();
    match status {
        Status::Assigned if found.state.assignee.is_none() => {
            call.inbox_actions.assign(found.place(), Some(caller(&call)?), by).await?;
        }
        Status::AiActive if found.state.status.is_automatic() => (),
        status => {
            call.inbox_actions.apply(found.place(), InboxChange::to(status), by).await?;
        }
    }
    if status == Status::AiActive && found.conversation.record.inbox.pause.is_some() {
        call.conversations.resume_automation(&found.conversation.record).await?;
    }
    again(&call, id).await
}

/// The tags of a conversation.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTagsChange, example = json!({ "tags": ["urgent"] }))]
struct TagsBody {
    /// Names of tags; exactly these.
    #[schema(max_items = 20, max_length = 50)]
    tags: Vec<String>,
}

async fn set_tags(
    call: Call<Conversations>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<TagsBody>,
) -> Result<Data<SessionView>, ApiError> {
    if MOST_TAGS < body.tags.len() {
        return Err(Error::invalid_field("tags", "must be at most 20").into());
    }
    let found = sessions::worked(&call, id).await?;
    // Made in the commit of the conversation, so that of two requests that name a new tag neither is refused.
    call.tags.set_named(&found.conversation.record, &body.tags, TAG_COLOR).await?;
    again(&call, id).await
}

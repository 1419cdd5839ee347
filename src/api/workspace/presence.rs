//! Presence: who is at work now.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Data, Person, Query, Repeat, choice, path::uuid, required_choice},
        sessions::wire::seconds,
        workspace::{
            bot_access,
            pages::{PageQuery, PageView},
            people_names::all_sessions,
        },
    },
    domain::{Error, Subject, line},
    inbox::Agent,
    presence::{Presence, Shown, Status},
};

pub const TAG: &str = "Presence";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/presence/heartbeat", beat)
            .named("sendHeartbeat")
            .about(TAG, "Say that one is here")
            .details(
                "Counts for 90 seconds: a client says it every 30. An open stream of events counts too. One who \
                 chose away, busy or offline stays so. It lies in memory alone.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::get("/api/v1/presence/team", team)
            .named("listPresence")
            .about(TAG, "Who is here, of the workspace or of a team"),
        Endpoint::put("/api/v1/presence/status", choose)
            .named("setPresenceStatus")
            .about(TAG, "Choose one's status")
            .details("Away, busy and offline stay until another is chosen, or the gateway starts again.")
            .repeats(Repeat::Repeatable),
        Endpoint::get("/api/v1/presence/available", available)
            .named("listAvailableAgents")
            .about(TAG, "Who can be given a conversation now")
            .details("People who are online, may write, see the bot, and have less than their capacity."),
    ]
}

fn status_schema() -> Schema {
    required_choice("Whether the person is here.", &Status::WORDS)
}

fn status_choice() -> Schema {
    choice("Whether the person is here.", &Status::WORDS)
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceHeartbeat, example = json!({}))]
struct Beat {
    #[schema(schema_with = status_choice)]
    status: Option<Status>,
}

/// What a heartbeat came to.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspacePresence)]
struct PresenceView {
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// When the person was last here, RFC 3339; null for never since the start of the gateway.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_seen_at: Option<String>,
    /// Seconds for which it counts.
    #[schema(example = 90)]
    expires_in: u64,
    /// What the person says of it; null for nothing.
    #[schema(example = json!(null))]
    status_message: Option<String>,
}

impl From<Shown> for PresenceView {
    fn from(shown: Shown) -> Self {
        Self {
            status: shown.status.as_str(),
            last_seen_at: shown.last_seen.map(seconds),
            expires_in: Presence::LIFE.as_secs(),
            status_message: shown.message,
        }
    }
}

async fn beat(call: Call<Person>, Body(body): Body<Beat>) -> Result<Data<PresenceView>, ApiError> {
    let person = call.person()?;
    let shown = match body.status {
        Some(status) => call.presence.choose(person, status, None).await.map_err(Error::from)?,
        None => call.presence.beat(person),
    };
    Ok(Data::of(shown.into()))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspacePresenceChange, example = json!({ "status": "busy", "message": "In a call" }))]
struct Choice {
    #[schema(schema_with = status_schema)]
    status: Status,
    /// What others are to know of it.
    #[schema(max_length = 140, example = "In a call")]
    message: Option<String>,
}

async fn choose(
    call: Call<Person>,
    Body(body): Body<Choice>,
) -> Result<Data<PresenceView>, ApiError> {
    let message = body.message.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if !message.as_deref().is_none_or(line::is_line) {
        return Err(Error::invalid_field("message", line::FAULT).into());
    }
    let chosen = call.presence.choose(call.person()?, body.status, message).await;
    Ok(Data::of(chosen.map_err(Error::from)?.into()))
}

#[derive(Deserialize, ToSchema)]
pub struct PresenceQuery {
    /// Only the members of this team: its UUID.
    #[schema(max_length = 36, example = json!(null))]
    team_id: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Who is here.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspacePresenceList)]
struct TeamPresenceView {
    /// In the order in which they came to the workspace.
    members: Vec<MemberPresenceView>,
    #[serde(flatten)]
    page: PageView,
}

/// Whether somebody is here.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceMemberPresence)]
struct MemberPresenceView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    user_id: String,
    /// Name of the person.
    #[schema(example = "Ada Lovelace")]
    name: String,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// When the person was last here, RFC 3339; null for never since the start of the gateway.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_seen_at: Option<String>,
    /// Conversations that are assigned to them and not resolved.
    active_conversations: u64,
    /// What the person says of it; null for nothing.
    #[schema(example = json!(null))]
    status_message: Option<String>,
}

async fn team(
    call: Call<Person>,
    Query(query): Query<PresenceQuery>,
) -> Result<Data<TeamPresenceView>, ApiError> {
    let team = query.team_id.as_deref().map(|id| uuid(id, Subject::Team)).transpose()?;
    let people = call.teams.people(team, &call.principal()).await?;
    let loads = call.assignments.loads(&all_sessions(&call)).await?;
    let page = query.page.view(people.len());
    let shown = query.page.of(people).into_iter().map(|user| {
        let Shown { status, last_seen, message } = call.presence.of(user.id);
        MemberPresenceView {
            user_id: user.id.to_string(),
            name: user.name,
            status: status.as_str(),
            last_seen_at: last_seen.map(seconds),
            active_conversations: loads.get(&Agent::User(user.id)).copied().unwrap_or(0),
            status_message: message,
        }
    });
    Ok(Data::of(TeamPresenceView { members: shown.collect(), page }))
}

#[derive(Deserialize, ToSchema)]
pub struct AvailableQuery {
    /// Only those who see this bot: its UUID.
    #[schema(max_length = 36, example = json!(null))]
    bot_id: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Who can be given a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAvailableAgents)]
struct AvailableView {
    /// In the order of their ids.
    agents: Vec<AvailableAgentView>,
    #[serde(flatten)]
    page: PageView,
}

/// Somebody who can be given a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAvailableAgent)]
struct AvailableAgentView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    user_id: String,
    /// Name of the person.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// Conversations that are assigned to them and not resolved.
    active_conversations: u64,
    /// How many they can have.
    #[schema(example = 20)]
    capacity: u64,
}

async fn available(
    call: Call<Person>,
    Query(query): Query<AvailableQuery>,
) -> Result<Data<AvailableView>, ApiError> {
    let bot = match query.bot_id.as_deref() {
        Some(text) => Some(bot_access::seen(&call, bot_id(text)?).await?.id),
        None => None,
    };
    let mut people = call.teams.workers_of(bot).await?;
    people.retain(|user| call.presence.is_online(user.id));
    let loads = call.assignments.loads(&all_sessions(&call)).await?;
    let capacity = u64::from(call.settings.now().business.agent_capacity);
    let agents = people.into_iter().map(|user| AvailableAgentView {
        user_id: user.id.to_string(),
        name: user.name,
        active_conversations: loads.get(&Agent::User(user.id)).copied().unwrap_or(0),
        capacity,
    });
    let agents: Vec<_> =
        agents.filter(|agent| agent.active_conversations < agent.capacity).collect();
    let page = query.page.view(agents.len());
    Ok(Data::of(AvailableView { agents: query.page.of(agents), page }))
}

fn bot_id(text: &str) -> Result<Uuid, Error> {
    uuid(text, Subject::Bot)
}

//! Teams: people who work together, and the bots that they share.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::{TeamInvite, TeamMember, TeamRole, User},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Conversations, Created, Data, Message, Path, Query, Repeat, choice,
            path::uuid, path_value, required_choice,
        },
        sessions::wire::seconds,
        workspace::{
            pages::{PageQuery, PageView},
            people_names::all_sessions,
        },
    },
    domain::{Error, ErrorCode, Subject},
    presence::Status,
    teams::{Invited, Permission, TeamView},
};

pub const TAG: &str = "Teams";
const ALL: &str = "/api/v1/teams";
/// Whom somebody can be invited as.
const INVITED: [&str; 3] = ["admin", "agent", "viewer"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listTeams")
            .about(TAG, "One's teams; all of them for administrators"),
        Endpoint::post(ALL, create)
            .named("createTeam")
            .about(TAG, "Make a team that one owns")
            .details("There are 200 teams at most."),
        Endpoint::post("/api/v1/teams/{id}/invite", invite)
            .named("inviteTeamMember")
            .about(TAG, "Invite somebody into a team by their e-mail address")
            .details(
                "A person with an account is a member at once. Anybody else is invited into the workspace by an \
                 administrator: the link stands in this answer alone, and goes by mail where mail is sent. It is \
                 taken up with the registration.",
            )
            .repeats(Repeat::Secret),
        Endpoint::get("/api/v1/teams/{id}/members", members)
            .named("listTeamMembers")
            .about(TAG, "Who is in a team, and who is invited"),
        Endpoint::delete("/api/v1/teams/{id}/members/{uid}", remove)
            .named("removeTeamMember")
            .about(TAG, "Take somebody out of a team, or leave it")
            .details(
                "Conversations that are assigned to them are open again, for nobody. The last owner cannot go: 400.",
            )
            .may_fail(&[ErrorCode::Invalid]),
        Endpoint::post("/api/v1/teams/{id}/share-bot", share)
            .named("shareBotWithTeam")
            .about(TAG, "Let the members of a team see a bot, or manage it")
            .details("A bot that is shared already gets this permission.")
            .repeats(Repeat::Repeatable),
    ]
}

path_value! {
    /// A team, by its UUID.
    enum TeamId = "id" as Uuid;
    about: "The UUID of the team", example: "550e8400-e29b-41d4-a716-446655440054",
    read: |text| uuid(text, Subject::Team)
}

path_value! {
    /// A member of a team, by the UUID of the person.
    enum MemberId = "uid" as Uuid;
    about: "The UUID of the person", example: "550e8400-e29b-41d4-a716-446655440051",
    read: |text| uuid(text, Subject::User)
}

fn role_schema() -> Schema {
    required_choice("What the person is in the team.", &TeamRole::WORDS)
}

#[derive(Deserialize, ToSchema)]
pub struct TeamsQuery {
    #[serde(flatten)]
    page: PageQuery,
}

/// A page of teams.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTeams)]
struct TeamsView {
    /// Oldest first.
    teams: Vec<OneTeamView>,
    #[serde(flatten)]
    page: PageView,
}

/// A team.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTeam)]
struct OneTeamView {
    /// UUID of the team.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the team.
    #[schema(example = "Support")]
    name: String,
    /// owner, admin, agent or viewer: what the caller is in it; null for an administrator who is no member.
    #[schema(example = "owner")]
    role: Option<&'static str>,
    /// How many are in it.
    member_count: usize,
    /// How many bots it shares.
    bot_count: usize,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
}

impl From<TeamView> for OneTeamView {
    fn from(view: TeamView) -> Self {
        let TeamView { team, role, members, bots } = view;
        Self {
            id: team.id.to_string(),
            name: team.name,
            role: role.map(TeamRole::as_str),
            member_count: members,
            bot_count: bots,
            created_at: seconds(team.created_at),
        }
    }
}

async fn list(
    call: Call<Conversations>,
    Query(query): Query<TeamsQuery>,
) -> Result<Data<TeamsView>, ApiError> {
    let all = call.teams.list(&call.principal()).await?;
    let page = query.page.view(all.len());
    let teams = query.page.of(all).into_iter().map(Into::into).collect();
    Ok(Data::of(TeamsView { teams, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTeamDraft, example = json!({ "name": "Support" }))]
struct Draft {
    /// Name of the team.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
}

async fn create(
    call: Call<Conversations>,
    Body(body): Body<Draft>,
) -> Result<Created<OneTeamView>, ApiError> {
    let owner = call.principal().person().ok_or_else(|| {
        Error::new(ErrorCode::Forbidden, "A team is made by a person, who owns it")
    })?;
    Ok(Created::of(call.teams.create(&body.name, owner).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTeamInvitation, example = json!({ "email": "mary@example.com", "role": "agent" }))]
struct Invitation {
    /// The address of whom is invited.
    #[schema(min_length = 1, max_length = 254, format = "email", example = "mary@example.com")]
    email: String,
    /// agent when it is not given.
    #[schema(schema_with = invited_choice)]
    role: Option<TeamRole>,
}

fn invited_choice() -> Schema {
    choice("What the person is to be in the team; agent when it is not given.", &INVITED)
}

/// A new invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNewTeamInvite)]
struct NewInviteView {
    /// The invitation.
    invite: InviteView,
}

/// An invitation into a team.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTeamInvite)]
struct InviteView {
    /// UUID of the invitation; of the person who is a member at once.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// The address that is invited.
    #[schema(example = "mary@example.com")]
    email: String,
    #[schema(schema_with = role_schema)]
    role: &'static str,
    #[schema(schema_with = invite_status)]
    status: &'static str,
    /// When it ends, RFC 3339; null for one that was taken up at once.
    #[schema(example = "2026-03-31T10:31:00Z")]
    expires_at: Option<String>,
    /// The link, shown this once; not there where none is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "https://gateway.example.com/#/join?code=inv_1a2b3c4d5e6f")]
    url: Option<String>,
}

fn invite_status() -> Schema {
    required_choice("Whether it was taken up.", &["pending", "accepted"])
}

impl From<TeamInvite> for InviteView {
    fn from(invite: TeamInvite) -> Self {
        Self {
            id: invite.id.to_string(),
            email: invite.email,
            role: invite.role.as_str(),
            status: "pending",
            expires_at: Some(seconds(invite.expires_at)),
            url: None,
        }
    }
}

async fn invite(
    call: Call<Conversations>,
    Path(id): Path<TeamId>,
    Body(body): Body<Invitation>,
) -> Result<Created<NewInviteView>, ApiError> {
    let role = body.role.unwrap_or(TeamRole::Agent);
    let invite = match call.teams.invite(id, &body.email, role, &call.principal()).await? {
        Invited::Pending { invite, link } => InviteView { url: Some(link), ..invite.into() },
        Invited::Added(member, user) => InviteView {
            id: member.user.to_string(),
            email: user.email,
            role: member.role.as_str(),
            status: "accepted",
            expires_at: None,
            url: None,
        },
    };
    Ok(Created::of(NewInviteView { invite }))
}

/// Who is in a team.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTeamMembers)]
struct MembersView {
    /// In the order of their ids.
    members: Vec<TeamMemberView>,
    /// Invitations that are open, oldest first.
    invites: Vec<InviteView>,
    #[serde(flatten)]
    page: PageView,
}

/// A member of a team.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTeamMember)]
struct TeamMemberView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    user_id: String,
    /// Name of the person.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// E-mail address of the person.
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(schema_with = role_schema)]
    role: &'static str,
    #[schema(schema_with = member_status)]
    status: &'static str,
    /// When the person came into the team, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    joined_at: String,
    #[schema(schema_with = presence_schema)]
    presence: &'static str,
}

fn member_status() -> Schema {
    required_choice("Whether the person may sign in.", &["active", "disabled"])
}

fn presence_schema() -> Schema {
    required_choice("Whether the person is here.", &Status::WORDS)
}

async fn members(
    call: Call<Conversations>,
    Path(id): Path<TeamId>,
    Query(query): Query<TeamsQuery>,
) -> Result<Data<MembersView>, ApiError> {
    let found = call.teams.members(id, &call.principal()).await?;
    let page = query.page.view(found.members.len());
    let shown = |(member, user): (TeamMember, User)| TeamMemberView {
        user_id: user.id.to_string(),
        role: member.role.as_str(),
        status: if user.is_disabled { "disabled" } else { "active" },
        joined_at: seconds(member.joined_at),
        presence: call.presence.of(user.id).status.as_str(),
        name: user.name,
        email: user.email,
    };
    Ok(Data::of(MembersView {
        members: query.page.of(found.members).into_iter().map(shown).collect(),
        invites: found.invites.into_iter().map(Into::into).collect(),
        page,
    }))
}

async fn remove(
    call: Call<Conversations>,
    Path(id): Path<TeamId>,
    Path(user): Path<MemberId>,
) -> Result<Message, ApiError> {
    call.teams.remove((id, user), &all_sessions(&call), &call.principal()).await?;
    Ok(Message::of("The member was removed"))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotShare, example = json!({
    "bot_id": "550e8400-e29b-41d4-a716-446655440055", "permission": "manage",
}))]
struct ShareBody {
    /// UUID of the bot.
    #[schema(min_length = 1, max_length = 36, example = "550e8400-e29b-41d4-a716-446655440055")]
    bot_id: String,
    #[schema(schema_with = permission_choice)]
    permission: Option<Permission>,
}

fn permission_choice() -> Schema {
    choice("What members may do with it; manage when it is not given.", &["view", "manage"])
}

/// What came of sharing a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotShared)]
struct SharedView {
    /// Always true.
    shared: bool,
    #[schema(schema_with = permission_schema)]
    permission: &'static str,
}

fn permission_schema() -> Schema {
    required_choice("What members may do with it.", &["view", "manage"])
}

async fn share(
    call: Call<Conversations>,
    Path(id): Path<TeamId>,
    Body(body): Body<ShareBody>,
) -> Result<Data<SharedView>, ApiError> {
    let permission = body.permission.unwrap_or(Permission::Manage);
    let bot = uuid(&body.bot_id, Subject::Bot)?;
    call.teams.share(id, bot, permission, &call.principal()).await?;
    Ok(Data::of(SharedView { shared: true, permission: permission.as_str() }))
}

//! Groups and the people in them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Created, Data, GroupId, InSession, Path, Query, Read, Send},
        sessions::{
            identity::IdentityView,
            wire::{jids, seconds},
        },
        texts::in_field,
    },
    domain::{Error, Jid, ParticipantOutcome, SessionId},
    services::Services,
};

const TAG: &str = "Groups";

pub fn endpoints() -> Vec<Endpoint> {
    const PARTICIPANTS: &str = "/api/v1/sessions/{sessionId}/groups/{groupId}/participants";
    vec![
        Endpoint::post("/api/v1/sessions/{sessionId}/groups", create)
            .named("createGroup")
            .about(TAG, "Create a group")
            .details("`participants` says for each person whether WhatsApp added them."),
        Endpoint::get("/api/v1/sessions/{sessionId}/groups/{groupId}", read)
            .named("getGroup")
            .about(TAG, "Look at a group")
            .details("Read from the engine. The members have their rights beside them."),
        Endpoint::post(PARTICIPANTS, add)
            .named("addGroupParticipants")
            .about(TAG, "Add people to a group")
            .details("Answers 200 with an outcome for each person."),
        Endpoint::delete(PARTICIPANTS, remove)
            .named("removeGroupParticipants")
            .about(TAG, "Remove people from a group")
            .details("Name the people in the body, or in the query where no body can be sent."),
    ]
}

/// For clients that cannot send a body.
#[derive(Deserialize, ToSchema)]
struct ParticipantsQuery {
    /// Ids separated by commas.
    #[schema(max_length = 16_384)]
    participants: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Friends", "participants": ["15550000001@c.us"] }))]
struct GroupBody {
    /// Name of the group, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// People to add, by id or telephone number.
    #[schema(min_items = 1, max_items = 1_023, format = "person")]
    participants: Vec<String>,
    /// Description of the group.
    #[schema(max_length = 2_048)]
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "participants": ["15550000003@c.us"] }))]
struct ParticipantsBody {
    /// The people, by id or telephone number.
    #[schema(max_items = 256, format = "person")]
    participants: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutcomeView {
    /// Id of the person.
    #[schema(example = "15550000001@c.us")]
    id: String,
    identity: Option<IdentityView>,
    /// 200 done, 403 privacy forbids, 404 not on WhatsApp, 408 left a moment ago, 409 is there already.
    status: u16,
    /// Code of an invitation, for somebody who must be invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "AbCdEfGhIjKlMnOp")]
    invite_code: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct GroupCreated {
    gid: String,
    /// Name of the group.
    #[schema(example = "Friends")]
    name: String,
    /// Description of the group; null without one.
    #[schema(example = json!(null))]
    description: Option<String>,
    /// What became of each person.
    participants: Vec<OutcomeView>,
}

#[derive(Serialize, ToSchema)]
struct ParticipantsView {
    gid: String,
    /// What became of each person.
    participants: Vec<OutcomeView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GroupView {
    gid: String,
    /// Name of the group.
    #[schema(example = "Friends")]
    name: String,
    /// Description of the group; null without one.
    #[schema(example = json!(null))]
    description: Option<String>,
    owner: Option<String>,
    /// Number and LID of the owner.
    owner_identity: Option<IdentityView>,
    /// When it was made, RFC 3339; null where WhatsApp does not say.
    created_at: Option<String>,
    /// The members.
    participants: Vec<MemberView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    /// Id of the member.
    #[schema(example = "15550000001@c.us")]
    id: String,
    identity: Option<IdentityView>,
    /// Whether the member is an admin.
    is_admin: bool,
    /// Whether the member made the group.
    is_super_admin: bool,
}

async fn views(
    services: &Services,
    session: &SessionId,
    outcomes: Vec<ParticipantOutcome>,
) -> Result<Vec<OutcomeView>, Error> {
    let people = outcomes.iter().map(|outcome| &outcome.id);
    let known = services.directory.identities(session, people).await?;
    let view = |outcome: ParticipantOutcome| OutcomeView {
        identity: IdentityView::of(&outcome.id, &known),
        id: outcome.id.to_string(),
        status: outcome.status,
        invite_code: outcome.invite_code,
    };
    Ok(outcomes.into_iter().map(view).collect())
}

async fn create(
    call: Call<Send, InSession>,
    Body(body): Body<GroupBody>,
) -> Result<Created<GroupCreated>, ApiError> {
    let session = call.session()?;
    let own = session.status().me.map(|me| me.id);
    let name = body.name.trim().to_owned();
    let is_name = !name.is_empty() && name.chars().count() <= 100;
    let named = match is_name {
        true => Ok(()),
        false => Err(Error::invalid_field("name", "must have 1 to 100 characters")),
    };
    let ((), people) = Error::both(named, people(&body.participants, 1_023))?;
    if own.is_some_and(|own| people.contains(&own)) {
        return Err(
            Error::invalid_field("participants", "must not name the session's own number").into()
        );
    }
    let description = body.description.filter(|text| !text.is_empty());
    let made = call.groups.create(session.id(), name.clone(), description.clone(), people);
    let (id, outcomes) = made.await?;
    let participants = views(&call, session.id(), outcomes).await?;
    Ok(Created::of(GroupCreated { gid: id.to_string(), name, description, participants }))
}

async fn read(
    call: Call<Read, InSession>,
    Path(group): Path<GroupId>,
) -> Result<Data<GroupView>, ApiError> {
    let session = call.session()?;
    let group = call.groups.get(session.id(), &group).await?;
    let people = group.participants.iter().map(|participant| &participant.id);
    let people = people.chain(&group.owner);
    let known = call.directory.identities(session.id(), people).await?;
    let member = |participant: crate::domain::Participant| MemberView {
        identity: IdentityView::of(&participant.id, &known),
        id: participant.id.to_string(),
        is_admin: participant.admin,
        is_super_admin: participant.owner,
    };
    let view = GroupView {
        gid: group.id.to_string(),
        name: group.name,
        description: group.description,
        owner_identity: group.owner.as_ref().and_then(|owner| IdentityView::of(owner, &known)),
        owner: group.owner.map(String::from),
        created_at: group.created_at.map(seconds),
        participants: group.participants.into_iter().map(member).collect(),
    };
    Ok(Data::of(view))
}

async fn add(
    call: Call<Send, InSession>,
    Path(group): Path<GroupId>,
    Body(body): Body<ParticipantsBody>,
) -> Result<Data<ParticipantsView>, ApiError> {
    let session = call.session()?;
    let people = named(body.participants)?;
    let outcomes = call.groups.add_participants(session.id(), &group, people).await?;
    let participants = views(&call, session.id(), outcomes).await?;
    Ok(Data::of(ParticipantsView { gid: group.to_string(), participants }))
}

async fn remove(
    call: Call<Send, InSession>,
    Path(group): Path<GroupId>,
    Query(query): Query<ParticipantsQuery>,
    Body(body): Body<ParticipantsBody>,
) -> Result<Data<ParticipantsView>, ApiError> {
    let session = call.session()?;
    let in_query = || query.participants.map(|text| text.split(',').map(str::to_owned).collect());
    let people = named(body.participants.or_else(in_query))?;
    let outcomes = call.groups.remove_participants(session.id(), &group, people).await?;
    let participants = views(&call, session.id(), outcomes).await?;
    Ok(Data::of(ParticipantsView { gid: group.to_string(), participants }))
}

/// The people whom a change of a group names.
fn named(participants: Option<Vec<String>>) -> Result<Vec<Jid>, Error> {
    let texts = participants.ok_or_else(|| Error::invalid_field("participants", "is required"))?;
    people(&texts, 256)
}

fn people(texts: &[String], most: usize) -> Result<Vec<Jid>, Error> {
    let people = jids(texts).map_err(|error| in_field("participants", error))?;
    if people.is_empty() || most < people.len() {
        return Err(Error::invalid_field("participants", format!("must name 1 to {most} people")));
    }
    Ok(people)
}

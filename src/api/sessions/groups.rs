//! Groups and the people in them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, Query, in_field, path_group, session_id},
        endpoint::{Endpoint, ParameterKind::Ids, Scope},
        error::ApiError,
        sessions::{
            data,
            identity::IdentityView,
            wire::{jids, seconds},
        },
    },
    domain::{Error, Jid, ParticipantOutcome, SessionId},
    services::Services,
};

const TAG: &str = "Groups";

pub fn endpoints() -> Vec<Endpoint> {
    const PARTICIPANTS: &str = "/api/v1/sessions/{sessionId}/groups/{groupId}/participants";
    vec![
        Endpoint::post("/api/v1/sessions/{sessionId}/groups", create)
            .about(TAG, "Create a group")
            .needs(Scope::Send)
            .takes::<GroupBody>()
            .answers::<GroupCreated>(201),
        Endpoint::get("/api/v1/sessions/{sessionId}/groups/{groupId}", read)
            .about(TAG, "Look at a group")
            .answers::<GroupView>(200),
        Endpoint::post(PARTICIPANTS, add)
            .about(TAG, "Add people to a group")
            .needs(Scope::Send)
            .takes::<ParticipantsBody>()
            .answers::<ParticipantsView>(200),
        Endpoint::delete(PARTICIPANTS, remove)
            .about(TAG, "Remove people from a group")
            .needs(Scope::Send)
            .query(
                Ids,
                "participants",
                "Ids separated by commas, for clients that cannot send a body",
            )
            .takes::<ParticipantsBody>()
            .answers::<ParticipantsView>(200),
    ]
}

#[derive(Deserialize, ToSchema)]
struct GroupBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(min_items = 1, max_items = 1_023, format = "person")]
    participants: Vec<String>,
    #[schema(max_length = 2_048)]
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct ParticipantsBody {
    #[schema(max_items = 256, format = "person")]
    participants: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutcomeView {
    id: String,
    identity: Option<IdentityView>,
    /// 200 done, 403 privacy forbids, 404 not on WhatsApp, 408 left a moment ago, 409 is there already.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_code: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct GroupCreated {
    gid: String,
    name: String,
    description: Option<String>,
    participants: Vec<OutcomeView>,
}

#[derive(Serialize, ToSchema)]
struct ParticipantsView {
    gid: String,
    participants: Vec<OutcomeView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GroupView {
    gid: String,
    name: String,
    description: Option<String>,
    owner: Option<String>,
    owner_identity: Option<IdentityView>,
    created_at: Option<String>,
    participants: Vec<MemberView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    id: String,
    identity: Option<IdentityView>,
    is_admin: bool,
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
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<GroupBody>,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    let own = services.supervisor.get(&session)?.status().me.map(|me| me.id);
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
    let (id, outcomes) =
        services.groups.create(&session, name.clone(), description.clone(), people).await?;
    let participants = views(&services, &session, outcomes).await?;
    let created = GroupCreated { gid: id.to_string(), name, description, participants };
    Ok(HttpResponse::Created().json(data(created)))
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let group = services.groups.get(&session, &path_group(&request)?).await?;
    let people = group.participants.iter().map(|participant| &participant.id);
    let people = people.chain(&group.owner);
    let known = services.directory.identities(&session, people).await?;
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
    Ok(HttpResponse::Ok().json(data(view)))
}

async fn add(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ParticipantsBody>,
) -> Result<HttpResponse, ApiError> {
    let (session, group, people) = change(&services, &request, body)?;
    let outcomes = services.groups.add_participants(&session, &group, people).await?;
    let participants = views(&services, &session, outcomes).await?;
    let view = ParticipantsView { gid: group.to_string(), participants };
    Ok(HttpResponse::Ok().json(data(view)))
}

async fn remove(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ParticipantsBody>,
) -> Result<HttpResponse, ApiError> {
    let (session, group, people) = change(&services, &request, body)?;
    let outcomes = services.groups.remove_participants(&session, &group, people).await?;
    let participants = views(&services, &session, outcomes).await?;
    let view = ParticipantsView { gid: group.to_string(), participants };
    Ok(HttpResponse::Ok().json(data(view)))
}

fn change(
    services: &Services,
    request: &HttpRequest,
    body: ParticipantsBody,
) -> Result<(SessionId, Jid, Vec<Jid>), ApiError> {
    let session = session_id(request)?;
    services.supervisor.get(&session)?;
    let group = path_group(request)?;
    let in_query = || {
        let query = Query::of(request);
        query.text("participants").map(|text| text.split(',').map(str::to_owned).collect())
    };
    let texts = body.participants.or_else(in_query);
    let texts = texts.ok_or_else(|| Error::invalid_field("participants", "is required"))?;
    Ok((session, group, people(&texts, 256)?))
}

fn people(texts: &[String], most: usize) -> Result<Vec<Jid>, Error> {
    let people = jids(texts).map_err(|error| in_field("participants", error))?;
    if people.is_empty() || most < people.len() {
        return Err(Error::invalid_field("participants", format!("must name 1 to {most} people")));
    }
    Ok(people)
}

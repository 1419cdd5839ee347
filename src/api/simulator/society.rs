//! What people of the simulated network do together: groups, admins, channels, voice notes that are played.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, jid},
        endpoint::Endpoint,
        error::ApiError,
        sessions::wire::jids,
        simulator::{Answer, MessageBody, TAG, data, done, message_id, network, phone, refused},
    },
    domain::{Error, Jid},
    services::Services,
    simulator::GroupForm,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/_simulator/v1/accounts/{phone}/groups", make_group)
            .about(TAG, "Make a group from a phone, also one with an id of the old form")
            .takes::<GroupBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/channels", make_channel)
            .about(TAG, "Make a channel; write to its id to post")
            .takes::<ChannelBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/members", add)
            .about(TAG, "Add people to a group from a phone")
            .takes::<MembersBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/removals", remove)
            .about(
                TAG,
                "Remove people from a group from a phone; somebody who names themselves leaves",
            )
            .takes::<MembersBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/promotions", promote)
            .about(TAG, "Make members admins from a phone")
            .takes::<MembersBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/demotions", demote)
            .about(TAG, "Take the rights of admins from a phone")
            .takes::<MembersBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/played", play)
            .about(TAG, "Listen to a voice note on a phone")
            .takes::<MessageBody>(),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedGroupBody)]
struct GroupBody {
    #[schema(max_length = 100)]
    name: String,
    #[schema(max_items = 1_023)]
    participants: Vec<String>,
    /// With an id as groups had before 2020: the founder's number, a hyphen, and the time.
    old_id: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedChannelBody)]
struct ChannelBody {
    #[schema(max_length = 100)]
    name: String,
    #[schema(max_items = 1_023)]
    followers: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedMembersBody)]
struct MembersBody {
    group: String,
    #[schema(max_items = 1_023)]
    participants: Vec<String>,
}

impl MembersBody {
    fn read(&self) -> Result<(Jid, Vec<Jid>), Error> {
        let group = jid(&self.group)?;
        if !group.is_group() && !group.is_channel() {
            return Err(Error::invalid_field("group", "must be the id of a group or a channel"));
        }
        Ok((group, jids(&self.participants)?))
    }
}

async fn make_group(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<GroupBody>,
) -> Answer {
    let form = if body.old_id.unwrap_or(false) { GroupForm::OldGroup } else { GroupForm::Group };
    let people = jids(&body.participants)?;
    let group = network(&services)?.create_group(&phone(&request)?, body.name, people, form);
    data(json!({ "group": group.map_err(refused)? }))
}

async fn make_channel(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ChannelBody>,
) -> Answer {
    let people = jids(&body.followers)?;
    let channel =
        network(&services)?.create_group(&phone(&request)?, body.name, people, GroupForm::Channel);
    data(json!({ "channel": channel.map_err(refused)? }))
}

async fn add(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MembersBody>,
) -> Answer {
    let (group, people) = body.read()?;
    network(&services)?.add_from_phone(&phone(&request)?, &group, people).map_err(refused)?;
    done("Added")
}

async fn remove(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MembersBody>,
) -> Answer {
    let (group, people) = body.read()?;
    network(&services)?.remove_from_phone(&phone(&request)?, &group, people).map_err(refused)?;
    done("Removed")
}

async fn promote(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MembersBody>,
) -> Answer {
    change_admins(&services, &request, &body, true)
}

async fn demote(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MembersBody>,
) -> Answer {
    change_admins(&services, &request, &body, false)
}

fn change_admins(
    services: &Services,
    request: &HttpRequest,
    body: &MembersBody,
    is_up: bool,
) -> Result<HttpResponse, ApiError> {
    let (group, people) = body.read()?;
    let phone = phone(request)?;
    network(services)?.promote_from_phone(&phone, &group, &people, is_up).map_err(refused)?;
    done(if is_up { "Promoted" } else { "Demoted" })
}

async fn play(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MessageBody>,
) -> Answer {
    let id = message_id(&body.message)?;
    network(&services)?.play_from_phone(&phone(&request)?, &id).map_err(refused)?;
    done("Played")
}

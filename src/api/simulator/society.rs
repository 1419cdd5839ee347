//! What people of the simulated network do together: groups, admins, channels, voice notes that are played.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        kit::{Body, Path},
        sessions::wire::jids,
        simulator::{
            lists::{MadeChannel, MadeGroup},
            paths::Phone,
            shared::{
                Control, Done, MessageBody, Shows, TAG, data, done, message_id, network, refused,
            },
            views::PhoneGroup,
        },
        texts::jid,
    },
    domain::{Error, Jid},
    services::Services,
    simulator::GroupForm,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/_simulator/v1/accounts/{phone}/groups", make_group)
            .named("createGroupFromPhone")
            .about(TAG, "Make a group from a phone, also one with an id of the old form")
            .details("The phone's owner is the first admin."),
        Endpoint::post("/_simulator/v1/accounts/{phone}/channels", make_channel)
            .named("createSimulatedChannel")
            .about(TAG, "Make a channel; write to its id to post")
            .details("Write a message to the channel's id to post in it."),
        Endpoint::post("/_simulator/v1/accounts/{phone}/members", add)
            .named("addMembersFromPhone")
            .about(TAG, "Add people to a group from a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/removals", remove)
            .named("removeMembersFromPhone")
            .about(
                TAG,
                "Remove people from a group from a phone; somebody who names themselves leaves",
            ),
        Endpoint::post("/_simulator/v1/accounts/{phone}/promotions", promote)
            .named("promoteMembersFromPhone")
            .about(TAG, "Make members admins from a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/demotions", demote)
            .named("demoteAdminsFromPhone")
            .about(TAG, "Take the rights of admins from a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/played", play)
            .named("playOnPhone")
            .about(TAG, "Listen to a voice note on a phone"),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedGroupBody)]
#[schema(example = json!({ "name": "Friends", "participants": ["15550000001@c.us"] }))]
struct GroupBody {
    /// Name of the group.
    #[schema(max_length = 100)]
    name: String,
    /// People to add, by id.
    #[schema(max_items = 1_023)]
    participants: Vec<String>,
    /// With an id as groups had before 2020: the founder's number, a hyphen, and the time.
    old_id: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedChannelBody)]
#[schema(example = json!({ "name": "News", "followers": ["15550000001@c.us"] }))]
struct ChannelBody {
    /// Name of the channel.
    #[schema(max_length = 100)]
    name: String,
    /// People who follow it, by id.
    #[schema(max_items = 1_023)]
    followers: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedMembersBody)]
#[schema(example = json!({ "group": "120363000000000000@g.us", "participants": ["15550000003@c.us"] }))]
struct MembersBody {
    /// Id of the group.
    group: String,
    /// The people, by id.
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
    call: Control,
    Path(phone): Path<Phone>,
    Body(body): Body<GroupBody>,
) -> Shows<MadeGroup<'static>> {
    let form = if body.old_id.unwrap_or(false) { GroupForm::OldGroup } else { GroupForm::Group };
    let people = jids(&body.participants)?;
    let group = network(&call)?.phone(&phone).create_group(body.name, people, form);
    data(&MadeGroup { group: PhoneGroup::of(&group.map_err(refused)?) })
}

async fn make_channel(
    call: Control,
    Path(phone): Path<Phone>,
    Body(body): Body<ChannelBody>,
) -> Shows<MadeChannel<'static>> {
    let people = jids(&body.followers)?;
    let channel = network(&call)?.phone(&phone).create_group(body.name, people, GroupForm::Channel);
    data(&MadeChannel { channel: PhoneGroup::of(&channel.map_err(refused)?) })
}

async fn add(call: Control, Path(phone): Path<Phone>, Body(body): Body<MembersBody>) -> Done {
    let (group, people) = body.read()?;
    network(&call)?.phone(&phone).add_to_group(&group, people).map_err(refused)?;
    done("Members added")
}

async fn remove(call: Control, Path(phone): Path<Phone>, Body(body): Body<MembersBody>) -> Done {
    let (group, people) = body.read()?;
    network(&call)?.phone(&phone).remove_from_group(&group, people).map_err(refused)?;
    done("Members removed")
}

async fn promote(call: Control, Path(phone): Path<Phone>, Body(body): Body<MembersBody>) -> Done {
    change_admins(&call, &phone, &body, true)
}

async fn demote(call: Control, Path(phone): Path<Phone>, Body(body): Body<MembersBody>) -> Done {
    change_admins(&call, &phone, &body, false)
}

fn change_admins(services: &Services, phone: &Jid, body: &MembersBody, is_up: bool) -> Done {
    let (group, people) = body.read()?;
    network(services)?.phone(phone).promote(&group, &people, is_up).map_err(refused)?;
    done(if is_up { "Promoted" } else { "Demoted" })
}

async fn play(call: Control, Path(phone): Path<Phone>, Body(body): Body<MessageBody>) -> Done {
    let id = message_id(&body.message)?;
    network(&call)?.phone(&phone).play(&id).map_err(refused)?;
    done("Voice note played")
}

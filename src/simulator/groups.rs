//! Groups: who is in them, and who may change that.

use crate::{
    domain::{
        EventBody, Group, Jid, Participant, ParticipantOutcome,
        event::{GroupChange, JoinAction, LeaveAction},
    },
    simulator::{
        Network,
        linking::refusal,
        protocol::{Answer, Refusal, RefusalKind},
        world::World,
    },
};

const DONE: u16 = 200;
const NOT_ON_WHATSAPP: u16 = 404;
const IS_MEMBER: u16 = 409;

impl Network {
    pub(in crate::simulator) fn group(&self, me: &Jid, id: &Jid) -> Result<Answer, Refusal> {
        let mut world = self.world();
        Ok(Answer::Group { group: world.group_of(me, id)?.clone() })
    }

    pub(in crate::simulator) fn create_group(
        &self,
        me: &Jid,
        name: String,
        description: Option<String>,
        people: Vec<Jid>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let mut world = self.world();
        let number = 120_363_000_000_000_000_u64 + now.as_millisecond().unsigned_abs() * 100;
        let taken = u64::try_from(world.groups.len()).unwrap_or_default();
        let Ok(id) = format!("{}@g.us", number + taken).parse::<Jid>() else {
            return Err(refusal(RefusalKind::Invalid, "no name for a group can be made"));
        };
        let owner = Participant { id: me.clone(), admin: true, owner: true };
        let group = Group {
            id: id.clone(),
            name,
            description,
            owner: Some(me.clone()),
            created_at: Some(now),
            participants: vec![owner],
        };
        world.groups.insert(id.clone(), group);
        let outcomes = world.join(&id, people);
        world.open_chats(&id, now);
        let group = world.group_of(me, &id)?.clone();
        let joined = EventBody::GroupJoined {
            group: id.clone(),
            group_name: Some(group.name.clone()),
            participants: added(&outcomes),
            by: Some(me.clone()),
            action: JoinAction::Create,
        };
        world.tell_members(&id, &joined);
        Ok(Answer::GroupCreated { group, participants: outcomes })
    }

    pub(in crate::simulator) fn describe_group(
        &self,
        me: &Jid,
        id: &Jid,
        description: String,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        world.as_admin(me, id)?.description = Some(description.clone());
        let changed = EventBody::GroupUpdated {
            group: id.clone(),
            change: GroupChange::Description,
            value: Some(description),
            by: Some(me.clone()),
        };
        world.tell_members(id, &changed);
        Ok(Answer::Done)
    }

    pub(in crate::simulator) fn add_participants(
        &self,
        me: &Jid,
        id: &Jid,
        people: Vec<Jid>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let mut world = self.world();
        let group_name = Some(world.as_admin(me, id)?.name.clone());
        let outcomes = world.join(id, people);
        world.open_chats(id, now);
        let participants = added(&outcomes);
        if !participants.is_empty() {
            let (group, by, action) = (id.clone(), Some(me.clone()), JoinAction::Add);
            let joined = EventBody::GroupJoined { group, group_name, participants, by, action };
            world.tell_members(id, &joined);
        }
        Ok(Answer::Participants { participants: outcomes })
    }

    pub(in crate::simulator) fn remove_participants(
        &self,
        me: &Jid,
        id: &Jid,
        people: Vec<Jid>,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        let group = world.as_admin(me, id)?.clone();
        let outcomes: Vec<_> = people
            .into_iter()
            .map(|person| {
                let is_member = group.participants.iter().any(|p| p.id == person);
                let status = if is_member { DONE } else { NOT_ON_WHATSAPP };
                ParticipantOutcome { id: person, status, invite_code: None }
            })
            .collect();
        let participants = added(&outcomes);
        if !participants.is_empty() {
            let left = EventBody::GroupLeft {
                group: id.clone(),
                participants: participants.clone(),
                by: Some(me.clone()),
                action: LeaveAction::Remove,
            };
            // Those who are removed hear of it too.
            world.tell_members(id, &left);
            if let Some(group) = world.groups.get_mut(id) {
                group.participants.retain(|p| !participants.contains(&p.id));
            }
        }
        Ok(Answer::Participants { participants: outcomes })
    }
}

impl World {
    fn group_of(&mut self, me: &Jid, id: &Jid) -> Result<&mut Group, Refusal> {
        let group = self.groups.get_mut(id);
        let group =
            group.ok_or_else(|| refusal(RefusalKind::UnknownChat, "there is no such group"))?;
        if group.participants.iter().any(|p| p.id == *me) {
            Ok(group)
        } else {
            Err(refusal(RefusalKind::NotMember, "you are not in this group"))
        }
    }

    fn as_admin(&mut self, me: &Jid, id: &Jid) -> Result<&mut Group, Refusal> {
        let group = self.group_of(me, id)?;
        if group.participants.iter().any(|p| p.id == *me && p.admin) {
            Ok(group)
        } else {
            Err(refusal(RefusalKind::NotAdmin, "You are not an admin of this group"))
        }
    }

    fn join(&mut self, id: &Jid, people: Vec<Jid>) -> Vec<ParticipantOutcome> {
        let mut outcomes = Vec::with_capacity(people.len());
        for person in people {
            let known = self.account_of(&person).map(|account| account.me.id.clone());
            let group = self.groups.get_mut(id);
            let status = match (known, group) {
                (Some(known), Some(group)) if group.participants.iter().all(|p| p.id != known) => {
                    group.participants.push(Participant { id: known, admin: false, owner: false });
                    DONE
                }
                (Some(_), _) => IS_MEMBER,
                (None, _) => NOT_ON_WHATSAPP,
            };
            outcomes.push(ParticipantOutcome { id: person, status, invite_code: None });
        }
        outcomes
    }

    /// Every member has a chat for the group.
    fn open_chats(&mut self, id: &Jid, now: crate::domain::Timestamp) {
        let Some(group) = self.groups.get(id) else { return };
        let name = group.name.clone();
        let members: Vec<Jid> = group.participants.iter().map(|p| p.id.clone()).collect();
        for member in members {
            let Some(account) = self.accounts.get_mut(&member) else { continue };
            let chat = account.thread(id, &name, now).chat.clone();
            self.tell(&member, &EventBody::ChatUpdated { chat: Box::new(chat) }, None);
        }
    }

    fn tell_members(&mut self, id: &Jid, event: &EventBody) {
        let Some(group) = self.groups.get(id) else { return };
        let members: Vec<Jid> = group.participants.iter().map(|p| p.id.clone()).collect();
        for member in members {
            self.tell(&member, event, None);
        }
    }
}

fn added(outcomes: &[ParticipantOutcome]) -> Vec<Jid> {
    outcomes
        .iter()
        .filter(|outcome| outcome.status == DONE)
        .map(|outcome| outcome.id.clone())
        .collect()
}

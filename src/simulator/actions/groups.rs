//! Groups and channels: creation, members, admins.

use crate::{
    domain::{
        EventBody, Group, Jid, Participant, ParticipantOutcome, Timestamp,
        event::{GroupChange, JoinAction, LeaveAction},
    },
    simulator::{
        actions::receipts::Receipts,
        connections::Connections,
        protocol::{Answer, Refusal, RefusalKind},
        state::{
            Record, State,
            directory::{Directory, ensure_account},
        },
    },
};

/// How many ids are tried for a new group.
const MOST_TRIED: u64 = 10_000;

/// The kind of a group, which its id shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupForm {
    Group,
    /// A group from before 2020: its id has its founder's number and the time.
    OldGroup,
    /// A channel: only the owner posts, and followers do not see each other.
    Channel,
}

const DONE: u16 = 200;
const NOT_ON_WHATSAPP: u16 = 404;
const IS_MEMBER: u16 = 409;

/// Changes groups, at one moment.
pub struct Groups<'a> {
    pub state: &'a mut State,
    pub connections: &'a mut Connections,
    pub now: Timestamp,
}

impl Groups<'_> {
    pub fn create(
        &mut self,
        me: &Jid,
        name: String,
        description: Option<String>,
        people: Vec<Jid>,
        form: GroupForm,
    ) -> Result<Answer, Refusal> {
        let now = self.now;
        let number = 120_363_000_000_000_000_u64 + now.as_millisecond().unsigned_abs() * 100;
        let seconds = now.as_second().unsigned_abs();
        let ids = (0..MOST_TRIED).filter_map(|n| {
            let id = match form {
                GroupForm::Group => format!("{}@g.us", number + n),
                GroupForm::OldGroup => format!("{}-{}@g.us", me.user(), seconds + n),
                GroupForm::Channel => format!("{}@newsletter", number + n),
            };
            id.parse::<Jid>().ok()
        });
        // A clock that is stopped or was set back gives the same number twice.
        let Some(id) = ids.into_iter().find(|id| !self.state.groups().contains_key(id)) else {
            return Err(Refusal::new(RefusalKind::Invalid, "no name for a group can be made"));
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
        self.state.put(Record::Group(Box::new(group)));
        let outcomes = self.join(&id, people);
        self.open_chats(&id, now);
        let group = Directory::of(self.state).group_of_member(me, &id)?.clone();
        let joined = EventBody::GroupJoined {
            group: id.clone(),
            group_name: Some(group.name.clone()),
            participants: added(&outcomes),
            by: Some(me.clone()),
            action: JoinAction::Create,
        };
        if form != GroupForm::Channel {
            self.notify_members(&id, &joined);
        }
        Ok(Answer::GroupCreated { group, participants: outcomes })
    }

    pub fn describe(&mut self, me: &Jid, id: &Jid, description: String) -> Result<Answer, Refusal> {
        Directory::of(self.state).group_of_admin(me, id)?;
        self.state.change_group(id, |group| group.description = Some(description.clone()));
        let changed = EventBody::GroupUpdated {
            group: id.clone(),
            change: GroupChange::Description,
            value: Some(description),
            by: Some(me.clone()),
        };
        self.notify_members(id, &changed);
        Ok(Answer::Done)
    }

    pub fn add_participants(
        &mut self,
        me: &Jid,
        id: &Jid,
        people: Vec<Jid>,
    ) -> Result<Answer, Refusal> {
        let now = self.now;
        let group_name = Some(Directory::of(self.state).group_of_admin(me, id)?.name.clone());
        let outcomes = self.join(id, people);
        self.open_chats(id, now);
        let participants = added(&outcomes);
        if !participants.is_empty() {
            let (group, by, action) = (id.clone(), Some(me.clone()), JoinAction::Add);
            let joined = EventBody::GroupJoined { group, group_name, participants, by, action };
            self.notify_members(id, &joined);
        }
        Ok(Answer::Participants { participants: outcomes })
    }

    /// Makes members of a group its admins, or takes that from them.
    pub fn promote(
        &mut self,
        me: &Jid,
        id: &Jid,
        people: &[Jid],
        is_up: bool,
    ) -> Result<(), Refusal> {
        let group = Directory::of(self.state).group_of_admin(me, id)?;
        let is_meant =
            |p: &Participant| people.contains(&p.id) && p.admin != is_up && (is_up || !p.owner);
        let meant: Vec<Jid> =
            group.participants.iter().filter(|p| is_meant(p)).map(|p| p.id.clone()).collect();
        if meant.is_empty() {
            let reason = match is_up {
                true => "none of these is a member who is no admin yet",
                false => "none of these is an admin who can be demoted",
            };
            return Err(Refusal::new(RefusalKind::Invalid, reason));
        }
        self.state.change_group(id, |group| {
            let meant = group.participants.iter_mut().filter(|p| meant.contains(&p.id));
            meant.for_each(|p| p.admin = is_up);
        });
        let names: Vec<&str> = meant.iter().map(Jid::as_str).collect();
        let changed = EventBody::GroupUpdated {
            group: id.clone(),
            change: if is_up { GroupChange::Promote } else { GroupChange::Demote },
            value: Some(names.join(",")),
            by: Some(me.clone()),
        };
        self.notify_members(id, &changed);
        Ok(())
    }

    /// Removes a person from a group or a channel at their own request.
    pub fn leave(&mut self, me: &Jid, id: &Jid) -> Result<(), Refusal> {
        Directory::of(self.state).group_of_member(me, id)?;
        let left = EventBody::GroupLeft {
            group: id.clone(),
            participants: vec![me.clone()],
            by: Some(me.clone()),
            action: LeaveAction::Leave,
        };
        if id.is_group() {
            self.notify_members(id, &left);
        }
        self.state.change_group(id, |group| group.participants.retain(|p| p.id != *me));
        self.receipts().drop_people(id, std::slice::from_ref(me));
        Ok(())
    }

    pub fn remove_participants(
        &mut self,
        me: &Jid,
        id: &Jid,
        people: Vec<Jid>,
    ) -> Result<Answer, Refusal> {
        let group = Directory::of(self.state).group_of_admin(me, id)?.clone();
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
            // Removed people are notified as well.
            self.notify_members(id, &left);
            self.state.change_group(id, |group| {
                group.participants.retain(|p| !participants.contains(&p.id));
            });
            self.receipts().drop_people(id, &participants);
        }
        Ok(Answer::Participants { participants: outcomes })
    }

    fn join(&mut self, id: &Jid, people: Vec<Jid>) -> Vec<ParticipantOutcome> {
        let mut members = Directory::of(self.state).members(id);
        let before = members.len();
        let mut outcomes = Vec::with_capacity(people.len());
        for person in people {
            let status = match ensure_account(self.state, &person).map(|known| known.me.id.clone())
            {
                Some(known) if members.contains(&known) => IS_MEMBER,
                Some(known) => {
                    members.push(known);
                    DONE
                }
                None => NOT_ON_WHATSAPP,
            };
            outcomes.push(ParticipantOutcome { id: person, status, invite_code: None });
        }
        if before < members.len() {
            let new = members.into_iter().skip(before);
            let new = new.map(|id| Participant { id, admin: false, owner: false });
            self.state.change_group(id, |group| group.participants.extend(new));
        }
        outcomes
    }

    /// Every member has a chat for the group.
    fn open_chats(&mut self, id: &Jid, now: Timestamp) {
        let Some(name) = self.state.groups().get(id).map(|group| group.name.clone()) else {
            return;
        };
        for member in Directory::of(self.state).members(id) {
            if let Some(chat) = self.state.change_chats().open(&member, id, &name, now) {
                self.connections.notify(
                    self.state,
                    &member,
                    &EventBody::ChatUpdated { chat: Box::new(chat) },
                    None,
                );
            }
        }
    }

    fn notify_members(&mut self, id: &Jid, event: &EventBody) {
        for member in Directory::of(self.state).members(id) {
            self.connections.notify(self.state, &member, event, None);
        }
    }

    fn receipts(&mut self) -> Receipts<'_> {
        Receipts { state: self.state, connections: self.connections, now: self.now }
    }
}

fn added(outcomes: &[ParticipantOutcome]) -> Vec<Jid> {
    outcomes
        .iter()
        .filter(|outcome| outcome.status == DONE)
        .map(|outcome| outcome.id.clone())
        .collect()
}

//! Teams: made, listed, joined and left, with the bots that they share. Each change is one commit, and durable when its
//! function returns.

use uuid::Uuid;

use crate::{
    accounts::{
        Accounts, MOST_MEMBERS, MOST_TEAMS, Principal, Role, Team, TeamInvite, TeamMember,
        TeamRole, User, folded,
    },
    bots::Bot,
    domain::{Clock, Error, ErrorCode, SessionId, Subject},
    events::{EventLog, NewEvent},
    inbox::{Agent, Assignments},
    store::{Record, Store},
    teams::{
        event::TeamEvent,
        readers::people_of,
        share::{Access, MOST_SHARES, Permission, Share},
    },
};

const LONGEST_NAME: usize = 80;
/// Conversations that are given back in one commit; of more, the rest follows in further ones. Of many, some would change
/// meanwhile.
const GIVEN_BACK_AT_ONCE: usize = 50;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "team creations";

/// What the service is made from.
pub struct TeamsParts {
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    pub accounts: Accounts,
    pub assignments: Assignments,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Teams {
    parts: std::sync::Arc<TeamsParts>,
}

/// A team as a caller sees it.
pub struct TeamView {
    pub team: Team,
    /// What the caller is in it; none for an administrator who is no member.
    pub role: Option<TeamRole>,
    pub members: usize,
    pub bots: usize,
}

/// Who is in a team, and who is invited.
pub struct Members {
    pub members: Vec<(TeamMember, User)>,
    pub invites: Vec<TeamInvite>,
}

/// What came of an invitation.
pub enum Invited {
    /// Somebody who had an account is a member now.
    Added(TeamMember, User),
    /// Somebody is invited into the workspace too, with a link that is shown this once.
    Pending { invite: TeamInvite, link: String },
}

impl Teams {
    pub fn new(parts: TeamsParts) -> Self {
        Self { parts: std::sync::Arc::new(parts) }
    }

    pub(in crate::teams) fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The teams of a caller, oldest first; all of them for administrators.
    pub async fn list(&self, caller: &Principal) -> Result<Vec<TeamView>, Error> {
        let store = self.store();
        let mut views = Vec::new();
        let teams = match caller.person() {
            _ if caller.administers() => store.select(Team::key().below(), MOST_TEAMS).await?,
            Some(person) => {
                self.of_person(person).await?.into_iter().map(|(team, _)| team).collect()
            }
            None => Vec::new(),
        };
        for team in teams {
            let members = TeamMember::of_team(store, team.id).await?;
            let own = members.iter().find(|member| Some(member.user) == caller.person());
            let role = own.map(|member| member.role);
            let bots = self.bots_of(team.id).await?;
            views.push(TeamView { team, role, members: members.len(), bots });
        }
        Ok(views)
    }

    /// The teams that a person is in, with what the person is there.
    pub async fn of_person(&self, user: Uuid) -> Result<Vec<(Team, TeamRole)>, Error> {
        let members = TeamMember::of_user(self.store(), user).await?;
        let keys: Vec<_> = members.iter().map(|member| Team::at(member.team)).collect();
        let teams = self.store().get_many(&keys).await?;
        let both = teams.into_iter().zip(members);
        Ok(both.filter_map(|(team, member)| Some((team?, member.role))).collect())
    }

    /// Makes a team that a person owns.
    pub async fn create(&self, name: &str, owner: Uuid) -> Result<TeamView, Error> {
        let name = checked(name)?;
        let now = self.parts.clock.now();
        let (id, role) = (Uuid::now_v7(), TeamRole::Owner);
        let team = Team { id, name, created_by: owner, created_at: now, changes: 0 };
        let member = TeamMember { team: id, user: owner, role, joined_at: now };
        let mut transaction = self.store().transaction();
        loop {
            transaction.next_number(CREATIONS).await?;
            let all = Team::key().below();
            if MOST_TEAMS <= transaction.store().keys(all, MOST_TEAMS).await?.len() {
                let message = format!("There are {MOST_TEAMS} teams already");
                return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_TEAMS));
            }
            transaction.put(&Team::at(id), &team).await?;
            transaction.put(&TeamMember::at(id, owner), &member).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store().durable().await?;
        Ok(TeamView { team, role: Some(role), members: 1, bots: 0 })
    }

    /// Invites somebody by their address: who has an account is a member at once.
    pub async fn invite(
        &self,
        team: Uuid,
        email: &str,
        role: TeamRole,
        caller: &Principal,
    ) -> Result<Invited, Error> {
        let TeamsParts { store, accounts, .. } = &*self.parts;
        self.managed(store, team, caller).await?;
        let known = accounts.with_email(email).await?;
        let Some(user) = known else {
            if caller.rank().is_none() {
                let message = "Nobody here has this address: an administrator invites them into the workspace";
                return Err(Error::new(ErrorCode::Forbidden, message));
            }
            let in_workspace = if role == TeamRole::Viewer { Role::Viewer } else { Role::Agent };
            let terms = (in_workspace, team, role);
            let (made, code) = accounts.invitations.invite_to_team(email, terms, caller).await?;
            let link = accounts.invitations.link(&code);
            let invite = TeamInvite {
                id: made.id,
                team,
                email: folded(&made.email),
                role,
                created_at: made.created_at,
                expires_at: made.expires_at,
            };
            return Ok(Invited::Pending { invite, link });
        };
        let member = self.add(team, user.id, role, caller).await?;
        Ok(Invited::Added(member, user))
    }

    async fn add(
        &self,
        id: Uuid,
        user: Uuid,
        role: TeamRole,
        caller: &Principal,
    ) -> Result<TeamMember, Error> {
        let TeamsParts { log, clock, .. } = &*self.parts;
        let member = TeamMember { team: id, user, role, joined_at: clock.now() };
        let mut work = log.work();
        loop {
            let (team, members) = self.managed(work.store(), id, caller).await?;
            if members.iter().any(|known| known.user == user) {
                let message = "This person is in the team already";
                return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Team));
            }
            if MOST_MEMBERS <= members.len() {
                let message = format!("A team has at most {MOST_MEMBERS} members");
                return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_MEMBERS));
            }
            let (name, by) = (team.name.clone(), caller.person());
            work.put(&TeamMember::at(id, user), &member).await?;
            work.put(&Team::at(id), &team.changed()).await?;
            let event = TeamEvent::MemberAdded { team: id, name, user, by };
            work.append(NewEvent::of_module(None, &event)?);
            if work.commit_durable().await? {
                return Ok(member);
            }
        }
    }

    /// Who is in a team, in the order of their ids, and who is invited, newest last.
    pub async fn members(&self, id: Uuid, caller: &Principal) -> Result<Members, Error> {
        let TeamsParts { store, clock, accounts, .. } = &*self.parts;
        let (_, members) = self.seen(store, id, caller).await?;
        let users = accounts.users().await?;
        let with_user = |member: TeamMember| {
            let user = users.iter().find(|user| user.id == member.user)?;
            Some((member, user.clone()))
        };
        let mut invites = TeamInvite::of_team(store, id).await?;
        let now = clock.now();
        invites.retain(|invite| now < invite.expires_at);
        Ok(Members { members: members.into_iter().filter_map(with_user).collect(), invites })
    }

    /// Takes somebody out of a team, who gives back what is assigned to them. Anybody may leave.
    pub async fn remove(
        &self,
        (id, user): (Uuid, Uuid),
        sessions: &[SessionId],
        caller: &Principal,
    ) -> Result<(), Error> {
        let TeamsParts { log, assignments, .. } = &*self.parts;
        let whose = (Agent::User(user), Agent::of(caller));
        let mut work = log.work();
        let mut is_rest = loop {
            let (team, members) = self.seen(work.store(), id, caller).await?;
            if caller.person() != Some(user) {
                check_managed(&members, caller)?;
            }
            let member = members.iter().find(|member| member.user == user).ok_or_else(|| {
                Error::not_found(Subject::User, "there is no such member of the team")
            })?;
            let owners = members.iter().filter(|member| member.role == TeamRole::Owner).count();
            if member.role == TeamRole::Owner && owners == 1 {
                let message = "The team needs an owner: this is the last one";
                return Err(Error::invalid(message));
            }
            let (name, by_whom) = (team.name.clone(), caller.person());
            work.delete(&TeamMember::at(id, user)).await?;
            work.put(&Team::at(id), &team.changed()).await?;
            let event = TeamEvent::MemberRemoved { team: id, name, user, by: by_whom };
            work.append(NewEvent::of_module(None, &event)?);
            let is_rest =
                assignments.give_back(&mut work, sessions, whose, GIVEN_BACK_AT_ONCE).await?;
            if work.commit_durable().await? {
                break is_rest;
            }
        };
        while is_rest {
            let more =
                assignments.give_back(&mut work, sessions, whose, GIVEN_BACK_AT_ONCE).await?;
            if work.commit_durable().await? {
                is_rest = more;
            }
        }
        Ok(())
    }

    /// Shares a bot with a team; one that is shared already gets this permission.
    pub async fn share(
        &self,
        id: Uuid,
        bot: Uuid,
        permission: Permission,
        caller: &Principal,
    ) -> Result<(), Error> {
        let now = self.parts.clock.now();
        let mut transaction = self.store().transaction();
        loop {
            let unknown = || Error::not_found(Subject::Bot, format!("there is no bot {bot}"));
            let (team, _) = self.managed(transaction.store(), id, caller).await?;
            let found = transaction.get(&Bot::at(bot)).await?.ok_or_else(unknown)?;
            // A person who only sees a bot cannot share it.
            match self.access(caller, &found).await? {
                None => return Err(unknown()),
                Some(Access::Read | Access::Work) => {
                    let message = "You may see this bot, and not share it";
                    return Err(Error::new(ErrorCode::Forbidden, message));
                }
                Some(Access::Manage) => (),
            }
            let known = Share::of_team(transaction.store(), id).await?;
            if MOST_SHARES <= known.len() && !known.iter().any(|share| share.bot == bot) {
                let message = format!("A team shares at most {MOST_SHARES} bots");
                return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_SHARES));
            }
            let share = Share { team: id, bot, permission, shared_at: now };
            transaction.put(&Share::at(id, bot), &share).await?;
            transaction.put(&Team::at(id), &team.changed()).await?;
            if transaction.commit().await? {
                break;
            }
        }
        Ok(self.store().durable().await?)
    }

    /// How many bots a team shares that are still there.
    async fn bots_of(&self, team: Uuid) -> Result<usize, Error> {
        let shares = Share::of_team(self.store(), team).await?;
        let keys: Vec<_> = shares.iter().map(|share| Bot::at(share.bot)).collect();
        Ok(self.store().get_many(&keys).await?.into_iter().flatten().count())
    }

    /// A team that the caller sees, with its members.
    async fn seen(
        &self,
        store: &Store,
        id: Uuid,
        caller: &Principal,
    ) -> Result<(Team, Vec<TeamMember>), Error> {
        let unknown = || Error::not_found(Subject::Team, format!("there is no team {id}"));
        let team = store.get(&Team::at(id)).await?.ok_or_else(unknown)?;
        let members = TeamMember::of_team(store, id).await?;
        let is_member = members.iter().any(|member| Some(member.user) == caller.person());
        if !is_member && !caller.administers() {
            return Err(unknown());
        }
        Ok((team, members))
    }

    /// A team that the caller manages, with its members.
    async fn managed(
        &self,
        store: &Store,
        id: Uuid,
        caller: &Principal,
    ) -> Result<(Team, Vec<TeamMember>), Error> {
        let (team, members) = self.seen(store, id, caller).await?;
        check_managed(&members, caller)?;
        Ok((team, members))
    }

    /// The people of a team that the caller sees; of the whole workspace where none is named.
    pub async fn people(&self, team: Option<Uuid>, caller: &Principal) -> Result<Vec<User>, Error> {
        match team {
            None => Ok(people_of(self.store(), None).await?),
            Some(team) => {
                let Members { members, .. } = self.members(team, caller).await?;
                let users = members.into_iter().map(|(_, user)| user);
                Ok(users.filter(|user| !user.is_disabled).collect())
            }
        }
    }
}

fn check_managed(members: &[TeamMember], caller: &Principal) -> Result<(), Error> {
    let own = members.iter().find(|member| Some(member.user) == caller.person());
    if caller.administers() || own.is_some_and(|member| member.role.manages()) {
        return Ok(());
    }
    let message = "This needs an owner or an admin of the team";
    Err(Error::new(ErrorCode::Forbidden, message))
}

fn checked(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let is_short = name.chars().nth(LONGEST_NAME).is_none();
    if name.is_empty() || !is_short || name.chars().any(char::is_control) {
        let fault = "must have 1 to 80 characters, none of them a control character";
        return Err(Error::invalid_field("name", fault));
    }
    Ok(name.to_owned())
}

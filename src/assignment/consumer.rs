//! Consumer of the log that assigns, each time in the commit of its cursor.

use uuid::Uuid;

use crate::{
    assignment::{
        choice::{Candidate, least_loaded},
        idle::LastAssigned,
    },
    config::Assignment,
    domain::{Event, LogEvent},
    events::{Consumer, Failure, Flow, Work},
    inbox::{Agent, Assignments, InboxEvent, InboxState, Status, next_in_turn},
    presence::Presence,
    session::SessionTables,
    settings::Settings,
    store::{Store, StoreError},
    teams::workers_of,
};

/// The turn of conversations that belong to no bot.
const WITHOUT_BOT: Uuid = Uuid::nil();

/// What the consumer needs.
pub struct AssignmentParts {
    pub assignments: Assignments,
    pub presence: Presence,
    pub settings: Settings,
}

pub struct AssignmentConsumer {
    parts: AssignmentParts,
}

impl AssignmentConsumer {
    pub const NAME: &'static str = "assignment";

    pub fn new(parts: AssignmentParts) -> Self {
        Self { parts }
    }

    /// People who may work on the conversations of a bot, are online and have room for another conversation.
    async fn candidates(
        &self,
        store: &Store,
        bot: Option<Uuid>,
    ) -> Result<Vec<Candidate>, Failure> {
        let AssignmentParts { assignments, presence, settings } = &self.parts;
        let mut people = workers_of(store, bot).await?;
        people.retain(|user| presence.is_online(user.id));
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let sessions: Vec<_> =
            store.sessions().list().await?.into_iter().map(|session| session.id).collect();
        let loads = assignments.loads(&sessions).await.map_err(Failure::of)?;
        let keys: Vec<_> = people.iter().map(|user| LastAssigned::of(user.id)).collect();
        let last = store.get_many(&keys).await?;
        let capacity = u64::from(settings.now().business.agent_capacity);
        let of = |(user, last): (&crate::accounts::User, Option<LastAssigned>)| Candidate {
            person: user.id,
            load: loads.get(&Agent::User(user.id)).copied().unwrap_or(0),
            last: last.map(|last| last.at),
        };
        let all = people.iter().zip(last).map(of);
        Ok(all.filter(|one| one.load < capacity).collect())
    }

    async fn choose(&self, work: &Work<'_>, bot: Option<Uuid>) -> Result<Option<Uuid>, Failure> {
        let strategy = self.parts.settings.now().business.assignment;
        if strategy == Assignment::None {
            return Ok(None);
        }
        let all = self.candidates(work.outside(), bot).await?;
        Ok(match strategy {
            Assignment::None => None,
            Assignment::LeastLoaded => least_loaded(&all),
            Assignment::RoundRobin => {
                let people: Vec<Uuid> = all.iter().map(|one| one.person).collect();
                next_in_turn(work.store(), bot.unwrap_or(WITHOUT_BOT), &people).await?
            }
        })
    }
}

impl Consumer for AssignmentConsumer {
    const NAME: &'static str = Self::NAME;

    type Error = Failure;

    fn wants(&self, event: &Event) -> bool {
        self.parts.settings.now().business.assignment != Assignment::None
            && event.session().is_some()
            && event.body.module().is_some_and(|event| event.family == InboxEvent::FAMILY)
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, Failure> {
        let (Some(session), Some(of_inbox)) = (event.session(), event.body.read::<InboxEvent>())
        else {
            return Ok(Flow::Done);
        };
        let (InboxEvent::Opened { of, .. }
        | InboxEvent::GivenUp { of, .. }
        | InboxEvent::HandoffRequested { of, .. }) = of_inbox
        else {
            return Ok(Flow::Done);
        };
        let Some(state) = waiting(work, &InboxState::at(session, &of.chat)).await? else {
            return Ok(Flow::Done);
        };
        let Some(person) = self.choose(work, state.bot).await? else { return Ok(Flow::Done) };
        self.parts.assignments.assign_within(work, state, Agent::User(person), event.at).await?;
        work.put(&LastAssigned::of(person), &LastAssigned { at: event.at }).await?;
        Ok(Flow::Done)
    }
}

/// The state of a conversation that waits for anybody.
async fn waiting(
    work: &Work<'_>,
    at: &crate::store::Key<InboxState>,
) -> Result<Option<InboxState>, StoreError> {
    let state = work.get(at).await?;
    Ok(state.filter(|state| {
        !state.listed.hidden && state.status == Status::Open && state.assignee.is_none()
    }))
}

//! Flows of conversations: begun, gone on with and ended, each time in the commit of the event that leads to it.
//!
//! ```text
//!  message ──▶ starts a flow ──▶ steps ──▶ a question ──answer──▶ steps … ──▶ end, hand-over, assignment
//!                                  │           └──nobody answers──▶ open
//!                                  └─▶ a pause ──job──▶ steps
//! ```
//!
//! A person who takes the conversation over stops it: it goes on only while the status is that of a flow.

use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    accounts::User,
    automation::{
        actions::{Means, TAG_COLOR, after},
        facts,
        file_messages::{FileMessage, FileMessages},
        flow::{Flow, FlowRun, SaveTo, StepKind},
        flow_job::FlowJob,
        flow_steps::{Effect, Input, Stop, go_on, starts},
        flows::Flows,
        idle_job::Place,
        run::{self, Done, Run},
    },
    contacts::{Actor, Contacts},
    domain::{Error, ErrorCode, Timestamp},
    events::{
        Failure,
        effect::{effect_id, message_key},
    },
    inbox::{Agent, Author, AuthorKind, HandoffReason, Outcome, SentNote, Status, Then, Turn},
    jobs::{Job, Jobs},
    settings::Settings,
    store::StoreError,
};

/// How long an answer is waited for.
const PATIENCE: u32 = 24 * 60;
/// The pause while the disk is full.
const FULL_PAUSE: Duration = Duration::from_secs(5);

/// What flows work with.
pub struct FlowRunner {
    pub flows: Flows,
    pub jobs: Jobs,
    pub contacts: Contacts,
    pub means: Means,
    pub files: FileMessages,
    pub settings: Settings,
}

/// A run before it goes on: its id, and how often it stopped.
type Going = (Uuid, u32);

impl FlowRunner {
    /// A contact wrote; the text is none for what is no text.
    pub async fn received(
        &self,
        turn: &mut Turn<'_, '_>,
        text: Option<&str>,
    ) -> Result<Then, Failure> {
        let at = FlowRun::at(&turn.state.session, &turn.state.chat);
        let run = match turn.work.get(&at).await? {
            Some(run) => Some(run),
            None => self.followed(turn).await?,
        };
        if let Some(run) = run {
            match self.flows.in_use(run.flow).filter(|_| is_active(turn)) {
                Some(flow) => return self.answered(turn, &flow, &run, text).await,
                None => self.end(turn).await?,
            }
        }
        if !turn.state.is_for_bots() {
            return Ok(Then::GoOn);
        }
        let all = self.flows.all();
        let fits = |flow: &&Flow| {
            flow.enabled
                && flow.session.as_ref().is_none_or(|session| *session == turn.state.session)
                && flow.bot.is_none_or(|bot| turn.state.bot == Some(bot))
                && starts(flow, text, turn.is_opened)
        };
        let Some(flow) = all.iter().find(fits) else { return Ok(Then::GoOn) };
        if !turn.may_write().await? {
            return Ok(Then::GoOn);
        }
        let going = (effect_id(turn.event.id, &rule(flow), 0), 0);
        self.go(turn, flow, (going, Input::Begins), text).await
    }

    /// The run of the person's other chat, which goes on here from now on.
    async fn followed(&self, turn: &mut Turn<'_, '_>) -> Result<Option<FlowRun>, StoreError> {
        if !turn.state.is_for_bots() || self.flows.all().is_empty() {
            return Ok(None);
        }
        let Some(mut other) = turn.other_chat().await? else { return Ok(None) };
        let at = FlowRun::at(&other.session, &other.chat);
        let Some(run) = turn.work.get(&at).await?.filter(|_| other.status == Status::BotActive)
        else {
            return Ok(None);
        };
        turn.work.delete(&at).await?;
        turn.work.delete(&Job::at(FlowJob::KIND, &other.conversation.to_string())).await?;
        other.status = Status::waiting(other.assignee.is_some());
        turn.keep_other(&other).await?;
        self.stop_at(turn, &run).await?;
        Ok(Some(run))
    }

    /// Has the conversation wait at the stop of a run.
    async fn stop_at(&self, turn: &mut Turn<'_, '_>, run: &FlowRun) -> Result<(), StoreError> {
        turn.state.status = Status::BotActive;
        let place = Place::of(turn.state);
        turn.work.put(&FlowRun::at(&place.session, &place.chat), run).await?;
        let job = place.job(FlowJob::KIND, &turn.state.conversation.to_string(), run.due)?;
        self.jobs.schedule_in(turn.work.store(), &job).await
    }

    async fn answered(
        &self,
        turn: &mut Turn<'_, '_>,
        flow: &Flow,
        run: &FlowRun,
        text: Option<&str>,
    ) -> Result<Then, Failure> {
        let step = flow.steps.iter().find(|step| step.id == run.step);
        // During a pause the contact may write on; nobody else answers.
        if step.is_some_and(|step| matches!(step.does, StepKind::Wait { .. })) {
            return Ok(Then::Handled);
        }
        if !turn.may_write().await? {
            return Ok(Then::Handled);
        }
        let input = Input::Answer { step: &run.step, text, retries: run.retries };
        self.go(turn, flow, ((run.id, run.stop), input), text).await
    }

    /// A run has waited long enough at its stop.
    pub async fn due(&self, turn: &mut Turn<'_, '_>, (id, stop): Going) -> Result<Then, Failure> {
        let at = FlowRun::at(&turn.state.session, &turn.state.chat);
        let Some(run) = turn.work.get(&at).await?.filter(|run| (run.id, run.stop) == (id, stop))
        else {
            return Ok(Then::GoOn);
        };
        let flow = self.flows.in_use(run.flow).filter(|_| is_active(turn));
        let waits = flow.as_ref().and_then(|flow| flow.steps.iter().find(|it| it.id == run.step));
        let waits = waits.is_some_and(|step| matches!(step.does, StepKind::Wait { .. }));
        let goes_on = waits && turn.may_write().await?;
        match flow {
            Some(flow) if goes_on => {
                let input = Input::PauseIsOver { step: &run.step };
                self.go(turn, &flow, ((id, stop), input), None).await
            }
            _ => {
                self.end(turn).await?;
                Ok(Then::Handled)
            }
        }
    }

    /// Takes the next steps.
    async fn go(
        &self,
        turn: &mut Turn<'_, '_>,
        flow: &Flow,
        ((id, stops), input): (Going, Input<'_>),
        text: Option<&str>,
    ) -> Result<Then, Failure> {
        let facts = facts::read(turn, &self.settings, (text, None)).await?;
        let now = turn.now();
        let (effects, stop) = go_on(flow, input, &facts, now);
        let mut actions = Vec::new();
        for (step, effect) in (0_u32..).zip(effects) {
            let name = effect_id(turn.event.id, &rule(flow), step);
            let action = effect.name().to_owned();
            match self.take(turn, flow, (name, effect)).await? {
                Taken::Done => actions.push(Done { action, fault: None, note: None }),
                Taken::Otherwise(note) => {
                    actions.push(Done { action, fault: None, note: Some(note) });
                }
                Taken::Not(fault) => {
                    actions.push(Done { action, fault: Some(fault), note: None });
                }
                Taken::Later(pause) => return Ok(Then::Later(pause)),
            }
        }
        if !actions.is_empty() {
            let ran = Run { at: now, conversation: turn.state.conversation, actions };
            run::note(turn.work.store(), flow.id, &ran).await?;
        }
        let (step, retries, minutes) = match stop {
            Stop::Asked { step, retries } => (step, retries, PATIENCE),
            Stop::Waits { step, minutes } => (step, 0, minutes),
            Stop::HandedOver => {
                self.end(turn).await?;
                let bot = turn.state.bot.unwrap_or_default();
                let event = turn.state.hand_off(bot, HandoffReason::Automation, now);
                turn.tell(vec![event]).await?;
                return Ok(Then::Handled);
            }
            Stop::Assigned => {
                self.forget(turn).await?;
                return Ok(Then::Handled);
            }
            Stop::Ended { resolves } => {
                self.end(turn).await?;
                if resolves {
                    let resolved = turn.state.resolve(None, Some(false), now);
                    turn.tell(resolved.into_iter().collect()).await?;
                }
                return Ok(Then::Handled);
            }
        };
        let due = after(now, minutes).unwrap_or(Timestamp::MAX);
        let stop = stops.saturating_add(1);
        let run = FlowRun { id, flow: flow.id, step, stop, retries, due };
        self.stop_at(turn, &run).await?;
        Ok(Then::Handled)
    }

    /// Carries an effect out.
    async fn take(
        &self,
        turn: &mut Turn<'_, '_>,
        flow: &Flow,
        (name, effect): (Uuid, Effect),
    ) -> Result<Taken, Failure> {
        let done = match effect {
            Effect::Say { text, menu } => {
                return Ok(turn.say(name, &text, (note(flow), menu)).await?.into());
            }
            Effect::Show { file, text } => return self.show(turn, flow, (name, file, text)).await,
            Effect::Tag { add, remove } => {
                let place = (&turn.state.session, &turn.state.chat);
                let tags = (add.as_slice(), remove.as_slice());
                self.means.tags.retag_in(turn.work, place, tags, TAG_COLOR).await
            }
            Effect::Save { to, answer } => self.save(turn, to, answer).await,
            Effect::Assign(user) => {
                turn.state.status = Status::Open;
                let known = turn.work.get(&User::at(user)).await?;
                if known.is_some_and(|user| user.may_work()) {
                    let events = turn.state.assign(Some(Agent::User(user)), None, turn.now());
                    turn.tell(events).await?;
                }
                Ok(())
            }
        };
        match done {
            Ok(()) => Ok(Taken::Done),
            // What a contact says, or what was deleted since, does not hold a flow up.
            Err(Error {
                code: ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::NotFound,
                message,
                ..
            }) => {
                tracing::info!("a step of the flow {} was left out: {message}", flow.id);
                Ok(Taken::Not(message))
            }
            Err(Error { code: ErrorCode::StorageFull, .. }) => Ok(Taken::Later(FULL_PAUSE)),
            Err(error) => Err(Failure::of(error)),
        }
    }

    /// Sends a file of the library, or what its channel carries in its place.
    async fn show(
        &self,
        turn: &mut Turn<'_, '_>,
        flow: &Flow,
        (name, file, text): (Uuid, Uuid, String),
    ) -> Result<Taken, Failure> {
        let key = message_key(name);
        let place = (&turn.state.session, key.as_str());
        let made = self.files.make(turn.work.store(), place, (file, &text)).await;
        match made {
            Ok(FileMessage::AsItIs(content)) => {
                Ok(turn.send(name, content, note(flow)).await?.into())
            }
            Ok(FileMessage::InPlace(said, why)) => {
                match turn.say(name, &said, (note(flow), None)).await? {
                    Outcome::Posted => Ok(Taken::Otherwise(FileMessage::note(why, &said))),
                    other => Ok(other.into()),
                }
            }
            Ok(FileMessage::LeftOut(why)) => Ok(Taken::Not(why.to_owned())),
            Err(Error { code: ErrorCode::StorageFull, .. }) => Ok(Taken::Later(FULL_PAUSE)),
            Err(error) => Err(Failure::of(error)),
        }
    }

    /// Keeps an answer with the contact; a visitor of a web chat is none.
    async fn save(&self, turn: &mut Turn<'_, '_>, to: SaveTo, answer: String) -> Result<(), Error> {
        let Some(contact) = turn.state.contact else { return Ok(()) };
        let change = match to {
            SaveTo::Name => {
                crate::contacts::ContactChange { name: Some(answer), ..Default::default() }
            }
            SaveTo::Email => {
                crate::contacts::ContactChange { email: Some(answer), ..Default::default() }
            }
            SaveTo::Attribute(name) => crate::contacts::ContactChange {
                attributes: Map::from_iter([(name, Value::from(answer))]),
                ..Default::default()
            },
        };
        self.contacts.change_in(turn.work, contact, &change, Actor::GATEWAY).await
    }

    /// Ends a run; the conversation waits for somebody, or its bot.
    async fn end(&self, turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
        if is_active(turn) {
            turn.state.status = Status::waiting(turn.state.assignee.is_some());
        }
        self.forget(turn).await
    }

    async fn forget(&self, turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
        let at = FlowRun::at(&turn.state.session, &turn.state.chat);
        turn.work.delete(&at).await?;
        turn.work.delete(&Job::at(FlowJob::KIND, &turn.state.conversation.to_string())).await
    }
}

/// What became of an effect.
enum Taken {
    Done,
    /// In another way than the step says.
    Otherwise(String),
    /// Why not.
    Not(String),
    /// The event waits, because the disk is full.
    Later(Duration),
}

impl From<Outcome> for Taken {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Posted => Self::Done,
            Outcome::Dropped => Self::Not("it came in too long ago to be answered".to_owned()),
            Outcome::Later(pause) => Self::Later(pause),
        }
    }
}

/// The note on a message of a flow.
fn note(flow: &Flow) -> SentNote {
    let (id, name) = (Some(flow.id), Some(flow.name.clone()));
    SentNote::by(Author { kind: AuthorKind::Flow, id, name })
}

/// Whether no person has taken over.
fn is_active(turn: &Turn<'_, '_>) -> bool {
    turn.state.status == Status::BotActive
}

/// The name of the effects of a flow.
fn rule(flow: &Flow) -> String {
    format!("flow {}", flow.id)
}

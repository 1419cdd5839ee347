//! What the actions of a rule do, each in the commit of the event that started the rule.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;

use crate::{
    accounts::User,
    automation::{
        endpoints::Endpoints,
        event::AutomationEvent,
        rule::{Action, Automation, NewStatus},
        run::Done,
    },
    domain::{Error, ErrorCode, EventBody, Timestamp},
    events::{Failure, NewEvent, effect::effect_id},
    inbox::{
        Agent, Author, AuthorKind, HandoffReason, InboxChange, InboxEvent, Outcome, SentNote,
        Status, Turn,
    },
    messaging::Tags,
    notes,
    work_items::{ItemDraft, ItemKind, WorkItems},
};

/// The color of a tag that is named for the first time.
pub const TAG_COLOR: &str = "#64748b";
/// The pause while the disk is full.
const FULL_PAUSE: Duration = Duration::from_secs(5);

/// What actions work with.
#[derive(Clone)]
pub struct Means {
    pub tags: Tags,
    pub work_items: WorkItems,
    pub endpoints: Arc<dyn Endpoints>,
}

/// What became of all actions of a rule, or how long the event waits for room on the disk.
pub type Outcomes = Result<Vec<Done>, Duration>;

/// Carries the actions of a rule out, in order. One that cannot be done is noted, and the others go on.
pub async fn carry_out(
    means: &Means,
    turn: &mut Turn<'_, '_>,
    rule: &Automation,
) -> Result<Outcomes, Failure> {
    let mut all = Vec::new();
    for (step, action) in (0_u32..).zip(&rule.actions) {
        let fault = match one(means, turn, (rule, step), action).await {
            Ok(Ended::Done) => None,
            Ok(Ended::Not(reason)) => Some(reason.to_owned()),
            Ok(Ended::Later(pause)) => return Ok(Err(pause)),
            Err(Ailment::Refused(message)) => Some(message),
            Err(Ailment::Full) => return Ok(Err(FULL_PAUSE)),
            Err(Ailment::Failure(failure)) => return Err(failure),
        };
        all.push(Done { action: action.kind().to_owned(), fault, note: None });
    }
    Ok(Ok(all))
}

enum Ended {
    Done,
    /// Why it was not done.
    Not(&'static str),
    Later(Duration),
}

/// What kept an action from being done: a rule of the gateway, or a fault that passes.
enum Ailment {
    Refused(String),
    /// The disk is.
    Full,
    Failure(Failure),
}

impl From<Error> for Ailment {
    fn from(error: Error) -> Self {
        match error.code {
            ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::NotFound => {
                Self::Refused(error.message)
            }
            ErrorCode::StorageFull => Self::Full,
            _ => Self::Failure(Failure::of(error)),
        }
    }
}

impl From<crate::store::StoreError> for Ailment {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Failure> for Ailment {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

async fn one(
    means: &Means,
    turn: &mut Turn<'_, '_>,
    (rule, step): (&Automation, u32),
    action: &Action,
) -> Result<Ended, Ailment> {
    let effect = effect_id(turn.event.id, &rule.rule(), step);
    let now = turn.now();
    match action {
        Action::SendMessage { text } => {
            if !turn.may_write().await? {
                return Ok(Ended::Not("the contact may not be written to by a machine now"));
            }
            let (id, name) = (Some(rule.id), Some(rule.name.clone()));
            let note = SentNote::by(Author { kind: AuthorKind::Automation, id, name });
            match turn.say(effect, text, (note, None)).await? {
                Outcome::Posted => Ok(Ended::Done),
                Outcome::Dropped => Ok(Ended::Not("it came in too long ago to be answered")),
                Outcome::Later(pause) => Ok(Ended::Later(pause)),
            }
        }
        Action::AddTag { tag } => retag(means, turn, (std::slice::from_ref(tag), &[])).await,
        Action::RemoveTag { tag } => retag(means, turn, (&[], std::slice::from_ref(tag))).await,
        Action::Assign { user } => {
            let known = turn.work.get(&User::at(*user)).await?;
            if !known.is_some_and(|user| user.may_work()) {
                return Ok(Ended::Not("the person has no account any more, or may not write"));
            }
            let events = turn.state.assign(Some(Agent::User(*user)), None, now);
            turn.tell(events).await?;
            Ok(Ended::Done)
        }
        Action::SetStatus { status } => {
            let status = match status {
                NewStatus::Open => Status::Open,
                NewStatus::Bot => Status::AiActive,
                // Nobody is asked how a machine did.
                NewStatus::Resolved => {
                    let resolved = turn.state.resolve(None, Some(false), now);
                    turn.tell(resolved.into_iter().collect()).await?;
                    return Ok(Ended::Done);
                }
            };
            // After a refusal the state is of no use.
            let mut next = turn.state.clone();
            let events = InboxChange::to(status).apply(&mut next, None, now)?;
            *turn.state = next;
            turn.tell(events).await?;
            Ok(Ended::Done)
        }
        Action::Handoff => {
            // One that was resolved goes on.
            let mut events: Vec<InboxEvent> = turn.state.reopen(now).into_iter().collect();
            events.push(turn.state.hand_off(rule.bot, HandoffReason::Automation, now));
            turn.tell(events).await?;
            Ok(Ended::Done)
        }
        Action::PauseBot => {
            turn.state.pause_bot();
            Ok(Ended::Done)
        }
        Action::CreateTicket { subject, priority } => {
            let draft = ItemDraft {
                title: subject.clone(),
                priority: *priority,
                ..draft(turn, rule, ItemKind::Ticket)
            };
            means.work_items.create_in(turn.work, draft, effect).await?;
            Ok(Ended::Done)
        }
        Action::CreateTask { title, assignee, due_in_minutes } => {
            let known = turn.work.get(&User::at(*assignee)).await?;
            if !known.is_some_and(|user| user.may_work()) {
                return Ok(Ended::Not("the person has no account any more, or may not write"));
            }
            let draft = ItemDraft {
                title: title.clone(),
                assignee: Some(*assignee),
                due_at: due_in_minutes.and_then(|minutes| after(now, minutes)),
                ..draft(turn, rule, ItemKind::Task)
            };
            means.work_items.create_in(turn.work, draft, effect).await?;
            Ok(Ended::Done)
        }
        Action::AddNote { text } => {
            notes::write_in(turn.work, turn.state, text, now).await?;
            Ok(Ended::Done)
        }
        Action::CallWebhook { webhook } => {
            // The record changes with every delivery: read in the work, each would make this run again.
            let store = turn.work.outside();
            if let Some(refusal) = means.endpoints.refusal(store, *webhook, rule.bot).await? {
                return Ok(Ended::Not(refusal));
            }
            let message = match turn.event.body.whatsapp() {
                Some(EventBody::Message { message }) => Some(message.id.clone()),
                _ => None,
            };
            let event = AutomationEvent::WebhookCalled {
                of: turn.state.about(),
                automation: rule.id,
                name: rule.name.clone(),
                bot: rule.bot,
                webhook: *webhook,
                message,
                effect,
            };
            let channel = Some((&turn.state.session).into());
            turn.work.append(NewEvent::of_module(channel, &event)?);
            Ok(Ended::Done)
        }
    }
}

async fn retag(
    means: &Means,
    turn: &mut Turn<'_, '_>,
    (add, remove): (&[String], &[String]),
) -> Result<Ended, Ailment> {
    let place = (&turn.state.session, &turn.state.chat);
    means.tags.retag_in(turn.work, place, (add, remove), TAG_COLOR).await?;
    Ok(Ended::Done)
}

fn draft(turn: &Turn<'_, '_>, rule: &Automation, kind: ItemKind) -> ItemDraft {
    ItemDraft {
        bot: Some(rule.bot),
        conversation: Some(turn.state.conversation),
        contact: turn.state.contact,
        ..ItemDraft::titled(kind, String::new())
    }
}

/// So many minutes later.
pub fn after(now: Timestamp, minutes: u32) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_mins(minutes.into())).ok()
}

/// Whether an event of the inbox was an effect of a rule or a flow.
pub fn is_automatic(event: &InboxEvent) -> bool {
    event.about().automatic
}

//! Surveys: contacts are asked for a rating once their conversation was resolved, and their answers are taken in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    contacts::get_in,
    domain::{Clock, Event, Timestamp, clock::between},
    events::{Failure, Flow, NewEvent, Work, effect::effect_id},
    inbox::{
        event::InboxEvent,
        post::{Outcome, Post},
        reply_policy::allows_reply,
        state::InboxState,
        status::Status,
        survey::{Reply, Survey},
    },
    settings::Settings,
    store::{Key, Record, Scope, Table, Tree},
};

const QUESTION: &str = "survey";
const REPLY: &str = "survey reply";

/// When a contact was asked last, over all its conversations.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastSurvey {
    pub sent_at: Timestamp,
}

impl Record for LastSurvey {
    const TABLE: Table = Table {
        tree: Tree::new(210, "LastSurveys"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl LastSurvey {
    fn at(contact: Uuid) -> Key<Self> {
        Self::key().uuid(contact)
    }
}

/// What the steps of surveys need.
pub struct Surveys {
    pub clock: Clock,
    pub settings: Settings,
}

impl Surveys {
    /// Asks the contact of a conversation that was resolved, in the commit of that event. What was wished for goes before
    /// whether surveys are on; all other rules hold.
    pub async fn ask(
        &self,
        post: &Post,
        work: &mut Work<'_>,
        state: &mut InboxState,
        (event, wish): (&Event, Option<bool>),
    ) -> Result<Flow, Failure> {
        let settings = self.settings.now();
        // What nobody resolved, a bot or a flow did.
        let is_by_machine =
            matches!(event.body.read(), Some(InboxEvent::Resolved { by: None, .. }));
        let is_usual = settings.surveys.enabled && (settings.surveys.after_bot || !is_by_machine);
        let is_wanted = wish.unwrap_or(is_usual);
        // It may have been reopened by now.
        let (true, Some(id)) = (is_wanted && state.status == Status::Resolved, state.contact)
        else {
            return Ok(Flow::Done);
        };
        let Some(contact) = get_in(work.store(), id).await? else {
            return Ok(Flow::Done);
        };
        let now = self.clock.now();
        let is_allowed = allows_reply(&settings, state, Some(&contact), now);
        let last = work.get(&LastSurvey::at(contact.id)).await?;
        let gap = hours(settings.surveys.min_gap_hours);
        let is_soon = last.is_some_and(|last| between(last.sent_at, now) < gap);
        if is_soon || !is_allowed {
            return Ok(Flow::Done);
        }
        let place = (&state.session, &state.chat);
        match post.send(work, place, (event, QUESTION), &settings.surveys.message).await? {
            Outcome::Posted => (),
            Outcome::Dropped => return Ok(Flow::Done),
            Outcome::Later(pause) => return Ok(Flow::Later(pause)),
        }
        let (id, life) = (effect_id(event.id, QUESTION, 0), hours(settings.surveys.expiry_hours));
        state.survey = Some(Survey::asked(id, now, life));
        work.put(&LastSurvey::at(contact.id), &LastSurvey { sent_at: now }).await?;
        let agent = match event.body.read() {
            Some(InboxEvent::Resolved { by, assignee, .. }) => assignee.or(by),
            _ => None,
        };
        let sent = InboxEvent::SurveySent { of: state.about(), survey: id, agent };
        work.append(NewEvent::of_module(Some((&state.session).into()), &sent)?);
        Ok(Flow::Done)
    }

    /// Replies to an answer, in the commit of its event.
    pub async fn reply(
        &self,
        post: &Post,
        work: &Work<'_>,
        state: &InboxState,
        (event, reply): (&Event, Option<Reply>),
    ) -> Result<Flow, Failure> {
        let settings = self.settings.now();
        let text = match reply {
            None => return Ok(Flow::Done),
            Some(Reply::CommentPrompt) => &settings.surveys.comment_prompt,
            Some(Reply::Thanks) => &settings.surveys.thanks,
        };
        let place = (&state.session, &state.chat);
        match post.send(work, place, (event, REPLY), text).await? {
            Outcome::Posted | Outcome::Dropped => Ok(Flow::Done),
            Outcome::Later(pause) => Ok(Flow::Later(pause)),
        }
    }
}

fn hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3_600)
}

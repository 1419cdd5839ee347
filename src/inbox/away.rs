//! Away message: a contact who writes outside of the business hours is answered once, until the business has been open
//! again. What a machine answered already is left alone.

use crate::{
    contacts::Contact,
    domain::{Clock, Event},
    events::{Failure, Flow, Work},
    inbox::{
        post::{Outcome, Post},
        reply_policy::allows_reply,
        state::InboxState,
        status::Status,
    },
    settings::Settings,
};

const RULE: &str = "away";

/// What the step needs.
pub struct Away {
    pub clock: Clock,
    pub settings: Settings,
}

impl Away {
    /// Answers the message of an event, in its commit.
    pub async fn run(
        &self,
        post: &Post,
        work: &Work<'_>,
        state: &mut InboxState,
        (event, contact): (&Event, &Contact),
    ) -> Result<Flow, Failure> {
        let (settings, now) = (self.settings.now(), self.clock.now());
        let text = settings.business.away_message.trim();
        let is_for_people = matches!(state.status, Status::Open | Status::Assigned);
        if text.is_empty() || !is_for_people || post.has_answered(event) {
            return Ok(Flow::Done);
        }
        let Some(hours) = settings.opening_hours() else { return Ok(Flow::Done) };
        let Some(since) = hours.closed_since(now, &settings.time_zone()) else {
            return Ok(Flow::Done);
        };
        if state.away_sent_at.is_some_and(|sent| since <= sent) {
            return Ok(Flow::Done);
        }
        if !allows_reply(&settings, state, Some(contact), now) {
            return Ok(Flow::Done);
        }
        match post.send(work, (&state.session, &state.chat), (event, RULE), text).await? {
            Outcome::Posted => state.away_sent_at = Some(now),
            Outcome::Dropped => (),
            Outcome::Later(pause) => return Ok(Flow::Later(pause)),
        }
        Ok(Flow::Done)
    }
}

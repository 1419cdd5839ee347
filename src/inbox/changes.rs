//! Changes of a conversation's state by messages and by people, each with its event. Pure.

use uuid::Uuid;

use crate::{
    config::Reopen,
    domain::{Jid, SessionId, Timestamp},
    inbox::{
        agent::Agent,
        bot_run::BotRun,
        event::{About, InboxEvent},
        state::{InboxState, Listed},
        status::Status,
        survey::{Answer, Survey},
    },
};

/// What a message to a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// The gateway sent it by itself.
    None,
    /// A program sent it.
    OfProgram,
    OfPerson,
}

impl InboxState {
    /// The state of a conversation that is new to the inbox.
    pub fn new(
        (session, chat): (&SessionId, &Jid),
        conversation: Uuid,
        listed: Listed,
        now: Timestamp,
    ) -> Self {
        Self {
            session: session.clone(),
            chat: chat.clone(),
            conversation,
            contact: None,
            status: Status::Open,
            assignee: None,
            bot: None,
            last_inbound: None,
            opened_at: now,
            first_inbound_at: None,
            first_response_at: None,
            resolved_at: None,
            sends_by_sms: None,
            starred: false,
            marked_unread: false,
            snoozed_until: None,
            warned_of: None,
            away_sent_at: None,
            survey: None,
            run: BotRun::default(),
            messages: 0,
            is_deleted: false,
            listed,
        }
    }

    /// Notes a message of the contact. One that came to a resolved conversation reopens it.
    pub fn note_inbound(
        &mut self,
        at: Timestamp,
        now: Timestamp,
        reopen: Reopen,
    ) -> Vec<InboxEvent> {
        self.last_inbound = self.last_inbound.max(Some(at));
        self.snoozed_until = None;
        let was_resolved = self.status == Status::Resolved;
        let mut events: Vec<InboxEvent> = self.reopen(now).into_iter().collect();
        if was_resolved && reopen == Reopen::New {
            events.extend(self.assign(None, None, now));
        }
        self.first_inbound_at = self.first_inbound_at.or(Some(at.min(now)));
        events
    }

    /// Takes a message of the contact as an answer to the survey. The conversation stays resolved then.
    pub fn note_answer(&mut self, text: &str, at: Timestamp) -> Option<Answer> {
        let survey = self.survey.as_mut().filter(|_| self.status == Status::Resolved)?;
        let answer = survey.hear(text, at)?;
        self.last_inbound = self.last_inbound.max(Some(at));
        Some(answer)
    }

    /// Notes a message to the contact. What a machine sends by itself is no response. A person who answers a contact takes
    /// over from the bot.
    pub fn note_outbound(
        &mut self,
        response: Response,
        by: Option<Agent>,
        now: Timestamp,
    ) -> Vec<InboxEvent> {
        if response == Response::None {
            return Vec::new();
        }
        let mut events: Vec<InboxEvent> = self.reopen(now).into_iter().collect();
        if response == Response::OfPerson {
            self.marked_unread = false;
            events.extend(self.take_over(by, now));
        }
        // Where the contact has not written, nothing is answered.
        if let (Some(waiting_since), None) = (self.first_inbound_at, self.first_response_at) {
            self.first_response_at = Some(now);
            events.push(InboxEvent::Responded { of: self.about(), waiting_since, by });
        }
        events
    }

    fn take_over(&mut self, by: Option<Agent>, now: Timestamp) -> Vec<InboxEvent> {
        let was_automatic = self.status.is_automatic();
        // Who is written to first has not been answered: the bot may.
        if was_automatic || self.first_inbound_at.is_some() {
            self.run.is_paused = true;
            self.run.handoff = None;
        }
        if !was_automatic {
            return Vec::new();
        }
        self.status = Status::waiting(self.assignee.is_some());
        match by {
            Some(agent) if self.assignee.is_none() => self.assign(Some(agent), by, now),
            _ => Vec::new(),
        }
    }

    /// None when it was not resolved.
    pub fn reopen(&mut self, now: Timestamp) -> Option<InboxEvent> {
        if self.status != Status::Resolved {
            return None;
        }
        self.status = Status::waiting(self.assignee.is_some());
        self.opened_at = now;
        (self.first_inbound_at, self.first_response_at, self.resolved_at) = (None, None, None);
        self.survey.iter_mut().for_each(Survey::close);
        self.run = BotRun::default();
        Some(InboxEvent::Opened { of: self.about(), reopened: true })
    }

    /// None when it was resolved already. `survey` says whether the contact is asked; without it, the settings do.
    pub fn resolve(
        &mut self,
        by: Option<Agent>,
        survey: Option<bool>,
        now: Timestamp,
    ) -> Option<InboxEvent> {
        if self.status == Status::Resolved {
            return None;
        }
        (self.status, self.resolved_at) = (Status::Resolved, Some(now));
        (self.run.handoff, self.snoozed_until) = (None, None);
        let (assignee, opened_at) = (self.assignee, Some(self.opened_at));
        Some(InboxEvent::Resolved { of: self.about(), by, assignee, opened_at, survey })
    }

    /// Gives it to an agent, or to nobody. One that was resolved goes on.
    pub fn assign(
        &mut self,
        assignee: Option<Agent>,
        by: Option<Agent>,
        now: Timestamp,
    ) -> Vec<InboxEvent> {
        let is_news = self.assignee != assignee;
        self.assignee = assignee;
        let mut events = Vec::new();
        if assignee.is_some() {
            events.extend(self.reopen(now));
            self.status = Status::Assigned;
            self.run.is_paused = true;
            self.run.handoff = None;
        } else if self.status == Status::Assigned {
            self.status = Status::Open;
        }
        events.extend(is_news.then(|| InboxEvent::Assigned { of: self.about(), assignee, by }));
        events
    }

    pub fn about(&self) -> About {
        let (chat, conversation) = (self.chat.clone(), self.conversation);
        About { chat, conversation, contact: self.contact, automatic: false }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{domain::clock::from_seconds, inbox::survey::Stage};

    fn state() -> InboxState {
        let listed = Listed {
            last_activity: from_seconds(1),
            unread: false,
            archived: false,
            tags: Vec::new(),
            hidden: false,
        };
        let (session, chat) = ("s".parse().unwrap(), "15550000001@c.us".parse().unwrap());
        InboxState::new((&session, &chat), Uuid::nil(), listed, from_seconds(1))
    }

    fn agent() -> Agent {
        Agent::Key(Uuid::from_u128(7))
    }

    #[test]
    fn a_message_reopens_what_was_resolved_for_whom_it_was_assigned_to() {
        let mut state = state();
        assert_eq!(state.note_inbound(from_seconds(2), from_seconds(2), Reopen::Reopen), []);
        let responded = state.note_outbound(Response::OfPerson, Some(agent()), from_seconds(5));
        let expected = InboxEvent::Responded {
            of: state.about(),
            waiting_since: from_seconds(2),
            by: Some(agent()),
        };
        assert_eq!(responded, [expected]);
        assert_eq!(state.first_response_at, Some(from_seconds(5)));
        assert_eq!(state.note_outbound(Response::OfPerson, None, from_seconds(6)), []);
        assert_eq!(state.assign(Some(agent()), None, from_seconds(6)).len(), 1);
        assert!(state.assign(Some(agent()), None, from_seconds(6)).is_empty());
        let resolved = state.resolve(Some(agent()), None, from_seconds(7));
        let expected = InboxEvent::Resolved {
            of: state.about(),
            by: Some(agent()),
            assignee: Some(agent()),
            opened_at: Some(from_seconds(1)),
            survey: None,
        };
        assert_eq!(resolved, Some(expected));
        assert_eq!(state.resolve(None, None, from_seconds(8)), None);
        let opened = state.note_inbound(from_seconds(9), from_seconds(9), Reopen::Reopen);
        assert!(matches!(opened[..], [InboxEvent::Opened { reopened: true, .. }]));
        assert_eq!((state.status, state.opened_at), (Status::Assigned, from_seconds(9)));
        assert_eq!((state.first_response_at, state.resolved_at), (None, None));
        state.assign(None, None, from_seconds(10));
        assert_eq!((state.status, state.assignee), (Status::Open, None));
    }

    #[test]
    fn a_message_begins_anew_what_was_resolved_where_that_is_set() {
        let mut state = state();
        state.assign(Some(agent()), None, from_seconds(2));
        state.note_inbound(from_seconds(3), from_seconds(3), Reopen::New);
        assert_eq!(state.assignee, Some(agent()));
        state.resolve(None, None, from_seconds(4));
        let events = state.note_inbound(from_seconds(5), from_seconds(5), Reopen::New);
        assert!(matches!(
            events[..],
            [
                InboxEvent::Opened { reopened: true, .. },
                InboxEvent::Assigned { assignee: None, .. }
            ]
        ));
        assert_eq!((state.status, state.assignee), (Status::Open, None));
    }

    #[test]
    fn an_answer_keeps_it_resolved_and_other_words_end_the_survey() {
        let mut state = state();
        let asked = Survey::asked(Uuid::nil(), from_seconds(3), Duration::from_secs(3_600));
        state.survey = Some(asked.clone());
        // Nobody asked while it was open.
        assert_eq!(state.note_answer("5", from_seconds(4)), None);
        state.resolve(None, None, from_seconds(3));
        assert!(state.note_answer("5", from_seconds(4)).is_some_and(|answer| answer.is_news));
        assert_eq!((state.status, state.last_inbound), (Status::Resolved, Some(from_seconds(4))));
        state.survey = Some(asked);
        assert_eq!(state.note_answer("My order?", from_seconds(5)), None);
        state.note_inbound(from_seconds(5), from_seconds(5), Reopen::Reopen);
        assert_eq!(state.survey.as_ref().map(|survey| survey.stage), Some(Stage::Closed));
        state.resolve(None, None, from_seconds(6));
        assert_eq!(state.note_answer("5", from_seconds(7)), None);
    }

    #[test]
    fn what_a_machine_sends_is_no_response_and_an_older_message_leaves_the_window() {
        let mut state = state();
        state.resolve(None, None, from_seconds(2));
        assert_eq!(state.note_outbound(Response::None, None, from_seconds(3)), []);
        assert_eq!(state.status, Status::Resolved);
        state.note_inbound(from_seconds(9), from_seconds(9), Reopen::Reopen);
        state.note_inbound(from_seconds(4), from_seconds(10), Reopen::Reopen);
        assert_eq!(state.last_inbound, Some(from_seconds(9)));
        assert_eq!(state.first_response_at, None);
        state.status = Status::AiActive;
        state.note_outbound(Response::OfProgram, None, from_seconds(11));
        assert_eq!(state.status, Status::AiActive);
        state.note_outbound(Response::OfPerson, None, from_seconds(11));
        assert_eq!((state.status, state.run.is_paused), (Status::Open, true));
        state.resume_bot();
        assert!(state.is_for_bots());
        let events = state.note_outbound(Response::OfPerson, Some(agent()), from_seconds(12));
        assert!(matches!(events[..], [InboxEvent::Assigned { .. }]));
        assert_eq!((state.status, state.assignee), (Status::Assigned, Some(agent())));
        assert!(!state.is_for_bots());
        state.assign(None, None, from_seconds(13));
        assert!(!state.is_for_bots());
        state.resolve(None, None, from_seconds(14));
        state.note_inbound(from_seconds(15), from_seconds(15), Reopen::Reopen);
        assert!(state.is_for_bots());
    }

    #[test]
    fn who_is_written_to_first_has_not_waited() {
        let mut state = state();
        assert_eq!(state.note_outbound(Response::OfPerson, None, from_seconds(2)), []);
        state.note_inbound(from_seconds(5), from_seconds(5), Reopen::Reopen);
        let responded = state.note_outbound(Response::OfPerson, None, from_seconds(8));
        assert!(
            matches!(&responded[..], [InboxEvent::Responded { waiting_since, .. }] if *waiting_since == from_seconds(5))
        );
        state.resolve(None, None, from_seconds(9));
        let reopened = state.note_outbound(Response::OfPerson, None, from_seconds(10));
        assert!(matches!(&reopened[..], [InboxEvent::Opened { .. }]));
    }
}

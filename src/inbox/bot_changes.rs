//! Changes of a conversation's state by its bot. Pure.

use uuid::Uuid;

use crate::{
    domain::Timestamp,
    inbox::{
        bot_run::{BotRun, HandoffReason, HandoffRequest},
        event::InboxEvent,
        state::InboxState,
        status::Status,
    },
};

impl InboxState {
    /// Whether a bot may answer the contact's messages, and nobody else does.
    pub fn is_for_bots(&self) -> bool {
        match self.status {
            Status::AiActive => true,
            Status::Open => !self.run.is_paused && self.assignee.is_none(),
            Status::Assigned | Status::Resolved | Status::BotActive => false,
        }
    }

    /// Notes an answer of the bot.
    pub fn note_answer_of_bot(&mut self, is_fallback: bool, now: Timestamp) {
        self.status = Status::AiActive;
        self.run.fallbacks = if is_fallback { self.run.fallbacks.saturating_add(1) } else { 0 };
        self.run.note_reply(now);
    }

    /// Leaves the conversation to people.
    pub fn hand_off(&mut self, bot: Uuid, reason: HandoffReason, now: Timestamp) -> InboxEvent {
        self.status = Status::waiting(self.assignee.is_some());
        self.run.note_reply(now);
        self.run.is_paused = true;
        self.run.handoff = Some(HandoffRequest { at: now, reason });
        InboxEvent::HandoffRequested { of: self.about(), bot, reason }
    }

    /// Leaves the conversation to people because its bot, which was to answer, does not. None where it is not the bot's.
    pub fn give_up(&mut self) -> Option<InboxEvent> {
        if self.status != Status::AiActive {
            return None;
        }
        self.status = Status::waiting(self.assignee.is_some());
        Some(InboxEvent::GivenUp { of: self.about(), bot: self.bot })
    }

    /// Keeps its bot silent until it is given back to it.
    pub fn pause_bot(&mut self) {
        self.run.is_paused = true;
        if self.status.is_automatic() {
            self.status = Status::waiting(self.assignee.is_some());
        }
    }

    /// Gives the conversation back to its bot.
    pub fn resume_bot(&mut self) {
        self.run = BotRun { recent: std::mem::take(&mut self.run.recent), ..BotRun::default() };
        self.status = Status::AiActive;
    }
}

//! Automatic work: where rules and flows join the handling of an event, before a bot answers. What they do is in the commit
//! of that event. The inbox does not know what they are.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    contacts::{Actor, Contact, get_in},
    domain::{
        Clock, Content, Event, EventBody, Jid, Message, ModuleEvent, Timestamp, clock::between,
    },
    events::{Failure, NewEvent, Work},
    inbox::{
        event::InboxEvent,
        keeping::keep_state,
        menu::SentMenu,
        other_chat::other_chat,
        post::{Cause, Outcome, Post},
        reply_policy::allows_reply,
        sent_note::SentNote,
        state::InboxState,
        timeline,
    },
    session::SessionTables,
    settings::Settings,
    store::{Record, StoreError},
};

/// What was sent longer ago, while the session was away, is answered by no machine.
const FRESH: Duration = Duration::from_secs(600);

/// What becomes of an event afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// A bot may answer.
    GoOn,
    /// The message is dealt with.
    Handled,
    /// The event is to be handled again.
    Later(Duration),
}

/// What is done by itself because of an event of a conversation.
#[async_trait]
pub trait Automatic: Send + Sync + 'static {
    /// Whether it acts on an event of a module.
    fn follows(&self, event: &ModuleEvent) -> bool;

    /// A contact wrote.
    async fn received(&self, turn: &mut Turn<'_, '_>, message: &Message) -> Result<Then, Failure>;

    /// Something else happened in the conversation.
    async fn happened(&self, turn: &mut Turn<'_, '_>) -> Result<Then, Failure>;
}

/// The handling of one event of a conversation.
pub struct Turn<'t, 'w> {
    pub work: &'t mut Work<'w>,
    pub state: &'t mut InboxState,
    pub event: &'t Event,
    /// Whether the conversation is new to the inbox.
    pub is_new: bool,
    /// Whether it begins with this event: it is new, or was resolved.
    pub is_opened: bool,
    /// Whether automation is paused in it.
    pub is_paused: bool,
    pub(in crate::inbox) tools: Tools<'t>,
}

/// What a turn works with.
#[derive(Clone, Copy)]
pub(in crate::inbox) struct Tools<'t> {
    pub post: &'t Post,
    pub settings: &'t Settings,
    pub clock: &'t Clock,
    /// Messages that a machine may send to one conversation in a minute.
    pub most_a_minute: usize,
}

impl Turn<'_, '_> {
    pub fn now(&self) -> Timestamp {
        self.tools.clock.now()
    }

    /// The contact of the conversation; none in a web chat.
    pub async fn contact(&self) -> Result<Option<Contact>, StoreError> {
        match self.state.contact {
            Some(id) => get_in(self.work.store(), id).await,
            None => Ok(None),
        }
    }

    /// The conversation in the other chat of the same person, where there are two.
    pub async fn other_chat(&self) -> Result<Option<InboxState>, StoreError> {
        other_chat(self.work.store(), &self.state.session, &self.state.chat).await
    }

    /// Writes the conversation in the other chat.
    pub async fn keep_other(&mut self, other: &InboxState) -> Result<(), StoreError> {
        keep_state(self.work, other).await
    }

    /// Whether the rules of the business let a machine write to the contact now.
    pub async fn may_write(&self) -> Result<bool, StoreError> {
        let (now, state) = (self.now(), &*self.state);
        let is_fresh = match self.event.body.whatsapp() {
            Some(EventBody::Message { message }) => between(message.timestamp, now) < FRESH,
            _ => true,
        };
        let has_room = state.run.has_room(now, self.tools.most_a_minute);
        // A conversation that was deleted is not begun again by a machine.
        if self.is_paused || state.listed.hidden || !is_fresh || !has_room {
            return Ok(false);
        }
        if state.session.is_web() {
            return Ok(true);
        }
        // Two machines would write each other for ever.
        let sessions = self.work.store().sessions().list().await?;
        let is_chat = |id: &Jid| *id == state.chat;
        let mut own = sessions.iter().filter_map(|session| session.me.as_ref());
        if own.any(|me| is_chat(&me.id) || me.lid.as_ref().is_some_and(is_chat)) {
            return Ok(false);
        }
        let (settings, contact) = (self.tools.settings.now(), self.contact().await?);
        Ok(allows_reply(&settings, state, contact.as_ref(), now))
    }

    /// Sends a text under the name of an effect, with the menu that it is, if it is one.
    pub async fn say(
        &mut self,
        effect: Uuid,
        text: &str,
        (note, menu): (SentNote, Option<SentMenu>),
    ) -> Result<Outcome, Failure> {
        let place = (&self.state.session, &self.state.chat);
        let cause = (Cause::of(self.event), effect);
        let (outcome, _) =
            self.tools.post.send_effect(self.work, place, cause, (text, note)).await?;
        if outcome != Outcome::Posted {
            return Ok(outcome);
        }
        let now = self.now();
        self.state.run.note_message(now);
        if let Some(menu) = menu {
            let at = SentMenu::key().text(self.state.session.as_str());
            self.work.put(&at.text(self.state.chat.as_str()), &menu).await?;
        }
        Ok(outcome)
    }

    /// Sends what is no text under the name of an effect, whose key it has.
    pub async fn send(
        &mut self,
        effect: Uuid,
        content: Content,
        note: SentNote,
    ) -> Result<Outcome, Failure> {
        let place = (&self.state.session, &self.state.chat);
        let cause = (Cause::of(self.event), effect);
        let outcome =
            self.tools.post.send_content(self.work, place, cause, (content, note)).await?;
        if outcome == Outcome::Posted {
            let now = self.now();
            self.state.run.note_message(now);
        }
        Ok(outcome)
    }

    /// Logs what became of the conversation, and notes it in the timeline of the contact.
    pub async fn tell(&mut self, events: Vec<InboxEvent>) -> Result<(), StoreError> {
        let events: Vec<InboxEvent> = events.into_iter().map(InboxEvent::automatic).collect();
        for event in &events {
            self.work.append(NewEvent::of_module(Some((&self.state.session).into()), event)?);
        }
        let at = self.event.at;
        timeline::note(self.work, self.state, &events, Actor::GATEWAY, at).await
    }
}

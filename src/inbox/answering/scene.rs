//! Scene of an answer: the bot, what was said, and whether it may still be answered.

use std::time::Duration;

use crate::{
    answers::{Talk, history_of},
    bots::{Bot, BotStatus},
    contacts::get_in,
    domain::{Error, Message, SessionId, clock::between},
    inbox::{
        answering::{due::AnswerDue, worker::Worker},
        facts,
        state::InboxState,
    },
    messaging::MessagingTables,
    session::SessionTables,
    store::{Store, StoreError},
};

/// What was said longer ago is answered by no machine.
const FRESH: Duration = Duration::from_secs(600);
/// Messages that are read for what was said before, and for what is answered.
const READ: usize = 60;
/// Characters of an answer; by SMS it goes in parts, each of which costs.
const LONGEST: usize = 4_096;
const LONGEST_BY_SMS: usize = 2_400;

/// What an answer is worded from.
pub struct Scene {
    pub bot: Bot,
    pub talk: Talk,
}

impl Worker {
    /// None where nothing is to be answered any more.
    pub(in crate::inbox::answering) async fn scene(
        &self,
        due: &AnswerDue,
    ) -> Result<Option<Scene>, Error> {
        let bots = self.bots.all().await?;
        let Some(bot) = bots.iter().find(|bot| bot.id == due.bot) else { return Ok(None) };
        if self.answerable(&self.store, due, bot).await?.is_none() {
            return Ok(None);
        }
        let mut all = self.store.messages().page(&due.session, &due.chat, None, READ).await?;
        if let Some(chat) = due.other_chat() {
            let other = self.store.messages().page(&due.session, chat, None, READ).await?;
            all.extend(other);
            all.sort_by_key(|message| message.timestamp);
        }
        let (asked, said): (Vec<&Message>, Vec<&Message>) =
            all.iter().partition(|message| is_due(due, message));
        let asked = asked.into_iter().filter_map(history_of);
        let asked: Vec<String> = asked.map(|turn| turn.text).collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let talk = Talk {
            history: said.into_iter().filter_map(history_of).collect(),
            question: asked.join("\n"),
            longest: if due.session.is_sms() { LONGEST_BY_SMS } else { LONGEST },
        };
        Ok(Some(Scene { bot: bot.clone(), talk }))
    }

    /// The state of the conversation, if its bot may still answer: it is there and answers in this session, nobody took over
    /// or paused it, it is not resolved or gone, its window is open, and there were not too many answers. Within a
    /// transaction, what is read is expected.
    pub(in crate::inbox::answering) async fn answerable(
        &self,
        store: &Store,
        due: &AnswerDue,
        bot: &Bot,
    ) -> Result<Option<InboxState>, StoreError> {
        let Some(state) = self.state(store, due).await? else { return Ok(None) };
        let facts = facts::read(store, &due.session, &due.chat).await?;
        let now = self.clock.now();
        let is_fresh = due.messages.last().is_some_and(|last| between(last.at, now) < FRESH);
        // It may have been deleted or changed since.
        let known = store.get(&Bot::at(bot.id)).await?;
        let is_its =
            state.bot == Some(bot.id) && known.is_some_and(|known| may_be_in(&known, &due.session));
        let is_open = state.is_for_bots() && facts.is_some_and(|facts| !facts.is_paused);
        let most = self.assistant.rules().most_a_minute;
        let restarts = usize::try_from(due.restarts).unwrap_or(usize::MAX);
        let has_room = state.run.has_room(now, most.saturating_sub(restarts));
        if !(is_fresh && is_its && is_open && has_room) {
            return Ok(None);
        }
        if due.session.is_web() {
            return Ok(Some(state));
        }
        let contact = match state.contact {
            Some(contact) => get_in(store, contact).await?,
            None => None,
        };
        Ok(self.rules.allow(bot, &state, contact.as_ref()).then_some(state))
    }

    /// The state of a conversation that is there.
    pub(in crate::inbox::answering) async fn state(
        &self,
        store: &Store,
        due: &AnswerDue,
    ) -> Result<Option<InboxState>, StoreError> {
        let is_living = store.sessions().living(&due.session).await?.is_some();
        let state = store.get(&InboxState::at(&due.session, &due.chat)).await?;
        Ok(state.filter(|state| is_living && !state.listed.hidden))
    }
}

fn is_due(due: &AnswerDue, message: &Message) -> bool {
    !message.from_me() && due.messages.iter().any(|one| *one.key == *message.id.key)
}

fn may_be_in(bot: &Bot, session: &SessionId) -> bool {
    session.is_web() || bot.status == BotStatus::Active && bot.sessions.contains(session)
}

//! Step of the bots: which bot a message is for, whether it replies, and with what. The reply is in the commit of the
//! message's event, under a key that is named after that event.
//!
//! ```text
//! message ─▶ route: bot of the web chat, of the conversation, called by a keyword, or the session's default
//!         ─▶ silent: a person took over, no text, an account of this gateway, ten replies a minute, opted out
//!         ─▶ hand over (asked for, turns, fallbacks) or answer ─▶ outbox + state + turn
//!         ─▶ a bot with a language model: the answer is due (`answering`), and the step is over
//! ```

use std::time::Duration;

use uuid::Uuid;

use crate::{
    answers::Assistant,
    bots::{Bot, BotStatus, Bots, Figures, asks_for_person, calls},
    contacts::Contact,
    domain::{
        Clock, Error, ErrorCode, Event, Jid, Message, MessageKind, SessionId, clock::between,
    },
    events::{Failure, Flow, NewEvent, Work},
    inbox::{
        answering::{AnswerDue, AnswerQueue},
        bot_rules::BotRules,
        bot_run::HandoffReason,
        bot_turn::{BotTurn, RULE},
        post::{Cause, Outcome, Post},
        sent_note::{Author, AuthorKind, SentNote},
        state::InboxState,
        status::Status,
    },
    knowledge::{Answer, AnswerKind, is_greeting},
    session::SessionTables,
    store::{Store, StoreError},
};

/// What was sent longer ago, while the session was away, is answered by no machine.
const FRESH: Duration = Duration::from_secs(600);
/// The pause before a message is looked at again while the store is not well.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// What the step needs.
pub struct BotStep {
    pub bots: Bots,
    pub assistant: Assistant,
    pub queue: AnswerQueue,
    pub store: Store,
    pub clock: Clock,
    pub rules: BotRules,
}

/// A message that a bot may reply to.
pub struct Incoming<'a> {
    pub event: &'a Event,
    pub message: &'a Message,
    pub contact: Option<&'a Contact>,
    /// The addresses of the contact.
    pub addresses: [Option<Jid>; 2],
    /// Whether automation is paused in the conversation.
    pub is_paused: bool,
}

/// What a bot says.
enum Reply {
    Answer(Answer),
    Handoff(HandoffReason),
    /// A language model words it, later.
    OfModel,
}

impl BotStep {
    /// The bot that a message is for, which the conversation is of from then on.
    pub async fn find(
        &self,
        work: &mut Work<'_>,
        state: &mut InboxState,
        text: &str,
    ) -> Result<Option<Bot>, StoreError> {
        let bots = self.bots.all().await?;
        let Some(bot) = route(&bots, state, text) else {
            // The bot that answered is gone, or answers here no more.
            if let Some(event) = state.give_up() {
                work.append(NewEvent::of_module(Some((&state.session).into()), &event)?);
            }
            return Ok(None);
        };
        if state.bot != Some(bot.id) {
            state.bot = Some(bot.id);
            Figures::count(work.store(), bot.id, 1, 0).await?;
        }
        Ok(Some(bot.clone()))
    }

    pub async fn run(
        &self,
        post: &Post,
        work: &mut Work<'_>,
        state: &mut InboxState,
        incoming: Incoming<'_>,
    ) -> Result<Flow, Failure> {
        let Some(bot) = self.find(work, state, &incoming.message.body).await? else {
            return Ok(Flow::Done);
        };
        let bot = &bot;
        if !self.may_reply(bot, state, &incoming).await? {
            return Ok(Flow::Done);
        }
        let place = (&state.session.clone(), &state.chat.clone());
        let is_waiting = self.assistant.is_by_model(bot)
            && work.get(&AnswerDue::at(place.0, place.1)).await?.is_some();
        let said = (incoming.message.body.as_str(), is_waiting);
        let reply = match self.reply(bot, state, said).await {
            Ok(reply) => reply,
            Err(error) => return unanswered(error),
        };
        let (text, sources) = match &reply {
            Reply::Answer(answer) => (answer.text.clone(), answer.sources.clone()),
            Reply::Handoff(_) => (self.assistant.responder().handoff(bot), Vec::new()),
            Reply::OfModel => {
                let message = (incoming.event, incoming.message);
                self.queue.add(work.store(), place, bot.id, message).await?;
                // The bot has it from now on: nobody is assigned, and no away message is sent.
                state.status = Status::AiActive;
                return Ok(Flow::Done);
            }
        };
        let author =
            Author { kind: AuthorKind::Bot, id: Some(bot.id), name: Some(bot.name.clone()) };
        let note = SentNote { sources: sources.clone(), ..SentNote::by(author) };
        let key = match post
            .send_for(work, place, (Cause::of(incoming.event), RULE), (&text, note))
            .await?
        {
            (Outcome::Posted, key) => key,
            (Outcome::Dropped, _) => return Ok(Flow::Done),
            (Outcome::Later(pause), _) => return Ok(Flow::Later(pause)),
        };
        let now = self.clock.now();
        let (kind, handoff) = match reply {
            Reply::Answer(answer) => {
                state.note_answer_of_bot(answer.kind == AnswerKind::Fallback, now);
                (Some(answer.kind), None)
            }
            Reply::Handoff(reason) => {
                let event = state.hand_off(bot.id, reason, now);
                work.append(NewEvent::of_module(Some((&state.session).into()), &event)?);
                (None, Some(reason))
            }
            Reply::OfModel => return Ok(Flow::Done),
        };
        let turn = BotTurn {
            bot: bot.id,
            reply: key,
            text,
            kind,
            handoff,
            sources,
            is_degraded: false,
            is_truncated: false,
        };
        let of = (&state.session, &state.chat);
        work.put(&BotTurn::at(of, &incoming.message.id.key), &turn).await?;
        Figures::count(work.store(), bot.id, 0, 2).await?;
        Ok(Flow::Done)
    }

    async fn may_reply(
        &self,
        bot: &Bot,
        state: &InboxState,
        incoming: &Incoming<'_>,
    ) -> Result<bool, StoreError> {
        let (message, now) = (incoming.message, self.clock.now());
        let has_text = message.kind == MessageKind::Text && !message.body.trim().is_empty();
        let is_fresh = between(message.timestamp, now) < FRESH;
        let has_room = state.run.has_room(now, self.assistant.rules().most_a_minute);
        let is_open = state.is_for_bots() && !incoming.is_paused && has_room;
        if !has_text || !is_fresh || !is_open {
            return Ok(false);
        }
        if state.session.is_web() {
            return Ok(true);
        }
        Ok(self.rules.allow(bot, state, incoming.contact)
            && !self.is_own_account(&incoming.addresses).await?)
    }

    /// Whether the contact is an account of this gateway, where another bot may answer.
    async fn is_own_account(&self, addresses: &[Option<Jid>; 2]) -> Result<bool, StoreError> {
        let sessions = self.store.sessions().list().await?;
        let mut accounts = sessions.iter().filter_map(|session| session.me.as_ref());
        Ok(accounts.any(|me| {
            addresses.iter().flatten().any(|id| *id == me.id || me.lid.as_ref() == Some(id))
        }))
    }

    async fn reply(
        &self,
        bot: &Bot,
        state: &InboxState,
        (text, is_waiting): (&str, bool),
    ) -> Result<Reply, Error> {
        let hands_over = bot.handoff.enabled;
        if hands_over && asks_for_person(bot, text) {
            return Ok(Reply::Handoff(HandoffReason::Keyword));
        }
        if hands_over && bot.max_turns <= state.run.turns {
            return Ok(Reply::Handoff(HandoffReason::MaxTurns));
        }
        if self.assistant.is_by_model(bot) {
            // The bot's own word of welcome needs no model.
            let is_first = state.run.turns == 0 && !is_waiting;
            if !(is_first && bot.texts.welcome.is_some() && is_greeting(text)) {
                return Ok(Reply::OfModel);
            }
        }
        let answer = self.assistant.plain(bot, text).await?;
        let is_fallback = answer.kind == AnswerKind::Fallback;
        let is_last = bot.handoff.after_fallbacks <= state.run.fallbacks.saturating_add(1);
        if hands_over && is_fallback && is_last {
            return Ok(Reply::Handoff(HandoffReason::Fallbacks));
        }
        Ok(Reply::Answer(answer))
    }
}

/// What becomes of a message that could not be answered. Where the store is not well, it waits.
fn unanswered(error: Error) -> Result<Flow, Failure> {
    match error.code {
        ErrorCode::Unavailable | ErrorCode::StorageFull => Ok(Flow::Later(STORE_PAUSE)),
        _ => Err(Failure::of(error)),
    }
}

/// The bot that a message is for. Who writes in a web chat writes to its bot, whatever its status.
fn route<'a>(bots: &'a [Bot], state: &InboxState, text: &str) -> Option<&'a Bot> {
    let by_id = |id: Uuid| bots.iter().find(|bot| bot.id == id);
    if let Some(bot) = state.session.web_bot() {
        return by_id(bot);
    }
    let answers = |bot: &&Bot| is_in(bot, &state.session);
    let mut called = bots.iter().filter(answers).filter(|bot| calls(bot, text));
    let mut usual = bots.iter().filter(answers).filter(|bot| bot.is_default());
    let own = state.bot.and_then(by_id).filter(answers);
    own.or_else(|| called.next()).or_else(|| usual.next())
}

fn is_in(bot: &Bot, session: &SessionId) -> bool {
    bot.status == BotStatus::Active && bot.sessions.contains(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_waits_for_a_store_that_is_not_well_and_is_given_up_for_nothing_of_it() {
        for error in [StoreError::Disk("gone".to_owned()), StoreError::Full, StoreError::Conflict] {
            let flow = unanswered(error.into());
            assert!(matches!(flow, Ok(Flow::Later(_))), "{flow:?}");
        }
        let flow = unanswered(Error::internal("a fault"));
        assert!(matches!(flow, Err(Failure::Event(_))), "{flow:?}");
    }
}

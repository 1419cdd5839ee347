//! Step of the bots: which bot a message is for, whether it replies, and with what. The reply is in the commit of the
//! message's event, under a key that is named after that event.
//!
//! ```text
//! message ─▶ route: bot of the web chat, of the conversation, called by a keyword, or the session's default
//!         ─▶ silent: a person took over, no text, an account of this gateway, ten replies a minute, opted out
//!         ─▶ hand over (asked for, turns, fallbacks) or answer ─▶ outbox + state + turn
//! ```

use std::time::Duration;

use uuid::Uuid;

use crate::{
    bots::{Bot, BotStatus, Bots, Figures, Responder, asks_for_person, calls},
    contacts::{Contact, Medium},
    domain::{Clock, Error, Event, Jid, Message, MessageKind, SessionId, clock::between},
    events::{Failure, Flow, NewEvent, Work},
    inbox::{
        bot_run::HandoffReason,
        bot_turn::BotTurn,
        post::{Outcome, Post},
        sent_note::{Author, AuthorKind, SentNote},
        state::InboxState,
    },
    knowledge::{Answer, AnswerKind},
    policy::{self, Kind, Question, Surface, Verdict, Window},
    session::SessionTables,
    settings::Settings,
    store::{Store, StoreError},
};

const RULE: &str = "bot";
/// What was sent longer ago, while the session was away, is answered by no machine.
const FRESH: Duration = Duration::from_secs(600);

/// What the step needs.
pub struct BotStep {
    pub bots: Bots,
    pub responder: Responder,
    pub store: Store,
    pub clock: Clock,
    pub settings: Settings,
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
}

impl BotStep {
    /// The bot that a message is for, which the conversation is of from then on.
    pub async fn find(
        &self,
        work: &Work<'_>,
        state: &mut InboxState,
        text: &str,
    ) -> Result<Option<Bot>, StoreError> {
        let bots = self.bots.all().await?;
        let Some(bot) = route(&bots, state, text) else { return Ok(None) };
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
        let reply = self.reply(bot, state, &incoming.message.body).await.map_err(Failure::of)?;
        let (text, sources) = match &reply {
            Reply::Answer(answer) => (answer.text.clone(), answer.sources.clone()),
            Reply::Handoff(_) => (self.responder.handoff(bot), Vec::new()),
        };
        let author =
            Author { kind: AuthorKind::Bot, id: Some(bot.id), name: Some(bot.name.clone()) };
        let note = SentNote { sources: sources.clone(), ..SentNote::by(author) };
        let place = (&state.session.clone(), &state.chat.clone());
        let key = match post.send_as(work, place, (incoming.event, RULE), (&text, note)).await? {
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
        };
        let turn = BotTurn { bot: bot.id, reply: key, text, kind, handoff, sources };
        work.put(&BotTurn::at(&state.session, &incoming.message.id.key), &turn).await?;
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
        let is_open = state.is_for_bots() && !incoming.is_paused && state.run.has_room(now);
        if !has_text || !is_fresh || !is_open {
            return Ok(false);
        }
        if state.session.is_web() {
            return Ok(true);
        }
        Ok(self.is_allowed(bot, state, incoming)
            && !self.is_own_account(&incoming.addresses).await?)
    }

    /// Whether the rules of the business let a machine write to the contact now.
    fn is_allowed(&self, bot: &Bot, state: &InboxState, incoming: &Incoming<'_>) -> bool {
        let (settings, now) = (self.settings.now(), self.clock.now());
        let rules = policy::Settings::of(&settings);
        // Without hours of business, those in which broadcasts rest are the closed ones.
        let is_closed = match settings.opening_hours() {
            Some(hours) => !hours.is_open(now, &settings.time_zone()),
            None => rules.quiet_hours.as_ref().is_some_and(|hours| hours.end(now).is_some()),
        };
        let consent = incoming.contact.map(|contact| {
            let consent = contact.consent(Medium::of(&state.session));
            policy::Consent { opted_in: consent.opted_in, opted_out: consent.has_opted_out() }
        });
        let verdict = policy::judge(
            &rules,
            &Question {
                surface: Surface::Reply,
                kind: Kind::Free,
                consent,
                window: Window { last_inbound: state.last_inbound, length: settings.window() },
                recipients: 1,
                now,
            },
        );
        let is_open = !(bot.business_hours_only && is_closed);
        is_open && matches!(verdict, Verdict::Allow | Verdict::Warn(_))
    }

    /// Whether the contact is an account of this gateway, where another bot may answer.
    async fn is_own_account(&self, addresses: &[Option<Jid>; 2]) -> Result<bool, StoreError> {
        let sessions = self.store.sessions().list().await?;
        let mut accounts = sessions.iter().filter_map(|session| session.me.as_ref());
        Ok(accounts.any(|me| {
            addresses.iter().flatten().any(|id| *id == me.id || me.lid.as_ref() == Some(id))
        }))
    }

    async fn reply(&self, bot: &Bot, state: &InboxState, text: &str) -> Result<Reply, Error> {
        if !bot.handoff.enabled {
            return self.responder.answer(bot, text).await.map(Reply::Answer);
        }
        if asks_for_person(bot, text) {
            return Ok(Reply::Handoff(HandoffReason::Keyword));
        }
        if bot.max_turns <= state.run.turns {
            return Ok(Reply::Handoff(HandoffReason::MaxTurns));
        }
        let answer = self.responder.answer(bot, text).await?;
        let is_fallback = answer.kind == AnswerKind::Fallback;
        if is_fallback && bot.handoff.after_fallbacks <= state.run.fallbacks.saturating_add(1) {
            return Ok(Reply::Handoff(HandoffReason::Fallbacks));
        }
        Ok(Reply::Answer(answer))
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

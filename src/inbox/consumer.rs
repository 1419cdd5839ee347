//! Consumer of the inbox: what an event changes, step by step, in one commit.
//!
//! | step | of a message from a contact | rule of its effects |
//! |---|---|---|
//! | 1 | contact: found or made, opted in, tagged; STOP and START | |
//! | 2 | confirmation of a keyword, which ends the steps but for the window | `keyword` |
//! | 3 | conversation: new, reopened, or still resolved by an answer to the survey, which ends the steps | `survey reply` |
//! | 4 | window: the job that announces its end | |
//! | 5 | reply to a menu | |
//! | 6 | rules and flows ([`Automatic`]), which may end the steps | their own |
//! | 7 | bot: routed, answers, hands over, or leaves the answer to its model | `bot` |
//! | 8 | away message, outside of the business hours | `away` |
//!
//! A message to a contact is a response, and an entry of the contact's timeline. Once a conversation was resolved, the
//! contact is asked how it was (rule `survey`). Whatever else changes a chat moves its
//! places in the lists. Later modules put their steps between these.

use std::sync::Arc;

use serde_json::json;

use crate::{
    answers::Assistant,
    bots::Bots,
    breakpoint::Breakpoint,
    contacts::{
        self, Actor, Address, Contact, ContactIntake, EntryKind, Inbound, Keyword, Medium, NewEntry,
    },
    domain::{
        Body, Clock, Event, EventBody, FailureCode, Jid, JidKind, LogEvent, Message, MessageKind,
        ModuleEvent, SessionId,
    },
    events::{Begin, Consumer, Failure, Flow, NewEvent, Work},
    inbox::{
        agent::Agent,
        answering::AnswerQueue,
        automatic::{Automatic, Then, Tools, Turn},
        away::Away,
        bot_rules::BotRules,
        bot_step::{BotStep, Incoming},
        changes::Response,
        event::{InboxEvent, RESOLVED},
        facts::{self, Facts},
        keeping::{keep_deleted, keep_state},
        menu_reply::map_reply,
        post::{Outcome, Post},
        sent_note::{Author, SentNote},
        settings::{CONSUMER, InboxSettings},
        state::InboxState,
        survey::Survey,
        surveys::Surveys,
        timeline, window_job,
    },
    jobs::Jobs,
    messaging::{ChatEvent, Outbox},
    policy::Window,
    session::SessionTables,
    settings::Settings,
    store::{Store, StoreError},
};

pub struct InboxConsumer {
    clock: Clock,
    jobs: Jobs,
    intake: ContactIntake,
    settings: Settings,
    surveys: Surveys,
    bots: BotStep,
    away: Away,
    post: Post,
    automatic: Option<Arc<dyn Automatic>>,
}

/// What the consumer needs.
pub struct ConsumerParts {
    pub clock: Clock,
    pub jobs: Jobs,
    pub intake: ContactIntake,
    /// None where nothing is sent, as in tests.
    pub outbox: Option<Outbox>,
    pub settings: Settings,
    pub bots: Bots,
    pub assistant: Assistant,
    pub queue: AnswerQueue,
    pub store: Store,
    /// None where nothing is done by rules and flows, as in tests.
    pub automatic: Option<Arc<dyn Automatic>>,
}

impl InboxConsumer {
    pub const NAME: &'static str = CONSUMER;

    pub fn new(parts: ConsumerParts) -> Self {
        let ConsumerParts { clock, jobs, intake, outbox, settings, .. } = parts;
        let bots = BotStep {
            bots: parts.bots,
            assistant: parts.assistant,
            queue: parts.queue,
            store: parts.store,
            clock: clock.clone(),
            rules: BotRules { settings: settings.clone(), clock: clock.clone() },
        };
        let surveys = Surveys { clock: clock.clone(), settings: settings.clone() };
        let away = Away { clock: clock.clone(), settings: settings.clone() };
        let post = Post::new(clock.clone(), outbox);
        let automatic = parts.automatic;
        Self { clock, jobs, intake, settings, surveys, bots, away, post, automatic }
    }
}

impl Consumer for InboxConsumer {
    const NAME: &'static str = Self::NAME;
    const AT_ONCE: usize = 32;
    const BEGINS: Begin = Begin::Oldest;

    type Error = Failure;

    fn wants(&self, event: &Event) -> bool {
        let is_of_person = || event.body.chat().is_some_and(Jid::is_person);
        event.session().is_some()
            && match &event.body {
                Body::WhatsApp(EventBody::IdentityLearned { .. }) => true,
                Body::WhatsApp(
                    EventBody::Message { .. }
                    | EventBody::MessageSent { .. }
                    | EventBody::ChatUpdated { .. },
                ) => is_of_person(),
                Body::WhatsApp(EventBody::MessageFailed { code, .. }) => {
                    is_of_person() && *code == FailureCode::Forbidden && is_by_sms(event)
                }
                Body::WhatsApp(_) => false,
                Body::Module(module) => {
                    (is_followed(module) || self.follows(event)) && is_of_person()
                }
            }
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, Failure> {
        self.post.begin(event);
        let Some(session) = event.session() else { return Ok(Flow::Done) };
        if !is_living(work.store(), event, session).await? {
            return Ok(Flow::Done);
        }
        if let Some(EventBody::IdentityLearned { lid, phone, .. }) = event.body.whatsapp() {
            contacts::identity_learned(work, lid, phone, event.at).await?;
            return Ok(Flow::Done);
        }
        let Some(chat) = event.body.chat() else { return Ok(Flow::Done) };
        if let Some(EventBody::MessageFailed { .. }) = event.body.whatsapp() {
            // The carrier knows of an opt-out.
            let address = Address::of_chat(chat);
            contacts::opted_out_by_provider(work, address, event.at).await?;
            return Ok(Flow::Done);
        }
        if let Some(ChatEvent::ConversationDeleted { .. }) = event.body.read() {
            keep_deleted(work, session, chat).await?;
            return Ok(Flow::Done);
        }
        let Some(facts) = facts::read(work.store(), session, chat).await? else {
            return Ok(Flow::Done);
        };
        let known = work.get(&InboxState::at(session, chat)).await?;
        // What was deleted begins again with its next message.
        let known = known.filter(|known| !known.is_deleted);
        let message = event.body.whatsapp().and_then(message_of);
        let (is_new, is_paused) = (known.is_none(), facts.is_paused);
        let mut state = match (known, message) {
            (Some(state), _) => InboxState { listed: facts.listed, ..state },
            (None, Some(_)) => {
                let Facts { conversation, listed, .. } = facts;
                InboxState::new((session, chat), conversation, listed, event.at)
            }
            // A conversation comes to the inbox with its first message.
            (None, None) => return Ok(Flow::Done),
        };
        let step = Step { event, session, is_new, is_paused };
        state.messages = state.messages.saturating_add(u64::from(message.is_some()));
        let flow = match message {
            Some(message) if message.from_me() => {
                self.sent(work, &mut state, message, step).await?
            }
            Some(message) => self.received(work, &mut state, message, step).await?,
            None => {
                let asked = match event.body.read() {
                    Some(InboxEvent::Resolved { survey, .. }) => {
                        self.surveys.ask(&self.post, work, &mut state, (event, survey)).await?
                    }
                    _ => Flow::Done,
                };
                match asked {
                    Flow::Done if self.follows(event) => {
                        self.happened(work, &mut state, step).await?
                    }
                    asked => asked,
                }
            }
        };
        keep_state(work, &state).await?;
        Breakpoint::InboxHandled.pass();
        Ok(flow)
    }

    async fn committed(&self, event: &Event) {
        Breakpoint::InboxCommitted.pass();
        self.jobs.woken();
        self.bots.queue.committed(event);
        self.post.committed(event).await;
    }
}

/// An event that is being handled.
#[derive(Clone, Copy)]
struct Step<'a> {
    event: &'a Event,
    session: &'a SessionId,
    /// Whether the conversation is new to the inbox.
    is_new: bool,
    /// Whether automation is paused in it.
    is_paused: bool,
}

impl InboxConsumer {
    /// The steps of a message that a contact sent.
    async fn received(
        &self,
        work: &mut Work<'_>,
        state: &mut InboxState,
        message: &Message,
        step: Step<'_>,
    ) -> Result<Flow, Failure> {
        let (event, session) = (step.event, step.session);
        // A visitor has no address by which a contact is known.
        if session.is_web() {
            return self.conversed(work, state, message, (step, None)).await;
        }
        let (phone, lid) = addresses(event, message.chat());
        let id = message.id.to_string();
        let inbound = Inbound {
            medium: Medium::of(session),
            phone: phone.as_ref(),
            lid: lid.as_ref(),
            name: message.push_name.as_deref(),
            message: &id,
            text: &message.body,
            ad: message.details().ad.as_ref(),
            conversation: Some(state.conversation),
            session: Some(session),
            at: message.timestamp,
        };
        let received = self.intake.receive(work, &inbound).await?;
        state.contact = Some(received.contact.id);
        if let Some(keyword) = received.keyword {
            if step.is_new {
                self.tell(work, state, step, vec![opened(state)], Actor::CONTACT).await?;
            }
            state.last_inbound = state.last_inbound.max(Some(message.timestamp));
            state.survey.iter_mut().for_each(Survey::close);
            if received.confirm {
                return self.confirm(work, state, keyword, step).await;
            }
            return Ok(Flow::Done);
        }
        let text = if message.kind == MessageKind::Text { message.body.as_str() } else { "" };
        if let Some(answer) = state.note_answer(text, message.timestamp) {
            let survey = state.survey.as_ref().filter(|_| answer.is_news);
            let rated = survey.and_then(|survey| InboxEvent::rated(state.about(), survey));
            self.tell(work, state, step, rated.into_iter().collect(), Actor::CONTACT).await?;
            self.watch_window(work.store(), state).await?;
            return self.surveys.reply(&self.post, work, state, (event, answer.reply)).await;
        }
        self.conversed(work, state, message, (step, Some(&received.contact))).await
    }

    /// The steps of a message that goes on with the conversation.
    async fn conversed(
        &self,
        work: &mut Work<'_>,
        state: &mut InboxState,
        message: &Message,
        (step, contact): (Step<'_>, Option<&Contact>),
    ) -> Result<Flow, Failure> {
        let (event, session) = (step.event, step.session);
        let mut events = Vec::new();
        events.extend(step.is_new.then(|| opened(state)));
        let reopen = self.settings.now().business.reopen;
        events.extend(state.note_inbound(message.timestamp, event.at, reopen));
        let is_opened = !events.is_empty();
        self.tell(work, state, step, events, Actor::CONTACT).await?;
        self.watch_window(work.store(), state).await?;
        map_reply(work.store(), message, session).await?;
        let (phone, lid) = addresses(event, message.chat());
        let is_paused = step.is_paused;
        self.bots.find(work, state, &message.body).await?;
        if let Some(automatic) = &self.automatic {
            let mut turn = Turn { is_opened, ..self.turn(work, state, step) };
            match automatic.received(&mut turn, message).await? {
                Then::GoOn => (),
                Then::Handled => return Ok(Flow::Done),
                Then::Later(pause) => return Ok(Flow::Later(pause)),
            }
        }
        let incoming = Incoming { event, message, contact, addresses: [phone, lid], is_paused };
        match (self.bots.run(&self.post, work, state, incoming).await?, contact) {
            (Flow::Done, Some(contact)) => {
                self.away.run(&self.post, work, state, (event, contact)).await
            }
            (flow, _) => Ok(flow),
        }
    }

    /// Whether rules or flows act on an event of a module.
    fn follows(&self, event: &Event) -> bool {
        match (&self.automatic, &event.body) {
            (Some(automatic), Body::Module(event)) => automatic.follows(event),
            _ => false,
        }
    }

    /// What rules and flows do because of another event.
    async fn happened(
        &self,
        work: &mut Work<'_>,
        state: &mut InboxState,
        step: Step<'_>,
    ) -> Result<Flow, Failure> {
        let Some(automatic) = &self.automatic else { return Ok(Flow::Done) };
        match automatic.happened(&mut self.turn(work, state, step)).await? {
            Then::GoOn | Then::Handled => Ok(Flow::Done),
            Then::Later(pause) => Ok(Flow::Later(pause)),
        }
    }

    fn turn<'t, 'w>(
        &'t self,
        work: &'t mut Work<'w>,
        state: &'t mut InboxState,
        step: Step<'t>,
    ) -> Turn<'t, 'w> {
        let Self { post, settings, clock, bots, .. } = self;
        let most_a_minute = bots.assistant.rules().most_a_minute;
        let tools = Tools { post, settings, clock, most_a_minute };
        let Step { event, is_new, is_paused, .. } = step;
        Turn { work, state, event, is_new, is_opened: is_new, is_paused, tools }
    }

    /// The steps of a message that was sent to a contact.
    async fn sent(
        &self,
        work: &mut Work<'_>,
        state: &mut InboxState,
        message: &Message,
        step: Step<'_>,
    ) -> Result<Flow, Failure> {
        let (event, session) = (step.event, step.session);
        let note = work.get(&SentNote::at(session, &message.id.key)).await?;
        let author = note.map(|note| note.author);
        let is_by_phone = matches!(event.body.whatsapp(), Some(EventBody::Message { .. }));
        let response = match &author {
            Some(author) if author.is_a_person() => Response::OfPerson,
            Some(_) => Response::None,
            None if is_by_phone => Response::OfPerson,
            None => Response::OfProgram,
        };
        let by = author.as_ref().and_then(Author::agent);
        let actor = match &author {
            Some(author) if author.is_a_person() => by.map_or(Actor::caller(None), Agent::actor),
            Some(_) | None => Actor::GATEWAY,
        };
        if state.contact.is_none() {
            let (phone, lid) = addresses(event, message.chat());
            for address in [phone, lid].iter().flatten().filter_map(Address::of_chat) {
                let found = contacts::find_in(work.store(), &address).await?;
                state.contact = state.contact.or(found.map(|contact| contact.id));
            }
        }
        let mut events = Vec::new();
        events.extend(step.is_new.then(|| opened(state)));
        events.extend(state.note_outbound(response, by, event.at));
        self.tell(work, state, step, events, actor).await?;
        if let Some(contact) = state.contact {
            let data = json!({
                "message": message.id.to_string(), "conversation": state.conversation,
                "channel": Medium::of(session).as_str(),
            });
            let entry = NewEntry::new(EntryKind::MessageSent, actor, data);
            contacts::message_sent(work, contact, message.timestamp, entry).await?;
        }
        Ok(Flow::Done)
    }

    /// Logs events of the inbox, and notes them in the timeline of the contact.
    async fn tell(
        &self,
        work: &mut Work<'_>,
        state: &InboxState,
        step: Step<'_>,
        events: Vec<InboxEvent>,
        actor: Actor,
    ) -> Result<(), StoreError> {
        for event in &events {
            work.append(NewEvent::of_module(Some(step.session.into()), event)?);
        }
        timeline::note(work, state, &events, actor, step.event.at).await
    }

    /// Sends the confirmation of a keyword, in the commit of its event.
    async fn confirm(
        &self,
        work: &Work<'_>,
        state: &InboxState,
        keyword: Keyword,
        step: Step<'_>,
    ) -> Result<Flow, Failure> {
        // By SMS the carrier confirms, and takes no message of ours to who has just sent STOP.
        if step.session.is_sms() {
            return Ok(Flow::Done);
        }
        let settings = self.settings.now();
        let text = match keyword {
            Keyword::Stop => &settings.business.optout_confirmation,
            Keyword::Start => &settings.business.optin_confirmation,
            Keyword::Help => return Ok(Flow::Done),
        };
        let place = (step.session, &state.chat);
        match self.post.send(work, place, (step.event, "keyword"), text).await? {
            Outcome::Posted | Outcome::Dropped => Ok(Flow::Done),
            Outcome::Later(pause) => Ok(Flow::Later(pause)),
        }
    }

    async fn watch_window(&self, store: &Store, state: &InboxState) -> Result<(), StoreError> {
        // Windows are a rule of WhatsApp.
        if !state.session.is_whatsapp() {
            return Ok(());
        }
        let settings = self.settings.now();
        let InboxSettings { window: length, window_warning } = InboxSettings::of(&settings);
        let Some(warning) = window_warning else { return Ok(()) };
        let window = Window { last_inbound: state.last_inbound, length };
        if let Some(warns_at) = window.warns_at(warning)
            && window.is_open(self.clock.now())
        {
            window_job::schedule(store, state, warns_at).await?;
        }
        Ok(())
    }
}

/// Whether an event of a module changes what the inbox knows.
fn is_followed(event: &ModuleEvent) -> bool {
    let is_resolved = || event.family == InboxEvent::FAMILY && event.kind == RESOLVED;
    event.family == ChatEvent::FAMILY || is_resolved()
}

fn opened(state: &InboxState) -> InboxEvent {
    InboxEvent::Opened { of: state.about(), reopened: false }
}

/// The telephone number and the hidden id of the person in a chat, as far as the event knows them.
fn addresses(event: &Event, chat: &Jid) -> (Option<Jid>, Option<Jid>) {
    let pair = event.identities.iter().find(|pair| pair.lid() == chat || pair.phone() == chat);
    match (pair, chat.kind()) {
        (Some(pair), _) => (Some(pair.phone().clone()), Some(pair.lid().clone())),
        (None, JidKind::Lid) => (None, Some(chat.clone())),
        (None, _) => (Some(chat.clone()), None),
    }
}

fn is_by_sms(event: &Event) -> bool {
    event.session().is_some_and(SessionId::is_sms)
}

/// The message of an event, if it is one that people write.
fn message_of(body: &EventBody) -> Option<&Message> {
    match body {
        EventBody::Message { message } | EventBody::MessageSent { message } => {
            (message.kind != MessageKind::GroupNotice).then_some(message)
        }
        _ => None,
    }
}

/// Whether the session of an event is there and is not being removed. It is read, so that a removal which begins
/// meanwhile makes the work run again.
async fn is_living(store: &Store, event: &Event, session: &SessionId) -> Result<bool, StoreError> {
    let living = store.sessions().living(session).await?;
    Ok(living.is_some_and(|record| record.uuid == event.channel_uuid()))
}

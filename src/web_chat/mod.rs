//! Web chats: the chat of each bot as a channel. Its chats, messages, outbox and inbox are the common ones, under the name
//! of a session that no caller can name (`web:<bot>`).
//!
//! ```text
//! visitor: API ──▶ here ──▶ messaging::Ingest ──▶ inbox: the bot's step, which posts the reply ──▶ here, which waits
//! ```
//!
//! A bot's session is made when its chat is first used. What a message means is the inbox's to know.

mod event;
mod feedback;
mod visitor;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

pub use self::{
    event::WebChatEvent,
    feedback::{Feedback, FeedbackVerdict},
    visitor::Visitor,
};
use crate::{
    answers::Follower,
    domain::{
        Clock, Error, ErrorCode, EventBody, Jid, Message, MessageId, SessionConfig, SessionId,
        SessionState, SessionStatus, Timestamp,
        conversation::{StoredMessage, conversation_uuid, message_uuid},
        session::EngineKind,
    },
    events::{EventLog, NewEvent, Work},
    inbox::{AnswerQueue, BotTurn, Inbox, InboxState},
    jobs::{Handler, Job, Then},
    messaging::{Ingest, MessagingTables},
    session::Supervisor,
    store::{Declaration, Store},
};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Visitor>(), Declaration::of::<Feedback>()];

/// How long a caller waits for the chat to be opened.
const OPENING: Duration = Duration::from_secs(5);
/// How long a caller waits for the reply of the bot,
const PATIENCE: Duration = Duration::from_secs(30);
/// and for that of a language model, once its turn has come.
const MODEL_PATIENCE: Duration = Duration::from_secs(660);
/// How often it is looked whether the answer of a language model is there, beside being notified.
const MODEL_LOOK: Duration = Duration::from_millis(200);
/// Visitors whose first message has a key are named after it under this one (RFC 9562, version 5).
const VISITORS: Uuid = Uuid::from_u128(0x7c0f_25ae_9d0b_4f0c_8d11_34f1_aa6e_1e57);
/// How long a visitor is known who writes nothing, which is the life of a widget's token.
const LIFE_WITHOUT_MESSAGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Pause between two looks for a reply that is on its way.
const LOOK: Duration = Duration::from_millis(10);
/// Characters of a message.
const LONGEST: usize = 4_000;

/// What web chats need.
#[derive(Clone)]
pub struct WebChatParts {
    pub store: Store,
    pub supervisor: Supervisor,
    pub ingest: Arc<Ingest>,
    pub inbox: Inbox,
    pub log: EventLog,
    pub clock: Clock,
    /// What language models still have to answer.
    pub answers: AnswerQueue,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct WebChats {
    parts: WebChatParts,
}

/// Forgets visitors who have written nothing for as long as their token was good, in rounds.
#[async_trait]
impl Handler for WebChats {
    async fn run(&self, _: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        for found in Visitor::past(work.store(), self.parts.clock.now()).await? {
            work.delete(&found.key).await?;
        }
        Ok(Then::After(Self::EVERY))
    }
}

/// A visitor's message that is taken in.
#[derive(Clone, Debug)]
pub struct Said {
    pub session: SessionId,
    pub chat: Jid,
    pub conversation: Uuid,
    /// The UUID of the visitor's message.
    pub message: Uuid,
    key: String,
}

/// What a visitor says, and where.
pub struct Saying {
    pub bot: Uuid,
    /// None where a conversation begins.
    pub chat: Option<Jid>,
    pub visitor: Visitor,
    /// The key of the message, where the same is to be said once however often it is asked for.
    pub key: Option<String>,
}

/// What became of a visitor's message.
#[derive(Clone, Debug)]
pub struct Replied {
    pub state: InboxState,
    /// None where people answer.
    pub turn: Option<BotTurn>,
}

impl Replied {
    /// The UUID of the reply.
    pub fn message(&self) -> Option<Uuid> {
        let turn = self.turn.as_ref()?;
        let chat = self.state.chat.clone();
        let key = turn.reply.as_str().into();
        let id = MessageId { from_me: true, chat, key, participant: None };
        Some(message_uuid(&self.state.session, &id))
    }
}

impl WebChats {
    /// The pause between two rounds of retention.
    pub const EVERY: Duration = Duration::from_secs(60);

    pub fn new(parts: WebChatParts) -> Self {
        Self { parts }
    }

    /// The session of a bot's chat, ready to send.
    pub async fn open(&self, bot: Uuid) -> Result<SessionId, Error> {
        let session = SessionId::of_web(bot);
        let is_ready = |status: &SessionStatus| status.state == SessionState::Ready;
        let known = self.parts.supervisor.get(&session);
        if known.is_ok_and(|handle| is_ready(&handle.status())) {
            return Ok(session);
        }
        let config = SessionConfig {
            engine: EngineKind::Web,
            qr_timeout: 0,
            auth_timeout: 0,
            ..SessionConfig::default()
        };
        match self.parts.supervisor.create(session.clone(), config).await {
            // It was there before, and goes on.
            Ok(_) | Err(Error { code: ErrorCode::Conflict, .. }) => (),
            Err(error) => return Err(error),
        }
        self.parts.supervisor.get(&session)?.wait_until(OPENING, is_ready).await;
        Ok(session)
    }

    /// Checks a message of a visitor.
    pub fn check(text: &str) -> Result<&str, Error> {
        let text = text.trim();
        if text.is_empty() || text.chars().nth(LONGEST).is_some() {
            let fault = format!("must have 1 to {LONGEST} characters");
            return Err(Error::invalid_field("message", fault));
        }
        Ok(text)
    }

    /// Takes in a message of a visitor; without a chat, a conversation begins. Durable on return.
    pub async fn say(&self, text: &str, saying: Saying) -> Result<Said, Error> {
        let Saying { bot, chat, visitor, key } = saying;
        let text = Self::check(text)?;
        let visitor = visitor.checked()?;
        let session = self.open(bot).await?;
        let new = || match &key {
            Some(key) => Uuid::new_v5(&VISITORS, key.as_bytes()),
            None => Uuid::now_v7(),
        };
        let chat = chat.unwrap_or_else(|| Jid::of_visitor(new()));
        let name = self.note_visitor((&session, &chat), visitor, None).await?.name;
        let key = key.unwrap_or_else(|| Uuid::now_v7().simple().to_string().to_uppercase());
        let id = MessageId {
            from_me: false,
            chat: chat.clone(),
            key: key.as_str().into(),
            participant: None,
        };
        let uuid = message_uuid(&session, &id);
        let mut message = Message::text(id, chat.clone(), text, self.parts.clock.now());
        message.push_name = name;
        let event = EventBody::Message { message: Box::new(message) };
        self.parts.ingest.take_in(&session, event).await?;
        let conversation = conversation_uuid(&session, &chat);
        Ok(Said { session, chat, conversation, message: uuid, key })
    }

    /// Waits until the inbox has seen a message of a visitor, and until the bot's reply is among the messages.
    pub async fn reply(&self, said: &Said) -> Result<Replied, Error> {
        let WebChatParts { store, inbox, .. } = &self.parts;
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = inbox.caught_up().await {
            if deadline <= Instant::now() {
                return Err(error);
            }
        }
        let state = inbox.get(&said.session, &said.chat).await?;
        let state = state.ok_or_else(|| {
            Error::new(
                ErrorCode::Unavailable,
                "the message is stored, and not handled yet; try again",
            )
        })?;
        let turn = self.turn(said).await?;
        // The answer of a model may have changed it.
        let state = inbox.get(&said.session, &said.chat).await?.unwrap_or(state);
        let replied = Replied { state, turn };
        let deadline = deadline.max(Instant::now() + OPENING);
        while let Some(reply) = &replied.turn {
            let chat = said.chat.clone();
            let key = reply.reply.as_str().into();
            let id = MessageId { from_me: true, chat, key, participant: None };
            let stored = store.messages().get(&said.session, &id).await?;
            if stored.is_some() || deadline <= Instant::now() {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(replied)
    }

    /// What the bot replied to a message. Where a model words the reply, it is waited for.
    async fn turn(&self, said: &Said) -> Result<Option<BotTurn>, Error> {
        let WebChatParts { store, answers, .. } = &self.parts;
        let of = (&said.session, &said.chat);
        let mut follower = answers.live().follow(of, &said.key, false);
        let deadline = Instant::now() + MODEL_PATIENCE;
        loop {
            // Read first: the turn is written in the commit that ends its being due.
            let due = answers.get(&said.session, &said.chat).await?;
            let turn = match store.get(&BotTurn::at(of, &said.key)).await? {
                Some(turn) => Some(turn),
                None => self.former_turn(said).await?,
            };
            let is_due = due.is_some_and(|due| due.messages.iter().any(|one| one.key == said.key));
            if turn.is_some() || deadline <= Instant::now() {
                return Ok(turn);
            }
            // Who left before the answer began asks for it again.
            if !is_due && !answers.resume(&said.session, &said.chat, &said.key).await? {
                return Ok(None);
            }
            tokio::select! {
                () = follower.over() => (),
                () = tokio::time::sleep(MODEL_LOOK) => (),
            }
        }
    }

    /// The turn of a message as earlier versions wrote it, where its reply is in this chat.
    async fn former_turn(&self, said: &Said) -> Result<Option<BotTurn>, Error> {
        let store = &self.parts.store;
        let at = BotTurn::formerly_at(&said.session, &said.key);
        let Some(turn) = store.get(&at).await? else { return Ok(None) };
        let (chat, key) = (said.chat.clone(), turn.reply.as_str().into());
        let id = MessageId { from_me: true, chat, key, participant: None };
        let is_here = store.messages().get(&said.session, &id).await?.is_some();
        Ok(is_here.then_some(turn))
    }

    /// Removes what lies beside the messages of a conversation that is deleted: what the visitor said of themselves, what
    /// they thought of answers, and what was answered to which message. Durable on return.
    pub async fn forget(&self, session: &SessionId, chat: &Jid) -> Result<(), Error> {
        let store = &self.parts.store;
        store.upkeep().clear(BotTurn::of(session, chat)).await?;
        self.parts.answers.forget(session, chat).await?;
        if !session.is_web() {
            return Ok(());
        }
        store.upkeep().clear(Visitor::at(session, chat)).await?;
        store.upkeep().clear(Feedback::of(session, chat)).await?;
        Ok(store.durable().await?)
    }

    /// Follows what a model says to a message, as it says it. Who drops this before the reply is there has left.
    pub fn follow(&self, said: &Said) -> Follower {
        self.parts.answers.live().follow((&said.session, &said.chat), &said.key, true)
    }

    pub async fn visitor(&self, session: &SessionId, chat: &Jid) -> Result<Visitor, Error> {
        let known = self.parts.store.get(&Visitor::at(session, chat)).await?;
        Ok(known.unwrap_or_default())
    }

    /// The chats of the visitors whose e-mail address begins with a text, in any case of letters.
    pub async fn with_email(&self, text: &str) -> Result<Vec<Jid>, Error> {
        Ok(Visitor::with_email(&self.parts.store, text).await?)
    }

    /// The visitors of several chats, in their order.
    pub async fn visitors(&self, chats: &[(&SessionId, &Jid)]) -> Result<Vec<Visitor>, Error> {
        let keys: Vec<_> = chats.iter().map(|(session, chat)| Visitor::at(session, chat)).collect();
        let found = self.parts.store.get_many(&keys).await?;
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Notes what a visitor says of themselves before the first message, for as long as their token is good. Who says nothing
    /// is kept nowhere.
    pub async fn introduce(
        &self,
        session: &SessionId,
        chat: &Jid,
        visitor: Visitor,
    ) -> Result<(), Error> {
        let visitor = visitor.checked()?;
        if visitor == Visitor::default() {
            return Ok(());
        }
        let until = self.parts.clock.now() + LIFE_WITHOUT_MESSAGE;
        self.note_visitor((session, chat), visitor, Some(until)).await.map(drop)
    }

    async fn note_visitor(
        &self,
        (session, chat): (&SessionId, &Jid),
        said: Visitor,
        until: Option<Timestamp>,
    ) -> Result<Visitor, Error> {
        let key = Visitor::at(session, chat);
        let mut transaction = self.parts.store.transaction();
        loop {
            let known = transaction.get(&key).await?.unwrap_or_default();
            let visitor = Visitor { until, ..known.clone().with(said.clone()) };
            if visitor == known {
                return Ok(visitor);
            }
            transaction.put(&key, &visitor).await?;
            // The message that follows makes both durable.
            if transaction.commit().await? {
                return Ok(visitor);
            }
        }
    }

    /// Stores feedback on a message of a conversation, or on the conversation. Durable on return.
    pub async fn give_feedback(
        &self,
        state: &InboxState,
        message: Option<&MessageId>,
        feedback: Feedback,
    ) -> Result<(), Error> {
        let WebChatParts { log, .. } = &self.parts;
        let (session, chat) = (&state.session, &state.chat);
        let key = Feedback::at(session, chat, message.map(|id| &*id.key));
        let event = WebChatEvent::FeedbackReceived {
            chat: chat.clone(),
            conversation: state.conversation,
            bot: state.bot,
            message: message.map(|id| message_uuid(session, id)),
            feedback: feedback.clone(),
        };
        let mut work = log.work();
        let events = loop {
            work.put(&key, &feedback).await?;
            work.append(NewEvent::of_module(Some(session.into()), &event)?);
            if let Some(events) = work.commit().await? {
                break events;
            }
        };
        match events.last() {
            Some(last) => Ok(log.publish(last.seq).await?),
            None => Ok(()),
        }
    }

    /// The feedback on messages of a conversation, in their order.
    pub async fn feedback_on(
        &self,
        state: &InboxState,
        messages: &[StoredMessage],
    ) -> Result<Vec<Option<Feedback>>, Error> {
        let (session, chat) = (&state.session, &state.chat);
        let key =
            |stored: &StoredMessage| Feedback::at(session, chat, Some(&stored.message.id.key));
        let keys: Vec<_> = messages.iter().map(key).collect();
        Ok(self.parts.store.get_many(&keys).await?)
    }

    /// The ratings of several conversations, in their order.
    pub async fn ratings(&self, states: &[InboxState]) -> Result<Vec<Option<u8>>, Error> {
        let key = |state: &InboxState| Feedback::at(&state.session, &state.chat, None);
        let keys: Vec<_> = states.iter().map(key).collect();
        let found = self.parts.store.get_many(&keys).await?;
        let rating = |feedback: Feedback| match feedback.verdict {
            FeedbackVerdict::Rating(rating) => Some(rating),
            FeedbackVerdict::Up | FeedbackVerdict::Down => None,
        };
        Ok(found.into_iter().map(|one| one.and_then(rating)).collect())
    }
}

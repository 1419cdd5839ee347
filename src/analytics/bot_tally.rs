//! Tally of bots: what one event adds to the day of the bot whose conversation it is in.
//!
//! In a web chat the session names the bot; elsewhere the inbox knows it. A message is the bot's where the note on it says
//! so. What machines of other kinds send, such as confirmations, does not count.

use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    analytics::{
        bot_counts::BotCounts,
        bot_records::{BotChat, BotDay, BotFeedback, Via},
        counts::{one_more, one_more_at},
        sheets::{Place, Sheets},
    },
    bots::{Bot, MOST_BOTS},
    domain::{
        Body, Event, EventBody, Jid, Message, SessionId, Timestamp, clock::between,
        conversation::conversation_uuid,
    },
    inbox::{About, AuthorKind, BotTurn, InboxEvent, InboxState, SentNote},
    knowledge::AnswerKind,
    store::{Record, Store, StoreError},
    web_chat::{FeedbackVerdict, WebChatEvent},
};

/// Messages of a visitor in a row whose answers are distinguished.
const MOST_OPEN: usize = 10;

/// Whether the inbox has to have handled an event before it counts: a message in a session where a bot answers, in a chat
/// of which no bot is known yet.
pub async fn needs_inbox(store: &Store, event: &Event) -> Result<bool, StoreError> {
    let is_message = matches!(
        event.body,
        Body::WhatsApp(EventBody::Message { .. } | EventBody::MessageSent { .. })
    );
    let (Some(session), Some(chat)) = (event.session(), event.body.chat()) else {
        return Ok(false);
    };
    if !is_message || session.is_web() {
        return Ok(false);
    }
    let bots = store.select(Bot::key().below(), MOST_BOTS).await?;
    if !bots.iter().any(|bot| bot.sessions.contains(session)) {
        return Ok(false);
    }
    Ok(store.get(&InboxState::at(session, chat)).await?.is_none_or(|state| state.bot.is_none()))
}

pub async fn count(
    sheets: &mut Sheets<'_>,
    event: &Event,
    (place, at): (Place, Timestamp),
) -> Result<(), StoreError> {
    let Some(session) = event.session() else { return Ok(()) };
    match &event.body {
        Body::WhatsApp(EventBody::Message { message } | EventBody::MessageSent { message }) => {
            let bot = bot_of(sheets.outside, session, message.chat()).await?;
            let Some(bot) = bot else { return Ok(()) };
            let scene = Scene { bot, session, place, at };
            match message.from_me() {
                true => went_out(sheets, scene, message).await,
                false => came_in(sheets, scene, message).await,
            }
        }
        Body::WhatsApp(_) => Ok(()),
        Body::Module(body) => {
            let scene = |bot| Scene { bot, session, place, at };
            if let Some(happened) = body.read::<InboxEvent>() {
                let bot = match &happened {
                    // A flow may hand over a conversation without a bot.
                    InboxEvent::HandoffRequested { bot, .. } => {
                        Some(*bot).filter(|bot| !bot.is_nil())
                    }
                    _ => bot_of(sheets.outside, session, &happened.about().chat).await?,
                };
                let Some(bot) = bot else { return Ok(()) };
                return of_inbox(sheets, scene(bot), &happened).await;
            }
            let Some(WebChatEvent::FeedbackReceived {
                conversation, bot, message, feedback, ..
            }) = body.read()
            else {
                return Ok(());
            };
            let Some(bot) = bot else { return Ok(()) };
            let said = (feedback.verdict, feedback.comment);
            note_feedback(sheets, scene(bot), (conversation, message.unwrap_or_default()), said)
                .await
                .map(|_| ())
        }
    }
}

/// Where an event counts.
#[derive(Clone, Copy)]
struct Scene<'a> {
    bot: Uuid,
    session: &'a SessionId,
    place: Place,
    at: Timestamp,
}

impl Scene<'_> {
    async fn counts<'s>(self, sheets: &'s mut Sheets<'_>) -> Result<&'s mut BotCounts, StoreError> {
        self.counts_of(sheets, self.place.day).await
    }

    async fn counts_of<'s>(
        self,
        sheets: &'s mut Sheets<'_>,
        day: Date,
    ) -> Result<&'s mut BotCounts, StoreError> {
        let new = BotDay::new(self.bot, Via::of(self.session), day);
        let store = sheets.store;
        Ok(&mut sheets.bot_days.change(store, new).await?.counts)
    }

    async fn chat<'s>(
        self,
        sheets: &'s mut Sheets<'_>,
        chat: &Jid,
    ) -> Result<&'s mut BotChat, StoreError> {
        let Place { channel, day, .. } = self.place;
        let (chat, open) = (chat.clone(), Vec::new());
        let new = BotChat { channel, chat, day, waiting_since: None, is_answered: false, open };
        let store = sheets.store;
        let known = sheets.bot_chats.change(store, new).await?;
        known.day = known.day.max(day);
        Ok(known)
    }
}

async fn bot_of(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<Uuid>, StoreError> {
    if let Some(bot) = session.web_bot() {
        return Ok(Some(bot));
    }
    Ok(store.get(&InboxState::at(session, chat)).await?.and_then(|state| state.bot))
}

async fn came_in(
    sheets: &mut Sheets<'_>,
    scene: Scene<'_>,
    message: &Message,
) -> Result<(), StoreError> {
    let chat = scene.chat(sheets, message.chat()).await?;
    chat.waiting_since = chat.waiting_since.or(Some(scene.at));
    if MOST_OPEN <= chat.open.len() {
        chat.open.remove(0);
    }
    chat.open.push(message.id.key.to_string());
    let counts = scene.counts(sheets).await?;
    one_more_at(&mut counts.visitor_by_hour, scene.place.hour);
    counts.visitors.note(conversation_uuid(scene.session, message.chat()));
    Ok(())
}

async fn went_out(
    sheets: &mut Sheets<'_>,
    scene: Scene<'_>,
    message: &Message,
) -> Result<(), StoreError> {
    let store = sheets.store;
    let note = store.get(&SentNote::at(scene.session, &message.id.key)).await?;
    let is_bot = match note.map(|note| note.author.kind) {
        Some(AuthorKind::Bot) => true,
        Some(
            AuthorKind::System | AuthorKind::Broadcast | AuthorKind::Flow | AuthorKind::Automation,
        ) => return Ok(()),
        Some(AuthorKind::Api | AuthorKind::User) | None => false,
    };
    let chat = scene.chat(sheets, message.chat()).await?;
    let waited = chat.waiting_since.take();
    let is_first = !chat.is_answered && waited.is_some();
    chat.is_answered |= is_first;
    let open = std::mem::take(&mut chat.open);
    let is_fallback = is_bot && is_fallback(store, scene.session, &open, message).await?;
    let counts = scene.counts(sheets).await?;
    let hours = if is_bot { &mut counts.bot_by_hour } else { &mut counts.agent_by_hour };
    one_more_at(hours, scene.place.hour);
    counts.fallbacks = counts.fallbacks.saturating_add(is_fallback.into());
    if let Some(since) = waited {
        let span = between(since, scene.at);
        if is_bot {
            counts.response.note(span);
        }
        if is_first {
            counts.first_response.note(span);
        }
    }
    Ok(())
}

/// Whether a message of a bot says that it does not know.
async fn is_fallback(
    store: &Store,
    session: &SessionId,
    open: &[String],
    reply: &Message,
) -> Result<bool, StoreError> {
    let of = (session, reply.chat());
    let keys: Vec<_> = open.iter().map(|key| BotTurn::at(of, key)).collect();
    let turns = store.get_many(&keys).await?;
    let is_its = |turn: &BotTurn| turn.reply.as_str() == &*reply.id.key;
    let mut own = turns.into_iter().flatten().filter(is_its);
    Ok(own.any(|turn| turn.kind == Some(AnswerKind::Fallback)))
}

async fn of_inbox(
    sheets: &mut Sheets<'_>,
    scene: Scene<'_>,
    event: &InboxEvent,
) -> Result<(), StoreError> {
    match event {
        InboxEvent::Opened { of, .. } => {
            one_more(&mut scene.counts(sheets).await?.opened);
            scene.chat(sheets, &of.chat).await?.is_answered = false;
        }
        InboxEvent::HandoffRequested { .. } => one_more(&mut scene.counts(sheets).await?.handoffs),
        InboxEvent::Resolved { opened_at, .. } => {
            let counts = scene.counts(sheets).await?;
            one_more(&mut counts.resolved);
            if let Some(opened_at) = opened_at {
                counts.resolution.note(between(*opened_at, scene.at));
            }
        }
        InboxEvent::SurveySent { .. } => one_more(&mut scene.counts(sheets).await?.surveys),
        InboxEvent::Rated { of: About { conversation, .. }, survey, rating, comment } => {
            let said = (FeedbackVerdict::Rating(*rating), comment.clone());
            if note_feedback(sheets, scene, (*conversation, *survey), said).await? {
                one_more(&mut scene.counts(sheets).await?.survey_answers);
            }
        }
        InboxEvent::Assigned { .. }
        | InboxEvent::GivenUp { .. }
        | InboxEvent::Responded { .. }
        | InboxEvent::WindowExpiring { .. } => (),
    }
    Ok(())
}

/// Notes feedback in the place of what was given before on the same; whether it is the first.
async fn note_feedback(
    sheets: &mut Sheets<'_>,
    scene: Scene<'_>,
    (conversation, on): (Uuid, Uuid),
    (verdict, comment): (FeedbackVerdict, Option<String>),
) -> Result<bool, StoreError> {
    let store = sheets.store;
    let Scene { bot, place: Place { channel, day, .. }, at, .. } = scene;
    let via = Via::of(scene.session);
    let new = BotFeedback { channel, bot, via, conversation, on, verdict, comment, at, day };
    let former = sheets.bot_feedback.read(store, &new).await?.cloned();
    let (at, day) = former.as_ref().map_or((at, day), |former| (former.at, former.day));
    sheets.bot_feedback.replace(BotFeedback { at, day, ..new });
    let counts = scene.counts_of(sheets, day).await?;
    let less = |counter: &mut u64| *counter = counter.saturating_sub(1);
    match former.as_ref().map(|former| former.verdict) {
        Some(FeedbackVerdict::Up) => less(&mut counts.thumbs_up),
        Some(FeedbackVerdict::Down) => less(&mut counts.thumbs_down),
        Some(FeedbackVerdict::Rating(rating)) => counts.ratings.forget(rating),
        None => (),
    }
    match verdict {
        FeedbackVerdict::Up => one_more(&mut counts.thumbs_up),
        FeedbackVerdict::Down => one_more(&mut counts.thumbs_down),
        FeedbackVerdict::Rating(rating) => counts.ratings.note(rating),
    }
    Ok(former.is_none())
}

//! Messages as lists: of one conversation, by id in either direction, and over all of them.

use std::collections::HashMap;

use actix_web::HttpRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        chat::{
            access::{self, ConversationId},
            conversations::Form,
            either_form::EitherMessagePage,
            paging::WindowQuery,
            render, search,
            wire::{MessagePage, PlainMessage, PlainMessagePage, message_status},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Data, Limit, OwnSessions, Path, Query},
    },
    domain::{
        Error, SessionId, SessionStatus, Timestamp,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    messaging::HistoryPage,
    services::Services,
};

const TAG: &str = "Chat";
const LARGEST: usize = 200;
/// Pages that are read for one answer where some messages are left out.
const MOST_PAGES: usize = 20;

type Call = kit::Call<kit::Conversations, OwnSessions>;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/chat/conversations/{uuid}/messages", of_conversation)
            .named("listChatConversationMessages")
            .about(TAG, "Messages of a conversation, lowest id first"),
        Endpoint::get("/api/v1/conversations/{uuid}/messages", of_conversation_plain)
            .named("listConversationMessages")
            .about(TAG, "Messages in the standard form, or as the chat form with format=chat"),
        Endpoint::get("/api/v1/messages", all)
            .named("listMessages")
            .about(TAG, "Messages of all conversations, highest id first"),
    ]
}

#[derive(Deserialize, ToSchema)]
struct MessagesQuery {
    #[serde(flatten)]
    window: WindowQuery,
    #[serde(default)]
    limit: Limit<50, 200>,
}

#[derive(Deserialize, ToSchema)]
struct TimesQuery {
    /// Not before this time or day.
    from: Option<String>,
    /// Not after this time or day.
    to: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct FormedMessagesQuery {
    #[serde(flatten)]
    of: MessagesQuery,
    #[serde(flatten)]
    times: TimesQuery,
    /// `chat` for the form of /chat/conversations/{uuid}/messages.
    format: Option<Form>,
}

/// Which messages of all conversations are asked for.
#[derive(Deserialize, ToSchema)]
pub struct AllMessagesQuery {
    /// Of one instance: its UUID, number or name.
    pub instance_id: Option<String>,
    /// Of one conversation.
    pub conversation_id: Option<String>,
    /// Messages of others, or the own ones.
    direction: Option<Direction>,
    /// With these words, in any case and without marks; the last may be a beginning.
    search: Option<String>,
    status: Option<WantedStatus>,
    /// Messages before this id.
    #[schema(minimum = 0)]
    before_id: Option<u64>,
    /// How many on a page.
    #[serde(default)]
    per_page: Limit<50, 200>,
    #[serde(flatten)]
    times: TimesQuery,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Incoming,
    Outgoing,
}

/// How far a message has come.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WantedStatus {
    Pending,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl WantedStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

async fn of_conversation(
    call: Call,
    Path(id): Path<ConversationId>,
    Query(query): Query<MessagesQuery>,
) -> Result<Data<MessagePage>, ApiError> {
    Ok(Data::of(chat_form(&call, &id, &query, &MessageFilter::default()).await?))
}

async fn of_conversation_plain(
    call: Call,
    Path(id): Path<ConversationId>,
    Query(query): Query<FormedMessagesQuery>,
) -> Result<Data<EitherMessagePage>, ApiError> {
    let filter = MessageFilter::times(&query.times)?;
    if query.format == Some(Form::Chat) {
        let page = chat_form(&call, &id, &query.of, &filter).await?;
        return Ok(Data::of(EitherMessagePage::from(page)));
    }
    let (window, limit) = (query.of.window.window()?, query.of.limit.get());
    let found = access::conversation(&call, call.request(), &id).await?;
    let page = filtered(&call, &found.record, window, limit, &filter).await?;
    let status = call.supervisor.get(&found.record.session)?.status();
    let plain = |stored| render::plain_message(&call, &status, stored);
    let messages = page.messages.iter().map(plain).collect();
    let page = PlainMessagePage { has_more: page.has_more, ..self::page(messages, None) };
    Ok(Data::of(EitherMessagePage::from(page)))
}

async fn chat_form(
    call: &Call,
    id: &str,
    query: &MessagesQuery,
    filter: &MessageFilter,
) -> Result<MessagePage, ApiError> {
    let (window, limit) = (query.window.window()?, query.limit.get());
    let found = access::conversation(call, call.request(), id).await?;
    let page = filtered(call, &found.record, window, limit, filter).await?;
    let messages = render::messages(call, &found.record.session, &page.messages).await?;
    Ok(MessagePage { messages, has_more: page.has_more })
}

async fn all(
    call: Call,
    Query(query): Query<AllMessagesQuery>,
) -> Result<Data<PlainMessagePage>, ApiError> {
    let filter = MessageFilter::asked(&query)?;
    let (before, limit) = (query.before_id, query.per_page.get());
    let (instance, request) = (query.instance_id.as_deref(), call.request());
    if let Some(words) = &query.search {
        let found = search::find(&call, request, &query, words, (before, limit), &filter).await?;
        return Ok(Data::of(found));
    }
    let (messages, next) = match &query.conversation_id {
        Some(id) => {
            let found = access::conversation(&call, request, id).await?;
            let sessions = access::sessions(&call, request, instance)?;
            if !sessions.contains(&found.record.session) {
                return Ok(Data::of(page(Vec::new(), None)));
            }
            let window = before.map_or(Window::Newest, Window::Before);
            let of_one = filtered(&call, &found.record, window, limit, &filter).await?;
            let status = call.supervisor.get(&found.record.session)?.status();
            let plain = |stored| render::plain_message(&call, &status, stored);
            let newest_first: Vec<PlainMessage> = of_one.messages.iter().rev().map(plain).collect();
            let lowest = newest_first.last().map(|message| message.id);
            (newest_first, lowest.filter(|_| of_one.has_more))
        }
        None => of_all(&call, instance, (before, limit), &filter).await?,
    };
    Ok(Data::of(page(messages, next)))
}

async fn of_all(
    call: &Call,
    instance: Option<&str>,
    (before, limit): (Option<u64>, usize),
    filter: &MessageFilter,
) -> Result<(Vec<PlainMessage>, Option<u64>), ApiError> {
    let statuses = statuses(call, call.request(), instance)?;
    let wanted = |session: &SessionId, stored: &StoredMessage| {
        statuses.contains_key(session) && filter.takes(stored)
    };
    let (found, next) = call.message_history.feed(before, limit, wanted).await?;
    let plain = |(session, stored): &(SessionId, StoredMessage)| {
        Some(render::plain_message(call, statuses.get(session)?, stored))
    };
    Ok((found.iter().filter_map(plain).collect(), next))
}

/// The instances that are asked for.
pub fn statuses(
    services: &Services,
    request: &HttpRequest,
    instance: Option<&str>,
) -> Result<HashMap<SessionId, SessionStatus>, Error> {
    let sessions = access::sessions(services, request, instance)?;
    let all = access::instances(services, request).into_iter();
    let asked = all.filter(|status| sessions.contains(&status.id));
    Ok(asked.map(|status| (status.id.clone(), status)).collect())
}

/// A page of a conversation without the messages that the filter leaves out.
async fn filtered(
    services: &Services,
    conversation: &ConversationRecord,
    mut window: Window,
    limit: usize,
    filter: &MessageFilter,
) -> Result<HistoryPage, Error> {
    if *filter == MessageFilter::default() {
        return services.message_history.page(conversation, window, limit).await;
    }
    let (mut found, mut has_more): (Vec<StoredMessage>, bool) = (Vec::new(), true);
    let reads_on = matches!(window, Window::After(_));
    for _ in 0..MOST_PAGES {
        let page = services.message_history.page(conversation, window, LARGEST).await?;
        has_more = page.has_more;
        let ends = (page.messages.first(), page.messages.last());
        let (Some(first), Some(last)) = ends else { break };
        window = if reads_on { Window::After(last.number) } else { Window::Before(first.number) };
        let taken = page.messages.into_iter().filter(|stored| filter.takes(stored));
        if reads_on {
            found.extend(taken);
        } else {
            found.splice(0..0, taken);
        }
        if !has_more || limit < found.len() {
            break;
        }
    }
    let surplus = found.len().saturating_sub(limit);
    has_more |= 0 < surplus;
    if reads_on {
        found.truncate(limit);
    } else {
        found.drain(..surplus);
    }
    Ok(HistoryPage { messages: found, has_more })
}

/// Which messages a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    from_me: Option<bool>,
    status: Option<&'static str>,
}

impl MessageFilter {
    fn times(query: &TimesQuery) -> Result<Self, Error> {
        let from = time("from", query.from.as_deref(), false)?;
        Ok(Self { from, to: time("to", query.to.as_deref(), true)?, ..Self::default() })
    }

    fn asked(query: &AllMessagesQuery) -> Result<Self, Error> {
        let from_me = query.direction.map(|direction| direction == Direction::Outgoing);
        let status = query.status.map(WantedStatus::as_str);
        Ok(Self { from_me, status, ..Self::times(&query.times)? })
    }

    pub fn takes(&self, stored: &StoredMessage) -> bool {
        let message = &stored.message;
        self.from.is_none_or(|from| from <= message.timestamp)
            && self.to.is_none_or(|to| message.timestamp <= to)
            && self.from_me.is_none_or(|from_me| from_me == message.from_me())
            && self.status.is_none_or(|status| status == message_status(message))
    }
}

/// A time, or a day in UTC: its beginning or its end.
fn time(name: &str, text: Option<&str>, is_end: bool) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let in_day = if is_end { "T23:59:59.999Z" } else { "T00:00:00Z" };
    let read = text.parse().or_else(|_| format!("{text}{in_day}").parse());
    read.map(Some).map_err(|_| {
        let message = "must be a time or a day such as 2026-01-31T12:00:00Z or 2026-01-31";
        Error::invalid_field(name, message)
    })
}

pub fn page(messages: Vec<PlainMessage>, next: Option<u64>) -> PlainMessagePage {
    PlainMessagePage { messages, has_more: next.is_some(), next_before_id: next, indexing: false }
}

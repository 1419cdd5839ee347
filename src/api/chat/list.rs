//! Messages as lists: of one conversation, by id in either direction, and over all of them.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    api::{
        body::Query,
        chat::{
            access,
            conversations::{FORMS, is_chat},
            data, paging, render, search,
            wire::{MessagePage, PlainMessage, PlainMessagePage, message_status},
        },
        endpoint::{
            Endpoint,
            ParameterKind::{Number, OneOf, Text},
            Scope,
        },
        error::ApiError,
    },
    domain::{
        Error, SessionId, SessionStatus, Timestamp,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    messaging::HistoryPage,
    services::Services,
};

const TAG: &str = "Chat";
const USUAL: usize = 50;
const LARGEST: usize = 200;
/// Pages that are read for one answer where some messages are left out.
const MOST_PAGES: usize = 20;
const STATUSES: [&str; 5] = ["pending", "sent", "delivered", "read", "failed"];

pub fn endpoints() -> Vec<Endpoint> {
    let windowed = |endpoint: Endpoint, summary| {
        endpoint
            .about(TAG, summary)
            .needs(Scope::Conversations)
            .query(Number, "before_id", "Messages before this id")
            .query(Number, "after_id", "Messages after this id")
            .query(Number, "limit", "1 to 200 (default 50)")
    };
    let timed = |endpoint: Endpoint| {
        endpoint.query(Text, "from", "Not before this time or day").query(
            Text,
            "to",
            "Not after this time or day",
        )
    };
    vec![
        windowed(
            Endpoint::get("/api/v1/chat/conversations/{uuid}/messages", of_conversation),
            "Messages of a conversation, lowest id first",
        )
        .answers::<MessagePage>(200),
        timed(windowed(
            Endpoint::get("/api/v1/conversations/{uuid}/messages", of_conversation_plain),
            "Messages in the standard form, or as the chat form with format=chat",
        ))
        .query(OneOf(&FORMS), "format", "chat for the form of /chat/conversations/{uuid}/messages")
        .answers::<PlainMessagePage>(200),
        timed(
            Endpoint::get("/api/v1/messages", all)
                .about(TAG, "Messages of all conversations, highest id first")
                .needs(Scope::Conversations)
                .query(Text, "instance_id", "Of one instance: its UUID, number or name")
                .query(Text, "conversation_id", "Of one conversation")
                .query(OneOf(&["incoming", "outgoing"]), "direction", "incoming or outgoing")
                .query(
                    Text,
                    "search",
                    "With these words, in any case and without marks; the last may be a beginning",
                )
                .query(OneOf(&STATUSES), "status", "pending, sent, delivered, read or failed")
                .query(Number, "before_id", "Messages before this id")
                .query(Number, "per_page", "1 to 200 (default 50)"),
        )
        .answers::<PlainMessagePage>(200),
    ]
}

async fn of_conversation(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(&request);
    chat_form(&services, &request, &query, &MessageFilter::default()).await
}

async fn of_conversation_plain(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(&request);
    let filter = MessageFilter::times(&query)?;
    if is_chat(&query) {
        return chat_form(&services, &request, &query, &filter).await;
    }
    let (window, limit) = (paging::window(&query)?, limit(&query, "limit")?);
    let found = access::conversation(&services, &request).await?;
    let page = filtered(&services, &found.record, window, limit, &filter).await?;
    let status = services.supervisor.get(&found.record.session)?.status();
    let plain = |stored| render::plain_message(&services, &status, stored);
    let messages = page.messages.iter().map(plain).collect();
    let page = PlainMessagePage { has_more: page.has_more, ..self::page(messages, None) };
    Ok(HttpResponse::Ok().json(data(page)))
}

async fn chat_form(
    services: &Services,
    request: &HttpRequest,
    query: &Query,
    filter: &MessageFilter,
) -> Result<HttpResponse, ApiError> {
    let (window, limit) = (paging::window(query)?, limit(query, "limit")?);
    let found = access::conversation(services, request).await?;
    let page = filtered(services, &found.record, window, limit, filter).await?;
    let messages = render::messages(services, &found.record.session, &page.messages).await?;
    Ok(HttpResponse::Ok().json(data(MessagePage { messages, has_more: page.has_more })))
}

async fn all(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(&request);
    let (filter, limit) = (MessageFilter::asked(&query)?, limit(&query, "per_page")?);
    let before = match query.text("before_id") {
        Some(_) => Some(query.number("before_id", 0_u64, 0, u64::MAX)?),
        None => None,
    };
    if let Some(words) = query.text("search") {
        let found =
            search::find(&services, &request, &query, words, (before, limit), &filter).await?;
        return Ok(HttpResponse::Ok().json(data(found)));
    }
    let (messages, next) = match query.text("conversation_id") {
        Some(id) => {
            let found = access::named_conversation(&services, &request, id).await?;
            let instance = query.text("instance_id");
            let sessions = access::sessions(&services, &request, instance)?;
            if !sessions.contains(&found.record.session) {
                return Ok(HttpResponse::Ok().json(data(page(Vec::new(), None))));
            }
            let window = before.map_or(Window::Newest, Window::Before);
            let of_one = filtered(&services, &found.record, window, limit, &filter).await?;
            let status = services.supervisor.get(&found.record.session)?.status();
            let plain = |stored| render::plain_message(&services, &status, stored);
            let newest_first: Vec<PlainMessage> = of_one.messages.iter().rev().map(plain).collect();
            let lowest = newest_first.last().map(|message| message.id);
            (newest_first, lowest.filter(|_| of_one.has_more))
        }
        None => of_all(&services, &request, &query, (before, limit), &filter).await?,
    };
    Ok(HttpResponse::Ok().json(data(page(messages, next))))
}

async fn of_all(
    services: &Services,
    request: &HttpRequest,
    query: &Query,
    (before, limit): (Option<u64>, usize),
    filter: &MessageFilter,
) -> Result<(Vec<PlainMessage>, Option<u64>), ApiError> {
    let statuses = statuses(services, request, query)?;
    let wanted = |session: &SessionId, stored: &StoredMessage| {
        statuses.contains_key(session) && filter.takes(stored)
    };
    let (found, next) = services.message_history.feed(before, limit, wanted).await?;
    let plain = |(session, stored): &(SessionId, StoredMessage)| {
        Some(render::plain_message(services, statuses.get(session)?, stored))
    };
    Ok((found.iter().filter_map(plain).collect(), next))
}

/// The instances that are asked for.
pub fn statuses(
    services: &Services,
    request: &HttpRequest,
    query: &Query,
) -> Result<HashMap<SessionId, SessionStatus>, Error> {
    let sessions = access::sessions(services, request, query.text("instance_id"))?;
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
    status: Option<String>,
}

impl MessageFilter {
    fn times(query: &Query) -> Result<Self, ApiError> {
        Ok(Self {
            from: time(query, "from", false)?,
            to: time(query, "to", true)?,
            ..Self::default()
        })
    }

    fn asked(query: &Query) -> Result<Self, ApiError> {
        // What is none of those that there are is refused before.
        let from_me = query.text("direction").map(|direction| direction == "outgoing");
        let status = query.text("status");
        Ok(Self { from_me, status: status.map(str::to_owned), ..Self::times(query)? })
    }

    pub fn takes(&self, stored: &StoredMessage) -> bool {
        let message = &stored.message;
        self.from.is_none_or(|from| from <= message.timestamp)
            && self.to.is_none_or(|to| message.timestamp <= to)
            && self.from_me.is_none_or(|from_me| from_me == message.from_me())
            && self.status.as_ref().is_none_or(|status| status == message_status(message))
    }
}

/// A time, or a day in UTC: its beginning or its end.
fn time(query: &Query, name: &str, is_end: bool) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = query.text(name) else { return Ok(None) };
    let in_day = if is_end { "T23:59:59.999Z" } else { "T00:00:00Z" };
    let read = text.parse().or_else(|_| format!("{text}{in_day}").parse());
    read.map(Some).map_err(|_| {
        let message = "must be a time or a day such as 2026-01-31T12:00:00Z or 2026-01-31";
        Error::invalid_field(name, message).into()
    })
}

fn limit(query: &Query, name: &str) -> Result<usize, ApiError> {
    query.number(name, USUAL, 1, LARGEST)
}

pub fn page(messages: Vec<PlainMessage>, next: Option<u64>) -> PlainMessagePage {
    PlainMessagePage { messages, has_more: next.is_some(), next_before_id: next, indexing: false }
}

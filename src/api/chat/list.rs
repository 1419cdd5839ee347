//! Messages as lists: of one conversation, by id in either direction, and over all of them.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        chat::{
            access::{self, ConversationId},
            conversations::Form,
            either_form::EitherMessagePage,
            message_list::{AllMessagesQuery, TimesQuery, asked, in_times, page, statuses},
            paging::WindowQuery,
            render, search,
            wire::{MessagePage, PlainMessage, PlainMessagePage},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Data, Limit, OwnSessions, Path, Query},
    },
    domain::{
        SessionId,
        conversation::{StoredMessage, Window},
    },
    messaging::MessageFilter,
};

const TAG: &str = "Chat";

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
            .about(TAG, "Messages of all conversations, highest id first")
            .details("`before_id` with the answer's `next_before_id` gives the next page."),
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
struct FormedMessagesQuery {
    #[serde(flatten)]
    of: MessagesQuery,
    #[serde(flatten)]
    times: TimesQuery,
    /// `chat` for the form of /chat/conversations/{uuid}/messages.
    format: Option<Form>,
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
    let filter = in_times(&query.times)?;
    if query.format == Some(Form::Chat) {
        let page = chat_form(&call, &id, &query.of, &filter).await?;
        return Ok(Data::of(EitherMessagePage::from(page)));
    }
    let (window, limit) = (query.of.window.window()?, query.of.limit.get());
    let found = access::conversation(&call, call.request(), &id).await?;
    let page = call.message_history.filtered_page(&found.record, window, limit, &filter).await?;
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
    let page = call.message_history.filtered_page(&found.record, window, limit, filter).await?;
    let messages = render::messages(call, &found.record.session, &page.messages).await?;
    Ok(MessagePage { messages, has_more: page.has_more })
}

pub async fn all(
    call: Call,
    Query(query): Query<AllMessagesQuery>,
) -> Result<Data<PlainMessagePage>, ApiError> {
    let filter = asked(&query)?;
    let (before, limit) = (query.before_id, query.per_page.get());
    let (instance, request) = (query.instance_id.as_deref(), call.request());
    if let Some(words) = &query.search {
        let found = search::find(&call, request, &query, words, (before, limit), &filter).await?;
        return Ok(Data::of(found));
    }
    let (messages, next) = match &query.conversation_id {
        Some(id) => of_one(&call, (id, instance), (before, limit), &filter).await?,
        None => of_all(&call, instance, (before, limit), &filter).await?,
    };
    Ok(Data::of(page(messages, next)))
}

/// Those of a conversation; none where it is in another instance than the one that is asked for.
async fn of_one(
    call: &Call,
    (id, instance): (&str, Option<&str>),
    (before, limit): (Option<u64>, usize),
    filter: &MessageFilter,
) -> Result<(Vec<PlainMessage>, Option<u64>), ApiError> {
    let found = access::conversation(call, call.request(), id).await?;
    let sessions = access::sessions(call, call.request(), instance)?;
    if !sessions.contains(&found.record.session) {
        return Ok((Vec::new(), None));
    }
    let window = before.map_or(Window::Newest, Window::Before);
    let of_one = call.message_history.filtered_page(&found.record, window, limit, filter).await?;
    let status = call.supervisor.get(&found.record.session)?.status();
    let plain = |stored| render::plain_message(call, &status, stored);
    let newest_first: Vec<PlainMessage> = of_one.messages.iter().rev().map(plain).collect();
    let lowest = newest_first.last().map(|message| message.id);
    Ok((newest_first, lowest.filter(|_| of_one.has_more)))
}

async fn of_all(
    call: &Call,
    instance: Option<&str>,
    (before, limit): (Option<u64>, usize),
    filter: &MessageFilter,
) -> Result<(Vec<PlainMessage>, Option<u64>), ApiError> {
    let statuses = statuses(call, call.request(), instance)?;
    let wanted = |session: &SessionId, stored: &StoredMessage| {
        statuses.contains_key(session) && filter.matches(stored)
    };
    let (found, next) = call.message_history.feed(before, limit, wanted).await?;
    let plain = |(session, stored): &(SessionId, StoredMessage)| {
        Some(render::plain_message(call, statuses.get(session)?, stored))
    };
    Ok((found.iter().filter_map(plain).collect(), next))
}

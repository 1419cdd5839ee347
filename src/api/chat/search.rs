//! Messages by their words. What a caller may not see is not looked at.

use actix_web::HttpRequest;

use crate::{
    api::{
        chat::{
            access,
            message_list::{AllMessagesQuery, page, statuses},
            render,
            wire::PlainMessagePage,
        },
        error::ApiError,
    },
    domain::{Error, SessionId, conversation::StoredMessage},
    messaging::MessageFilter,
    search::{LONGEST_QUERY, Wanted, Within},
    services::Services,
};

/// Newest first: callers mostly know about when a message was sent.
pub async fn find(
    services: &Services,
    request: &HttpRequest,
    query: &AllMessagesQuery,
    words: &str,
    (before, limit): (Option<u64>, usize),
    filter: &MessageFilter,
) -> Result<PlainMessagePage, ApiError> {
    if LONGEST_QUERY < words.chars().count() {
        let message = format!("must be at most {LONGEST_QUERY} characters long");
        return Err(Error::invalid_field("search", message).into());
    }
    let statuses = statuses(services, request, query.instance_id.as_deref())?;
    let within = match &query.conversation_id {
        Some(id) => {
            let record = access::conversation(services, request, id).await?.record;
            Within::Chat(record.session, record.chat)
        }
        None => within(services, statuses.keys()),
    };
    // Nothing can be looked for: nothing is found.
    let Some(wanted) = Wanted::read(words) else { return Ok(page(Vec::new(), None)) };
    let takes = |session: &SessionId, stored: &StoredMessage| {
        statuses.contains_key(session) && filter.matches(stored)
    };
    let hits = services.search.find(&wanted, &within, before, limit, takes).await?;
    let plain = |(session, stored): &(SessionId, StoredMessage)| {
        Some(render::plain_message(services, statuses.get(session)?, stored))
    };
    let messages = hits.messages.iter().filter_map(plain).collect();
    Ok(PlainMessagePage { indexing: hits.indexing, ..page(messages, hits.next) })
}

fn within<'a>(services: &Services, mut asked: impl Iterator<Item = &'a SessionId>) -> Within {
    match (asked.next(), asked.next()) {
        (Some(one), None) if 1 < services.supervisor.list().len() => Within::Session(one.clone()),
        _ => Within::All,
    }
}

//! Lists of messages over all conversations: the query, the filter that it means, and the page.

use std::collections::HashMap;

use actix_web::HttpRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        chat::{
            access,
            wire::{PlainMessage, PlainMessagePage},
        },
        kit::Limit,
    },
    domain::{Error, SessionId, SessionStatus, Timestamp},
    messaging::{MessageFilter, MessageStatus},
    services::Services,
};

#[derive(Deserialize, ToSchema)]
pub struct TimesQuery {
    /// Not before this time or day.
    from: Option<String>,
    /// Not after this time or day.
    to: Option<String>,
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
    pub search: Option<String>,
    status: Option<WantedStatus>,
    /// Messages before this id.
    #[schema(minimum = 0)]
    pub before_id: Option<u64>,
    /// How many on a page.
    #[serde(default)]
    pub per_page: Limit<50, 200>,
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

impl From<WantedStatus> for MessageStatus {
    fn from(status: WantedStatus) -> Self {
        match status {
            WantedStatus::Pending => Self::Pending,
            WantedStatus::Sent => Self::Sent,
            WantedStatus::Delivered => Self::Delivered,
            WantedStatus::Read => Self::Read,
            WantedStatus::Failed => Self::Failed,
        }
    }
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

pub fn in_times(times: &TimesQuery) -> Result<MessageFilter, Error> {
    let from = time("from", times.from.as_deref(), false)?;
    let to = time("to", times.to.as_deref(), true)?;
    Ok(MessageFilter { from, to, ..MessageFilter::default() })
}

pub fn asked(query: &AllMessagesQuery) -> Result<MessageFilter, Error> {
    let from_me = query.direction.map(|direction| direction == Direction::Outgoing);
    let status = query.status.map(MessageStatus::from);
    Ok(MessageFilter { from_me, status, ..in_times(&query.times)? })
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

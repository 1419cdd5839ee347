//! Messages of all conversations with people, newest first.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet, hash_map::Entry},
};

use serde::Deserialize;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        business::{
            channels::Channel,
            chats::{self, Call},
            message_view::{self, MessageView},
            sessions,
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Paged, Paging, Query, choice},
    },
    domain::{Error, MessageId, SessionId, Timestamp, conversation::StoredMessage},
    messaging::{MessageFilter, MessageStatus},
};

const TAG: &str = "Business messages";
/// Messages up to which the total of a list is counted, or to the end of the page.
const COUNTED: usize = 1_000;
/// Reads of the feed for one page, each of which is bounded.
const MOST_READS: usize = 5;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/whatsapp-api/messages", list)
            .named("listBusinessMessages")
            .about(TAG, "Messages of all conversations with people, newest first")
            .details(
                "The total is counted up to 1,000, or to the end of the page. Beyond 10,000 entries, go on with `before`.",
            ),
    ]
}

/// Which messages a list holds.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MessagesQuery {
    /// Only received messages, or only sent ones.
    direction: Option<Direction>,
    #[serde(rename = "type")]
    #[schema(schema_with = type_choice)]
    kind: Option<String>,
    /// Only messages that have come so far.
    status: Option<Status>,
    /// Only messages of this conversation.
    #[schema(max_length = 36)]
    conversation_id: Option<String>,
    /// Only messages with this contact.
    #[schema(max_length = 36)]
    contact_id: Option<String>,
    /// `whatsapp`, `sms` or `slack`.
    #[schema(max_length = 20)]
    channel: Option<String>,
    /// Not before this time.
    #[schema(format = DateTime, max_length = 40)]
    from: Option<String>,
    /// Not after this time.
    #[schema(format = DateTime, max_length = 40)]
    to: Option<String>,
    /// Only messages before this one: its id of either kind, or its number.
    #[schema(max_length = 200)]
    before: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

fn type_choice() -> Schema {
    choice("Only messages of this type.", &message_view::KINDS)
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = BusinessDirection)]
enum Direction {
    Inbound,
    Outbound,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = BusinessMessageStatus)]
enum Status {
    Pending,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl From<Status> for MessageStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Sent => Self::Sent,
            Status::Delivered => Self::Delivered,
            Status::Read => Self::Read,
            Status::Failed => Self::Failed,
        }
    }
}

impl MessagesQuery {
    fn contact(&self) -> Result<Option<Uuid>, Error> {
        let fault = |_| Error::invalid_field("contactId", "must be the id of a contact");
        self.contact_id.as_deref().map(|id| id.parse().map_err(fault)).transpose()
    }
}

async fn list(
    call: Call,
    Query(query): Query<MessagesQuery>,
) -> Result<Paged<MessageView>, ApiError> {
    let (skipped, limit) = chats::place(query.paging)?;
    let times = Error::both(time("from", query.from.as_deref()), time("to", query.to.as_deref()));
    let (from, to) = times?;
    let from_me = query.direction.map(|direction| direction == Direction::Outbound);
    let filter = MessageFilter { from, to, from_me, status: query.status.map(Into::into) };
    let conversation = match &query.conversation_id {
        Some(id) => Some(chats::find(&call, id).await?.state),
        None => None,
    };
    let chats = match query.contact()? {
        Some(contact) => Some(call.contacts.get(contact).await?.chats()),
        None => None,
    };
    let sessions = sessions::ids(&call);
    let before = match &query.before {
        Some(text) => Some(message_view::number_of(&call, &sessions, text).await?),
        None => None,
    };
    let channel = query.channel.as_deref().map(Channel::read).transpose()?;
    let kind = query.kind.as_deref();
    let wanted = |session: &SessionId, stored: &StoredMessage| {
        let message = &stored.message;
        channel.is_none_or(|channel| channel == Channel::of(session))
            && message.chat().is_person()
            && sessions.contains(session)
            && filter.matches(stored)
            && kind.is_none_or(|kind| message.from_me() || kind == message_view::kind(message))
            && conversation
                .as_ref()
                .is_none_or(|of| of.session == *session && of.chat == *message.chat())
            && chats.as_ref().is_none_or(|all| all.iter().any(|chat| chat == message.chat()))
    };
    let place = (skipped, limit);
    let (found, total) = collected(&call, (&sessions, kind, before), place, &wanted).await?;
    let messages = views(&call, &found).await?;
    Ok(Paged::of(&messages, query.paging, u64::try_from(total).unwrap_or(u64::MAX)))
}

/// Those of a page, and how many there are: first what waits in the outbox, then what the log has.
async fn collected(
    call: &Call,
    (sessions, kind, mut before): (&[SessionId], Option<&str>, Option<u64>),
    (skipped, limit): (usize, usize),
    wanted: &impl Fn(&SessionId, &StoredMessage) -> bool,
) -> Result<(Vec<(SessionId, StoredMessage)>, usize), Error> {
    let most = COUNTED.max(skipped.saturating_add(limit));
    let mut all = match before {
        None => shown_as(call, kind, waiting(call, sessions, wanted).await?).await?,
        Some(_) => Vec::new(),
    };
    let is_waiting: HashSet<_> = all.iter().map(|(of, one)| key(of, one)).collect();
    for _ in 0..MOST_READS {
        let left = most.saturating_sub(all.len());
        let (more, next) = call.message_history.feed(before, left, wanted).await?;
        let more = shown_as(call, kind, more).await?.into_iter();
        // One that was sent since the waiting ones were read is shown once.
        all.extend(more.filter(|(of, one)| !is_waiting.contains(&key(of, one))));
        if next.is_none() || most <= all.len() {
            break;
        }
        before = next;
    }
    let total = all.len();
    Ok((all.into_iter().skip(skipped).take(limit).collect(), total))
}

fn key(session: &SessionId, stored: &StoredMessage) -> (SessionId, MessageId) {
    (session.clone(), stored.message.id.clone())
}

/// The messages that wait in the outbox, newest first.
async fn waiting(
    call: &Call,
    sessions: &[SessionId],
    wanted: &impl Fn(&SessionId, &StoredMessage) -> bool,
) -> Result<Vec<(SessionId, StoredMessage)>, Error> {
    let mut found = Vec::new();
    for session in sessions {
        let waiting = call.message_history.waiting(session, None).await?.into_iter();
        let waiting = waiting.filter(|stored| wanted(session, stored));
        found.extend(waiting.map(|stored| (session.clone(), stored)));
    }
    found.sort_by_key(|(_, stored)| Reverse(stored.message.timestamp));
    Ok(found)
}

/// Those that are shown as a type. What was sent as a menu or a template is known by its note alone.
async fn shown_as(
    call: &Call,
    kind: Option<&str>,
    found: Vec<(SessionId, StoredMessage)>,
) -> Result<Vec<(SessionId, StoredMessage)>, Error> {
    let Some(kind) = kind else { return Ok(found) };
    let messages = found.iter().map(|(session, stored)| (session, &stored.message));
    let notes = call.inbox.notes(messages).await?;
    let both = found.into_iter().zip(notes);
    let shown =
        both.filter(|((_, stored), note)| message_view::shown_kind(stored, note.as_ref()) == kind);
    Ok(shown.map(|(one, _)| one).collect())
}

async fn views(
    call: &Call,
    found: &[(SessionId, StoredMessage)],
) -> Result<Vec<MessageView>, Error> {
    let messages = found.iter().map(|(session, stored)| (session, &stored.message));
    let notes = call.inbox.notes(messages).await?;
    let mut contacts: HashMap<_, Option<Uuid>> = HashMap::new();
    for (session, stored) in found {
        let place = (session.clone(), stored.message.chat().clone());
        if let Entry::Vacant(unknown) = contacts.entry(place) {
            let state = call.inbox.get(session, stored.message.chat()).await?;
            unknown.insert(state.and_then(|state| state.contact));
        }
    }
    let mut views = Vec::with_capacity(found.len());
    for ((session, stored), note) in found.iter().zip(&notes) {
        let place = (session.clone(), stored.message.chat().clone());
        let contact = contacts.get(&place).copied().flatten();
        views.push(message_view::view(call, session, stored, contact, note.as_ref()).await?);
    }
    Ok(views)
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let read = text.parse().map(Some);
    read.map_err(|_| Error::invalid_field(name, "must be a time such as 2026-01-31T12:00:00Z"))
}

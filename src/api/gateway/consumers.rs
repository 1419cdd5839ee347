//! The consumers of the event log: how far each has come, and the events that it fails at.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Call, Listed, Message, Path, path_value},
        sessions::wire::seconds,
    },
    domain::{Error, ErrorCode},
    events::{ConsumerFault, ConsumerStatus, NoChange},
};

const TAG: &str = "Server";
/// Entries of one consumer that are shown.
const MOST_SHOWN: usize = 100;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/info/consumers", list)
            .named("listConsumers")
            .about(TAG, "How far the consumers of the event log have come, and what they fail at")
            .details("A consumer that falls behind holds up the retention of the log."),
        Endpoint::post("/api/v1/info/consumers/{consumer}/events/{number}/retry", retry)
            .named("retryConsumerEvent")
            .about(
                TAG,
                "Have a consumer try an event now that it fails at, also one that it gave up",
            )
            .details("Events behind it, of the same lane, follow once it is handled."),
        Endpoint::post("/api/v1/info/consumers/{consumer}/events/{number}/skip", skip)
            .named("skipConsumerEvent")
            .about(
                TAG,
                "Have a consumer give up an event that it fails at; one that it gave up is forgotten",
            )
            .details("Events behind it, of the same lane, go on at once."),
    ]
}

path_value! {
    /// A consumer, by its name.
    enum ConsumerName = "consumer" as String;
    about: "The name of the consumer, as their list names it", example: "search",
    read: |text| Ok(text.to_owned())
}

path_value! {
    /// An event, by its number in the log.
    enum EventNumber = "number" as u64;
    about: "The number of the event in the log", example: "42",
    read: |text| text.parse().map_err(|_| unknown())
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConsumerView {
    /// Name of the consumer.
    #[schema(example = "search")]
    name: String,
    /// The log is read up to this number.
    cursor: u64,
    /// The first event that the log keeps for it.
    needed_from: u64,
    /// Events that are not handled yet.
    lag: u64,
    /// Events that failed and are tried again, 100 at most.
    retries: Vec<ConsumerFaultView>,
    /// Events that were given up, or skipped: the poison list. With `retries` 100 at most.
    given_up: Vec<ConsumerFaultView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConsumerFaultView {
    /// The number of the event in the log.
    number: u64,
    event_id: String,
    /// How many attempts failed.
    failures: u32,
    /// The last of the failures.
    #[schema(example = "timeout")]
    error: String,
    /// When it first failed, RFC 3339.
    first_at: String,
    /// When it last failed, RFC 3339.
    last_at: String,
}

impl From<ConsumerStatus> for ConsumerView {
    fn from(status: ConsumerStatus) -> Self {
        let ConsumerStatus { name, cursor, needed_from, lag, faults } = status;
        let (given_up, retries): (Vec<_>, Vec<_>) =
            faults.into_iter().partition(|fault| fault.given_up);
        let views = |faults: Vec<ConsumerFault>| {
            let view = |fault: ConsumerFault| ConsumerFaultView {
                number: fault.seq,
                event_id: fault.event.to_string(),
                failures: fault.failures,
                error: fault.error,
                first_at: seconds(fault.first_at),
                last_at: seconds(fault.last_at),
            };
            faults.into_iter().map(view).collect()
        };
        let (retries, given_up) = (views(retries), views(given_up));
        Self { name: name.to_owned(), cursor, needed_from, lag, retries, given_up }
    }
}

async fn list(call: Call<Admin>) -> Result<Listed<ConsumerView>, ApiError> {
    let all = call.consumers.list(MOST_SHOWN).await.map_err(Error::from)?;
    Ok(all.into_iter().map(ConsumerView::from).collect())
}

async fn retry(
    call: Call<Admin>,
    Path(consumer): Path<ConsumerName>,
    Path(number): Path<EventNumber>,
) -> Result<Message, ApiError> {
    let done = call.consumers.retry(&consumer, number).await.map_err(Error::from)?;
    answer(done, "The event is tried again")
}

async fn skip(
    call: Call<Admin>,
    Path(consumer): Path<ConsumerName>,
    Path(number): Path<EventNumber>,
) -> Result<Message, ApiError> {
    let done = call.consumers.skip(&consumer, number).await.map_err(Error::from)?;
    answer(done, "The event is skipped")
}

fn answer(done: Result<(), NoChange>, message: &'static str) -> Result<Message, ApiError> {
    match done {
        Ok(()) => Ok(Message::of(message)),
        Err(NoChange::Unknown) => Err(unknown().into()),
        Err(NoChange::Gone) => {
            let message = "The event is past its retention; skip it";
            Err(Error::new(ErrorCode::Conflict, message).into())
        }
    }
}

fn unknown() -> Error {
    let message = "There is no such consumer, or it does not fail at this event";
    Error::new(ErrorCode::NotFound, message)
}

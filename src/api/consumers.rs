//! The consumers of the event log: how far each has come, and the events that it fails at.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::{Endpoint, Scope},
        error::ApiError,
        sessions::wire::seconds,
    },
    domain::{Error, ErrorCode},
    events::{ConsumerFault, ConsumerStatus, NoChange},
    services::Services,
};

const TAG: &str = "Server";
/// Entries of one consumer that are shown.
const MOST_SHOWN: usize = 100;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/info/consumers", list)
            .about(TAG, "How far the consumers of the event log have come, and what they fail at")
            .needs(Scope::Admin)
            .answers_list::<ConsumerView>(),
        Endpoint::post("/api/v1/info/consumers/{consumer}/events/{number}/retry", retry).about(
            TAG,
            "Have a consumer try an event now that it fails at, also one that it gave up",
        ),
        Endpoint::post("/api/v1/info/consumers/{consumer}/events/{number}/skip", skip).about(
            TAG,
            "Have a consumer give up an event that it fails at; one that it gave up is forgotten",
        ),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConsumerView {
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
    failures: u32,
    /// The last of the failures.
    error: String,
    first_at: String,
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

async fn list(services: web::Data<Services>) -> Result<HttpResponse, ApiError> {
    let all = services.consumers.list(MOST_SHOWN).await.map_err(Error::from)?;
    let all: Vec<ConsumerView> = all.into_iter().map(ConsumerView::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "success": true, "data": all })))
}

async fn retry(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (consumer, number) = named(&request)?;
    let done = services.consumers.retry(&consumer, number).await.map_err(Error::from)?;
    answer(done, "The event is tried again")
}

async fn skip(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (consumer, number) = named(&request)?;
    let done = services.consumers.skip(&consumer, number).await.map_err(Error::from)?;
    answer(done, "The event is skipped")
}

fn named(request: &HttpRequest) -> Result<(String, u64), Error> {
    let part = |name| request.match_info().get(name).unwrap_or_default();
    let number = part("number").parse().map_err(|_| unknown())?;
    Ok((part("consumer").to_owned(), number))
}

fn answer(done: Result<(), NoChange>, message: &str) -> Result<HttpResponse, ApiError> {
    match done {
        Ok(()) => Ok(HttpResponse::Ok().json(json!({ "success": true, "message": message }))),
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

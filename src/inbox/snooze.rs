//! Snoozed conversations: out of sight until a time, or until the contact writes. The job that ends the snooze is in the
//! commit that begins it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Error, ErrorCode, Jid, SessionId, Timestamp, clock::between},
    inbox::{state::InboxState, status::Status},
    jobs::Job,
    policy::CODE,
    store::{Store, StoreError},
};

/// The kind of the jobs that end snoozes.
pub const KIND: &str = "snoozed conversation";

/// How far away the end may be.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// The chat of a job.
#[derive(Serialize, Deserialize)]
pub struct Payload {
    pub session: SessionId,
    pub chat: Jid,
}

/// Refuses an end that a conversation of this status cannot be snoozed until.
pub fn check(status: Status, until: Timestamp, now: Timestamp) -> Result<(), Error> {
    if until <= now || LONGEST < between(now, until) {
        let fault = "must be in the future, and within a year";
        return Err(Error::invalid_field("snoozedUntil", fault));
    }
    if status == Status::Resolved {
        let message = "A conversation that is resolved cannot be snoozed";
        return Err(Error::new(ErrorCode::Conflict, message).detail(CODE, "invalid_state"));
    }
    Ok(())
}

/// Schedules the end of a snooze within a transaction.
pub async fn schedule(
    store: &Store,
    state: &InboxState,
    until: Timestamp,
) -> Result<(), StoreError> {
    let payload = Payload { session: state.session.clone(), chat: state.chat.clone() };
    let payload = serde_json::to_value(payload);
    let payload = payload.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let name = state.conversation.to_string();
    let job = Job { payload, ..Job::new(KIND, &name, until) };
    let mut transaction = store.transaction();
    transaction.put(&job.key(), &job).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await.map(|_| ())
}

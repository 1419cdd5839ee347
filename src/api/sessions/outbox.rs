//! The outbox as callers see it: what waits, why, and how to take it back.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Call, Data, InSession, Limit, Path, Query, Read, Repeat, Send, check::bounds::one_of,
            choice, path_value, required_choice,
        },
        sessions::{
            texts::time_to_send,
            wire::{hold_reason_schema, seconds},
        },
    },
    domain::{
        Error, FailureCode, SendHold, SessionState, SessionStatus, Subject, Timestamp,
        outbox::{OutboxEntry, OutboxState, Priority, SendOptions},
    },
    services::Services,
};

const TAG: &str = "Outbox";
const PRIORITIES: [&str; 2] = ["direct", "bulk"];

pub fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/v1/sessions/{sessionId}/outbox";
    const RESUME: &str = "/api/v1/sessions/{sessionId}/outbox/resume";
    const ONE: &str = "/api/v1/sessions/{sessionId}/outbox/{outboxId}";
    vec![
        Endpoint::get(ALL, list)
            .named("listOutbox")
            .about(TAG, "Messages on their way out, newest first")
            .details("`hold` says until when WhatsApp takes no messages of the account."),
        Endpoint::get(ONE, read).named("getOutboxMessage").about(TAG, "One message on its way out"),
        Endpoint::delete(ONE, cancel)
            .named("cancelOutboxMessage")
            .about(TAG, "Cancel a message that is not in flight yet")
            .details("409 once it is in flight or has ended."),
        Endpoint::post(RESUME, resume)
            .named("resumeOutbox")
            .about(TAG, "Send again before the end of a hold")
            .details(
                "A hold is a time in which WhatsApp takes no messages of the account. It \
                 begins again where WhatsApp still refuses.",
            )
            .repeats(Repeat::Repeatable),
    ]
}

#[derive(Deserialize, ToSchema)]
struct OutboxQuery {
    #[serde(default)]
    limit: Limit<50, 200>,
    /// The id of an entry: only those accepted before it.
    before: Option<String>,
}

path_value! {
    /// An entry of the outbox, by its UUID.
    enum OutboxId = "outboxId" as Uuid;
    about: "The id of the entry, as a send answers it", example: "550e8400-e29b-41d4-a716-446655440020",
    read: entry_id
}

/// How a message is to be sent; part of every send.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Posting {
    /// Answer at once with 202, and send as soon as the session is ready.
    queue: Option<bool>,
    /// Send not before this (RFC 3339); answered at once with 202.
    #[schema(format = "time-to-send")]
    #[schema(example = "2030-01-31T12:00:00Z")]
    send_at: Option<String>,
    #[schema(schema_with = priority_schema)]
    priority: Option<String>,
}

fn priority_schema() -> Schema {
    choice("`direct` (default) overtakes `bulk`.", &PRIORITIES)
}

fn chosen_priority_schema() -> Schema {
    required_choice("`direct` overtakes `bulk`.", &PRIORITIES)
}

fn state_schema() -> Schema {
    let states = [
        "queued",
        "sending",
        "sent",
        "delivered",
        "read",
        "played",
        "failed",
        "unknown",
        "cancelled",
    ];
    required_choice("How far the message has come.", &states)
}

fn waiting_schema() -> Schema {
    let about = "Why it waits: for its time, its session, the end of a `hold`, the `connection` to WhatsApp, \
                 its `turn` behind others or a `lookup` of its outcome; null when it does not wait.";
    choice(about, &["send_at", "session_not_ready", "hold", "connection", "turn", "lookup"])
}

impl Posting {
    pub fn options(&self, now: Timestamp) -> Result<SendOptions, Error> {
        let priority = match self.priority.as_deref() {
            None | Some("" | "direct") => Priority::Direct,
            Some("bulk") => Priority::Bulk,
            Some(_) => return Err(Error::invalid_field("priority", one_of(&PRIORITIES))),
        };
        let send_at = match &self.send_at {
            Some(text) => time_to_send(text, now)?,
            None => None,
        };
        Ok(SendOptions { queue_if_offline: self.queue.unwrap_or(false), send_at, priority })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutboxView {
    /// UUID of the entry.
    id: String,
    message_id: String,
    chat_id: String,
    #[schema(schema_with = state_schema)]
    state: OutboxState,
    #[schema(schema_with = waiting_schema)]
    waiting_for: Option<&'static str>,
    #[schema(schema_with = chosen_priority_schema)]
    priority: Priority,
    /// When it was accepted, RFC 3339.
    queued_at: String,
    /// The time before which it is not sent, RFC 3339; null for none.
    #[schema(example = json!(null))]
    send_at: Option<String>,
    /// When its state last changed, RFC 3339.
    changed_at: String,
    /// Attempts to send it so far.
    attempts: u32,
    /// Why it failed, or why its outcome is unknown.
    #[schema(example = json!(null))]
    reason: Option<String>,
    /// The kind of the failure, such as RECIPIENT_NOT_ON_WHATSAPP or SEND_FAILED.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    code: Option<FailureCode>,
}

#[derive(Serialize, ToSchema)]
struct OutboxList {
    /// The entries, newest first.
    outbox: Vec<OutboxView>,
    /// Why nothing is sent at the moment, and until when; null when it is.
    hold: Option<HoldView>,
}

#[derive(Serialize, ToSchema)]
struct ResumedView {
    /// Whether there was a hold.
    resumed: bool,
}

/// A time in which a session sends nothing, since WhatsApp said "not now".
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldView {
    #[schema(schema_with = hold_reason_schema)]
    reason: &'static str,
    /// WhatsApp's code.
    whatsapp_code: u32,
    /// Why, in a sentence.
    #[schema(example = "WhatsApp restricts the account")]
    message: String,
    /// When it began, RFC 3339.
    since: String,
    /// When sending goes on at the latest, RFC 3339.
    until: String,
}

impl HoldView {
    pub fn of(hold: &SendHold) -> Self {
        Self {
            reason: hold.reason.as_str(),
            whatsapp_code: hold.code,
            message: hold.message(),
            since: seconds(hold.since),
            until: seconds(hold.until),
        }
    }
}

/// A moment in UTC, to the millisecond.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl OutboxView {
    fn of(entry: &OutboxEntry, status: &SessionStatus, now: Timestamp) -> Self {
        let me = status.me.as_ref().map(|me| &me.id);
        Self {
            id: entry.id.to_string(),
            message_id: entry.message_id(me).to_string(),
            chat_id: entry.chat().to_string(),
            state: entry.state,
            waiting_for: waiting_for(entry, status, now),
            priority: entry.options.priority,
            queued_at: time(entry.queued_at),
            send_at: entry.options.send_at.map(time),
            changed_at: time(entry.changed_at),
            attempts: entry.attempts,
            reason: entry.reason.clone(),
            code: entry.failure,
        }
    }
}

fn waiting_for(
    entry: &OutboxEntry,
    status: &SessionStatus,
    now: Timestamp,
) -> Option<&'static str> {
    match entry.state {
        OutboxState::Unknown => Some("lookup"),
        OutboxState::Queued if entry.options.send_at.is_some_and(|time| now < time) => {
            Some("send_at")
        }
        OutboxState::Queued if status.state != SessionState::Ready => Some("session_not_ready"),
        OutboxState::Queued if status.send_hold.is_some() => Some("hold"),
        OutboxState::Queued if !status.connected => Some("connection"),
        OutboxState::Queued => Some("turn"),
        _ => None,
    }
}

async fn list(
    call: Call<Read, InSession>,
    Query(query): Query<OutboxQuery>,
) -> Result<Data<OutboxList>, ApiError> {
    let session = call.session()?;
    let status = session.status();
    let before = query.before.map(|text| entry_id(&text)).transpose()?;
    let entries = call.outbox.page(session.id(), before, query.limit.get()).await?;
    let now = call.clock.now();
    let outbox = entries.iter().map(|entry| OutboxView::of(entry, &status, now)).collect();
    let hold = status.send_hold.as_ref().map(HoldView::of);
    Ok(Data::of(OutboxList { outbox, hold }))
}

async fn resume(call: Call<Send, InSession>) -> Result<Data<ResumedView>, ApiError> {
    let resumed = call.session()?.resume_sends().await?;
    Ok(Data::of(ResumedView { resumed }))
}

async fn read(
    call: Call<Read, InSession>,
    Path(id): Path<OutboxId>,
) -> Result<Data<OutboxView>, ApiError> {
    let entry = call.outbox.get(call.session()?.id(), id).await?;
    shown(&call, &entry)
}

async fn cancel(
    call: Call<Send, InSession>,
    Path(id): Path<OutboxId>,
) -> Result<Data<OutboxView>, ApiError> {
    let entry = call.outbox.cancel(call.session()?.id(), id).await?;
    shown(&call, &entry)
}

fn shown(services: &Services, entry: &OutboxEntry) -> Result<Data<OutboxView>, ApiError> {
    let status = services.supervisor.get(&entry.session)?.status();
    Ok(Data::of(OutboxView::of(entry, &status, services.clock.now())))
}

fn entry_id(text: &str) -> Result<Uuid, Error> {
    text.parse()
        .map_err(|_| Error::not_found(Subject::Message, "there is no such message in the outbox"))
}

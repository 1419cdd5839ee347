//! One attempt to send a message, or to look up the outcome of an earlier attempt.

use std::{pin::pin, time::Duration};

use tokio::time::timeout;

use crate::{
    breakpoint::Breakpoint,
    domain::{
        Ack, Command, Content, Error, ErrorCode, EventBody, FailureCode, Jid, Message, NotNow,
        Reply, SendHold, SessionState, SessionStatus,
        command::Sent,
        event::CancelReason,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{
        engines::unexpected_reply,
        identities::canonical_chat,
        outbound::{
            outbox::{parts::OutboxParts, stored},
            outgoing_message::sent_message,
            send_results::Unpublished,
        },
        stored::{MessagingTables, Place},
    },
    session::SessionHandle,
    store::StoreError,
};

/// Attempts to send a queueable message.
const MOST_ATTEMPTS: u32 = 5;
/// The pause before the second attempt; it grows by as much before each later one.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// The pause before a look-up after a lost reply: the engine may still be sending.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// The time after which a send is noted as being sent.
const NOTED_AFTER: Duration = Duration::from_millis(50);
/// The back-off of an entry that the disk refused.
pub const DISK_PAUSE: Duration = Duration::from_secs(5);

/// How an attempt ended.
#[derive(Debug)]
pub struct Ended {
    /// The entry as it is now.
    pub entry: OutboxEntry,
    /// The answer for the caller, once the outcome is known.
    pub outcome: Option<Result<Sent, Error>>,
    /// The back-off of an entry that still waits.
    pub pause: Duration,
    /// The event to publish after the caller was answered.
    pub unpublished: Option<Unpublished>,
    /// Whether the disk accepted the state of an entry that still waits.
    pub is_written: bool,
}

impl Ended {
    fn new(entry: OutboxEntry, outcome: Option<Result<Sent, Error>>) -> Self {
        let (pause, unpublished) = (Duration::ZERO, None);
        Self { entry, outcome, pause, unpublished, is_written: false }
    }

    /// A panic ended the attempt: the outcome of the message is looked up.
    pub fn cut_off(mut entry: OutboxEntry) -> Self {
        entry.state = OutboxState::Unknown;
        let error = Error::internal("an internal fault ended the send; its outcome is looked up");
        let error = error.detail("outcome", "unknown");
        let error = error.detail("outboxId", entry.id.to_string());
        Self { pause: LOOK_AGAIN, ..Self::new(entry, Some(Err(error))) }
    }
}

/// Sends a message. With `needs_lookup` it is looked up first, since an earlier attempt may have sent it.
pub async fn attempt(parts: &OutboxParts, mut entry: OutboxEntry, needs_lookup: bool) -> Ended {
    let handle = match parts.supervisor.get(&entry.session) {
        Ok(handle) => handle,
        Err(error) => return give_up(parts, entry, error).await,
    };
    if let Some(account) = &entry.account
        && handle.status().me.is_some_and(|me| me.id != *account)
    {
        return of_another_account(parts, entry, needs_lookup).await;
    }
    if needs_lookup {
        match look_up(&handle, &entry).await {
            Ok(LookupResult::Sent(message)) => return sent(parts, entry, *message).await,
            Ok(LookupResult::Pending) => return unknown(parts, entry, &pending()).await,
            Ok(_) if may_try_again(&entry) => (),
            Ok(LookupResult::Refused) => return give_up(parts, entry, refused()).await,
            Ok(LookupResult::Absent) => {
                let message = "the gateway or the engine stopped before WhatsApp had the message; it was not sent";
                return give_up(parts, entry, Error::new(ErrorCode::EngineFailed, message)).await;
            }
            Err(error) => return as_reported(parts, &handle, entry, &error).await,
        }
    }
    // The outcome could not be stored.
    if !parts.store.health().takes_records() {
        return match entry.options.is_queueable() {
            true => wait(parts, entry, DISK_PAUSE).await,
            false => give_up(parts, entry, StoreError::Full.into()).await,
        };
    }
    Breakpoint::SendBegins.pass();
    entry.attempts += 1;
    entry.state = OutboxState::Sending;
    match send(parts, &handle, &mut entry).await {
        Ok(Reply::Sent(outcome)) => {
            Breakpoint::SendAnswered.pass();
            let author = handle.status().me.map_or_else(|| outcome.id.chat.clone(), |me| me.id);
            let message = sent_message(entry.outgoing.clone(), &outcome, author);
            sent(parts, entry, message).await
        }
        Ok(_) => give_up(parts, entry, unexpected_reply()).await,
        Err(error) => failed(parts, &handle, entry, error).await,
    }
}

/// Sends a message through the engine, and notes meanwhile that it is being sent. The note is for readers, and not
/// flushed: after a crash each waiting entry is looked up before it is sent. Most sends end before anybody could read the
/// note; writing it would only take processor time from the engine.
async fn send(
    parts: &OutboxParts,
    handle: &SessionHandle,
    entry: &mut OutboxEntry,
) -> Result<Reply, Error> {
    let mut send = pin!(handle.execute(Command::Send(entry.outgoing.clone())));
    if let Ok(answer) = timeout(NOTED_AFTER, &mut send).await {
        return answer;
    }
    entry.changed_at = parts.clock.now();
    let (answer, noted) = tokio::join!(send, parts.results.sending(entry));
    if let Err(error) = noted {
        tracing::error!(%error, "an outbox entry could not be marked as being sent");
    }
    answer
}

/// Handles an engine's error. Some errors mean for certain that nothing was sent, others do not.
async fn failed(
    parts: &OutboxParts,
    handle: &SessionHandle,
    mut entry: OutboxEntry,
    error: Error,
) -> Ended {
    match error.code {
        ErrorCode::NotReady | ErrorCode::Unavailable => {
            // The engine has not received it.
            entry.attempts -= 1;
            // Without a connection the message waits, and for a moment its caller does too.
            let is_cut_off = handle.status().is_disconnected();
            if entry.options.is_queueable() || is_cut_off {
                wait(parts, entry, RETRY_PAUSE).await
            } else {
                give_up(parts, entry, error).await
            }
        }
        ErrorCode::EngineFailed => match look_up(handle, &entry).await {
            Ok(LookupResult::Sent(message)) => sent(parts, entry, *message).await,
            Ok(LookupResult::Pending) => unknown(parts, entry, &pending()).await,
            Ok(LookupResult::Refused | LookupResult::Absent) if may_try_again(&entry) => {
                let pause = RETRY_PAUSE * entry.attempts;
                wait(parts, entry, pause).await
            }
            // The engine's error says more than the look-up.
            Ok(LookupResult::Refused | LookupResult::Absent) => give_up(parts, entry, error).await,
            Err(_) => unknown(parts, entry, &error).await,
        },
        ErrorCode::Timeout => unknown(parts, entry, &error).await,
        ErrorCode::NotNow => held(parts, handle, entry, error).await,
        _ => give_up(parts, entry, error).await,
    }
}

/// A queueable message is tried again after an engine failed. The attempts are limited, since a message may crash
/// every engine.
fn may_try_again(entry: &OutboxEntry) -> bool {
    entry.options.is_queueable() && entry.attempts < MOST_ATTEMPTS
}

/// The result of a look-up of a message by its key.
enum LookupResult {
    Sent(Box<Message>),
    /// The engine is still sending it, or waits for its connection.
    Pending,
    /// The engine has the message, and WhatsApp refused it: nobody else has it.
    Refused,
    Absent,
}

async fn look_up(handle: &SessionHandle, entry: &OutboxEntry) -> Result<LookupResult, Error> {
    let me = handle.status().me.map(|me| me.id);
    let message = entry.message_id(me.as_ref());
    match handle.execute(Command::Find { message }).await? {
        Reply::Found(Some(found)) if found.ack == Ack::Failed => Ok(LookupResult::Refused),
        Reply::Found(Some(found)) if found.ack == Ack::Pending => Ok(LookupResult::Pending),
        Reply::Found(Some(found)) => Ok(LookupResult::Sent(found)),
        Reply::Found(None) => Ok(LookupResult::Absent),
        _ => Err(unexpected_reply()),
    }
}

/// Ends a message by the receipt that came for it, where the engine cannot tell what became of it. Without one nobody
/// knows yet.
async fn as_reported(
    parts: &OutboxParts,
    handle: &SessionHandle,
    entry: OutboxEntry,
    error: &Error,
) -> Ended {
    let stored = parts.store.outbox().get(&entry.session, entry.id).await.ok().flatten();
    match stored.and_then(|stored| stored.acked) {
        Some(Ack::Failed) => {
            let message = "the message was reported as not delivered";
            give_up(parts, entry, Error::new(ErrorCode::EngineFailed, message)).await
        }
        Some(ack) if Ack::Sent <= ack => {
            let me = handle.status().me.map(|me| me.id);
            let (id, timestamp) = (entry.message_id(me.as_ref()), parts.clock.now());
            let outcome = Sent { id, timestamp, ack, recipients: None };
            let author = me.unwrap_or_else(|| outcome.id.chat.clone());
            let message = sent_message(entry.outgoing.clone(), &outcome, author);
            sent(parts, entry, message).await
        }
        Some(_) | None => unknown(parts, entry, error).await,
    }
}

fn refused() -> Error {
    Error::new(ErrorCode::EngineFailed, "WhatsApp refused the message")
}

fn pending() -> Error {
    Error::new(ErrorCode::Timeout, "the engine has the message, and WhatsApp does not have it yet")
}

/// Handles WhatsApp's "not now": the whole queue of the session is held.
async fn held(
    parts: &OutboxParts,
    handle: &SessionHandle,
    mut entry: OutboxEntry,
    error: Error,
) -> Ended {
    let Some(refusal) = NotNow::of_error(&error) else { return give_up(parts, entry, error).await };
    let hold = match handle.hold_sends(refusal, parts.settings.holds).await {
        Ok(hold) => hold,
        Err(error) => return give_up(parts, entry, error).await,
    };
    let error = hold.error(parts.clock.now());
    if !may_try_again(&entry) {
        return give_up(parts, entry, error).await;
    }
    entry.reason = Some(error.message);
    wait(parts, entry, Duration::ZERO).await
}

/// Handles a sent message: WhatsApp has it.
async fn sent(parts: &OutboxParts, mut entry: OutboxEntry, mut message: Message) -> Ended {
    // The engine may name the chat by the person's other id.
    if let Ok(name) = canonical_chat(&parts.store, &entry.session, message.chat()).await {
        message.rename_chat(&name);
    }
    let (id, timestamp, ack) = (message.id.clone(), message.timestamp, message.ack);
    let outcome = Sent { id, timestamp, ack, recipients: None };
    entry.state = OutboxState::Sent;
    (entry.sent, entry.reason) = (Some(outcome.clone()), None);
    entry.changed_at = parts.clock.now();
    metrics::counter!("wagate_outbox_total", "outcome" => "sent").increment(1);
    match parts.results.sent(entry.clone(), message).await {
        Ok(sent) => {
            let unpublished = Some(sent);
            Ended { unpublished, ..Ended::new(entry, Some(Ok(outcome))) }
        }
        Err(error) => {
            // The stored entry is still waiting: it is looked up again until the disk accepts writes.
            entry.state = OutboxState::Unknown;
            let error = Error::from(error).detail("outcome", "unknown");
            let error = error.detail("messageId", outcome.id.to_string());
            Ended { pause: LOOK_AGAIN, ..Ended::new(entry, Some(Err(error))) }
        }
    }
}

/// Cancels a message of an account that the session is no longer linked to.
async fn of_another_account(
    parts: &OutboxParts,
    mut entry: OutboxEntry,
    may_be_sent: bool,
) -> Ended {
    let reason = CancelReason::AccountChanged;
    let message = "the session is linked to another account now; the message was cancelled";
    match cancel(parts, &mut entry, reason, may_be_sent, Some(message)).await {
        Ok(()) => Ended::new(entry, Some(Err(Error::new(ErrorCode::Conflict, message)))),
        Err(_) => {
            entry.state = OutboxState::Queued;
            Ended { pause: DISK_PAUSE, ..Ended::new(entry, None) }
        }
    }
}

/// Ends a message as failed.
async fn give_up(parts: &OutboxParts, mut entry: OutboxEntry, error: Error) -> Ended {
    let fault = match fail(parts, &mut entry, &error).await {
        Ok(()) => return Ended::new(entry, Some(Err(error))),
        Err(fault) => fault,
    };
    if !entry.options.is_queueable() {
        return Ended::new(entry, Some(Err(fault.into())));
    }
    // The failure could not be stored, so it is not final: the entry is tried again.
    (entry.state, entry.failure) = (OutboxState::Queued, None);
    Ended { pause: DISK_PAUSE, ..Ended::new(entry, None) }
}

/// Returns an entry to its chat's queue.
async fn wait(parts: &OutboxParts, mut entry: OutboxEntry, pause: Duration) -> Ended {
    entry.state = OutboxState::Queued;
    // If this write is lost, the stored entry is queued all the same.
    let is_written = write(parts, &mut entry).await.is_ok();
    Ended { pause, is_written, ..Ended::new(entry, None) }
}

/// Moves an entry whose outcome is unknown to the look-ups.
async fn unknown(parts: &OutboxParts, mut entry: OutboxEntry, error: &Error) -> Ended {
    entry.state = OutboxState::Unknown;
    entry.reason = Some(error.message.clone());
    metrics::counter!("wagate_outbox_total", "outcome" => "unknown").increment(1);
    let me = parts.supervisor.get(&entry.session).ok().and_then(|handle| handle.status().me);
    let id = entry.message_id(me.map(|me| me.id).as_ref()).to_string();
    let shown = error.clone().detail("outcome", "unknown").detail("messageId", id);
    let (is_written, outcome) = match look_up_later(parts, &mut entry).await {
        Ok(()) => (true, Err(shown)),
        Err(error) => (false, Err(error.into())),
    };
    Ended { pause: LOOK_AGAIN, is_written, ..Ended::new(entry, Some(outcome)) }
}

/// Stores that an entry failed, with its event, and deletes its file.
pub async fn fail(
    parts: &OutboxParts,
    entry: &mut OutboxEntry,
    error: &Error,
) -> Result<(), StoreError> {
    let code = FailureCode::of(error);
    let event = EventBody::MessageFailed {
        outbox: entry.id,
        message: entry.message_id(account_of(parts, entry).as_ref()),
        code,
        reason: error.message.clone(),
    };
    (entry.state, entry.failure) = (OutboxState::Failed, Some(code));
    entry.reason = Some(error.message.clone());
    end(parts, entry, event).await?;
    metrics::counter!("wagate_outbox_total", "outcome" => "failed").increment(1);
    Ok(())
}

/// Stores that an entry was cancelled, with its event, and deletes its file.
pub async fn cancel(
    parts: &OutboxParts,
    entry: &mut OutboxEntry,
    reason: CancelReason,
    may_be_sent: bool,
    words: Option<&str>,
) -> Result<(), StoreError> {
    let event = EventBody::MessageCancelled {
        outbox: entry.id,
        message: entry.message_id(account_of(parts, entry).as_ref()),
        reason,
        may_be_sent,
    };
    (entry.state, entry.reason) = (OutboxState::Cancelled, words.map(str::to_owned));
    end(parts, entry, event).await
}

async fn end(
    parts: &OutboxParts,
    entry: &mut OutboxEntry,
    event: EventBody,
) -> Result<(), StoreError> {
    entry.changed_at = parts.clock.now();
    parts.results.ended(entry, event, account_of(parts, entry)).await?;
    if let Content::Media(media) = &entry.outgoing.content {
        let _ = tokio::fs::remove_file(&media.path).await;
    }
    Ok(())
}

/// The account that the entry was accepted for, else the session's current one.
fn account_of(parts: &OutboxParts, entry: &OutboxEntry) -> Option<Jid> {
    let linked = || {
        let status = parts.supervisor.get(&entry.session).ok()?.status();
        status.me.map(|me| me.id)
    };
    entry.account.clone().or_else(linked)
}

/// Whether a session can send now.
#[derive(Clone, Debug, PartialEq)]
pub enum Readiness {
    Ready,
    /// The session is ready, and has no connection to WhatsApp.
    Disconnected,
    /// WhatsApp accepts no messages of the session for now.
    Held(SendHold),
    NotReady(SessionState),
}

pub fn readiness_of(status: &SessionStatus) -> Readiness {
    match status {
        SessionStatus { state, .. } if *state != SessionState::Ready => Readiness::NotReady(*state),
        SessionStatus { send_hold: Some(hold), .. } => Readiness::Held(hold.clone()),
        SessionStatus { connected: false, .. } => Readiness::Disconnected,
        _ => Readiness::Ready,
    }
}

async fn write(parts: &OutboxParts, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    entry.changed_at = parts.clock.now();
    stored::write(&parts.store, entry).await
}

/// Moves an entry from its chat's queue to the look-ups, so that it blocks its chat no longer. Durable on return.
async fn look_up_later(parts: &OutboxParts, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    entry.changed_at = parts.clock.now();
    stored::move_to(&parts.store, entry, Place::Lookup).await?;
    parts.store.durable().await
}

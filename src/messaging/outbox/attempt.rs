//! One attempt to send one message, or to learn what became of an earlier one.

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
        Unsettled,
        identity::chat_name,
        odd_reply,
        outbox::{OutboxParts, stored},
        send::message_of,
    },
    session::SessionHandle,
    store::{Place, StoreError},
};

/// How often an engine is asked to send a message that its caller does not wait for.
const MOST_ATTEMPTS: u32 = 5;
/// Before the second attempt; longer by as much before each later one.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long after a lost answer its message is looked up: the engine may still be at it.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// How long an engine may take over a message whose caller waits before that is noted.
const NOTED_AFTER: Duration = Duration::from_millis(50);
/// How long a message is left alone that the disk did not take a record of.
pub const DISK_PAUSE: Duration = Duration::from_secs(5);

/// How an attempt ended.
#[derive(Debug)]
pub struct Ended {
    /// As it is written down now.
    pub entry: OutboxEntry,
    /// For the caller, when there is one and the matter is decided.
    pub outcome: Option<Result<Sent, Error>>,
    /// For an entry that still waits: how long it is left alone.
    pub pause: Duration,
    /// What is left to do when the caller has been answered.
    pub unsettled: Option<Unsettled>,
    /// Whether the disk took the state of an entry that still waits.
    pub is_written: bool,
}

impl Ended {
    fn new(entry: OutboxEntry, outcome: Option<Result<Sent, Error>>) -> Self {
        let (pause, unsettled) = (Duration::ZERO, None);
        Self { entry, outcome, pause, unsettled, is_written: false }
    }

    /// A fault of ours ended the attempt: what became of the message is looked up.
    pub fn cut_off(mut entry: OutboxEntry) -> Self {
        entry.state = OutboxState::Unknown;
        let error = Error::internal("the attempt to send the message ended by a fault");
        let error = error.detail("outcome", "unknown");
        let error = error.detail("outboxId", entry.id.to_string());
        Self { pause: LOOK_AGAIN, ..Self::new(entry, Some(Err(error))) }
    }
}

/// Sends a message, or looks it up first when an earlier attempt may have sent it.
pub async fn attempt(parts: &OutboxParts, mut entry: OutboxEntry, is_doubtful: bool) -> Ended {
    let handle = match parts.supervisor.get(&entry.session) {
        Ok(handle) => handle,
        Err(error) => return give_up(parts, entry, error).await,
    };
    if let Some(account) = &entry.account
        && handle.status().me.is_some_and(|me| me.id != *account)
    {
        return of_another_account(parts, entry, is_doubtful).await;
    }
    if is_doubtful {
        match look_up(&handle, &entry).await {
            Ok(Outcome::Sent(message)) => return sent(parts, entry, *message).await,
            Ok(Outcome::Pending) => return unknown(parts, entry, &pending()).await,
            Ok(_) if may_try_again(&entry) => (),
            Ok(Outcome::Refused) => return give_up(parts, entry, refused()).await,
            Ok(Outcome::Absent) => {
                let message = "the gateway or the engine ended before WhatsApp had the message";
                return give_up(parts, entry, Error::new(ErrorCode::EngineFailed, message)).await;
            }
            Err(error) => return unknown(parts, entry, &error).await,
        }
    }
    // What became of it could not be written down either.
    if !parts.store.takes_records() {
        return match entry.terms.waits() {
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
            let message = message_of(entry.outgoing.clone(), &outcome, author);
            sent(parts, entry, message).await
        }
        Ok(_) => give_up(parts, entry, odd_reply()).await,
        Err(error) => failed(parts, &handle, entry, error).await,
    }
}

/// Has the engine send it, and notes meanwhile that it is at it. The note is for those who look, and not
/// flushed: after a crash every waiting entry is looked up before it is sent. Most sends whose caller
/// waits are over before anybody could look; writing would only take the processor from the engine.
async fn send(
    parts: &OutboxParts,
    handle: &SessionHandle,
    entry: &mut OutboxEntry,
) -> Result<Reply, Error> {
    let mut send = pin!(handle.execute(Command::Send(entry.outgoing.clone())));
    if !entry.terms.waits()
        && let Ok(answer) = timeout(NOTED_AFTER, &mut send).await
    {
        return answer;
    }
    entry.changed_at = parts.clock.now();
    let (answer, noted) = tokio::join!(send, parts.ingest.note_under_way(entry));
    if let Err(error) = noted {
        tracing::error!(%error, "that a message is under way cannot be written");
    }
    answer
}

/// What to make of an engine's error: some say for certain that nothing was sent, others do not.
async fn failed(
    parts: &OutboxParts,
    handle: &SessionHandle,
    mut entry: OutboxEntry,
    error: Error,
) -> Ended {
    match error.code {
        ErrorCode::NotReady | ErrorCode::Unavailable => {
            // The engine has not seen it.
            entry.attempts -= 1;
            // Without a connection it waits, as its caller does, for a moment at least.
            let is_cut_off = handle.status().is_disconnected();
            if entry.terms.waits() || is_cut_off {
                wait(parts, entry, RETRY_PAUSE).await
            } else {
                give_up(parts, entry, error).await
            }
        }
        ErrorCode::EngineFailed => match look_up(handle, &entry).await {
            Ok(Outcome::Sent(message)) => sent(parts, entry, *message).await,
            Ok(Outcome::Pending) => unknown(parts, entry, &pending()).await,
            Ok(Outcome::Refused | Outcome::Absent) if may_try_again(&entry) => {
                let pause = RETRY_PAUSE * entry.attempts;
                wait(parts, entry, pause).await
            }
            // The engine's own error says more than the look-up.
            Ok(Outcome::Refused | Outcome::Absent) => give_up(parts, entry, error).await,
            Err(_) => unknown(parts, entry, &error).await,
        },
        ErrorCode::Timeout => unknown(parts, entry, &error).await,
        ErrorCode::NotNow => held(parts, handle, entry, error).await,
        _ => give_up(parts, entry, error).await,
    }
}

/// What was accepted for later is sent although an engine failed; but a message that brings every
/// engine down is not sent for ever.
fn may_try_again(entry: &OutboxEntry) -> bool {
    entry.terms.waits() && entry.attempts < MOST_ATTEMPTS
}

/// What a look-up of a message by its key finds.
enum Outcome {
    Sent(Box<Message>),
    /// The engine is at it still: it waits for its connection.
    Pending,
    /// The engine has the message, and WhatsApp did not take it: nobody else has it.
    Refused,
    Absent,
}

async fn look_up(handle: &SessionHandle, entry: &OutboxEntry) -> Result<Outcome, Error> {
    let me = handle.status().me.map(|me| me.id);
    let message = entry.message_id(me.as_ref());
    match handle.execute(Command::Find { message }).await? {
        Reply::Found(Some(found)) if found.ack == Ack::Failed => Ok(Outcome::Refused),
        Reply::Found(Some(found)) if found.ack == Ack::Pending => Ok(Outcome::Pending),
        Reply::Found(Some(found)) => Ok(Outcome::Sent(found)),
        Reply::Found(None) => Ok(Outcome::Absent),
        _ => Err(odd_reply()),
    }
}

fn refused() -> Error {
    Error::new(ErrorCode::EngineFailed, "WhatsApp did not send the message")
}

fn pending() -> Error {
    Error::new(ErrorCode::Timeout, "the engine has the message, and WhatsApp does not have it yet")
}

/// WhatsApp said "not now": the whole queue of the session waits, and this message with it.
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

/// WhatsApp has it.
async fn sent(parts: &OutboxParts, mut entry: OutboxEntry, mut message: Message) -> Ended {
    // The engine may name the chat by the person's other id.
    if let Ok(name) = chat_name(&parts.store, &entry.session, message.chat()).await {
        message.rename_chat(&name);
    }
    let (id, timestamp, ack) = (message.id.clone(), message.timestamp, message.ack);
    let outcome = Sent { id, timestamp, ack, recipients: None };
    entry.state = OutboxState::Sent;
    (entry.sent, entry.reason) = (Some(outcome.clone()), None);
    entry.changed_at = parts.clock.now();
    metrics::counter!("wagate_outbox_total", "outcome" => "sent").increment(1);
    match parts.ingest.message_sent(entry.clone(), message).await {
        Ok(unsettled) => {
            let unsettled = Some(unsettled);
            Ended { unsettled, ..Ended::new(entry, Some(Ok(outcome))) }
        }
        Err(error) => {
            // The record says that it is being sent: it is looked up again until the disk takes more.
            entry.state = OutboxState::Unknown;
            let error = Error::from(error).detail("outcome", "unknown");
            let error = error.detail("messageId", outcome.id.to_string());
            Ended { pause: LOOK_AGAIN, ..Ended::new(entry, Some(Err(error))) }
        }
    }
}

/// It was written for an account that the session is not linked to any more.
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

/// It will not be sent.
async fn give_up(parts: &OutboxParts, mut entry: OutboxEntry, error: Error) -> Ended {
    let fault = match fail(parts, &mut entry, &error).await {
        Ok(()) => return Ended::new(entry, Some(Err(error))),
        Err(fault) => fault,
    };
    if !entry.terms.waits() {
        return Ended::new(entry, Some(Err(fault.into())));
    }
    // Its end becomes an event once the disk takes it; until then it is not the end.
    (entry.state, entry.failure) = (OutboxState::Queued, None);
    Ended { pause: DISK_PAUSE, ..Ended::new(entry, None) }
}

/// It goes back to its chat's queue.
async fn wait(parts: &OutboxParts, mut entry: OutboxEntry, pause: Duration) -> Ended {
    entry.state = OutboxState::Queued;
    // Lost, it is queued all the same.
    let is_written = write(parts, &mut entry).await.is_ok();
    Ended { pause, is_written, ..Ended::new(entry, None) }
}

async fn unknown(parts: &OutboxParts, mut entry: OutboxEntry, error: &Error) -> Ended {
    entry.state = OutboxState::Unknown;
    entry.reason = Some(error.message.clone());
    metrics::counter!("wagate_outbox_total", "outcome" => "unknown").increment(1);
    let me = parts.supervisor.get(&entry.session).ok().and_then(|handle| handle.status().me);
    let id = entry.message_id(me.map(|me| me.id).as_ref()).to_string();
    let told = error.clone().detail("outcome", "unknown").detail("messageId", id);
    let (is_written, outcome) = match look_up_later(parts, &mut entry).await {
        Ok(()) => (true, Err(told)),
        Err(error) => (false, Err(error.into())),
    };
    Ended { pause: LOOK_AGAIN, is_written, ..Ended::new(entry, Some(outcome)) }
}

/// Writes down for good that an entry failed, with the event of it, and drops its file.
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

/// The same for one that was cancelled.
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
    parts.ingest.send_ended(entry, event, account_of(parts, entry)).await?;
    if let Content::Media(media) = &entry.outgoing.content {
        let _ = tokio::fs::remove_file(&media.path).await;
    }
    Ok(())
}

/// The account that it was accepted for, or that the session has now.
fn account_of(parts: &OutboxParts, entry: &OutboxEntry) -> Option<Jid> {
    let linked = || {
        let status = parts.supervisor.get(&entry.session).ok()?.status();
        status.me.map(|me| me.id)
    };
    entry.account.clone().or_else(linked)
}

/// Whether a session sends at the moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    Sends,
    /// It is ready, and has no connection to WhatsApp.
    Disconnected,
    /// WhatsApp takes no messages of it for now.
    Held(SendHold),
    NotReady(SessionState),
}

pub fn standing_of(status: &SessionStatus) -> Standing {
    match status {
        SessionStatus { state, .. } if *state != SessionState::Ready => Standing::NotReady(*state),
        SessionStatus { send_hold: Some(hold), .. } => Standing::Held(hold.clone()),
        SessionStatus { connected: false, .. } => Standing::Disconnected,
        _ => Standing::Sends,
    }
}

async fn write(parts: &OutboxParts, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    entry.changed_at = parts.clock.now();
    stored::write(&parts.store, entry).await
}

/// Takes an entry out of its chat, which it holds up no longer. Durable on return.
async fn look_up_later(parts: &OutboxParts, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    entry.changed_at = parts.clock.now();
    stored::move_to(&parts.store, entry, Place::Lookup).await?;
    parts.store.durable().await
}

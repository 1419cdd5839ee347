//! One attempt to send one message, or to learn what became of an earlier one.

use std::{pin::pin, time::Duration};

use tokio::time::timeout;

use crate::{
    breakpoint::Breakpoint,
    domain::{
        Ack, Command, Content, Error, ErrorCode, EventBody, Message, Reply, SessionId,
        SessionState,
        command::Sent,
        event::CancelReason,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{Unsettled, identity::chat_name, odd_reply, outbox::OutboxParts, send::message_of},
    session::SessionHandle,
    store::{Batch, StoreError},
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
const DISK_PAUSE: Duration = Duration::from_secs(5);

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
}

impl Ended {
    fn new(entry: OutboxEntry, outcome: Option<Result<Sent, Error>>) -> Self {
        Self { entry, outcome, pause: Duration::ZERO, unsettled: None }
    }

    /// A fault of ours ended the attempt: what became of the message is looked up. Its lane goes on.
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
            if entry.terms.waits() {
                wait(parts, entry, RETRY_PAUSE).await
            } else {
                give_up(parts, entry, error).await
            }
        }
        ErrorCode::EngineFailed => match look_up(handle, &entry).await {
            Ok(Outcome::Sent(message)) => sent(parts, entry, *message).await,
            Ok(Outcome::Refused | Outcome::Absent) if may_try_again(&entry) => {
                let pause = RETRY_PAUSE * entry.attempts;
                wait(parts, entry, pause).await
            }
            // The engine's own error says more than the look-up.
            Ok(Outcome::Refused | Outcome::Absent) => give_up(parts, entry, error).await,
            Err(_) => unknown(parts, entry, &error).await,
        },
        ErrorCode::Timeout => unknown(parts, entry, &error).await,
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
    /// The engine has the message, and WhatsApp did not take it: nobody else has it.
    Refused,
    Absent,
}

async fn look_up(handle: &SessionHandle, entry: &OutboxEntry) -> Result<Outcome, Error> {
    let me = handle.status().me.map(|me| me.id);
    let message = entry.message_id(me.as_ref());
    match handle.execute(Command::Find { message }).await? {
        Reply::Found(Some(found)) if found.ack == Ack::Failed => Ok(Outcome::Refused),
        Reply::Found(Some(found)) => Ok(Outcome::Sent(found)),
        Reply::Found(None) => Ok(Outcome::Absent),
        _ => Err(odd_reply()),
    }
}

fn refused() -> Error {
    Error::new(ErrorCode::EngineFailed, "WhatsApp did not send the message")
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
    let event = EventBody::MessageCancelled {
        outbox: entry.id,
        message: entry.message_id(entry.account.as_ref()),
        reason: CancelReason::AccountChanged,
        may_be_sent,
    };
    let message = "the session is linked to another account now; the message was cancelled";
    let cancelled = async {
        parts.ingest.tell_cancelled(&entry.session.clone(), vec![event]).await?;
        close(parts, &mut entry, OutboxState::Cancelled, Some(message.to_owned())).await
    };
    let error = match cancelled.await {
        Ok(()) => Error::new(ErrorCode::Conflict, message),
        Err(fault) => fault.into(),
    };
    if entry.state.is_waiting() {
        return Ended { pause: DISK_PAUSE, ..Ended::new(entry, None) };
    }
    Ended::new(entry, Some(Err(error)))
}

/// It will not be sent.
async fn give_up(parts: &OutboxParts, mut entry: OutboxEntry, error: Error) -> Ended {
    metrics::counter!("wagate_outbox_total", "outcome" => "failed").increment(1);
    let reason = Some(error.message.clone());
    let error = match close(parts, &mut entry, OutboxState::Failed, reason).await {
        Ok(()) => error,
        Err(fault) => fault.into(),
    };
    Ended::new(entry, Some(Err(error)))
}

/// It goes back to its lane.
async fn wait(parts: &OutboxParts, mut entry: OutboxEntry, pause: Duration) -> Ended {
    entry.state = OutboxState::Queued;
    // Lost, it is queued all the same.
    let _ = write(parts, &mut entry).await;
    Ended { pause, ..Ended::new(entry, None) }
}

async fn unknown(parts: &OutboxParts, mut entry: OutboxEntry, error: &Error) -> Ended {
    entry.state = OutboxState::Unknown;
    entry.reason = Some(error.message.clone());
    metrics::counter!("wagate_outbox_total", "outcome" => "unknown").increment(1);
    let me = parts.supervisor.get(&entry.session).ok().and_then(|handle| handle.status().me);
    let id = entry.message_id(me.map(|me| me.id).as_ref()).to_string();
    let told = error.clone().detail("outcome", "unknown").detail("messageId", id);
    let outcome = match write_durably(parts, &mut entry).await {
        Ok(()) => Err(told),
        Err(error) => Err(error.into()),
    };
    Ended { pause: LOOK_AGAIN, ..Ended::new(entry, Some(outcome)) }
}

/// Writes an entry down for good that will not be sent, and drops its file.
pub async fn close(
    parts: &OutboxParts,
    entry: &mut OutboxEntry,
    state: OutboxState,
    reason: Option<String>,
) -> Result<(), StoreError> {
    (entry.state, entry.reason) = (state, reason);
    write_durably(parts, entry).await?;
    if let Content::Media(media) = &entry.outgoing.content {
        let _ = tokio::fs::remove_file(&media.path).await;
    }
    Ok(())
}

/// Whether a session sends at the moment.
pub fn is_ready(parts: &OutboxParts, session: &SessionId) -> Result<bool, Error> {
    Ok(parts.supervisor.get(session)?.status().state == SessionState::Ready)
}

async fn write(parts: &OutboxParts, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    entry.changed_at = parts.clock.now();
    let mut batch = Batch::new();
    parts.store.outbox().change_in(&mut batch, entry)?;
    parts.store.commit(batch).await
}

async fn write_durably(parts: &OutboxParts, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    write(parts, entry).await?;
    parts.store.durable().await
}

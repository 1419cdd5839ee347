//! Messages that the inbox sends by itself: each in the commit of the event that leads to it, under a key that is named
//! after that event, so that a replay sends nothing twice.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use uuid::Uuid;

use crate::{
    domain::{
        Clock, Content, Error, ErrorCode, Event, Jid, Outgoing, SessionId, Timestamp,
        clock::between,
        outbox::{OutboxEntry, SendOptions},
    },
    events::{
        Failure, Work,
        effect::{effect_id, message_key},
    },
    inbox::{
        sent_note::{Author, SentNote},
        sms_parts::parts,
    },
    messaging::{Outbox, Place, Reservation},
};

/// What came in longer ago, while the gateway was away, is answered by no machine.
const FRESH: Duration = Duration::from_secs(600);
/// The pause before a message is tried again while the disk is full, or the store fails.
const FULL_PAUSE: Duration = Duration::from_secs(5);

pub struct Post {
    clock: Clock,
    /// None where nothing is sent, as in tests.
    outbox: Option<Outbox>,
    /// Messages whose commit is under way, in their order, by their event.
    posted: Mutex<HashMap<Uuid, Vec<Posted>>>,
}

/// A message in the commit of an event, with what keeps the dispatcher from it until then.
type Posted = (OutboxEntry, Place, Reservation);

/// The event that leads to a message.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    pub event: Uuid,
    pub at: Timestamp,
}

impl Cause {
    pub fn of(event: &Event) -> Self {
        Self { event: event.id, at: event.at }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the commit.
    Posted,
    /// The event is too old, or its session is being removed.
    Dropped,
    /// The disk is full, or fails: the event is to be handled again.
    Later(Duration),
}

impl Post {
    pub fn new(clock: Clock, outbox: Option<Outbox>) -> Self {
        Self { clock, outbox, posted: Mutex::default() }
    }

    /// Forgets what an earlier attempt at an event would have sent.
    pub fn begin(&self, event: &Event) {
        self.forget(event.id);
    }

    /// The same for an event by its id.
    pub fn forget(&self, event: Uuid) {
        self.posted().remove(&event);
    }

    /// Whether the work of an event has a message already.
    pub fn has_answered(&self, event: &Event) -> bool {
        self.posted().contains_key(&event.id)
    }

    /// Adds a message to the work of an event.
    pub async fn send(
        &self,
        work: &Work<'_>,
        (session, chat): (&SessionId, &Jid),
        (event, rule): (&Event, &str),
        text: &str,
    ) -> Result<Outcome, Failure> {
        let said = (text, SentNote::by(Author::SYSTEM));
        let (outcome, _) =
            self.send_for(work, (session, chat), (Cause::of(event), rule), said).await?;
        Ok(outcome)
    }

    /// The same with the note on the message, whose key is with the outcome, and because of an event that need not be at
    /// hand.
    pub async fn send_for(
        &self,
        work: &Work<'_>,
        (session, chat): (&SessionId, &Jid),
        (cause, rule): (Cause, &str),
        said: (&str, SentNote),
    ) -> Result<(Outcome, String), Failure> {
        let effect = effect_id(cause.event, rule, 0);
        self.send_effect(work, (session, chat), (cause, effect), said).await
    }

    /// The same under the name of an effect, of which an event may have several. By SMS a long text goes in parts, in order;
    /// outcome and key are those of the first.
    pub async fn send_effect(
        &self,
        work: &Work<'_>,
        (session, chat): (&SessionId, &Jid),
        (cause, effect): (Cause, Uuid),
        (text, note): (&str, SentNote),
    ) -> Result<(Outcome, String), Failure> {
        let said = if session.is_sms() { parts(text) } else { vec![text.to_owned()] };
        let mut first = None;
        for (number, body) in (0_u32..).zip(said) {
            let effect = match number {
                0 => effect,
                number => Uuid::new_v5(&effect, &number.to_be_bytes()),
            };
            let said = (Content::Text { body }, note.clone());
            let (outcome, key) = self.add(work, (session, chat), (cause, effect), said).await?;
            if let Outcome::Later(_) = outcome {
                return Ok((outcome, key));
            }
            let (known, _) = first.get_or_insert((outcome, key));
            if *known != outcome {
                break;
            }
        }
        first.ok_or_else(|| Failure::of(Error::internal("a message has no parts")))
    }

    /// The same with what is no text.
    pub async fn send_content(
        &self,
        work: &Work<'_>,
        place: (&SessionId, &Jid),
        cause: (Cause, Uuid),
        said: (Content, SentNote),
    ) -> Result<Outcome, Failure> {
        Ok(self.add(work, place, cause, said).await?.0)
    }

    async fn add(
        &self,
        work: &Work<'_>,
        (session, chat): (&SessionId, &Jid),
        (cause, effect): (Cause, Uuid),
        (content, note): (Content, SentNote),
    ) -> Result<(Outcome, String), Failure> {
        let key = message_key(effect);
        let is_fresh = between(cause.at, self.clock.now()) < FRESH;
        let Some(outbox) = self.outbox.as_ref().filter(|_| is_fresh) else {
            return Ok((Outcome::Dropped, key));
        };
        let outgoing = Outgoing {
            key: key.clone(),
            chat: chat.clone(),
            content,
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        };
        let options = SendOptions { queue_if_offline: true, ..SendOptions::default() };
        let entry = match outbox.entry(session, outgoing, options) {
            Ok(entry) => entry,
            Err(Error { code: ErrorCode::StorageFull, .. }) => {
                return Ok((Outcome::Later(FULL_PAUSE), key));
            }
            Err(Error { code: ErrorCode::NotFound, .. }) => return Ok((Outcome::Dropped, key)),
            Err(error) if error.code == ErrorCode::Unavailable => {
                return Ok((Outcome::Later(FULL_PAUSE), key));
            }
            Err(error) => return Err(Failure::of(error)),
        };
        let reservation = outbox.reserve(&entry);
        let place = outbox.enqueue_in(work.store(), &entry).await?;
        work.put(&SentNote::at(session, &key), &note).await?;
        self.posted().entry(cause.event).or_default().push((entry, place, reservation));
        Ok((Outcome::Posted, key))
    }

    /// Hands the messages of a committed event over to the dispatcher.
    pub async fn committed(&self, event: &Event) {
        self.hand_over(event.id).await;
    }

    /// The same for an event by its id.
    pub async fn hand_over(&self, event: Uuid) {
        let posted = self.posted().remove(&event).unwrap_or_default();
        let Some(outbox) = &self.outbox else { return };
        for (entry, place, reservation) in posted {
            if let Err(error) = outbox.enqueued(entry, place, reservation).await {
                tracing::warn!(%error, "a message of the inbox waits in the outbox for the next start");
            }
        }
    }

    fn posted(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<Posted>>> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

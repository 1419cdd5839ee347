//! Consumer of the log: what becomes of the messages of broadcasts, each in one commit with the cursor.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    campaigns::{
        broadcast::Broadcast,
        recipient::{Outcome, Recipient, by_message, may_be_effect},
        recipient_state::{News, Skip, State},
        service::Campaigns,
    },
    contacts::{self, Actor, EntryKind, NewEntry},
    domain::{Event, EventBody, MessageId},
    events::{Consumer, Failure, Flow, Work},
    store::{Store, StoreError},
};

pub struct BroadcastConsumer {
    /// The one whose messages are being sent. Its names stay as they are from then on.
    last: Mutex<Option<Arc<Broadcast>>>,
    /// Wakes the runner.
    wake: Arc<Notify>,
}

impl BroadcastConsumer {
    pub fn of(campaigns: &Campaigns) -> Self {
        let wake = campaigns.wake.clone();
        Self { last: Mutex::default(), wake }
    }
}

impl Consumer for BroadcastConsumer {
    const NAME: &'static str = "broadcasts";
    const AT_ONCE: usize = 32;

    type Error = Failure;

    fn wants(&self, event: &Event) -> bool {
        let news = event.body.whatsapp().and_then(news_of);
        news.is_some_and(|(id, _, _)| id.from_me && may_be_effect(&id.key))
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, Failure> {
        let Some((id, news, why)) = event.body.whatsapp().and_then(news_of) else {
            return Ok(Flow::Done);
        };
        let found = work.store().follow(by_message(&id.key).below(), 1).await?;
        let Some(found) = found.into_iter().next() else { return Ok(Flow::Done) };
        let known: Recipient = found.record;
        let Some(state) = known.state.after(news) else { return Ok(Flow::Done) };
        let at = Outcome::at(known.broadcast);
        let mut outcome = work.get(&at).await?.unwrap_or_default();
        outcome.counts.move_one(known.state, state);
        work.put(&at, &outcome).await?;
        let is_sent = !known.state.was_sent() && state.was_sent();
        let reason = match state {
            State::Failed => why.or_else(|| Some("refused".to_owned())),
            State::Skipped => Some(Skip::Cancelled.as_str().to_owned()),
            _ => None,
        };
        let next = Recipient { state, reason, changed_at: event.at, ..known };
        work.put(&Recipient::at(next.broadcast, next.contact), &next).await?;
        if is_sent {
            self.note(work, &next, id, event).await?;
        }
        Breakpoint::BroadcastCounted.pass();
        Ok(Flow::Done)
    }

    async fn committed(&self, _: &Event) {
        self.wake.notify_one();
    }
}

impl BroadcastConsumer {
    /// Notes a message in the timeline of its contact. The contact and the broadcast are read outside of the work: the
    /// inbox changes the one in its turn, and the runner the other.
    async fn note(
        &self,
        work: &Work<'_>,
        recipient: &Recipient,
        message: &MessageId,
        event: &Event,
    ) -> Result<(), Failure> {
        let Some(broadcast) = self.broadcast(work.outside(), recipient.broadcast).await? else {
            return Ok(());
        };
        let contact = contacts::get_in(work.outside(), recipient.contact).await?;
        let Some(contact) = contact else { return Ok(()) };
        let data = json!({
            "broadcast": broadcast.id, "name": broadcast.name, "template": broadcast.template.name,
            "message": message.to_string(),
        });
        let entry = NewEntry::new(EntryKind::Broadcast, Actor::GATEWAY, data);
        contacts::note_known(work, &contact, event.at, entry).await?;
        Ok(())
    }

    async fn broadcast(
        &self,
        store: &Store,
        id: Uuid,
    ) -> Result<Option<Arc<Broadcast>>, StoreError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if last.as_ref().is_some_and(|last| last.id == id) {
            return Ok(last);
        }
        let found = store.get(&Broadcast::at(id)).await?.map(Arc::new);
        if found.is_some() {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = found.clone();
        }
        Ok(found)
    }
}

/// What an event tells of a message, with the code of a failure.
fn news_of(body: &EventBody) -> Option<(&MessageId, News, Option<String>)> {
    match body {
        EventBody::MessageSent { message } => Some((&message.id, News::Sent, None)),
        EventBody::Ack { message, ack, .. } => Some((message, News::Ack(*ack), None)),
        EventBody::MessageFailed { message, code, .. } => {
            let code = serde_json::to_value(code).ok();
            let code = code.and_then(|code| code.as_str().map(str::to_lowercase));
            Some((message, News::Failed, code))
        }
        EventBody::MessageCancelled { message, .. } => Some((message, News::Cancelled, None)),
        _ => None,
    }
}

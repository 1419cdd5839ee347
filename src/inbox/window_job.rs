//! Job that announces the end of a window: one for each conversation whose window is open.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Clock, Error, Jid, SessionId, Timestamp},
    events::{NewEvent, Work},
    inbox::{event::InboxEvent, keeping::keep_state, settings::InboxSettings, state::InboxState},
    jobs::{Handler, Job, Then},
    policy::Window,
    settings::Settings,
    store::{Store, StoreError},
};

/// The chat of a job.
#[derive(Serialize, Deserialize)]
struct Payload {
    session: SessionId,
    chat: Jid,
}

/// Announces ends of windows.
pub struct WindowJob {
    clock: Clock,
    settings: Settings,
}

impl WindowJob {
    pub const KIND: &'static str = "window of a conversation";

    pub fn new(clock: Clock, settings: Settings) -> Self {
        Self { clock, settings }
    }
}

/// Schedules the announcement within a transaction. One that comes earlier stays, and is put off when it is due: so a
/// message costs no write of a job.
pub async fn schedule(
    store: &Store,
    state: &InboxState,
    warns_at: Timestamp,
) -> Result<bool, StoreError> {
    let name = state.conversation.to_string();
    let mut transaction = store.transaction();
    let known = transaction.get(&Job::at(WindowJob::KIND, &name)).await?;
    if known.is_some_and(|job| !job.is_dead && job.due <= warns_at) {
        return Ok(false);
    }
    let payload = Payload { session: state.session.clone(), chat: state.chat.clone() };
    let payload = serde_json::to_value(payload);
    let payload = payload.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let job = Job { payload, ..Job::new(WindowJob::KIND, &name, warns_at) };
    transaction.put(&job.key(), &job).await?;
    transaction.commit().await
}

#[async_trait]
impl Handler for WindowJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Payload { session, chat } =
            serde_json::from_value(job.payload.clone()).map_err(|error| {
                Error::internal(format!("a job of a window is unreadable: {error}"))
            })?;
        let Some(state) = work.get(&InboxState::at(&session, &chat)).await? else {
            return Ok(Then::Done);
        };
        let InboxSettings { window: length, window_warning } =
            InboxSettings::of(&self.settings.now());
        let window = Window { last_inbound: state.last_inbound, length };
        let (now, ends) = (self.clock.now(), window.expires_at());
        let warns_at = window_warning.and_then(|warning| window.warns_at(warning));
        let (Some(warns_at), Some(expires_at)) = (warns_at, ends) else {
            return Ok(Then::Done);
        };
        if now < warns_at {
            return Ok(Then::At(warns_at));
        }
        // After a long stop there is nothing left to announce.
        if !window.is_open(now) || state.listed.hidden || state.warned_of == state.last_inbound {
            return Ok(Then::Done);
        }
        let of = state.about();
        let state = InboxState { warned_of: state.last_inbound, ..state };
        keep_state(work, &state).await?;
        let event = InboxEvent::WindowExpiring { of, expires_at };
        work.append(NewEvent::of_module(Some((&session).into()), &event)?);
        Ok(Then::Done)
    }
}

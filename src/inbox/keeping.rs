//! Writing of a conversation's state with what follows from it: the event for who watches lists, and the end of a
//! snooze as a job.

use crate::{
    domain::{Jid, SessionId},
    events::{NewEvent, Work},
    inbox::{changed::ConversationChanged, counts::put_state, snooze, state::InboxState},
    store::StoreError,
};

/// Writes a state within the work of an event or of a caller.
pub async fn keep_state(work: &mut Work<'_>, state: &InboxState) -> Result<(), StoreError> {
    let former = work.get(&InboxState::at(&state.session, &state.chat)).await?;
    put_state(work.store(), state).await?;
    let shown = ConversationChanged::of(state);
    if former.as_ref().map(ConversationChanged::of).as_ref() != Some(&shown) {
        work.append(NewEvent::of_module(Some((&state.session).into()), &shown)?);
    }
    let was_until = former.and_then(|former| former.snoozed_until);
    match state.snoozed_until {
        Some(until) if was_until != Some(until) => {
            snooze::schedule(work.store(), state, until).await
        }
        Some(_) | None => Ok(()),
    }
}

/// Takes a conversation that was deleted out of all lists, even where its next message is in the store by now: the event
/// of that message comes later, and begins it again. Its place stays known, from which callers go on.
pub async fn keep_deleted(
    work: &mut Work<'_>,
    session: &SessionId,
    chat: &Jid,
) -> Result<(), StoreError> {
    let Some(mut state) = work.get(&InboxState::at(session, chat)).await? else { return Ok(()) };
    (state.is_deleted, state.listed.hidden) = (true, true);
    keep_state(work, &state).await
}

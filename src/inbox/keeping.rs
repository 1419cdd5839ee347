//! Writing of a conversation's state with what follows from it: the event for who watches lists, and the end of a
//! snooze as a job.

use crate::{
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

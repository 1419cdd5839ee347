//! The other chat of a person who has two: one began under the number and one under the hidden id, before it was known
//! that both are one person's. What waits in one of them goes on in the other when the person writes there.

use crate::{
    domain::{Jid, SessionId},
    inbox::state::InboxState,
    messaging::other_id,
    store::{Store, StoreError},
};

/// The conversation of the other chat; none where there is no other.
pub async fn other_chat(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<InboxState>, StoreError> {
    match other_id(store, session, chat).await? {
        Some(other) => store.get(&InboxState::at(session, &other)).await,
        None => Ok(None),
    }
}

//! The other chat of a person who has two: one began under the number and one under the hidden id, before it was known
//! that both are one person's. What waits in one of them goes on in the other when the person writes there.

use crate::{
    domain::{Identity, Jid, SessionId},
    inbox::state::InboxState,
    messaging::MessagingTables,
    store::{Store, StoreError},
};

/// The conversation of the other chat; none where there is no other.
pub async fn other_chat(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<InboxState>, StoreError> {
    if !chat.is_person() || session.is_sms() || session.is_web() {
        return Ok(None);
    }
    let Some(Identity { pair, .. }) = store.identities().get(session, chat).await? else {
        return Ok(None);
    };
    let other = if chat == pair.lid() { pair.phone() } else { pair.lid() };
    store.get(&InboxState::at(session, other)).await
}

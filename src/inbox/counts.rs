//! Lengths of the lists of each session: counters that change in the commit of what they count.

use serde::{Deserialize, Serialize};

use crate::{
    domain::SessionId,
    inbox::state::InboxState,
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

/// How many conversations a list of a session has. A list without any has no record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub count: u64,
}

impl Record for Count {
    const TABLE: Table = Table {
        tree: Tree::new(162, "InboxCounts"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Account,
    };
}

pub fn key(session: &SessionId, list: &str) -> Key<Count> {
    Count::key().text(session.as_str()).text(list)
}

/// Writes a state within a transaction: its places in lists and their counters follow.
pub async fn put_state(store: &Store, state: &InboxState) -> Result<(), StoreError> {
    let mut transaction = store.transaction();
    let at = InboxState::at(&state.session, &state.chat);
    let former = transaction.get(&at).await?.map(|former| former.lists()).unwrap_or_default();
    let now = state.lists();
    let gone = former.iter().filter(|list| !now.contains(list)).map(|list| (list, false));
    let new = now.iter().filter(|list| !former.contains(list)).map(|list| (list, true));
    for (list, is_new) in gone.chain(new) {
        let key = key(&state.session, list);
        let Count { count } = transaction.get(&key).await?.unwrap_or_default();
        let count = if is_new { count.saturating_add(1) } else { count.saturating_sub(1) };
        match count {
            0 => transaction.delete(&key).await?,
            count => transaction.put(&key, &Count { count }).await?,
        }
    }
    transaction.put(&at, state).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await.map(|_| ())
}

/// The length of a list over these sessions.
pub async fn length(store: &Store, sessions: &[SessionId], list: &str) -> Result<u64, StoreError> {
    let keys: Vec<_> = sessions.iter().map(|session| key(session, list)).collect();
    let counts = store.get_many(&keys).await?;
    Ok(counts.into_iter().flatten().map(|Count { count }| count).sum())
}

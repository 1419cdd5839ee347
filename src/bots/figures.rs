//! Figures of a bot: counted in the commits that make them true.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `BotFigures` | id of the bot | [`Figures`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{Key, Record, Scope, Store, StoreError, Table, Tree};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Conversations that it took part in.
    pub sessions: u64,
    /// Messages that it answered, and its answers.
    pub messages: u64,
}

impl Record for Figures {
    const TABLE: Table = Table {
        tree: Tree::new(171, "BotFigures"),
        owner: "bots",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Figures {
    pub fn at(bot: Uuid) -> Key<Self> {
        Self::key().uuid(bot)
    }

    /// Counts within a transaction.
    pub async fn count(
        store: &Store,
        bot: Uuid,
        sessions: u64,
        messages: u64,
    ) -> Result<(), StoreError> {
        let mut transaction = store.transaction();
        let mut figures = transaction.get(&Self::at(bot)).await?.unwrap_or_default();
        figures.sessions = figures.sessions.saturating_add(sessions);
        figures.messages = figures.messages.saturating_add(messages);
        transaction.put(&Self::at(bot), &figures).await?;
        // Within a transaction nothing can be in conflict.
        transaction.commit().await.map(|_| ())
    }
}

//! Rotation of the agents of a bot: who got the last conversation that was assigned in turn.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `BotRotations` | id of the bot | [`Rotation`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{Record, Scope, Store, StoreError, Table, Tree};

/// Bots that have a turn; there are fewer.
const MOST_TURNS: usize = 10_000;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rotation {
    last: Uuid,
}

impl Record for Rotation {
    const TABLE: Table = Table {
        tree: Tree::new(175, "BotRotations"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

/// Whose turn it is, within a transaction: the agents take turns in the order of their ids.
pub async fn next(store: &Store, bot: Uuid, agents: &[Uuid]) -> Result<Option<Uuid>, StoreError> {
    let mut transaction = store.transaction();
    let key = <Rotation as Record>::key().uuid(bot);
    let last = transaction.get(&key).await?.map(|rotation| rotation.last);
    let Some(next) = after(last, agents) else { return Ok(None) };
    transaction.put(&key, &Rotation { last: next }).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(Some(next))
}

/// Forgets a person who is gone: the next turn begins with the first of the agents.
pub async fn forget(store: &Store, person: Uuid) -> Result<(), StoreError> {
    let mut transaction = store.transaction();
    loop {
        let all = <Rotation as Record>::key().below();
        let keys = transaction.store().keys(all, MOST_TURNS).await?;
        for (key, found) in keys.iter().zip(transaction.get_many(&keys).await?) {
            if found.is_some_and(|rotation| rotation.last == person) {
                transaction.delete(key).await?;
            }
        }
        if transaction.commit().await? {
            return Ok(());
        }
    }
}

fn after(last: Option<Uuid>, agents: &[Uuid]) -> Option<Uuid> {
    let behind = agents.iter().filter(|agent| last.is_none_or(|last| last < **agent)).min();
    behind.or_else(|| agents.iter().min()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_take_turns_whoever_comes_and_goes() {
        let agent = Uuid::from_u128;
        let all = [agent(3), agent(1), agent(2)];
        assert_eq!(after(None, &all), Some(agent(1)));
        assert_eq!(after(Some(agent(1)), &all), Some(agent(2)));
        assert_eq!(after(Some(agent(2)), &[agent(1)]), Some(agent(1)));
        assert_eq!(after(Some(agent(3)), &all), Some(agent(1)));
        assert_eq!(after(Some(agent(3)), &[]), None);
    }
}

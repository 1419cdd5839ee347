//! Settings that a store gets once and keeps: keys, and the id of the gateway.

use serde::{Serialize, de::DeserializeOwned};

use crate::store::{Store, StoreError};

/// The value of a setting. Where there is none, it becomes the one given, which is durable on return; of two callers at
/// once both get the same. While the disk refuses writes, the one given is good until the next start.
pub async fn setting_or_make<V: Serialize + DeserializeOwned>(
    store: &Store,
    name: &str,
    made: V,
) -> Result<V, StoreError> {
    let mut transaction = store.transaction();
    loop {
        let settings = transaction.store().settings();
        if let Some(known) = settings.get(name).await? {
            return Ok(known);
        }
        settings.put_lazily(name, &made).await?;
        let committed = match transaction.commit().await {
            Ok(true) => store.durable().await,
            Ok(false) => continue,
            Err(error) => Err(error),
        };
        return match committed {
            Err(error) if !error.is_of_the_disk() => Err(error),
            _ => Ok(made),
        };
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;
    use crate::store::{Catalogue, Opener, disk::Disk};

    #[tokio::test]
    async fn all_who_make_a_setting_at_once_get_the_same() {
        for conflict_each in [0, 3] {
            let nodes = Store::two_on_one_engine(conflict_each).await;
            let mut makers = JoinSet::new();
            for number in 0..40_usize {
                let store = nodes[number % 2].clone();
                makers
                    .spawn(async move { setting_or_make(&store, "a key", number).await.unwrap() });
            }
            let made = makers.join_all().await;
            assert!(made.iter().all(|one| *one == made[0]), "{made:?}");
            assert_eq!(setting_or_make(&nodes[0], "a key", 99).await.unwrap(), made[0]);
        }
    }

    #[tokio::test]
    async fn what_a_full_disk_refuses_is_good_until_the_next_start() {
        let disk = Disk::manual(1_000);
        let store = Opener::of(Catalogue::OWN).on(disk.clone()).temporary().await.unwrap();
        disk.set_free(1);
        assert_eq!(setting_or_make(&store, "a key", 7).await.unwrap(), 7);
        disk.set_free(2_000);
        assert_eq!(setting_or_make(&store, "a key", 8).await.unwrap(), 8);
    }
}

//! Copies a store into a new one, pair by pair in the order of keys. The checkpoint is written with what it
//! stands for: a copy that was cut off goes on behind it.

use async_trait::async_trait;

use crate::store::{
    StoreError,
    codec::encode,
    disk::Disk,
    engine::{Batch, Direction, Engine, Pair, Range},
    migrations::{
        notes::{Checkpoint, LAYOUT, UNDER_WAY, UnderWay, check_room, everything, key, under_way},
        progress::Progress,
    },
};

const AT_ONCE: usize = 500;

/// What becomes of each pair of the old store.
#[async_trait]
pub trait Rewrite: Send {
    /// Before the first pair, and again where a copy that was cut off goes on.
    async fn begin(&mut self, _old: &dyn Engine, _new: &dyn Engine) -> Result<(), StoreError> {
        Ok(())
    }

    /// Adds what the new store holds in place of a pair; nothing where it holds none. Must come to the same
    /// however often it is asked, for a copy may be cut off before the commit.
    async fn rewrite(
        &mut self,
        old: &dyn Engine,
        pair: Pair,
        into: &mut Batch,
    ) -> Result<(), StoreError>;
}

pub async fn copy(
    old: &dyn Engine,
    new: &dyn Engine,
    disk: &Disk,
    run: UnderWay,
    rewrite: &mut dyn Rewrite,
    progress: &mut Progress,
) -> Result<(), StoreError> {
    let found = under_way(new).await?.and_then(|found| found.checkpoint);
    let mut checkpoint = match found {
        Some(checkpoint) => checkpoint,
        None => Checkpoint { total: count(old, progress).await?, ..Checkpoint::default() },
    };
    progress.resume(checkpoint.done, checkpoint.total);
    rewrite.begin(old, new).await?;
    let own = [key(LAYOUT), key(UNDER_WAY)];
    loop {
        check_room(disk)?;
        let pairs = old.scan(behind(&checkpoint.key), Direction::Forward, AT_ONCE).await?;
        let Some((last, _)) = pairs.last() else { return Ok(()) };
        let count = u64::try_from(pairs.len()).unwrap_or(0);
        checkpoint.key.clone_from(last);
        checkpoint.done += count;
        let mut batch = Batch::new();
        for pair in pairs {
            if !own.contains(&pair.0) {
                rewrite.rewrite(old, pair, &mut batch).await?;
            }
        }
        let noted = UnderWay { checkpoint: Some(checkpoint.clone()), ..run.clone() };
        batch.put(key(UNDER_WAY), encode(&noted)?);
        new.commit(batch).await?;
        progress.advance(count);
        tokio::task::yield_now().await;
    }
}

async fn count(engine: &dyn Engine, progress: &mut Progress) -> Result<u64, StoreError> {
    let (mut count, mut last) = (0, Vec::new());
    loop {
        let pairs = engine.scan(behind(&last), Direction::Forward, AT_ONCE).await?;
        let Some((key, _)) = pairs.last() else { return Ok(count) };
        last.clone_from(key);
        count += u64::try_from(pairs.len()).unwrap_or(0);
        progress.counting(count);
        tokio::task::yield_now().await;
    }
}

/// All keys above this one; nothing lies between a key and the same with a zero behind it.
fn behind(key: &[u8]) -> Range {
    let all = everything();
    if key.is_empty() { all } else { Range { start: [key, &[0]].concat(), end: all.end } }
}

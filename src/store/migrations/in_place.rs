//! Steps that change a store where it is, pass by pass over its trees.

use async_trait::async_trait;

use crate::store::{
    StoreError,
    codec::{Key, encode},
    disk::Disk,
    engine::{Batch, Direction, Engine, Pair, Range},
    migrations::{
        notes::{Checkpoint, UNDER_WAY, UnderWay, begin, check_room, end, key},
        progress::Progress,
    },
    opening::Opening,
    trees::Tree,
};

const AT_ONCE: usize = 500;

/// What a step works with.
pub struct Pass<'a> {
    pub engine: &'a dyn Engine,
    disk: &'a Disk,
    run: UnderWay,
    passes: usize,
    progress: Progress,
}

#[async_trait]
pub trait InPlace: Send + Sync {
    async fn run(&self, pass: &mut Pass<'_>) -> Result<(), StoreError>;
}

pub async fn run(
    engine: &dyn Engine,
    disk: &Disk,
    from: u64,
    name: &'static str,
    step: &dyn InPlace,
    opening: &Opening,
) -> Result<(), StoreError> {
    let run = begin(engine, from).await?;
    let mut progress = Progress::begin(from, name, opening);
    let checkpoint = run.checkpoint.clone().unwrap_or_default();
    progress.resume(checkpoint.done, checkpoint.total);
    let mut pass = Pass { engine, disk, run, passes: 0, progress };
    step.run(&mut pass).await?;
    end(engine, from).await?;
    pass.progress.end();
    Ok(())
}

impl Pass<'_> {
    /// Visits each pair of a tree, and commits after every few hundred together with the checkpoint. A pass
    /// that an earlier start came to the end of is left out.
    pub async fn each(
        &mut self,
        tree: Tree,
        mut visit: impl FnMut(&mut Batch, Pair) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        self.passes += 1;
        let found = self.run.checkpoint.clone().unwrap_or_default();
        if self.passes < found.pass {
            return Ok(());
        }
        let all = Key::new(tree).all();
        let mut start = match found.pass == self.passes {
            true => [found.key.as_slice(), &[0]].concat(),
            false => all.start,
        };
        let mut done = found.done;
        loop {
            check_room(self.disk)?;
            let range = Range { start, end: all.end.clone() };
            let pairs = self.engine.scan(range, Direction::Forward, AT_ONCE).await?;
            let Some((last, _)) = pairs.last() else { return Ok(()) };
            let (last, count) = (last.clone(), u64::try_from(pairs.len()).unwrap_or(0));
            // Nothing lies between a key and the same with a zero behind it.
            start = [last.as_slice(), &[0]].concat();
            done += count;
            let mut batch = Batch::new();
            for pair in pairs {
                visit(&mut batch, pair)?;
            }
            let total = found.total.max(done);
            let checkpoint = Checkpoint { pass: self.passes, key: last, done, total };
            self.run.checkpoint = Some(checkpoint);
            batch.put(key(UNDER_WAY), encode(&self.run)?);
            self.engine.commit(batch).await?;
            self.progress.advance(count);
            tokio::task::yield_now().await;
        }
    }
}
